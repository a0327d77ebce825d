/** Tables, vector buckets and vector indexes. */
import { z } from 'zod';

import { ConfigError } from '../../functions/domain/errors.ts';
import type { TableSpec } from '../region/services.ts';
import { type Handler, type Handlers, readInputs } from './handler.ts';

const keySchema = z.object({ attributeName: z.string(), keyType: z.enum(['HASH', 'RANGE']) });

const indexSchema = z.strictObject({
  name: z.string(),
  hashKey: z.string().optional(),
  rangeKey: z.string().optional(),
  keySchemas: z.array(keySchema).optional(),
  projectionType: z.enum(['ALL', 'KEYS_ONLY']),
});

const TABLE_SHAPE = {
  name: z.string(),
  billingMode: z.literal('PAY_PER_REQUEST'),
  hashKey: z.string(),
  rangeKey: z.string().optional(),
  attributes: z.array(z.object({ name: z.string(), type: z.enum(['S', 'N', 'B']) })),
  globalSecondaryIndexes: z.array(indexSchema).default([]),
};

/** Without effect here. A table drops what has expired within days, and nothing may rely on the day. */
const PROTECTIONS = ['serverSideEncryption', 'pointInTimeRecovery', 'deletionProtectionEnabled', 'ttl'];

/** Both spellings of an index's keys are read: the older one, and the list that replaces it. */
const indexSpec = (index: z.infer<typeof indexSchema>): TableSpec['indexes'][number] => {
  const keyOf = (type: 'HASH' | 'RANGE'): string | undefined =>
    index.keySchemas?.find(({ keyType }) => keyType === type)?.attributeName;
  const hashKey = index.hashKey ?? keyOf('HASH');
  const rangeKey = index.rangeKey ?? keyOf('RANGE');
  if (hashKey === undefined) {
    throw new ConfigError(`the index ${index.name} has no hash key`);
  }
  return {
    name: index.name,
    hashKey,
    ...(rangeKey === undefined ? {} : { rangeKey }),
    projection: index.projectionType,
  };
};

const table: Handler = async (resource, { services, arns }) => {
  const inputs = readInputs(resource, TABLE_SHAPE, PROTECTIONS);
  await services.tables.ensureTable({
    name: inputs.name,
    hashKey: inputs.hashKey,
    ...(inputs.rangeKey === undefined ? {} : { rangeKey: inputs.rangeKey }),
    attributes: inputs.attributes,
    indexes: inputs.globalSecondaryIndexes.map(indexSpec),
  });
  return { id: inputs.name, outputs: { arn: arns.regional('dynamodb', `table/${inputs.name}`) } };
};

const vectorBucket: Handler = async (resource, { services, arns }) => {
  const { vectorBucketName } = readInputs(resource, { vectorBucketName: z.string() }, [
    'encryptionConfigurations',
    'forceDestroy',
  ]);
  await services.vectors.ensureBucket(vectorBucketName);
  const vectorBucketArn = arns.regional('s3vectors', `bucket/${vectorBucketName}`);
  return { id: vectorBucketArn, outputs: { vectorBucketArn } };
};

const VECTOR_INDEX_SHAPE = {
  vectorBucketName: z.string(),
  indexName: z.string(),
  dataType: z.literal('float32'),
  dimension: z.number(),
  distanceMetric: z.enum(['cosine', 'euclidean']),
  metadataConfiguration: z.object({ nonFilterableMetadataKeys: z.array(z.string()) }).optional(),
};

const vectorIndex: Handler = async (resource, { services, arns }) => {
  const inputs = readInputs(resource, VECTOR_INDEX_SHAPE, ['encryptionConfigurations']);
  await services.vectors.ensureIndex({
    bucket: inputs.vectorBucketName,
    name: inputs.indexName,
    dimension: inputs.dimension,
    distanceMetric: inputs.distanceMetric,
    nonFilterableMetadataKeys: inputs.metadataConfiguration?.nonFilterableMetadataKeys ?? [],
  });
  const indexArn = arns.regional('s3vectors', `bucket/${inputs.vectorBucketName}/index/${inputs.indexName}`);
  return { id: indexArn, outputs: { indexArn } };
};

/** Inside one account a role's own policy is enough, and the local Regions check that one. */
const vectorBucketPolicy: Handler = (resource) => {
  const { vectorBucketArn } = readInputs(resource, { vectorBucketArn: z.string(), policy: z.string() });
  return { id: vectorBucketArn, outputs: {} };
};

export const storeHandlers: Handlers = {
  'aws:dynamodb/table:Table': table,
  'aws:s3/vectorsVectorBucket:VectorsVectorBucket': vectorBucket,
  'aws:s3/vectorsVectorBucketPolicy:VectorsVectorBucketPolicy': vectorBucketPolicy,
  'aws:s3/vectorsIndex:VectorsIndex': vectorIndex,
};
