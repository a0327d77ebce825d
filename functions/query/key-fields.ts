/** What a new key may be asked to be: the same rules over HTTP and on the command line. */
import { z } from 'zod';

import { ACCESS_ROLES, roleNamed } from '../domain/access.ts';
import { isWorkspaceId } from '../domain/source-definition.ts';
import { LIMITS } from '../domain/limits.ts';

const NAME_RULE = `one line of 1 to ${LIMITS.keyNameCharsMax} characters`;
const ROLES_RULE = `a list of one or more of ${ACCESS_ROLES.join(', ')}`;
const SOURCES_RULE = `"all", or a list of at most ${LIMITS.keySourcesMax} ids of sources (see /v1/sources)`;
const DAYS_RULE = `a whole number from 1 to ${LIMITS.keyLifetimeDaysMax}`;

const isLine = (text: string): boolean => text === text.trim() && text !== '' && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);

export const keyNameSchema = z
  .string(NAME_RULE)
  .max(LIMITS.keyNameCharsMax, NAME_RULE)
  .refine((name) => isLine(name), NAME_RULE);

/** Roles under any name that they have had; what is handed on has today's. */
export const keyRolesSchema = z
  .array(
    z
      .preprocess(
        (role) => (typeof role === 'string' ? (roleNamed(role) ?? role) : role),
        z.enum(ACCESS_ROLES, ROLES_RULE),
      )
      .meta({ type: 'string', enum: [...ACCESS_ROLES] }),
    ROLES_RULE,
  )
  .min(1, ROLES_RULE);

const WORKSPACES_RULE = `a list of one or more ids of workspaces, at most ${LIMITS.keySourcesMax}`;

export const keyWorkspacesSchema = z
  .array(
    z.string(WORKSPACES_RULE).refine((id) => isWorkspaceId(id), WORKSPACES_RULE),
    WORKSPACES_RULE,
  )
  .min(1, WORKSPACES_RULE)
  .max(LIMITS.keySourcesMax, WORKSPACES_RULE);

export const keySourcesSchema = z.union(
  [z.literal('all'), z.array(z.string().regex(/^[^~#\s\p{C}]{1,64}$/u)).max(LIMITS.keySourcesMax)],
  SOURCES_RULE,
);

export const keyDaysSchema = z.int(DAYS_RULE).min(1, DAYS_RULE).max(LIMITS.keyLifetimeDaysMax, DAYS_RULE);
