/**
 * Whose tokens open the API beside its own keys, and what groups of that provider may do. Off where it is not set. Its keys are
 * pinned here or fetched from one address, or both: then an outage of the provider locks nobody out.
 */
import { z } from 'zod';

import { ACCESS_ROLES, isOrganisationRole, isWorkspaceRole } from '../../functions/domain/access.ts';
import { isWorkspaceId } from '../../functions/domain/source-definition.ts';
import { isLoopback } from './endpoints.ts';
import { isOnTheInternet } from './knowledge.ts';
import type { NetworkSettings } from './network.ts';
import { json } from './parsers.ts';
import { type Parsed, type SettingReader, value } from './setting-reader.ts';

const isHttps = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' && url.username === '' && url.password === '' && url.hash === '';
};

const grant = z
  .strictObject({
    /** `*` is everybody who has a token. */
    group: z.string().min(1).max(200),
    role: z.enum(ACCESS_ROLES),
    workspace: z
      .string()
      .refine((id) => isWorkspaceId(id), 'not an id of a workspace')
      .optional(),
  })
  .refine(
    ({ role, workspace }) => (workspace === undefined ? isOrganisationRole(role) : isWorkspaceRole(role)),
    'the role is not held there: member and workspace-admin need a workspace, voter, editor and org-admin have none',
  )
  .refine(({ group, role }) => group !== '*' || role !== 'org-admin', 'not everybody can be an org-admin');

/** Public parts only: whoever pastes a private key here would publish it in the stack file. */
const publicKey = z
  .looseObject({ kty: z.enum(['RSA', 'EC']) })
  .refine((key) => !('d' in key), 'a private key: pin the public part, and replace this one');

const providerSchema = z
  .strictObject({
    issuer: z.string().refine(isHttps, 'not an https URL'),
    audience: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
    jwksUrl: z
      .string()
      .refine((text) => isHttps(text) || isLoopback(text), 'not an https URL')
      .optional(),
    keys: z.array(publicKey).max(8).optional(),
    nameClaim: z.string().min(1).max(200).optional(),
    groupsClaim: z.string().min(1).max(200).optional(),
    grants: z.array(grant).max(50).optional(),
  })
  .refine(({ jwksUrl, keys = [] }) => jwksUrl !== undefined || keys.length > 0, 'needs jwksUrl, or keys, or both');

export type IdentityProviderSettings = z.infer<typeof providerSchema>;

const parseProvider = json(
  providerSchema,
  'an object of {issuer, audience, jwksUrl, keys, nameClaim, groupsClaim, grants}',
);

export const readIdentityProvider = (
  reader: SettingReader,
  network: NetworkSettings | undefined,
  isLocal: boolean,
): IdentityProviderSettings | undefined => {
  const provider = reader.optional({
    key: 'twinmap:identityProvider',
    meaning: 'whose tokens open the API beside its own keys',
    mend: "--path 'twinmap:identityProvider.issuer' https://login.example.com",
    parse: (text): Parsed<IdentityProviderSettings | undefined> =>
      // Pulumi.yaml can't leave an object out: an empty one means nobody's.
      text === '{}' ? value(undefined) : parseProvider(text),
  });
  const url = provider?.jwksUrl;
  if (url !== undefined && isLoopback(url) && !isLocal) {
    const why = 'is on this machine, but the endpoints are not: a deployed function must never call its own loopback';
    reader.problem('twinmap:identityProvider.jwksUrl', why, "--path 'twinmap:identityProvider.jwksUrl' https://…");
  }
  if (url !== undefined && network?.kind === 'isolated' && network.isolation.egress.kind === 'none') {
    const { hostname } = new URL(url);
    if (isOnTheInternet(hostname) || network.isolation.sourceCidrs.length === 0) {
      const why = `names ${hostname}, and this network has no way out: pin the keys instead`;
      reader.problem('twinmap:identityProvider.jwksUrl', why, "--path 'twinmap:identityProvider.keys[0].kty' RSA");
    }
  }
  return provider;
};

/** A cold function during an outage of the provider knows what is pinned, and nothing else. */
export const missesPinnedKeys = (provider: IdentityProviderSettings | undefined): boolean =>
  provider !== undefined && (provider.keys ?? []).length === 0;
