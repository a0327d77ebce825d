/** S3 Vectors operations on buckets and their policies. */
import { type JsonObject, isJsonObject } from '../service.ts';
import { encodePosition, decodePosition, invalid, optionalInteger, optionalText, requiredText } from './validation.ts';
import type { BucketRow, NamePage } from './vector-database.ts';
import { bucketArn, newBucketName, type VectorScope } from './vector-names.ts';
import { conflict, findBucket, notFound, type VectorContext, type VectorOperation } from './vector-resources.ts';

const BUCKETS_MAX = 500;
const POLICY_BYTES_MAX = 20 * 1024;
const SSE_TYPES = new Set(['AES256', 'aws:kms']);

export const encryptionText = (input: JsonObject): string => {
  const value = input['encryptionConfiguration'];
  if (value === undefined) {
    return JSON.stringify({ sseType: 'AES256' });
  }
  const sseType = isJsonObject(value) ? (value['sseType'] ?? 'AES256') : undefined;
  if (typeof sseType !== 'string' || !SSE_TYPES.has(sseType)) {
    throw invalid('encryptionConfiguration.sseType', 'must be AES256 or aws:kms.');
  }
  return JSON.stringify({ ...(isJsonObject(value) ? value : {}), sseType });
};

export const tagsText = (value: unknown): string => {
  if (value === undefined) {
    return '{}';
  }
  if (!isJsonObject(value) || !Object.values(value).every((tag) => typeof tag === 'string')) {
    throw invalid('tags', 'must be a map of strings.');
  }
  return JSON.stringify(value);
};

/** AWS writes times as seconds since the epoch. */
export const secondsOf = (ms: number): number => ms / 1000;

export const namePage = (input: JsonObject, max: number): NamePage => {
  const token = optionalText(input, 'nextToken');
  const after = token === undefined ? '' : decodePosition(token)['name'];
  return {
    after: typeof after === 'string' ? after : '',
    prefix: optionalText(input, 'prefix') ?? '',
    limit: optionalInteger(input, 'maxResults', { min: 1, max, otherwise: max }),
  };
};

/** One row more than the page was read: it says that there is a next page. */
export const nextPageToken = (names: readonly string[], limit: number): JsonObject =>
  names.length > limit ? { nextToken: encodePosition({ name: names[limit - 1] }) } : {};

const summary = (scope: VectorScope, bucket: BucketRow): JsonObject => ({
  vectorBucketName: bucket.name,
  vectorBucketArn: bucketArn(scope, bucket.name),
  creationTime: secondsOf(bucket.createdAt),
});

const createVectorBucket: VectorOperation = ({ scope, database, now }, input) => {
  const name = newBucketName(requiredText(input, 'vectorBucketName'));
  if (database.bucket(name) !== undefined) {
    throw conflict('A vector bucket with the specified name already exists.');
  }
  database.insertBucket({
    name,
    createdAt: now(),
    encryption: encryptionText(input),
    tags: tagsText(input['tags']),
  });
  return { vectorBucketArn: bucketArn(scope, name) };
};

const getVectorBucket: VectorOperation = (context, input) => {
  const bucket = findBucket(context, input);
  return {
    vectorBucket: {
      ...summary(context.scope, bucket),
      encryptionConfiguration: JSON.parse(bucket.encryption) as unknown,
    },
  };
};

const listVectorBuckets: VectorOperation = ({ scope, database }, input) => {
  const page = namePage(input, BUCKETS_MAX);
  const rows = database.buckets({ ...page, limit: page.limit + 1 });
  return {
    vectorBuckets: rows.slice(0, page.limit).map((bucket) => summary(scope, bucket)),
    ...nextPageToken(
      rows.map(({ name }) => name),
      page.limit,
    ),
  };
};

const deleteVectorBucket: VectorOperation = (context, input) => {
  const { name } = findBucket(context, input);
  if (context.database.indexes(name, { after: '', prefix: '', limit: 1 }).length > 0) {
    throw conflict('The vector bucket still has indexes; delete them first.');
  }
  context.database.deleteBucket(name);
  return {};
};

const putVectorBucketPolicy: VectorOperation = (context, input) => {
  const policy = requiredText(input, 'policy');
  if (Buffer.byteLength(policy) > POLICY_BYTES_MAX) {
    throw invalid('policy', `must be at most ${POLICY_BYTES_MAX} bytes.`);
  }
  context.database.setPolicy(findBucket(context, input).name, policy);
  return {};
};

const policyOf = (context: VectorContext, input: JsonObject): string => {
  const { policy } = findBucket(context, input);
  if (policy === undefined) {
    throw notFound('vector bucket policy');
  }
  return policy;
};

const getVectorBucketPolicy: VectorOperation = (context, input) => ({ policy: policyOf(context, input) });

const deleteVectorBucketPolicy: VectorOperation = (context, input) => {
  context.database.setPolicy(findBucket(context, input).name, undefined);
  return {};
};

export const BUCKET_OPERATIONS: Readonly<Record<string, VectorOperation>> = {
  CreateVectorBucket: createVectorBucket,
  GetVectorBucket: getVectorBucket,
  ListVectorBuckets: listVectorBuckets,
  DeleteVectorBucket: deleteVectorBucket,
  PutVectorBucketPolicy: putVectorBucketPolicy,
  GetVectorBucketPolicy: getVectorBucketPolicy,
  DeleteVectorBucketPolicy: deleteVectorBucketPolicy,
};
