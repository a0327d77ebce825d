/**
 * Opens the door of the API: keys of its own, tokens of the identity provider where the stack names one, and the list of who is in
 * which workspace. The provider's keys come from one https address through the install's own way out, bounded in time and size.
 */
import { z } from 'zod';

import type { Authenticator } from '../access/authenticator.ts';
import { ChosenAuthenticator } from '../access/choose-authenticator.ts';
import { KnownDirectory } from '../access/directory.ts';
import { KeyAuthenticator } from '../access/key-authenticator.ts';
import { IamAuthenticator } from '../access/iam-authenticator.ts';
import { type IdentityProvider, type ProviderGrant, TokenAuthenticator } from '../access/token-authenticator.ts';
import { type FetchKeys, parseKeySet, TokenKeys } from '../access/token-keys.ts';
import { callerIdentity } from '../aws/caller-identity.ts';
import { parseDnsServers } from '../aws/dns-servers.ts';
import { HttpClient } from '../connectors/http/http-client.ts';
import { ACCESS_ROLES, isOrganisationRole, isWorkspaceRole } from '../domain/access.ts';
import type { AuditLog } from '../domain/audit-event.ts';
import { ConfigError } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import type { SourceDefinition } from '../domain/source-definition.ts';
import type { RecordStore } from '../stores/record-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type Environment, requireText } from './environment.ts';

const text = z.string().min(1);

const providerSchema = z.object({
  issuer: text,
  audience: z.union([text, z.array(text)]),
  jwksUrl: z.url().optional(),
  keys: z.array(z.unknown()).default([]),
  nameClaim: text.default('name'),
  groupsClaim: text.default('groups'),
  grants: z.array(z.object({ group: text, role: z.enum(ACCESS_ROLES), workspace: text.optional() })).default([]),
});

type Provider = z.infer<typeof providerSchema>;

/** Without `grants` whoever has a token reads what everybody may read. */
const EVERYBODY_READS: ProviderGrant = { group: '*', role: 'reader' };

const parseProvider = (json: string): Provider => {
  try {
    return providerSchema.parse(JSON.parse(json));
  } catch (error) {
    throw new ConfigError('TWINMAP_IDENTITY_PROVIDER is not what the stack declares; deploy the stack again', {
      cause: error,
    });
  }
};

/** What is held nowhere gives nothing: settings are checked before they are deployed. */
const grantsOf = ({ grants }: Provider): readonly ProviderGrant[] =>
  grants.length === 0
    ? [EVERYBODY_READS]
    : grants.flatMap(({ group, role, workspace }): readonly ProviderGrant[] => {
        if (workspace === undefined) {
          return isOrganisationRole(role) ? [{ group, role }] : [];
        }
        return isWorkspaceRole(role) ? [{ group, role, workspace }] : [];
      });

const providerOf = (provider: Provider): IdentityProvider => ({
  issuer: provider.issuer,
  audience: typeof provider.audience === 'string' ? [provider.audience] : provider.audience,
  claims: { name: provider.nameClaim, groups: provider.groupsClaim },
  grants: grantsOf(provider),
});

const noHeaders = async (): Promise<Readonly<Record<string, string>>> => ({});

/** One host, no redirects, one attempt: whoever waits for it is a person, or nobody. */
const fetchKeysOf = (address: string, { environment, now }: AccessOptions): FetchKeys => {
  const url = new URL(address);
  const proxyUrl = environment['TWINMAP_EGRESS_PROXY'];
  const isLocal = environment['TWINMAP_LOCAL_RUN'] === '1';
  const timeoutMs = LIMITS.tokenKeysCallTimeoutMs;
  const client = new HttpClient(
    url.origin,
    {
      rules: {
        gitHosts: [url.host],
        ...(environment['TWINMAP_IDENTITY_PRIVATE'] === '1' ? { privateGitHosts: [url.host] } : {}),
        ...(isLocal ? { loopbackOrigin: url.origin } : {}),
      },
      now,
      random: () => 0,
      remainingMs: () => timeoutMs,
      bounds: {
        callTimeoutMs: timeoutMs,
        callTotalTimeoutMs: timeoutMs,
        attemptsMax: 1,
        redirectsMax: 0,
        answerBytesMax: LIMITS.tokenKeysBytesMax,
      },
      network: proxyUrl === undefined ? {} : { proxyUrl },
    },
    noHeaders,
  );
  return async () => {
    const signal = AbortSignal.timeout(timeoutMs);
    const what = 'the keys of the identity provider';
    return (await client.json({ url: address, what, signal }, z.unknown())).value;
  };
};

export interface AccessOptions {
  readonly environment: Environment;
  readonly telemetry: Telemetry;
  /** Of the home Region. */
  readonly workspaces: Pick<RecordStore, 'get' | 'query'>;
  readonly records: Pick<RecordStore, 'query'>;
  readonly ownSources: readonly SourceDefinition[];
  readonly audit: Pick<AuditLog, 'record'>;
  readonly now: () => number;
}

/** Identities of AWS that may break the glass; nobody where the stack names none. */
const openGlass = ({ environment, audit, now }: AccessOptions): { glass?: Authenticator } => {
  const principals = (environment['TWINMAP_GLASS_PRINCIPALS'] ?? '').split(',').filter((arn) => arn !== '');
  if (principals.length === 0) {
    return {};
  }
  const region = requireText(environment, 'TWINMAP_HOME_REGION');
  const endpoint = environment['TWINMAP_HOME_STS_ENDPOINT'];
  const dnsServers = parseDnsServers(environment['TWINMAP_DNS_SERVERS']);
  const askCaller = callerIdentity({ region, ...(endpoint === undefined ? {} : { endpoint }), dnsServers, now });
  return { glass: new IamAuthenticator({ region, principals, askCaller, audit, now }) };
};

export interface OpenedAccess {
  readonly authenticator: Authenticator;
  /** What was set going beside a request, waited for as long as a person does not notice. */
  readonly settled: () => Promise<void>;
}

const atMost = async (work: Promise<void>, timeoutMs: number): Promise<void> => {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    late.resolve(undefined);
  }, timeoutMs);
  try {
    await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};

export const openAccess = (options: AccessOptions): OpenedAccess => {
  const { environment, workspaces, records, ownSources, now, telemetry } = options;
  const directory = new KnownDirectory({ workspaces, records, own: ownSources, now });
  const keys = new KeyAuthenticator({ records: workspaces, directory, now });
  const glass = openGlass(options);
  const json = environment['TWINMAP_IDENTITY_PROVIDER'];
  if (json === undefined) {
    return { authenticator: new ChosenAuthenticator({ keys, ...glass }), settled: async () => undefined };
  }
  const provider = parseProvider(json);
  const tokenKeys = new TokenKeys({
    pinned: parseKeySet({ keys: provider.keys }),
    ...(provider.jwksUrl === undefined ? {} : { fetchKeys: fetchKeysOf(provider.jwksUrl, options) }),
    now,
    telemetry,
  });
  const tokens = new TokenAuthenticator({ provider: providerOf(provider), keys: tokenKeys, directory, now });
  return {
    authenticator: new ChosenAuthenticator({ keys, tokens, ...glass }),
    settled: async () => atMost(tokenKeys.settled(), LIMITS.tokenKeysAfterwardsMs),
  };
};
