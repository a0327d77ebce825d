/** Finds what an AppConfig request names, by id or name, or answers as AWS does when it is not there. */
import { partitionOf, WireError } from '../service.ts';
import type { ConfigDatabase, ConfigVersion, NamedResource, Profile } from './config-database.ts';
import type { SessionTarget } from './config-sessions.ts';

export interface ConfigScope {
  readonly region: string;
  readonly accountId: string;
}

export const configNotFound = (type: string): WireError =>
  new WireError(404, 'ResourceNotFoundException', `${type} not found.`, { ResourceType: type });

export const badConfigRequest = (message: string): WireError => new WireError(400, 'BadRequestException', message);

const found = <T>(resource: T | undefined, type: string): T => {
  if (resource === undefined) {
    throw configNotFound(type);
  }
  return resource;
};

export const findApplication = (database: ConfigDatabase, identifier: string): NamedResource =>
  found(database.application(identifier), 'Application');

export const findEnvironment = (database: ConfigDatabase, application: string, identifier: string): NamedResource =>
  found(database.environment(findApplication(database, application).id, identifier), 'Environment');

export const findProfile = (database: ConfigDatabase, application: string, identifier: string): Profile =>
  found(database.profile(findApplication(database, application).id, identifier), 'ConfigurationProfile');

export const findVersion = (database: ConfigDatabase, profile: string, number: number): ConfigVersion =>
  found(database.version(profile, number), 'HostedConfigurationVersion');

const arnPrefix = ({ region, accountId }: ConfigScope): string =>
  `arn:${partitionOf(region)}:appconfig:${region}:${accountId}:`;

export const configurationArn = (scope: ConfigScope, target: SessionTarget): string =>
  `${arnPrefix(scope)}application/${target.application}/environment/${target.environment}/configuration/${target.profile}`;

export const applicationArns = (scope: ConfigScope, target: Partial<SessionTarget>): readonly string[] => {
  const application = `${arnPrefix(scope)}application/${target.application ?? '*'}`;
  return [
    application,
    ...(target.environment === undefined ? [] : [`${application}/environment/${target.environment}`]),
    ...(target.profile === undefined ? [] : [`${application}/configurationprofile/${target.profile}`]),
  ];
};
