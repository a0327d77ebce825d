/**
 * Properties that turn an ordinary type into a managed cross-Region service. Most of these types are not on the allow-list; the
 * rows stand so that whoever adds one gets the ban with it. Source: as for `banned-types.ts`, same date.
 */
import { isSet, valuesAt } from './plain-values.ts';
import { type Plain, type PlainObject, UNKNOWN } from './rule.ts';

interface BannedProperty {
  /** Types, or starts of types. */
  readonly starts: readonly string[];
  readonly path: string;
  readonly feature: string;
  /** Which values are refused; without it, any that is set. An unknown value always is: nobody could judge it. */
  readonly refuses?: readonly Plain[];
}

const ban = (feature: string, path: string, starts: readonly string[], refuses?: readonly Plain[]): BannedProperty => ({
  feature,
  path,
  starts,
  ...(refuses === undefined ? {} : { refuses }),
});

const BANNED_PROPERTIES: readonly BannedProperty[] = [
  ban('a DynamoDB global table', 'replicas', ['aws:dynamodb/table:']),
  ban('a DynamoDB global table', 'globalTableWitness', ['aws:dynamodb/table:']),
  ban('a multi-Region KMS key', 'multiRegion', ['aws:kms/key:', 'aws:kms/externalKey:'], [true]),
  ban('S3 replication', 'replicationConfiguration', ['aws:s3/bucket:']),
  ban('a replicated secret', 'replicas', ['aws:secretsmanager/secret:']),
  ban('WAF for CloudFront', 'scope', ['aws:wafv2/'], ['CLOUDFRONT']),
  ban('copies of backups across Regions', 'rules[].copyActions', ['aws:backup/plan:']),
  ban('a global database cluster', 'globalClusterIdentifier', [
    'aws:rds/cluster:',
    'aws:docdb/cluster:',
    'aws:neptune/cluster:',
  ]),
  ban('a replica of a database', 'replicationSourceIdentifier', ['aws:rds/cluster:', 'aws:neptune/cluster:']),
  ban('a replica of a database', 'sourceRegion', ['aws:rds/cluster:']),
  ban('a global database cluster', 'enableGlobalWriteForwarding', ['aws:rds/cluster:'], [true]),
  ban('a replica of a database', 'replicateSourceDb', ['aws:rds/instance:']),
  ban('a multi-Region database cluster', 'multiRegionProperties', ['aws:dsql/cluster:']),
  ban('a global cache', 'globalReplicationGroupId', ['aws:elasticache/replicationGroup:']),
  ban('a global cache', 'multiRegionClusterName', ['aws:memorydb/cluster:']),
  ban('an edge-optimised API, which is CloudFront', 'endpointConfiguration.types', ['aws:apigateway/'], ['EDGE']),
];

const isRefused = (value: Plain, refuses: readonly Plain[] | undefined): boolean => {
  if (value === UNKNOWN) {
    return true;
  }
  return refuses === undefined
    ? isSet(value)
    : refuses.some((refused) => value === refused || (Array.isArray(value) && value.includes(refused)));
};

/** The features that these properties would switch on, each with its path. */
export const bannedProperties = (
  type: string,
  props: PlainObject,
): readonly { readonly path: string; readonly feature: string }[] =>
  BANNED_PROPERTIES.filter(
    ({ starts, path, refuses }) =>
      starts.some((start) => type.startsWith(start)) &&
      valuesAt(props, path).some((value) => isRefused(value, refuses)),
  );
