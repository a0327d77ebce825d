/** Finds what a request names, or answers as AWS does when it is not there. */
import { type JsonObject, WireError } from '../service.ts';
import type { BucketRow, IndexRow, VectorDatabase } from './vector-database.ts';
import { readBucketName, readIndexName, type VectorScope } from './vector-names.ts';

export interface VectorContext {
  readonly scope: VectorScope;
  readonly database: VectorDatabase;
  readonly now: () => number;
}

export type VectorOperation = (context: VectorContext, input: JsonObject) => JsonObject;

export const notFound = (what: string): WireError =>
  new WireError(404, 'NotFoundException', `The specified ${what} could not be found.`);

export const conflict = (message: string): WireError => new WireError(409, 'ConflictException', message);

export const findBucket = ({ scope, database }: VectorContext, input: JsonObject): BucketRow => {
  const bucket = database.bucket(readBucketName(scope, input));
  if (bucket === undefined) {
    throw notFound('vector bucket');
  }
  return bucket;
};

export const findIndex = ({ scope, database }: VectorContext, input: JsonObject): IndexRow => {
  const index = database.index(readIndexName(scope, input));
  if (index === undefined) {
    throw notFound('index');
  }
  return index;
};
