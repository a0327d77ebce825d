/** S3 Vectors operations on indexes, and tags of buckets and indexes. */
import { isJsonObject, type JsonObject } from '../service.ts';
import { encryptionText, namePage, nextPageToken, secondsOf, tagsText } from './bucket-operations.ts';
import { integerIn, invalid, requiredText } from './validation.ts';
import type { IndexRow } from './vector-database.ts';
import type { DistanceMetric } from './vector-matrix.ts';
import { indexArn, newIndexName, parseArn, type VectorScope } from './vector-names.ts';
import {
  conflict,
  findBucket,
  findIndex,
  notFound,
  type VectorContext,
  type VectorOperation,
} from './vector-resources.ts';

const INDEXES_MAX = 500;
const DIMENSION_MAX = 4096;
const NON_FILTERABLE_KEYS_MAX = 10;
const METADATA_KEY_CHARS_MAX = 63;

const readMetric = (input: JsonObject): DistanceMetric => {
  const metric = input['distanceMetric'];
  if (metric !== 'cosine' && metric !== 'euclidean') {
    throw invalid('distanceMetric', 'must be cosine or euclidean.');
  }
  return metric;
};

const isMetadataKey = (key: unknown): key is string =>
  typeof key === 'string' && key.length > 0 && key.length <= METADATA_KEY_CHARS_MAX;

const readNonFilterableKeys = (input: JsonObject): ReadonlySet<string> => {
  const path = 'metadataConfiguration.nonFilterableMetadataKeys';
  const configuration = input['metadataConfiguration'];
  if (configuration === undefined) {
    return new Set();
  }
  const keys = isJsonObject(configuration) ? configuration['nonFilterableMetadataKeys'] : undefined;
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > NON_FILTERABLE_KEYS_MAX) {
    throw invalid(path, `must be a list of 1 to ${NON_FILTERABLE_KEYS_MAX} keys.`);
  }
  if (!keys.every((key) => isMetadataKey(key))) {
    throw invalid(path, `must consist of strings of 1 to ${METADATA_KEY_CHARS_MAX} characters.`);
  }
  return new Set(keys);
};

const summary = (scope: VectorScope, index: IndexRow): JsonObject => ({
  vectorBucketName: index.bucket,
  indexName: index.index,
  indexArn: indexArn(scope, index),
  creationTime: secondsOf(index.createdAt),
});

const createIndex: VectorOperation = (context, input) => {
  const { scope, database, now } = context;
  const bucket = findBucket(context, input);
  const name = { bucket: bucket.name, index: newIndexName(requiredText(input, 'indexName')) };
  if (input['dataType'] !== 'float32') {
    throw invalid('dataType', 'must be float32.');
  }
  const dimension = integerIn(input['dimension'], 'dimension', 1, DIMENSION_MAX);
  const metric = readMetric(input);
  const nonFilterableKeys = readNonFilterableKeys(input);
  if (database.index(name) !== undefined) {
    throw conflict('An index with the specified name already exists.');
  }
  database.insertIndex({
    ...name,
    dimension,
    metric,
    nonFilterableKeys,
    createdAt: now(),
    encryption: input['encryptionConfiguration'] === undefined ? bucket.encryption : encryptionText(input),
    tags: tagsText(input['tags']),
  });
  return { indexArn: indexArn(scope, name) };
};

const getIndex: VectorOperation = (context, input) => {
  const index = findIndex(context, input);
  return {
    index: {
      ...summary(context.scope, index),
      dataType: 'float32',
      dimension: index.dimension,
      distanceMetric: index.metric,
      encryptionConfiguration: JSON.parse(index.encryption) as unknown,
      ...(index.nonFilterableKeys.size === 0
        ? {}
        : { metadataConfiguration: { nonFilterableMetadataKeys: [...index.nonFilterableKeys] } }),
    },
  };
};

const listIndexes: VectorOperation = (context, input) => {
  const page = namePage(input, INDEXES_MAX);
  const { name: bucket } = findBucket(context, input);
  const rows = context.database.indexes(bucket, { ...page, limit: page.limit + 1 });
  return {
    indexes: rows.slice(0, page.limit).map((row) => summary(context.scope, row)),
    ...nextPageToken(
      rows.map(({ index }) => index),
      page.limit,
    ),
  };
};

interface TagTarget {
  readonly tags: JsonObject;
  readonly write: (tags: JsonObject) => void;
}

const tagTarget = ({ scope, database }: VectorContext, input: JsonObject): TagTarget => {
  const { bucket, index } = parseArn(scope, requiredText(input, 'resourceArn'), 'resourceArn');
  const found = index === undefined ? database.bucket(bucket) : database.index({ bucket, index });
  if (found === undefined) {
    throw notFound('resource');
  }
  return {
    tags: JSON.parse(found.tags) as JsonObject,
    write: (tags) => {
      if ('id' in found) {
        database.setIndexTags(found.id, JSON.stringify(tags));
      } else {
        database.setBucketTags(found.name, JSON.stringify(tags));
      }
    },
  };
};

const tagResource: VectorOperation = (context, input) => {
  const { tags, write } = tagTarget(context, input);
  write({ ...tags, ...(JSON.parse(tagsText(input['tags'])) as JsonObject) });
  return {};
};

const untagResource: VectorOperation = (context, input) => {
  const { tags, write } = tagTarget(context, input);
  const removed = new Set(Array.isArray(input['tagKeys']) ? input['tagKeys'] : []);
  write(Object.fromEntries(Object.entries(tags).filter(([key]) => !removed.has(key))));
  return {};
};

const listTagsForResource: VectorOperation = (context, input) => ({ tags: tagTarget(context, input).tags });

export const INDEX_OPERATIONS: Readonly<Record<string, VectorOperation>> = {
  CreateIndex: createIndex,
  GetIndex: getIndex,
  ListIndexes: listIndexes,
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsForResource: listTagsForResource,
};
