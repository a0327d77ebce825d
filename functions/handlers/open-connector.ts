/** Opens the connector of a configured source, with the hosts that this stack allows. */
import type { Connector } from '../connectors/connector.ts';
import { createGitConnector } from '../connectors/git/git-connector.ts';
import type { SourceDefinition } from '../domain/corpus.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Environment } from './environment.ts';

export interface ConnectorSetting {
  /** Scratch space of this invocation. */
  readonly directory: string;
  readonly environment: Environment;
  readonly telemetry: Telemetry;
}

const hostsIn = (text = ''): readonly string[] => text.split(',').filter((host) => host !== '');

export const openConnector = (source: SourceDefinition, setting: ConnectorSetting): Connector => {
  const loopbackOrigin = setting.environment['TWINMAP_GIT_LOOPBACK_ORIGIN'];
  const proxyUrl = setting.environment['TWINMAP_EGRESS_PROXY'];
  return createGitConnector(
    {
      id: source.id,
      url: source.url,
      ...(source.branch === undefined ? {} : { branch: source.branch }),
      gitHosts: hostsIn(setting.environment['TWINMAP_GIT_HOSTS']),
      privateGitHosts: hostsIn(setting.environment['TWINMAP_PRIVATE_GIT_HOSTS']),
      ...(loopbackOrigin === undefined ? {} : { loopbackOrigin }),
    },
    {
      directory: setting.directory,
      ...(proxyUrl === undefined ? {} : { proxyUrl }),
      onProgress: ({ phase, done, total }) => {
        setting.telemetry.log('info', 'source.progress', { source: source.id, phase, done, total });
      },
    },
  );
};
