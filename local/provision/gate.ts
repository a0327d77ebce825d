/** AppConfig: application, environment, profile, strategy, version and deployment. */
import { z } from 'zod';

import { ConfigError } from '../../functions/domain/errors.ts';
import { stableHex } from './arns.ts';
import { type Handler, type Handlers, readInputs } from './handler.ts';

const application: Handler = async (resource, { services, arns }) => {
  const { name } = readInputs(resource, { name: z.string() }, ['description']);
  const { id } = await services.config.ensureApplication(name);
  return { id, outputs: { arn: arns.regional('appconfig', `application/${id}`) } };
};

const environment: Handler = async (resource, { services, arns }) => {
  const { applicationId, name } = readInputs(resource, { applicationId: z.string(), name: z.string() }, [
    'description',
  ]);
  const { id } = await services.config.ensureEnvironment(applicationId, name);
  const arn = arns.regional('appconfig', `application/${applicationId}/environment/${id}`);
  return { id: `${id}:${applicationId}`, outputs: { environmentId: id, arn } };
};

const PROFILE_SHAPE = {
  applicationId: z.string(),
  name: z.string(),
  locationUri: z.literal('hosted'),
  type: z.literal('AWS.Freeform'),
  validators: z.array(z.strictObject({ type: z.literal('JSON_SCHEMA'), content: z.string() })).default([]),
};

const profile: Handler = async (resource, { services, arns }) => {
  const { applicationId, name, validators } = readInputs(resource, PROFILE_SHAPE, ['description']);
  const schemas = validators.map(({ content }) => content);
  const { id } = await services.config.ensureProfile(applicationId, name, schemas);
  const arn = arns.regional('appconfig', `application/${applicationId}/configurationprofile/${id}`);
  return { id: `${id}:${applicationId}`, outputs: { configurationProfileId: id, arn } };
};

/** Any but an immediate strategy would make a flip wait, and the stand-in deploys at once. */
const STRATEGY_SHAPE = {
  name: z.string(),
  deploymentDurationInMinutes: z.literal(0),
  growthFactor: z.literal(100),
  finalBakeTimeInMinutes: z.literal(0),
  replicateTo: z.literal('NONE'),
};

const strategy: Handler = (resource, { arns }) => {
  const { name } = readInputs(resource, STRATEGY_SHAPE, ['description']);
  const id = stableHex(name, 7);
  return { id, outputs: { arn: arns.regional('appconfig', `deploymentstrategy/${id}`) } };
};

const VERSION_SHAPE = {
  applicationId: z.string(),
  configurationProfileId: z.string(),
  content: z.string(),
  contentType: z.string(),
};

/** Kept until it is deployed: AppConfig serves nothing that was not. */
const hostedVersion: Handler = (resource, { hostedVersions }) => {
  const inputs = readInputs(resource, VERSION_SHAPE, ['description']);
  const prefix = `${inputs.applicationId}/${inputs.configurationProfileId}`;
  const versionNumber = 1 + [...hostedVersions.keys()].filter((key) => key.startsWith(`${prefix}/`)).length;
  const id = `${prefix}/${versionNumber}`;
  hostedVersions.set(id, { content: inputs.content, contentType: inputs.contentType });
  return { id, outputs: { versionNumber } };
};

const DEPLOYMENT_SHAPE = {
  applicationId: z.string(),
  environmentId: z.string(),
  configurationProfileId: z.string(),
  configurationVersion: z.string(),
};

const deployment: Handler = async (resource, { services, hostedVersions }) => {
  const inputs = readInputs(resource, DEPLOYMENT_SHAPE, ['deploymentStrategyId', 'description']);
  const version = hostedVersions.get(
    `${inputs.applicationId}/${inputs.configurationProfileId}/${inputs.configurationVersion}`,
  );
  if (version === undefined) {
    throw new ConfigError(`version ${inputs.configurationVersion} of the configuration profile is not declared`);
  }
  const { versionNumber } = await services.config.deploy({
    applicationId: inputs.applicationId,
    environmentId: inputs.environmentId,
    profileId: inputs.configurationProfileId,
    ...version,
  });
  return {
    id: `${inputs.applicationId}/${inputs.environmentId}/${versionNumber}`,
    outputs: { deploymentNumber: versionNumber, state: 'COMPLETE' },
  };
};

export const gateHandlers: Handlers = {
  'aws:appconfig/application:Application': application,
  'aws:appconfig/environment:Environment': environment,
  'aws:appconfig/configurationProfile:ConfigurationProfile': profile,
  'aws:appconfig/deploymentStrategy:DeploymentStrategy': strategy,
  'aws:appconfig/hostedConfigurationVersion:HostedConfigurationVersion': hostedVersion,
  'aws:appconfig/deployment:Deployment': deployment,
};
