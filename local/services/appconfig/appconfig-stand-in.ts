/**
 * AppConfig of one local Region: the data plane that the gate reads, the part of the control plane that a flip needs, and
 * the declared application, environment, profile and document, put there by the provisioner without HTTP.
 */
import { ConfigError } from '../../../functions/domain/errors.ts';
import type { ConfigDeployment, RegionServices } from '../../region/services.ts';
import {
  type JsonObject,
  parseJsonObject,
  type Permission,
  type ServiceBackend,
  type ServiceReply,
  type ServiceRequest,
} from '../service.ts';
import { failureReply } from '../wire-errors.ts';
import { CONTROL_OPERATIONS } from './config-control.ts';
import { ConfigDatabase, type NamedResource } from './config-database.ts';
import {
  applicationArns,
  badConfigRequest,
  configNotFound,
  type ConfigScope,
  configurationArn,
  findApplication,
  findEnvironment,
  findProfile,
} from './config-resources.ts';
import { matchRoute } from './config-routes.ts';
import { ConfigSessions, nextPollSeconds, type SessionTarget } from './config-sessions.ts';
import { checkContent } from './config-validation.ts';

const BODY_BYTES_MAX = 2 * 1024 * 1024;
const POLL_MIN_SECONDS = 15;
const POLL_MAX_SECONDS = 86_400;
const LOCAL_STRATEGY = 'local.AllAtOnce';

export interface AppConfigOptions extends ConfigScope {
  readonly file: string;
  readonly now: () => number;
}

export interface AppConfigStandIn {
  readonly backend: ServiceBackend;
  readonly config: RegionServices['config'];
  close(): void;
}

const requiredText = (input: JsonObject, name: string): string => {
  const value = input[name];
  if (typeof value !== 'string' || value === '') {
    throw badConfigRequest(`${name} is required.`);
  }
  return value;
};

const pollInterval = (input: JsonObject): number | undefined => {
  const value = input['RequiredMinimumPollIntervalInSeconds'];
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'number' || !Number.isInteger(value) || value < POLL_MIN_SECONDS || value > POLL_MAX_SECONDS) {
    throw badConfigRequest(
      `RequiredMinimumPollIntervalInSeconds must be an integer from ${POLL_MIN_SECONDS} to ${POLL_MAX_SECONDS}.`,
    );
  }
  return value;
};

class LocalAppConfig implements AppConfigStandIn {
  readonly #options: AppConfigOptions;
  readonly #database: ConfigDatabase;
  readonly #sessions: ConfigSessions;

  constructor(options: AppConfigOptions) {
    this.#options = options;
    this.#database = new ConfigDatabase(options.file);
    this.#sessions = new ConfigSessions(options.now);
  }

  get backend(): ServiceBackend {
    return {
      service: 'appconfig',
      bodyBytesMax: BODY_BYTES_MAX,
      operationOf: (head) => matchRoute(head).operation,
      permissionsOf: (operation, request) => this.#permissionsOf(operation, request),
      handle: async (operation, request) => this.#handle(operation, request),
    };
  }

  get config(): RegionServices['config'] {
    return {
      ensureApplication: async (name) => ({ id: this.#database.ensureApplication(name).id }),
      ensureEnvironment: async (applicationId, name) => {
        this.#declared(this.#database.application(applicationId), `application ${applicationId}`);
        return { id: this.#database.ensureEnvironment(applicationId, name).id };
      },
      ensureProfile: async (applicationId, name, jsonSchemas) => {
        this.#declared(this.#database.application(applicationId), `application ${applicationId}`);
        return { id: this.#database.ensureProfile(applicationId, name, jsonSchemas).id };
      },
      deploy: async (deployment) => this.#deploy(deployment),
    };
  }

  close(): void {
    this.#database.close();
  }

  #declared(resource: NamedResource | undefined, what: string): void {
    if (resource === undefined) {
      throw new ConfigError(
        `AppConfig has no ${what} in ${this.#options.region}: declare it before what belongs to it.`,
      );
    }
  }

  #deploy(deployment: ConfigDeployment): { versionNumber: number } {
    const { applicationId, environmentId, profileId, content, contentType } = deployment;
    this.#declared(this.#database.environment(applicationId, environmentId), `environment ${environmentId}`);
    const profile = this.#database.profile(applicationId, profileId);
    this.#declared(profile, `configuration profile ${profileId}`);
    const check = checkContent(content, profile?.schemas ?? []);
    if (check.kind === 'invalid') {
      throw new ConfigError(
        `The document for configuration profile ${profile?.name ?? profileId} is refused by its JSON schema: ${check.reason}. ` +
          'Nothing was deployed; the last document stays in force.',
      );
    }
    const current = this.#database.deployed(environmentId, profileId);
    if (current?.content === content && current.contentType === contentType) {
      return { versionNumber: current.number };
    }
    const versionNumber = this.#database.insertVersion(profileId, {
      content,
      contentType,
      description: undefined,
      label: undefined,
    });
    this.#database.insertDeployment(environmentId, {
      profile: profileId,
      version: versionNumber,
      strategy: LOCAL_STRATEGY,
      description: undefined,
      at: this.#options.now(),
    });
    return { versionNumber };
  }

  #handle(operation: string, request: ServiceRequest): ServiceReply {
    if (operation === 'StartConfigurationSession') {
      return this.#startSession(request);
    }
    if (operation === 'GetLatestConfiguration') {
      return this.#getLatest(request);
    }
    const control = CONTROL_OPERATIONS[operation];
    return control === undefined
      ? failureReply('appconfig', 'unknown', `Unknown operation ${request.method} ${request.path}.`)
      : control({ database: this.#database, now: this.#options.now }, matchRoute(request), request);
  }

  #startSession(request: ServiceRequest): ServiceReply {
    const input = parseJsonObject(request.body);
    if (input === undefined) {
      throw badConfigRequest('The request body is not a JSON object.');
    }
    const target = this.#target(input);
    const session = {
      ...target,
      pollIntervalSeconds: pollInterval(input),
      polledAt: undefined,
      seenVersion: undefined,
    };
    return {
      status: 201,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ InitialConfigurationToken: this.#sessions.issue(session) }),
    };
  }

  #target(input: JsonObject): SessionTarget {
    const application = requiredText(input, 'ApplicationIdentifier');
    return {
      application: findApplication(this.#database, application).id,
      environment: findEnvironment(this.#database, application, requiredText(input, 'EnvironmentIdentifier')).id,
      profile: findProfile(this.#database, application, requiredText(input, 'ConfigurationProfileIdentifier')).id,
    };
  }

  /** An empty body means that nothing changed since this session's last call. */
  #getLatest(request: ServiceRequest): ServiceReply {
    const token = request.query.get('configuration_token') ?? '';
    const session = this.#sessions.take(token);
    const version = this.#database.deployed(session.environment, session.profile);
    if (version === undefined) {
      throw configNotFound('Deployment');
    }
    const unchanged = version.number === session.seenVersion;
    return {
      status: 200,
      headers: {
        'content-type': version.contentType,
        'next-poll-configuration-token': this.#sessions.issue({ ...session, seenVersion: version.number }),
        'next-poll-interval-in-seconds': String(nextPollSeconds(session)),
        ...(version.label === undefined ? {} : { 'version-label': version.label }),
      },
      body: unchanged ? '' : version.content,
    };
  }

  #permissionsOf(operation: string, request: ServiceRequest): readonly Permission[] {
    const action = `appconfig:${operation}`;
    if (operation === 'StartConfigurationSession') {
      const target = this.#target(parseJsonObject(request.body) ?? {});
      return [{ action, resource: configurationArn(this.#options, target) }];
    }
    if (operation === 'GetLatestConfiguration') {
      const session = this.#sessions.peek(request.query.get('configuration_token') ?? '');
      return session === undefined ? [] : [{ action, resource: configurationArn(this.#options, session) }];
    }
    const { application, environment, profile } = matchRoute(request);
    const named = {
      ...(application === '' ? {} : { application }),
      ...(environment === '' ? {} : { environment }),
      ...(profile === '' ? {} : { profile }),
    };
    return applicationArns(this.#options, named).map((resource) => ({ action, resource }));
  }
}

export const openAppConfig = (options: AppConfigOptions): AppConfigStandIn => new LocalAppConfig(options);
