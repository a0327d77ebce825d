/**
 * The stand-ins of one local Region behind one loopback port: opens their files, the gateway and the fault rules, and
 * hands back what the provisioner, the event-source poller and the tests use. One call per Region; nothing is shared.
 */
import path from 'node:path';

import type { RegionServices } from '../region/services.ts';
import { openAppConfig } from './appconfig/appconfig-stand-in.ts';
import { openDynamo } from './dynamodb/dynamo-stand-in.ts';
import { type BedrockModels, openBedrock } from './bedrock/bedrock-stand-in.ts';
import { openComprehend } from './comprehend/comprehend-stand-in.ts';
import { createFaults, type FaultMode, type Faults } from './faults.ts';
import { type Endpoints, type GatewayOptions, type GatewayTls, openGateway } from './gateway.ts';
import { openKms } from './kms/kms-stand-in.ts';
import { type LambdaFunctions, openLambda } from './lambda/lambda-stand-in.ts';
import { openSecrets } from './secretsmanager/secrets-stand-in.ts';
import { openSts, type StsRoles } from './sts/sts-stand-in.ts';
import { openVectors } from './s3vectors/vectors-stand-in.ts';
import { type DeclaredQueue, openSqs, type QueueConsumer } from './sqs/sqs-stand-in.ts';

export interface OpenServicesOptions extends Pick<GatewayOptions, 'onRequest' | 'authorize' | 'tls'> {
  readonly region: string;
  readonly accountId: string;
  /** Holds `dynamodb.sqlite`, `vectors.sqlite`, `appconfig.sqlite`, `sqs.sqlite` and `kms.sqlite`; made if it is not there. */
  readonly dataDirectory: string;
  /** Of the one plain port, where there is no TLS; 0, or absent, takes a free one. */
  readonly port?: number;
  readonly now?: () => number;
  /** What Lambda's own API invokes; absent means that no function exists. */
  readonly functions?: LambdaFunctions;
  /** Where secrets come from; absent means that there are none. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Who may take on which role of another account; absent means nobody. */
  readonly sts?: StsRoles;
  /** A DynamoDB value whose bytes no longer parse: it is served as missing, and named here by its key in the file. */
  readonly onDamage?: (key: string) => void;
}

export interface OpenServices extends Pick<
  RegionServices,
  'region' | 'accountId' | 'tables' | 'vectors' | 'config' | 'keys'
> {
  /** Without TLS, the one port of all services. */
  readonly endpoint: string;
  readonly endpoints: Endpoints;
  readonly faults: Faults;
  readonly queues: { ensureQueue(spec: DeclaredQueue): Promise<{ url: string; arn: string }> };
  readonly consumer: QueueConsumer;
  /** Which models the account may use; nothing is stored. */
  readonly models: BedrockModels;
  /** Answers what is being applied, ends long polls, and writes the logs back into the files. */
  close(): Promise<void>;
}

/** Without roles of another account nobody takes one on. */
const NOBODY: StsRoles = { assume: () => undefined, nameOf: (accessKeyId) => accessKeyId };

/** Without a Lambda host there is no function to invoke. */
const NO_FUNCTIONS: LambdaFunctions = {
  invoke: async (functionName) => ({ kind: 'unknown-function', functionName }),
  describe: async () => undefined,
};

const ignoreDamage = (): void => undefined;

/** What the wire of this Region can do: a plain port has no handshake, and an address is asked of nobody. */
const supports =
  (tls: GatewayTls | undefined) =>
  (mode: FaultMode): boolean =>
    mode.startsWith('dns-') ? tls?.naming !== undefined : mode !== 'tls-stall' || tls !== undefined;

type Closer = () => void | Promise<void>;

const closeAll = async (closers: readonly Closer[]): Promise<void> => {
  for (const close of closers.toReversed()) {
    await close();
  }
};

/** Opens in order; `closers` grows with every part, so that a failure half-way leaves nothing open. */
const openParts = async (options: OpenServicesOptions, closers: Closer[]): Promise<OpenServices> => {
  const { region, accountId, dataDirectory } = options;
  const now = options.now ?? Date.now;
  const file = (name: string): string => path.join(dataDirectory, name);
  let endpoint = '';
  const faults = createFaults(supports(options.tls));
  const onDamage = options.onDamage ?? ignoreDamage;
  const dynamo = await openDynamo({ region, accountId, file: file('dynamodb.sqlite'), onDamage });
  closers.push(async () => dynamo.close());
  const vectors = openVectors({ region, accountId, file: file('vectors.sqlite'), now });
  closers.push(() => {
    vectors.close();
  });
  const appConfig = openAppConfig({ region, accountId, file: file('appconfig.sqlite'), now });
  closers.push(() => {
    appConfig.close();
  });
  const sqs = openSqs({ region, accountId, file: file('sqs.sqlite'), now, endpoint: () => endpoint });
  closers.push(() => {
    sqs.close();
  });
  const kms = openKms({ region, accountId, file: file('kms.sqlite') });
  closers.push(() => {
    kms.close();
  });
  const bedrock = openBedrock({ region });
  const sts = openSts({ now, accountId, ...(options.sts ?? NOBODY) });
  const gateway = await openGateway({
    region,
    port: options.port ?? 0,
    tls: options.tls,
    backends: [
      dynamo.backend,
      vectors.backend,
      appConfig.backend,
      sqs.backend,
      kms.backend,
      bedrock.backend,
      sts.backend,
      openComprehend(),
      openSecrets({ region, accountId, environment: options.environment ?? {} }),
      openLambda({ region, accountId, ...(options.functions ?? NO_FUNCTIONS) }),
    ],
    faults,
    ...(options.onRequest === undefined ? {} : { onRequest: options.onRequest }),
    ...(options.authorize === undefined ? {} : { authorize: options.authorize }),
  });
  closers.push(async () => gateway.close());
  const { endpoints } = gateway;
  endpoint = endpoints.sqs;
  return {
    region,
    accountId,
    endpoint,
    endpoints,
    faults,
    tables: { ensureTable: async (spec) => dynamo.ensureTable(spec) },
    vectors: {
      ensureBucket: async (name) => vectors.ensureBucket(name),
      ensureIndex: async (spec) => vectors.ensureIndex(spec),
    },
    config: appConfig.config,
    keys: kms.keys,
    queues: { ensureQueue: async (spec) => sqs.ensureQueue(spec) },
    consumer: sqs.consumer,
    models: bedrock.models,
    close: async () => closeAll(closers.splice(0)),
  };
};

export const openServices = async (options: OpenServicesOptions): Promise<OpenServices> => {
  const closers: Closer[] = [];
  try {
    return await openParts(options, closers);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
};
