/**
 * S3 Vectors of one local Region: restJson1 over `POST /<Operation>`, exact search, AWS's limits and errors. Exact where
 * AWS is approximate: recall measured here says nothing about AWS.
 */
import { ConfigError } from '../../../functions/domain/errors.ts';
import type { VectorIndexSpec } from '../../region/services.ts';
import {
  decodePathPart,
  type JsonObject,
  parseJsonObject,
  type Permission,
  type ServiceBackend,
  type ServiceHead,
  type ServiceReply,
  type ServiceRequest,
  WireError,
} from '../service.ts';
import { failureReply } from '../wire-errors.ts';
import { BUCKET_OPERATIONS } from './bucket-operations.ts';
import { INDEX_OPERATIONS } from './index-operations.ts';
import { VectorCache } from './vector-cache.ts';
import { VectorDatabase } from './vector-database.ts';
import { bucketArn, indexArn, newBucketName, newIndexName, readBucketName, readIndexName } from './vector-names.ts';
import { VectorOperations } from './vector-operations.ts';
import type { VectorContext } from './vector-resources.ts';

const BODY_BYTES_MAX = 20 * 1024 * 1024;

const TAG_OPERATIONS: Readonly<Record<string, string>> = {
  POST: 'TagResource',
  DELETE: 'UntagResource',
  GET: 'ListTagsForResource',
};

export interface VectorsOptions {
  readonly region: string;
  readonly accountId: string;
  readonly file: string;
  readonly now: () => number;
}

export interface VectorsStandIn {
  readonly backend: ServiceBackend;
  ensureBucket(name: string): Promise<void>;
  ensureIndex(spec: VectorIndexSpec): Promise<void>;
  close(): void;
}

const operationOf = (head: ServiceHead): string =>
  head.path.startsWith('/tags/') ? (TAG_OPERATIONS[head.method] ?? 'Unknown') : head.path.slice(1);

const inputOf = (request: ServiceRequest): JsonObject => {
  const input = parseJsonObject(request.body);
  if (input === undefined) {
    throw new WireError(400, 'SerializationException', 'The request body is not a JSON object.');
  }
  return request.path.startsWith('/tags/')
    ? {
        ...input,
        resourceArn: decodePathPart(request.path.slice('/tags/'.length)),
        tagKeys: request.query.getAll('tagKeys'),
      }
    : input;
};

/** Reading metadata or data through a query or a listing is reading vectors, and IAM asks for that too. */
const alsoReadsVectors = (operation: string, input: JsonObject): boolean =>
  (operation === 'QueryVectors' && (input['returnMetadata'] === true || input['filter'] !== undefined)) ||
  (operation === 'ListVectors' && (input['returnMetadata'] === true || input['returnData'] === true));

class S3VectorsStandIn implements VectorsStandIn {
  readonly #context: VectorContext;
  readonly #vectors: VectorOperations;
  readonly #operations: Readonly<Record<string, (input: JsonObject) => JsonObject>>;

  constructor(options: VectorsOptions) {
    const database = new VectorDatabase(options.file);
    const context: VectorContext = {
      scope: { region: options.region, accountId: options.accountId },
      database,
      now: options.now,
    };
    const vectors = new VectorOperations(context, new VectorCache(database));
    this.#context = context;
    this.#vectors = vectors;
    this.#operations = {
      ...this.#bound(BUCKET_OPERATIONS),
      ...this.#bound(INDEX_OPERATIONS),
      DeleteIndex: (input) => this.#vectors.deleteIndex(input),
      PutVectors: (input) => this.#vectors.putVectors(input),
      GetVectors: (input) => this.#vectors.getVectors(input),
      DeleteVectors: (input) => this.#vectors.deleteVectors(input),
      ListVectors: (input) => this.#vectors.listVectors(input),
      QueryVectors: (input) => this.#vectors.queryVectors(input),
    };
  }

  get backend(): ServiceBackend {
    return {
      service: 's3vectors',
      bodyBytesMax: BODY_BYTES_MAX,
      operationOf,
      permissionsOf: (operation, request) => this.#permissionsOf(operation, inputOf(request)),
      handle: async (operation, request) => this.#handle(operation, request),
    };
  }

  async ensureBucket(name: string): Promise<void> {
    if (this.#context.database.bucket(newBucketName(name)) === undefined) {
      this.#run('CreateVectorBucket', { vectorBucketName: name });
    }
  }

  async ensureIndex(spec: VectorIndexSpec): Promise<void> {
    const existing = this.#context.database.index({ bucket: spec.bucket, index: newIndexName(spec.name) });
    if (existing === undefined) {
      const keys = spec.nonFilterableMetadataKeys;
      this.#run('CreateIndex', {
        vectorBucketName: spec.bucket,
        indexName: spec.name,
        dataType: 'float32',
        dimension: spec.dimension,
        distanceMetric: spec.distanceMetric,
        ...(keys.length === 0 ? {} : { metadataConfiguration: { nonFilterableMetadataKeys: keys } }),
      });
      return;
    }
    const declared = [spec.dimension, spec.distanceMetric, ...spec.nonFilterableMetadataKeys.toSorted()].join(', ');
    const found = [existing.dimension, existing.metric, ...[...existing.nonFilterableKeys].toSorted()].join(', ');
    if (declared !== found) {
      throw new ConfigError(
        `Vector index ${spec.bucket}/${spec.name} differs from its declaration: it has (${found}), declared are (${declared}). ` +
          'An index is fixed when it is created: declare another name, or start with an empty data folder.',
      );
    }
  }

  close(): void {
    this.#context.database.close();
  }

  #bound(
    operations: Readonly<Record<string, (context: VectorContext, input: JsonObject) => JsonObject>>,
  ): Record<string, (input: JsonObject) => JsonObject> {
    return Object.fromEntries(
      Object.entries(operations).map(([name, operation]) => [name, (input) => operation(this.#context, input)]),
    );
  }

  #run(operation: string, input: JsonObject): JsonObject | undefined {
    return Object.hasOwn(this.#operations, operation) ? this.#operations[operation]?.(input) : undefined;
  }

  #handle(operation: string, request: ServiceRequest): ServiceReply {
    const output = this.#run(operation, inputOf(request));
    return output === undefined
      ? failureReply('s3vectors', 'unknown', `Unknown operation ${operation}.`)
      : { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(output) };
  }

  #permissionsOf(operation: string, input: JsonObject): readonly Permission[] {
    const { scope } = this.#context;
    const actions = [operation, ...(alsoReadsVectors(operation, input) ? ['GetVectors'] : [])];
    const resource = this.#resourceOf(input) ?? bucketArn(scope, '*');
    return actions.map((action) => ({ action: `s3vectors:${action}`, resource }));
  }

  #resourceOf(input: JsonObject): string | undefined {
    const { scope } = this.#context;
    const { resourceArn } = input;
    if (typeof resourceArn === 'string') {
      return resourceArn;
    }
    if (input['indexArn'] !== undefined || input['indexName'] !== undefined) {
      return indexArn(scope, readIndexName(scope, input));
    }
    return input['vectorBucketArn'] === undefined && input['vectorBucketName'] === undefined
      ? undefined
      : bucketArn(scope, readBucketName(scope, input));
  }
}

export const openVectors = (options: VectorsOptions): VectorsStandIn => new S3VectorsStandIn(options);
