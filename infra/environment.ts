/**
 * The environment of each function: names and endpoints, no secrets. Every function knows its own Region's stores; the
 * queue, the sources and the peer are given only to those that use them: dispatch and proof don't know that there is a peer. Values that are known after creation only (ids,
 * the queue's URL) come in as `V`: text where sizes are checked, a Pulumi output where the function is declared.
 */
import { LIMITS } from '../functions/domain/limits.ts';
import type { RegionConfig } from './config.ts';
import { isLoopback } from './settings/endpoints.ts';
import { isOnTheInternet } from './settings/knowledge.ts';
import { type FunctionName, FUNCTION_NAMES, namesOf, peerNamesOf, regionalArn, type RegionNames } from './names.ts';

export interface LiveValues<V> {
  readonly gateApplication: V;
  readonly gateEnvironment: V;
  readonly gateProfile: V;
  readonly syncQueueUrl: V;
  readonly signingKeyArn: V;
}

type Variables<V> = Record<string, string | V>;

const whereSet = (name: string, text: string | undefined): Record<string, string> =>
  text === undefined ? {} : { [name]: text };

const storeVariables = (side: 'HOME' | 'PEER', names: RegionNames): Record<string, string> => ({
  [`TWINMAP_${side}_REGION`]: names.region,
  [`TWINMAP_${side}_TABLE_WORKSPACES`]: names.tables.workspaces,
  [`TWINMAP_${side}_TABLE_AUDIT`]: names.tables.audit,
  [`TWINMAP_${side}_TABLE_GRAPH`]: names.tables.graph,
  [`TWINMAP_${side}_VECTOR_BUCKET`]: names.vectorBucket,
  [`TWINMAP_${side}_VECTOR_INDEX`]: names.vectorIndex,
});

const homeVariables = (config: RegionConfig): Record<string, string> => ({
  TWINMAP_ROLE: config.role,
  ...storeVariables('HOME', namesOf(config.region, config.accountId)),
  ...whereSet('TWINMAP_HOME_DYNAMODB_ENDPOINT', config.homeEndpoints.dynamodb),
  ...whereSet('TWINMAP_HOME_S3VECTORS_ENDPOINT', config.homeEndpoints.s3vectors),
});

/** Another account's role, and where it is taken on: always by the STS of the own Region. */
const peerRoleVariables = ({ peerAccount, homeEndpoints }: RegionConfig): Record<string, string> =>
  peerAccount === undefined
    ? {}
    : {
        TWINMAP_PEER_ROLE_ARN: peerAccount.roleArn,
        ...whereSet('TWINMAP_HOME_STS_ENDPOINT', homeEndpoints.sts),
      };

const peerVariables = (config: RegionConfig): Record<string, string> => {
  const peer = peerNamesOf(config);
  return peer === undefined
    ? {}
    : {
        ...storeVariables('PEER', peer),
        ...whereSet('TWINMAP_PEER_DYNAMODB_ENDPOINT', config.peerEndpoints.dynamodb),
        ...whereSet('TWINMAP_PEER_S3VECTORS_ENDPOINT', config.peerEndpoints.s3vectors),
        ...peerRoleVariables(config),
      };
};

/** For a workload beside the product: both Regions' stores, and nothing else. */
export const storeEnvironment = (config: RegionConfig): Readonly<Record<string, string>> => ({
  ...homeVariables(config),
  ...peerVariables(config),
});

const gateVariables = <V>(config: RegionConfig, live: LiveValues<V>): Variables<V> => ({
  TWINMAP_GATE_APPLICATION: live.gateApplication,
  TWINMAP_GATE_ENVIRONMENT: live.gateEnvironment,
  TWINMAP_GATE_PROFILE: live.gateProfile,
  ...whereSet('TWINMAP_HOME_APPCONFIGDATA_ENDPOINT', config.homeEndpoints.appconfigdata),
});

const queueVariables = <V>(config: RegionConfig, live: LiveValues<V>): Variables<V> => ({
  TWINMAP_SYNC_QUEUE_URL: live.syncQueueUrl,
  ...whereSet('TWINMAP_HOME_SQS_ENDPOINT', config.homeEndpoints.sqs),
});

const signingVariables = <V>(config: RegionConfig, live: LiveValues<V>): Variables<V> => ({
  TWINMAP_SIGNING_KEY: live.signingKeyArn,
  ...whereSet('TWINMAP_HOME_KMS_ENDPOINT', config.homeEndpoints.kms),
});

const proxyVariables = ({ network }: Pick<RegionConfig, 'network'>): Record<string, string> =>
  network.kind === 'isolated' && network.isolation.egress.kind === 'proxy'
    ? { TWINMAP_EGRESS_PROXY: network.isolation.egress.url }
    : {};

/** In an isolated network the customer's own hosts are on private addresses, which a source may not name elsewhere. */
const egressVariables = ({ network, gitHosts }: RegionConfig): Record<string, string> => {
  if (network.kind === 'service') {
    return {};
  }
  const own = gitHosts.filter((host) => !isOnTheInternet(host));
  return {
    ...(own.length === 0 ? {} : { TWINMAP_PRIVATE_GIT_HOSTS: own.join(',') }),
    ...proxyVariables({ network }),
  };
};

/** Where every endpoint is on this machine, sources may be too, and secrets of the environment may be named. */
const localVariables = ({ homeEndpoints }: RegionConfig): Record<string, string> =>
  isLoopback(homeEndpoints.dynamodb ?? '') ? { TWINMAP_LOCAL_RUN: '1' } : {};

const namedSources = ({ sources }: RegionConfig): Record<string, string> => ({
  TWINMAP_SOURCES: JSON.stringify(sources),
});

const sourceVariables = (config: RegionConfig): Record<string, string> => ({
  ...namedSources(config),
  TWINMAP_GIT_HOSTS: config.gitHosts.join(','),
  ...whereSet('TWINMAP_GIT_LOOPBACK_ORIGIN', config.gitLoopbackOrigin),
  ...localVariables(config),
  ...egressVariables(config),
});

/** Names under which clients may call, whose tokens open, and the way to that provider's keys. */
const accessVariables = (config: RegionConfig): Record<string, string> => {
  const { identityProvider, network, breakGlassPrincipals, homeEndpoints } = config;
  const { endpointNames } = network;
  const url = identityProvider?.jwksUrl;
  const isInside = url !== undefined && network.kind === 'isolated' && !isOnTheInternet(new URL(url).hostname);
  return {
    ...(endpointNames.length === 0 ? {} : { TWINMAP_ENDPOINT_NAMES: endpointNames.join(',') }),
    ...(identityProvider === undefined ? {} : { TWINMAP_IDENTITY_PROVIDER: JSON.stringify(identityProvider) }),
    ...(url === undefined ? {} : proxyVariables(config)),
    ...(isInside ? { TWINMAP_IDENTITY_PRIVATE: '1' } : {}),
    ...(breakGlassPrincipals.length === 0
      ? {}
      : {
          TWINMAP_GLASS_PRINCIPALS: breakGlassPrincipals.join(','),
          TWINMAP_ACCOUNT: config.accountId,
          ...whereSet('TWINMAP_HOME_STS_ENDPOINT', homeEndpoints.sts),
        }),
  };
};

const embedderVariables = (config: RegionConfig): Record<string, string> => ({
  TWINMAP_EMBEDDER: config.embedder,
  TWINMAP_EMBEDDING_DIMENSIONS: String(config.embeddingDimensions),
  ...(config.embedder === 'bedrock'
    ? {
        TWINMAP_EMBEDDER_MODEL: config.embeddingModel,
        ...whereSet('TWINMAP_BEDROCK_ENDPOINT', config.homeEndpoints.bedrock),
      }
    : {}),
});

const VARIABLES: Readonly<Record<FunctionName, <V>(config: RegionConfig, live: LiveValues<V>) => Variables<V>>> = {
  dispatch: (config, live) => ({
    ...gateVariables(config, live),
    ...queueVariables(config, live),
    ...sourceVariables(config),
  }),
  sync: (config, live) => ({
    ...peerVariables(config),
    ...gateVariables(config, live),
    ...queueVariables(config, live),
    ...sourceVariables(config),
    ...whereSet('TWINMAP_HOME_SECRETSMANAGER_ENDPOINT', config.homeEndpoints.secretsmanager),
    ...embedderVariables(config),
    ...whereSet('TWINMAP_COMPREHEND', config.comprehend),
    ...whereSet('TWINMAP_HOME_COMPREHEND_ENDPOINT', config.homeEndpoints.comprehend),
  }),
  api: (config, live) => ({
    ...peerVariables(config),
    ...gateVariables(config, live),
    // A person's wish to sync or check a source goes the way of the schedule's.
    ...queueVariables(config, live),
    TWINMAP_SCHEDULE: config.schedule.expression,
    ...namedSources(config),
    ...localVariables(config),
    ...accessVariables(config),
    ...embedderVariables(config),
  }),
  drain: (config) => peerVariables(config),
  repair: (config) => peerVariables(config),
  proof: () => ({}),
  audit: (config, live) => ({ ...peerVariables(config), ...signingVariables(config, live) }),
};

export const functionEnvironment = <V>(
  name: FunctionName,
  config: RegionConfig,
  live: LiveValues<V>,
): Variables<V> => ({
  ...homeVariables(config),
  ...VARIABLES[name](config, live),
});

/** Values as long as AWS makes them: an AppConfig id has 7 characters. */
const sampleValues = (config: RegionConfig): LiveValues<string> => {
  const names = namesOf(config.region, config.accountId);
  return {
    gateApplication: 'a'.repeat(7),
    gateEnvironment: 'e'.repeat(7),
    gateProfile: 'p'.repeat(7),
    syncQueueUrl: `https://sqs.${names.region}.${names.dnsSuffix}/${names.accountId}/${names.syncQueue}`,
    signingKeyArn: regionalArn(names, 'kms', `key/${'k'.repeat(36)}`),
  };
};

export interface OversizedEnvironment {
  readonly name: FunctionName;
  readonly bytes: number;
}

/** Functions whose environment Lambda would refuse: it allows 4 KB for all names and values together. */
export const oversizedEnvironments = (config: RegionConfig): readonly OversizedEnvironment[] =>
  FUNCTION_NAMES.map((name) => ({
    name,
    bytes: Object.entries(functionEnvironment(name, config, sampleValues(config))).reduce(
      (sum, [key, text]) => sum + Buffer.byteLength(key) + Buffer.byteLength(text),
      0,
    ),
  })).filter(({ bytes }) => bytes > LIMITS.lambdaEnvironmentBytesMax);
