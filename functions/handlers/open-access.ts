/**
 * Opens the door of the API: keys of its own, tokens of the identity provider where the stack names one, and the list of who is in
 * which workspace. The provider's keys come from one https address through the install's own way out, bounded in time and size. What
 * only some credentials need (a client of HTTP, the check of a signature) is loaded when the first of them comes: a function that has
 * just started answers somebody who waits.
 */
import { z } from 'zod';

import type { Authenticator } from '../access/authenticator.ts';
import { ChosenAuthenticator } from '../access/choose-authenticator.ts';
import { KnownDirectory } from '../access/directory.ts';
import { KeyAuthenticator } from '../access/key-authenticator.ts';
import { IamAuthenticator } from '../access/iam-authenticator.ts';
import type { IdentityProvider, ProviderGrant } from '../access/token-authenticator.ts';
import type { FetchKeys } from '../access/token-keys.ts';
import type { AskCaller, CallerIdentityOptions } from '../aws/caller-identity.ts';
import { parseDnsServers } from '../aws/dns-servers.ts';
import type { HttpClient } from '../connectors/http/http-client.ts';
import { ACCESS_ROLES, isOrganisationRole, isWorkspaceRole } from '../domain/access.ts';
import type { AuditLog } from '../domain/audit-event.ts';
import { proofAudience } from '../domain/caller-proof.ts';
import { ConfigError } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import type { SourceDefinition } from '../domain/source-definition.ts';
import type { RecordStore } from '../stores/record-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type Environment, requireText } from './environment.ts';
import { isLocalRun } from './local-run.ts';

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
const openClient = async (url: URL, { environment, now }: AccessOptions): Promise<HttpClient> => {
  const { HttpClient: Client } = await import('../connectors/http/http-client.ts');
  const proxyUrl = environment['TWINMAP_EGRESS_PROXY'];
  const timeoutMs = LIMITS.tokenKeysCallTimeoutMs;
  return new Client(
    url.origin,
    {
      rules: {
        gitHosts: [url.host],
        ...(environment['TWINMAP_IDENTITY_PRIVATE'] === '1' ? { privateGitHosts: [url.host] } : {}),
        ...(isLocalRun(environment) ? { loopbackOrigin: url.origin } : {}),
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
};

const fetchKeysOf = (address: string, options: AccessOptions): FetchKeys => {
  const url = new URL(address);
  let client: Promise<HttpClient> | undefined;
  return async () => {
    client ??= openClient(url, options);
    const signal = AbortSignal.timeout(LIMITS.tokenKeysCallTimeoutMs);
    const what = 'the keys of the identity provider';
    return (await (await client).json({ url: address, what, signal }, z.unknown())).value;
  };
};

export interface AccessOptions {
  readonly environment: Environment;
  readonly telemetry: Telemetry;
  /** Of the home Region. */
  readonly workspaces: Pick<RecordStore, 'get' | 'query'>;
  readonly ownSources: readonly SourceDefinition[];
  readonly audit: Pick<AuditLog, 'record'>;
  readonly now: () => number;
}

const openCallerIdentity = async (options: CallerIdentityOptions): Promise<AskCaller> => {
  const { callerIdentity } = await import('../aws/caller-identity.ts');
  return callerIdentity(options);
};

/** Identities of AWS that may break the glass; nobody where the stack names none. */
const openGlass = ({ environment, audit, telemetry, now }: AccessOptions): { glass?: Authenticator } => {
  const principals = (environment['TWINMAP_GLASS_PRINCIPALS'] ?? '').split(',').filter((arn) => arn !== '');
  if (principals.length === 0) {
    return {};
  }
  const region = requireText(environment, 'TWINMAP_HOME_REGION');
  const endpoint = environment['TWINMAP_HOME_STS_ENDPOINT'];
  const dnsServers = parseDnsServers(environment['TWINMAP_DNS_SERVERS']);
  const audience = proofAudience({ account: requireText(environment, 'TWINMAP_ACCOUNT'), region });
  let opened: Promise<AskCaller> | undefined;
  const askCaller: AskCaller = async (query) => {
    opened ??= openCallerIdentity({
      region,
      audience,
      ...(endpoint === undefined ? {} : { endpoint }),
      dnsServers,
      now,
    });
    return (await opened)(query);
  };
  return { glass: new IamAuthenticator({ region, principals, askCaller, audit, telemetry, now }) };
};

interface OpenedTokens {
  readonly authenticator: Authenticator;
  readonly settled: () => Promise<void>;
}

const openTokens = async (
  provider: Provider,
  directory: KnownDirectory,
  options: AccessOptions,
): Promise<OpenedTokens> => {
  const [{ TokenAuthenticator }, { parseKeySet, TokenKeys }] = await Promise.all([
    import('../access/token-authenticator.ts'),
    import('../access/token-keys.ts'),
  ]);
  const { now, telemetry } = options;
  const keys = new TokenKeys({
    pinned: parseKeySet({ keys: provider.keys }),
    ...(provider.jwksUrl === undefined ? {} : { fetchKeys: fetchKeysOf(provider.jwksUrl, options) }),
    now,
    telemetry,
  });
  return {
    authenticator: new TokenAuthenticator({ provider: providerOf(provider), keys, directory, now }),
    settled: async () => keys.settled(),
  };
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
  const { environment, workspaces, ownSources, now } = options;
  const directory = new KnownDirectory({ workspaces, own: ownSources, now });
  const keys = new KeyAuthenticator({ records: workspaces, directory, now });
  const glass = openGlass(options);
  const json = environment['TWINMAP_IDENTITY_PROVIDER'];
  if (json === undefined) {
    return { authenticator: new ChosenAuthenticator({ keys, ...glass }), settled: async () => undefined };
  }
  const provider = parseProvider(json);
  let opened: Promise<OpenedTokens> | undefined;
  const tokens: Authenticator = {
    authenticate: async (credentials) => {
      opened ??= openTokens(provider, directory, options);
      return (await opened).authenticator.authenticate(credentials);
    },
  };
  const settle = async (): Promise<void> => (await opened)?.settled();
  return {
    authenticator: new ChosenAuthenticator({ keys, tokens, ...glass }),
    settled: async () => atMost(settle(), LIMITS.tokenKeysAfterwardsMs),
  };
};
