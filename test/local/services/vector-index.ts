/** A vector bucket and an index to test on, with short forms of the calls that most tests make. */
import {
  CreateIndexCommand,
  CreateVectorBucketCommand,
  ListVectorsCommand,
  type ListVectorsCommandInput,
  type ListOutputVector,
  type PutInputVector,
  PutVectorsCommand,
  QueryVectorsCommand,
  type QueryVectorsCommandInput,
  type QueryVectorsCommandOutput,
} from '@aws-sdk/client-s3vectors';

import type { OpenRegion } from './open-region.ts';

export const TARGET = { vectorBucketName: 'knowledge', indexName: 'chunks' };

interface IndexShape {
  readonly dimension?: number;
  readonly distanceMetric?: 'cosine' | 'euclidean';
}

export const createVectorIndex = async ({ s3vectors }: OpenRegion, shape: IndexShape = {}): Promise<void> => {
  await s3vectors.send(new CreateVectorBucketCommand({ vectorBucketName: TARGET.vectorBucketName }));
  await s3vectors.send(
    new CreateIndexCommand({
      ...TARGET,
      dataType: 'float32',
      dimension: shape.dimension ?? 3,
      distanceMetric: shape.distanceMetric ?? 'cosine',
      metadataConfiguration: { nonFilterableMetadataKeys: ['text'] },
    }),
  );
};

export const putVectors = async ({ s3vectors }: OpenRegion, vectors: PutInputVector[]): Promise<void> => {
  await s3vectors.send(new PutVectorsCommand({ ...TARGET, vectors }));
};

export const queryVectors = async (
  { s3vectors }: OpenRegion,
  query: Partial<QueryVectorsCommandInput> & { readonly vector: number[] },
): Promise<QueryVectorsCommandOutput> => {
  const { vector, ...rest } = query;
  return s3vectors.send(new QueryVectorsCommand({ ...TARGET, topK: 10, queryVector: { float32: vector }, ...rest }));
};

/** Every page of one listing. */
export const listAll = async (
  { s3vectors }: OpenRegion,
  options: Partial<ListVectorsCommandInput> = {},
): Promise<readonly (readonly ListOutputVector[])[]> => {
  const pages: ListOutputVector[][] = [];
  let nextToken: string | undefined;
  do {
    const page = await s3vectors.send(new ListVectorsCommand({ ...TARGET, ...options, nextToken }));
    pages.push(page.vectors ?? []);
    ({ nextToken } = page);
  } while (nextToken !== undefined);
  return pages;
};

/** The error's name and message, or `none`. */
export const refusalOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'none';
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
  }
};

export const entry = (key: string, float32: number[], metadata?: PutInputVector['metadata']): PutInputVector =>
  metadata === undefined ? { key, data: { float32 } } : { key, data: { float32 }, metadata };

export const entries = (count: number, dimension = 3): PutInputVector[] =>
  Array.from({ length: count }, (_, position) =>
    entry(`k${position}`, [position + 1, ...Array.from({ length: dimension - 1 }, () => 0.1)]),
  );
