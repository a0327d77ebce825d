/** The paths of AppConfig's data and control plane, each with its operation's name and what the path names. */
import { decodePathPart, type ServiceHead } from '../service.ts';

const APPLICATION = '/applications/(?<application>[^/]+)';
const PROFILE = `${APPLICATION}/configurationprofiles/(?<profile>[^/]+)`;
const ENVIRONMENT = `${APPLICATION}/environments/(?<environment>[^/]+)`;

const ROUTES: readonly (readonly [operation: string, method: string, pattern: RegExp])[] = (
  [
    ['StartConfigurationSession', 'POST', '/configurationsessions'],
    ['GetLatestConfiguration', 'GET', '/configuration'],
    ['ListApplications', 'GET', '/applications'],
    ['ListEnvironments', 'GET', `${APPLICATION}/environments`],
    ['ListConfigurationProfiles', 'GET', `${APPLICATION}/configurationprofiles`],
    ['CreateHostedConfigurationVersion', 'POST', `${PROFILE}/hostedconfigurationversions`],
    ['ListHostedConfigurationVersions', 'GET', `${PROFILE}/hostedconfigurationversions`],
    ['GetHostedConfigurationVersion', 'GET', String.raw`${PROFILE}/hostedconfigurationversions/(?<number>\d+)`],
    ['StartDeployment', 'POST', `${ENVIRONMENT}/deployments`],
    ['ListDeployments', 'GET', `${ENVIRONMENT}/deployments`],
    ['GetDeployment', 'GET', String.raw`${ENVIRONMENT}/deployments/(?<number>\d+)`],
  ] as const
).map(([operation, method, path]) => [operation, method, new RegExp(`^${path}$`, 'u')]);

export interface ConfigRoute {
  readonly operation: string;
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
  readonly number: number;
}

const UNKNOWN: ConfigRoute = { operation: 'Unknown', application: '', environment: '', profile: '', number: 0 };

export const matchRoute = (head: Pick<ServiceHead, 'method' | 'path'>): ConfigRoute => {
  for (const [operation, method, pattern] of ROUTES) {
    const match = method === head.method ? pattern.exec(head.path) : null;
    if (match !== null) {
      const named = (name: string): string => decodePathPart(match.groups?.[name] ?? '');
      return {
        operation,
        application: named('application'),
        environment: named('environment'),
        profile: named('profile'),
        number: Number(named('number')),
      };
    }
  }
  return UNKNOWN;
};
