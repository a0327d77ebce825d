/** What answers about sources look like, for the document of the API, and what a definition may say. */
import { z } from 'zod';

import { REDACTION_MODES } from '../domain/corpus.ts';
import { LIMITS } from '../domain/limits.ts';
import { isKindName, isWorkspaceId } from '../domain/source-definition.ts';
import type { RouteAbout } from './route-about.ts';
import { CHANGED, degradedShape, momentShape } from './shapes.ts';

const NAME_RULE = `one line of 1 to ${LIMITS.sourceNameCharsMax} characters, without spaces at its ends`;
const NAME = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u;

/** Of PUT /v1/sources/{id}. */
export const definitionSchema = z.object({
  kind: z.string('the name of a kind of source').refine((text) => isKindName(text), 'the name of a kind of source'),
  name: z
    .string(NAME_RULE)
    .refine((text) => NAME.test(text) && text === text.trim() && text.length <= LIMITS.sourceNameCharsMax, NAME_RULE)
    .exactOptional(),
  config: z.record(z.string(), z.unknown(), 'an object: the configuration of this kind, see docs/connectors.md'),
  redaction: z.enum(REDACTION_MODES, `one of ${REDACTION_MODES.join(', ')}`).exactOptional(),
  workspace: z
    .string('the id of a workspace')
    .refine((text) => isWorkspaceId(text), 'the id of a workspace')
    .exactOptional(),
  enabled: z.boolean('true or false').exactOptional(),
});

export const DEFINITION_FIELDS = ['kind', 'name', 'config', 'redaction', 'workspace', 'enabled'] as const;

const failureShape = z.looseObject({
  id: z.string(),
  scope: z.enum(['document', 'part']),
  reason: z.string(),
  message: z.string(),
  since: momentShape,
  tries: z.int(),
  nextTryAt: momentShape.optional(),
});

export const sourceShape = z.looseObject({
  id: z.string(),
  kind: z.string(),
  name: z.string(),
  url: z.string(),
  workspace: z.string(),
  from: z.enum(['stack', 'record']),
  enabled: z.boolean(),
  redaction: z.enum(REDACTION_MODES),
  state: z
    .enum(['ok', 'partial', 'failing', 'refused', 'new', 'off', 'removing'])
    .meta({ description: 'refused: a credential is not accepted; what is indexed stays until a person has mended it' }),
  snapshot: z.string().nullable(),
  cursor: z.record(z.string(), z.unknown()).nullable(),
  counts: z.object({ documents: z.int(), chunks: z.int(), skipped: z.int() }).nullable(),
  lastFullAt: momentShape.nullable(),
  held: z.object({ plan: z.string(), documents: z.int() }).nullable(),
  f: z.string().nullable(),
  v: z.string().nullable(),
  cycle: z.looseObject({ epoch: z.int(), region: z.string(), finishedAt: momentShape }).nullable(),
  failures: z.object({ count: z.int(), listed: z.array(failureShape) }),
  uncompared: z
    .string()
    .nullable()
    .meta({ description: 'why the last full cycle compared nothing, and deleted nothing' }),
  lastFailure: z
    .looseObject({ message: z.string(), next: z.string(), since: momentShape, attempts: z.int() })
    .nullable(),
  nextRunAt: momentShape.nullable().meta({ description: 'about when, from its last try and the schedule' }),
});

export const findingShape = z.object({ level: z.enum(['ok', 'warning', 'error']), message: z.string() });

const checkShape = z.object({ id: z.string(), at: momentShape, findings: z.array(findingShape) });

/** Of the console, too. */
export const sourcesShape = { degraded: degradedShape, items: z.array(sourceShape) };

/** Of the console, too. */
export const oneSourceShape = {
  source: sourceShape.extend({
    config: z.record(z.string(), z.unknown()).optional(),
    secretsBy: z.literal('organisation').optional().meta({
      description:
        "an org-admin has named a secret that is not its workspace's own: only they change its kind, configuration and workspace",
    }),
  }),
  check: checkShape.nullable(),
  degraded: degradedShape,
};

const path = { id: 'the id of a source' };

export const SOURCES_ABOUT: RouteAbout = {
  summary: 'The sources, how far each was read, and what failed',
  answer: sourcesShape,
  list: 'items',
};

export const SOURCE_ABOUT: RouteAbout = {
  summary: 'One source; its configuration to whoever may change it',
  path,
  answer: oneSourceShape,
  problems: [404, 503],
};

export const PUT_ABOUT: RouteAbout = {
  summary: 'Add a source, or change what it is told to read',
  description: 'Secrets are references, never values. The next cycle reads it; a changed configuration is read whole.',
  path,
  body: definitionSchema,
  answer: { source: z.looseObject({ id: z.string() }), ...CHANGED },
  success: [200, 201],
  problems: [400, 409, 422],
};

export const DELETE_ABOUT: RouteAbout = {
  summary: 'Remove a source and everything that was read of it, in both Regions',
  path,
  answer: { id: z.string(), removing: z.boolean(), ...CHANGED },
  problems: [404, 409, 422],
};

export const CHECK_ABOUT: RouteAbout = {
  summary: 'Ask a source whether it can be read: credentials, permissions, reachability, clock',
  path,
  answer: { id: z.string(), check: checkShape.nullable(), next: z.string().nullable() },
  problems: [404, 409, 503],
};

export const SYNC_ABOUT: RouteAbout = {
  summary: 'Sync a source now, in the active Region',
  path,
  answer: { id: z.string(), queued: z.boolean() },
  problems: [404, 409, 503],
};
