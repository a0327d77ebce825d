/**
 * Opens the connector of a source, with the hosts that this stack allows, its way out of the network, and secrets of the own
 * Region. A local run may read from this machine besides: what the program declares only where every endpoint is on it.
 */
import type { Connector } from '../connectors/connector.ts';
import type { GitHostRules } from '../connectors/git/host-guard.ts';
import type { ConnectorSetting } from '../connectors/kind.ts';
import { openSource } from '../connectors/registry.ts';
import type { SecretSource } from '../connectors/secrets.ts';
import type { TextExtractor } from '../connectors/text/extractor.ts';
import { ConfigError } from '../domain/errors.ts';
import { mayReadSecret, ownSecretsPrefix } from '../domain/secret-reference.ts';
import { addressesIn, type SourceDefinition, workspaceOf } from '../domain/source-definition.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Environment } from './environment.ts';
import { isLocalRun } from './local-run.ts';

export interface OpenSetting {
  /** Scratch space of this invocation. */
  readonly directory: string;
  readonly environment: Environment;
  readonly telemetry: Telemetry;
  readonly secrets: SecretSource;
  readonly extractor: TextExtractor;
  readonly now: () => number;
  readonly random: () => number;
  readonly remainingMs: () => number;
}

const hostsIn = (text = ''): readonly string[] => text.split(',').filter((host) => host !== '');

const LOOPBACK_ORIGIN = /^http:\/\/127\.0\.0\.1:\d{1,5}(?=\/|$)/u;

/** In a local run: where this machine serves this source, be it a repository or the stand-in of a service. */
export const loopbackOriginOf = (source: SourceDefinition, environment: Environment): string | undefined => {
  const own = isLocalRun(environment)
    ? addressesIn(source).flatMap((address) => LOOPBACK_ORIGIN.exec(address)?.[0] ?? [])
    : [];
  return own[0] ?? environment['TWINMAP_GIT_LOOPBACK_ORIGIN'];
};

const rulesFor = (source: SourceDefinition, environment: Environment): GitHostRules => {
  const loopbackOrigin = loopbackOriginOf(source, environment);
  return {
    gitHosts: hostsIn(environment['TWINMAP_GIT_HOSTS']),
    privateGitHosts: hostsIn(environment['TWINMAP_PRIVATE_GIT_HOSTS']),
    ...(loopbackOrigin === undefined ? {} : { loopbackOrigin }),
  };
};

/** Judged where it is read, too: what is stored may be older than the rule, or written past the API. */
const secretsFor = (source: SourceDefinition, secrets: SecretSource): SecretSource => ({
  read: async (reference, signal) => {
    if (!mayReadSecret(source, reference)) {
      const workspace = workspaceOf(source);
      throw new ConfigError(
        `The secret ${reference} is not one of the workspace ${workspace}: those begin with ${ownSecretsPrefix(workspace)}. Name one of these, or have an org-admin PUT this source.`,
      );
    }
    return secrets.read(reference, signal);
  },
});

export const openConnector = (source: SourceDefinition, setting: OpenSetting): Connector => {
  const { environment, telemetry, directory, secrets, extractor, now, random, remainingMs } = setting;
  const proxyUrl = environment['TWINMAP_EGRESS_PROXY'];
  const given: ConnectorSetting = {
    sourceId: source.id,
    rules: rulesFor(source, environment),
    secrets: secretsFor(source, secrets),
    now,
    random,
    remainingMs,
    directory,
    extractor,
    localFiles: isLocalRun(environment),
    ...(proxyUrl === undefined ? {} : { http: { network: { proxyUrl } } }),
    onProgress: ({ phase, done, total }) => {
      telemetry.log('info', 'source.progress', { source: source.id, phase, done, total });
    },
  };
  return openSource(source, given);
};
