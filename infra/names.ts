/**
 * Every physical name and ARN of a Region, derived from its Region name and account alone. Either stack derives the
 * peer's as well, so no stack reads the other one: it deploys, updates and is destroyed while the other Region is gone.
 * No name holds the role, so that swapping the roles of two stacks replaces nothing.
 */
import type { RegionName } from '../functions/domain/region.ts';

export const FUNCTION_NAMES = ['dispatch', 'sync', 'api', 'drain', 'repair', 'proof', 'audit'] as const;

export type FunctionName = (typeof FUNCTION_NAMES)[number];

export interface TableNames {
  readonly workspaces: string;
  readonly audit: string;
  readonly graph: string;
}

export interface RegionNames {
  readonly region: RegionName;
  readonly accountId: string;
  readonly partition: string;
  readonly dnsSuffix: string;
  readonly prefix: string;
  readonly keyAlias: string;
  readonly signingKeyAlias: string;
  readonly tables: TableNames;
  readonly vectorBucket: string;
  readonly vectorIndex: string;
  readonly gate: string;
  readonly syncQueue: string;
  readonly syncDeadLetterQueue: string;
  readonly scheduleDeadLetterQueue: string;
  readonly schedule: string;
  readonly loadBalancer: string;
  readonly functions: Readonly<Record<FunctionName, string>>;
}

const PREFIX = 'twinmap';

/** Region name prefix, partition, DNS suffix; the first that fits decides, so the special ones come before the rest. */
const PARTITIONS: readonly (readonly [prefix: string, partition: string, dnsSuffix: string])[] = [
  ['us-gov-', 'aws-us-gov', 'amazonaws.com'],
  ['cn-', 'aws-cn', 'amazonaws.com.cn'],
  ['eusc-', 'aws-eusc', 'amazonaws.eu'],
  ['us-isob-', 'aws-iso-b', 'sc2s.sgov.gov'],
  ['us-isof-', 'aws-iso-f', 'csp.hci.ic.gov'],
  ['us-iso-', 'aws-iso', 'c2s.ic.gov'],
  ['eu-isoe-', 'aws-iso-e', 'cloud.adc-e.uk'],
  ['', 'aws', 'amazonaws.com'],
];

const partitionRow = (region: RegionName): readonly [prefix: string, partition: string, dnsSuffix: string] =>
  PARTITIONS.find(([prefix]) => region.startsWith(prefix)) ?? ['', 'aws', 'amazonaws.com'];

/** The partition of a Region, for instance `aws-us-gov`: never a literal in an ARN. */
export const partitionOf = (region: RegionName): string => partitionRow(region)[1];

export const namesOf = (region: RegionName, accountId: string): RegionNames => {
  const prefix = `${PREFIX}-${region}`;
  const [, partition, dnsSuffix] = partitionRow(region);
  return Object.freeze({
    region,
    accountId,
    partition,
    dnsSuffix,
    prefix,
    keyAlias: `alias/${prefix}`,
    signingKeyAlias: `alias/${prefix}-audit`,
    tables: { workspaces: `${prefix}-workspaces`, audit: `${prefix}-audit`, graph: `${prefix}-graph` },
    vectorBucket: `${prefix}-vectors`,
    vectorIndex: 'chunks',
    gate: `${prefix}-gate`,
    syncQueue: `${prefix}-sync.fifo`,
    syncDeadLetterQueue: `${prefix}-sync-dead-letters.fifo`,
    scheduleDeadLetterQueue: `${prefix}-schedule-dead-letters`,
    schedule: `${prefix}-dispatch`,
    loadBalancer: `${prefix}-api`,
    functions: {
      dispatch: `${prefix}-dispatch`,
      sync: `${prefix}-sync`,
      api: `${prefix}-api`,
      drain: `${prefix}-drain`,
      repair: `${prefix}-repair`,
      proof: `${prefix}-proof`,
      audit: `${prefix}-audit`,
    },
  });
};

/** One ARN of the Region; IAM is global, so its ARNs carry no Region (`iamArn`). */
export const regionalArn = (names: RegionNames, service: string, resource: string): string =>
  `arn:${names.partition}:${service}:${names.region}:${names.accountId}:${resource}`;

export const iamArn = (names: RegionNames, resource: string): string =>
  `arn:${names.partition}:iam::${names.accountId}:${resource}`;

export const tableArn = (names: RegionNames, table: keyof TableNames): string =>
  regionalArn(names, 'dynamodb', `table/${names.tables[table]}`);

/** The sparse index that finds what is owed. */
export const owedIndexArn = (names: RegionNames, table: keyof TableNames): string =>
  `${tableArn(names, table)}/index/owed`;

export const vectorBucketArn = (names: RegionNames): string =>
  regionalArn(names, 's3vectors', `bucket/${names.vectorBucket}`);

export const vectorIndexArn = (names: RegionNames): string => `${vectorBucketArn(names)}/index/${names.vectorIndex}`;

export const queueArn = (names: RegionNames, queue: string): string => regionalArn(names, 'sqs', queue);

/** The name of the schedule that calls a function; the sources' own keeps its name. */
export const scheduleName = (names: RegionNames, name: FunctionName): string => names.functions[name];

export const functionArn = (names: RegionNames, name: FunctionName): string =>
  regionalArn(names, 'lambda', `function:${names.functions[name]}`);

export const logGroupName = (names: RegionNames, name: FunctionName): string => `/aws/lambda/${names.functions[name]}`;

export const logGroupArn = (names: RegionNames, name: FunctionName): string =>
  regionalArn(names, 'logs', `log-group:${logGroupName(names, name)}`);

/** IAM names are global in an account: the Region in them keeps the two stacks apart. */
export const roleName = (names: RegionNames, name: FunctionName | 'scheduler' | 'peer' | 'survey'): string =>
  `${names.prefix}-${name}`;

export const roleArn = (names: RegionNames, name: FunctionName | 'scheduler' | 'peer' | 'survey'): string =>
  iamArn(names, `role/${roleName(names, name)}`);

/** What functions of the other Region become here, where the two are in two accounts. */
export const peerRoleArn = (names: RegionNames): string => roleArn(names, 'peer');

export interface Placement {
  readonly region: RegionName;
  readonly accountId: string;
  readonly peerRegion?: RegionName;
  readonly peerAccount?: { readonly accountId: string };
}

/** The peer's names are derived, never looked up: the peer may be gone. */
export const peerNamesOf = ({ accountId, peerRegion, peerAccount }: Placement): RegionNames | undefined =>
  peerRegion === undefined ? undefined : namesOf(peerRegion, peerAccount?.accountId ?? accountId);

/** As PrivateLink names a service of this Region; the same in the commercial partition and in GovCloud. */
export const endpointServiceName = (names: RegionNames, service: string): string =>
  `com.amazonaws.${names.region}.${service}`;

/** A model of the Region's own, which belongs to no account: never an inference profile. */
export const modelArn = (names: RegionNames, model: string): string =>
  `arn:${names.partition}:bedrock:${names.region}::foundation-model/${model}`;

/** The account itself, as a principal of a resource policy. */
export const accountRootArn = (names: RegionNames): string => iamArn(names, 'root');

/** What `kms:ViaService` says when a service of this Region uses a key for a caller. */
export const viaService = (names: RegionNames, service: string): string =>
  `${service}.${names.region}.${names.dnsSuffix}`;

/** Alarms and dashboards share one name space in the account's console; the Region in them tells two stacks apart. */
export const alarmName = (names: RegionNames, name: string): string => `${names.prefix}-${name}`;

export const alarmArn = (names: RegionNames, name: string): string =>
  regionalArn(names, 'cloudwatch', `alarm:${alarmName(names, name)}`);

export const alarmTopicName = (names: RegionNames): string => `${names.prefix}-alarms`;

export const dashboardName = (names: RegionNames): string => names.prefix;
