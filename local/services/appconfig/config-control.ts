/**
 * AppConfig's control plane as far as a flip needs it: hosted versions and deployments with their optimistic locks. A
 * deployment is complete at once, like the 0 minutes, 100 %, 0 bake strategy that the gate declares.
 */
import { type JsonObject, parseJsonObject, type ServiceReply, type ServiceRequest, WireError } from '../service.ts';
import type { ConfigDatabase, ConfigDeploymentRow, ConfigVersion, NamedResource } from './config-database.ts';
import {
  badConfigRequest,
  configNotFound,
  findApplication,
  findEnvironment,
  findProfile,
  findVersion,
} from './config-resources.ts';
import type { ConfigRoute } from './config-routes.ts';
import { checkContent } from './config-validation.ts';

export interface ControlContext {
  readonly database: ConfigDatabase;
  readonly now: () => number;
}

type ControlOperation = (context: ControlContext, route: ConfigRoute, request: ServiceRequest) => ServiceReply;

const LIST_MAX = 50;

const json = (status: number, body: JsonObject): ServiceReply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const conflict = (message: string): WireError => new WireError(409, 'ConflictException', message);

const header = (request: ServiceRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** Pages by position: lists are short, and nothing is ever removed from them. */
const page = <T>(request: ServiceRequest, items: readonly T[], show: (item: T) => JsonObject): ServiceReply => {
  const limit = Math.min(Number(request.query.get('max_results') ?? LIST_MAX), LIST_MAX);
  const start = Number(request.query.get('next_token') ?? 0);
  if (!Number.isInteger(limit) || limit < 1 || !Number.isInteger(start) || start < 0) {
    throw badConfigRequest('max_results or next_token is not valid.');
  }
  const end = start + limit;
  const shown = items.slice(start, end).map((item) => show(item));
  return json(200, end < items.length ? { Items: shown, NextToken: String(end) } : { Items: shown });
};

const showNamed = ({ id, name }: NamedResource): JsonObject => ({ Id: id, Name: name });

const versionHeaders = (application: string, profile: string, version: ConfigVersion): Record<string, string> => ({
  'application-id': application,
  'configuration-profile-id': profile,
  'version-number': String(version.number),
  'content-type': version.contentType,
  ...(version.description === undefined ? {} : { description: version.description }),
  ...(version.label === undefined ? {} : { versionlabel: version.label }),
});

const createVersion: ControlOperation = ({ database }, route, request) => {
  const application = findApplication(database, route.application);
  const profile = findProfile(database, route.application, route.profile);
  const contentType = header(request, 'content-type');
  if (contentType === undefined) {
    throw badConfigRequest('Content-Type is required.');
  }
  const expected = header(request, 'latest-version-number');
  const latest = database.latestVersionNumber(profile.id);
  if (expected !== undefined && Number(expected) !== latest) {
    throw conflict(`The latest version is ${latest}, not ${expected}: somebody else has written since.`);
  }
  const version = {
    content: request.body.toString('utf8'),
    contentType,
    description: header(request, 'description'),
    label: header(request, 'versionlabel'),
  };
  const number = database.insertVersion(profile.id, version);
  const headers = versionHeaders(application.id, profile.id, { ...version, number });
  return { status: 201, headers, body: request.body };
};

const getVersion: ControlOperation = ({ database }, route) => {
  const application = findApplication(database, route.application);
  const profile = findProfile(database, route.application, route.profile);
  const version = findVersion(database, profile.id, route.number);
  return { status: 200, headers: versionHeaders(application.id, profile.id, version), body: version.content };
};

const listVersions: ControlOperation = ({ database }, route, request) => {
  const application = findApplication(database, route.application);
  const profile = findProfile(database, route.application, route.profile);
  return page(request, database.versions(profile.id), (version) => ({
    ApplicationId: application.id,
    ConfigurationProfileId: profile.id,
    VersionNumber: version.number,
    ContentType: version.contentType,
    Description: version.description,
    VersionLabel: version.label,
  }));
};

const showDeployment = (
  { database }: ControlContext,
  route: ConfigRoute,
  deployment: ConfigDeploymentRow,
): JsonObject => {
  const application = findApplication(database, route.application);
  const profile = database.profile(application.id, deployment.profile);
  const at = new Date(deployment.at).toISOString();
  return {
    ApplicationId: application.id,
    EnvironmentId: findEnvironment(database, route.application, route.environment).id,
    DeploymentStrategyId: deployment.strategy,
    ConfigurationProfileId: deployment.profile,
    DeploymentNumber: deployment.number,
    ConfigurationName: profile?.name,
    ConfigurationLocationUri: 'hosted',
    ConfigurationVersion: String(deployment.version),
    Description: deployment.description,
    DeploymentDurationInMinutes: 0,
    GrowthType: 'LINEAR',
    GrowthFactor: 100,
    FinalBakeTimeInMinutes: 0,
    State: 'COMPLETE',
    PercentageComplete: 100,
    EventLog: [],
    StartedAt: at,
    CompletedAt: at,
    VersionLabel: database.version(deployment.profile, deployment.version)?.label,
  };
};

const textField = (input: JsonObject, name: string): string => {
  const value = input[name];
  if (typeof value !== 'string' || value === '') {
    throw badConfigRequest(`${name} is required.`);
  }
  return value;
};

const deployedVersion = (database: ConfigDatabase, profile: string, wanted: string): ConfigVersion => {
  const version = database.versions(profile).find(({ number, label }) => String(number) === wanted || label === wanted);
  if (version === undefined) {
    throw configNotFound('HostedConfigurationVersion');
  }
  return version;
};

const startDeployment: ControlOperation = (context, route, request) => {
  const { database, now } = context;
  const input = parseJsonObject(request.body);
  if (input === undefined) {
    throw badConfigRequest('The request body is not a JSON object.');
  }
  const environment = findEnvironment(database, route.application, route.environment);
  const profile = findProfile(database, route.application, textField(input, 'ConfigurationProfileId'));
  const version = deployedVersion(database, profile.id, textField(input, 'ConfigurationVersion'));
  const strategy = textField(input, 'DeploymentStrategyId');
  const latest = database.latestDeploymentNumber(environment.id);
  const expected = input['LatestDeploymentNumber'];
  if (expected !== undefined && expected !== latest) {
    throw conflict(`The latest deployment is ${latest}: somebody else has deployed since.`);
  }
  const check = checkContent(version.content, profile.schemas);
  if (check.kind === 'invalid') {
    throw new WireError(400, 'BadRequestException', `A validator refuses the configuration: ${check.reason}.`, {
      Reason: 'InvalidConfiguration',
    });
  }
  const description = typeof input['Description'] === 'string' ? input['Description'] : undefined;
  const row = { profile: profile.id, version: version.number, strategy, description, at: now() };
  const number = database.insertDeployment(environment.id, row);
  return json(201, showDeployment(context, route, { ...row, number }));
};

const getDeployment: ControlOperation = (context, route) => {
  const environment = findEnvironment(context.database, route.application, route.environment);
  const row = context.database.deployments(environment.id).find(({ number }) => number === route.number);
  if (row === undefined) {
    throw configNotFound('Deployment');
  }
  return json(200, showDeployment(context, route, row));
};

const listDeployments: ControlOperation = (context, route, request) => {
  const environment = findEnvironment(context.database, route.application, route.environment);
  return page(request, context.database.deployments(environment.id), (row) => showDeployment(context, route, row));
};

export const CONTROL_OPERATIONS: Readonly<Record<string, ControlOperation>> = {
  ListApplications: ({ database }, _route, request) => page(request, database.applications(), showNamed),
  ListEnvironments: ({ database }, route, request) =>
    page(request, database.environments(findApplication(database, route.application).id), showNamed),
  ListConfigurationProfiles: ({ database }, route, request) =>
    page(request, database.profiles(findApplication(database, route.application).id), showNamed),
  CreateHostedConfigurationVersion: createVersion,
  GetHostedConfigurationVersion: getVersion,
  ListHostedConfigurationVersions: listVersions,
  StartDeployment: startDeployment,
  GetDeployment: getDeployment,
  ListDeployments: listDeployments,
};
