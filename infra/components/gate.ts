/**
 * The gate: one AppConfig application, environment and profile, used for nothing else. No alarm is attached (one without
 * data rolls a deployment back) and the strategy neither ramps nor bakes: a flip must not wait for the one before it.
 */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { gateDocumentText, gateSchemaText } from '../gate-document.ts';
import { regionalArn, type RegionNames } from '../names.ts';
import type { GateSettings } from '../settings/gate.ts';

export interface GateArgs {
  readonly names: RegionNames;
  readonly settings: GateSettings;
}

export class Gate extends pulumi.ComponentResource {
  readonly applicationId: pulumi.Output<string>;
  readonly environmentId: pulumi.Output<string>;
  readonly profileId: pulumi.Output<string>;
  readonly strategyId: pulumi.Output<string>;
  readonly configurationArn: pulumi.Output<string>;

  constructor(name: string, args: GateArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Gate', name, {}, options);
    const application = createApplication(this, name, args);
    const environment = createEnvironment(this, name, application);
    const profile = createProfile(this, name, application);
    const strategy = createStrategy(this, name, args);
    const version = createVersion(this, name, args, application, profile);
    deployVersion(this, name, { application, environment, profile, strategy, version });
    this.applicationId = application.id;
    this.environmentId = environment.environmentId;
    this.profileId = profile.configurationProfileId;
    this.strategyId = strategy.id;
    this.configurationArn = configurationArn(args.names, this);
    this.registerOutputs({ configurationArn: this.configurationArn });
  }
}

const createApplication = (parent: Gate, name: string, { names }: GateArgs): aws.appconfig.Application =>
  new aws.appconfig.Application(
    `${name}-application`,
    { name: names.gate, description: 'Says whether this Region does scheduled work' },
    { parent },
  );

const createEnvironment = (
  parent: Gate,
  name: string,
  application: aws.appconfig.Application,
): aws.appconfig.Environment =>
  new aws.appconfig.Environment(`${name}-environment`, { applicationId: application.id, name: 'gate' }, { parent });

const createProfile = (
  parent: Gate,
  name: string,
  application: aws.appconfig.Application,
): aws.appconfig.ConfigurationProfile =>
  new aws.appconfig.ConfigurationProfile(
    `${name}-profile`,
    {
      applicationId: application.id,
      name: 'gate',
      locationUri: 'hosted',
      type: 'AWS.Freeform',
      validators: [{ type: 'JSON_SCHEMA', content: gateSchemaText }],
    },
    { parent },
  );

const createStrategy = (parent: Gate, name: string, { names }: GateArgs): aws.appconfig.DeploymentStrategy =>
  new aws.appconfig.DeploymentStrategy(
    `${name}-strategy`,
    {
      name: names.gate,
      deploymentDurationInMinutes: 0,
      growthFactor: 100,
      finalBakeTimeInMinutes: 0,
      replicateTo: 'NONE',
    },
    { parent },
  );

/** A changed document is a new version; the old one goes only after the new one is deployed. */
const createVersion = (
  parent: Gate,
  name: string,
  { settings }: GateArgs,
  application: aws.appconfig.Application,
  profile: aws.appconfig.ConfigurationProfile,
): aws.appconfig.HostedConfigurationVersion =>
  new aws.appconfig.HostedConfigurationVersion(
    `${name}-version`,
    {
      applicationId: application.id,
      configurationProfileId: profile.configurationProfileId,
      content: gateDocumentText(settings),
      contentType: 'application/json',
      description: `epoch ${settings.epoch}`,
    },
    { parent },
  );

interface DeploymentParts {
  readonly application: aws.appconfig.Application;
  readonly environment: aws.appconfig.Environment;
  readonly profile: aws.appconfig.ConfigurationProfile;
  readonly strategy: aws.appconfig.DeploymentStrategy;
  readonly version: aws.appconfig.HostedConfigurationVersion;
}

const deployVersion = (parent: Gate, name: string, parts: DeploymentParts): aws.appconfig.Deployment =>
  new aws.appconfig.Deployment(
    `${name}-deployment`,
    {
      applicationId: parts.application.id,
      environmentId: parts.environment.environmentId,
      configurationProfileId: parts.profile.configurationProfileId,
      configurationVersion: parts.version.versionNumber.apply(String),
      deploymentStrategyId: parts.strategy.id,
    },
    { parent },
  );

const configurationArn = (names: RegionNames, gate: Gate): pulumi.Output<string> =>
  pulumi.interpolate`${regionalArn(names, 'appconfig', 'application/')}${gate.applicationId}/environment/${gate.environmentId}/configuration/${gate.profileId}`;
