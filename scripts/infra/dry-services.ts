/**
 * The services of an embedded Region that make nothing and answer with ids as AWS would give them: so the program runs to its
 * end, and every policy text that holds an ARN is whole when it is judged. A plain preview would leave these unknown.
 */
import { stableHex } from '../../local/provision/arns.ts';
import type { RegionServices } from '../../local/region/services.ts';

const nothing = async (): Promise<void> => undefined;

/** `partition` as the Region's ARNs spell it, for instance `aws-us-gov`. */
export const dryServices = (region: string, accountId: string, partition: string): RegionServices => ({
  region,
  accountId,
  tables: { ensureTable: nothing },
  vectors: { ensureBucket: nothing, ensureIndex: nothing },
  config: {
    ensureApplication: async (name) => ({ id: stableHex(`application ${name}`, 7) }),
    ensureEnvironment: async (applicationId, name) => ({ id: stableHex(`environment ${applicationId} ${name}`, 7) }),
    ensureProfile: async (applicationId, name) => ({ id: stableHex(`profile ${applicationId} ${name}`, 7) }),
    deploy: async () => ({ versionNumber: 1 }),
  },
  keys: { ensureSigningKey: nothing, ensureAlias: nothing },
  queues: {
    ensureQueue: async ({ name }) => ({
      url: `https://sqs.${region}.amazonaws.com/${accountId}/${name}`,
      arn: `arn:${partition}:sqs:${region}:${accountId}:${name}`,
    }),
  },
  functions: { ensureFunction: nothing, ensureEventSource: nothing },
  schedules: { ensureSchedule: nothing },
  front: { ensureListener: async () => ({ url: `https://front.${region}.invalid` }), ensureRule: nothing },
});
