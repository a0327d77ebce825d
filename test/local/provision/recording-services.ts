/** A RegionServices that keeps what it was asked for, and answers as an embedded Region does. */
import type {
  ConfigDeployment,
  EventSourceSpec,
  FunctionSpec,
  QueueSpec,
  RegionServices,
  ScheduleSpec,
  TableSpec,
  VectorIndexSpec,
} from '../../../local/region/services.ts';

export interface RecordedCalls {
  readonly tables: TableSpec[];
  readonly buckets: string[];
  readonly indexes: VectorIndexSpec[];
  readonly profiles: { readonly name: string; readonly jsonSchemas: readonly string[] }[];
  readonly deployments: ConfigDeployment[];
  readonly signingKeys: string[];
  readonly aliases: { readonly name: string; readonly keyId: string }[];
  readonly queues: QueueSpec[];
  readonly functions: FunctionSpec[];
  readonly eventSources: EventSourceSpec[];
  readonly schedules: ScheduleSpec[];
  readonly rules: Parameters<RegionServices['front']['ensureRule']>[0][];
  readonly listeners: Parameters<RegionServices['front']['ensureListener']>[0][];
}

export interface RecordingServices extends RegionServices {
  readonly calls: RecordedCalls;
}

const emptyCalls = (): RecordedCalls => ({
  tables: [],
  buckets: [],
  indexes: [],
  profiles: [],
  deployments: [],
  signingKeys: [],
  aliases: [],
  queues: [],
  functions: [],
  eventSources: [],
  schedules: [],
  rules: [],
  listeners: [],
});

export const recordingServices = (region: string, accountId = '111122223333'): RecordingServices => {
  const calls = emptyCalls();
  return {
    region,
    accountId,
    calls,
    tables: { ensureTable: async (spec) => void calls.tables.push(spec) },
    vectors: {
      ensureBucket: async (name) => void calls.buckets.push(name),
      ensureIndex: async (spec) => void calls.indexes.push(spec),
    },
    config: {
      ensureApplication: async () => ({ id: 'app0001' }),
      ensureEnvironment: async () => ({ id: 'env0001' }),
      ensureProfile: async (_applicationId, name, jsonSchemas) => {
        calls.profiles.push({ name, jsonSchemas });
        return { id: 'pro0001' };
      },
      deploy: async (deployment) => {
        calls.deployments.push(deployment);
        return { versionNumber: 7 };
      },
    },
    keys: {
      ensureSigningKey: async (keyId) => void calls.signingKeys.push(keyId),
      ensureAlias: async (name, keyId) => void calls.aliases.push({ name, keyId }),
    },
    queues: {
      ensureQueue: async (spec) => {
        calls.queues.push(spec);
        return {
          url: `http://127.0.0.1:9324/${accountId}/${spec.name}`,
          arn: `arn:aws:sqs:${region}:${accountId}:${spec.name}`,
        };
      },
    },
    functions: {
      ensureFunction: async (spec) => void calls.functions.push(spec),
      ensureEventSource: async (spec) => void calls.eventSources.push(spec),
    },
    schedules: { ensureSchedule: async (spec) => void calls.schedules.push(spec) },
    front: {
      ensureListener: async (spec) => {
        calls.listeners.push(spec);
        return { url: 'http://127.0.0.1:8443' };
      },
      ensureRule: async (spec) => void calls.rules.push(spec),
    },
  };
};
