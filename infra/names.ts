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
export const roleName = (names: RegionNames, name: FunctionName | 'scheduler'): string => `${names.prefix}-${name}`;

/** The account itself, as a principal of a resource policy. */
export const accountRootArn = (names: RegionNames): string => iamArn(names, 'root');

/** What `kms:ViaService` says when a service of this Region uses a key for a caller. */
export const viaService = (names: RegionNames, service: string): string =>
  `${service}.${names.region}.${names.dnsSuffix}`;
