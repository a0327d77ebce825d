/** Names and ARNs of vector buckets and indexes; a request names either. */
import { type JsonObject, partitionOf, WireError } from '../service.ts';
import { invalid, optionalText, requiredText } from './validation.ts';

const BUCKET_PATTERN = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/u;
const INDEX_PATTERN = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/u;
const ARN_PATTERN =
  /^arn:(?<partition>[a-z-]+):s3vectors:(?<region>[a-z0-9-]+):(?<account>\d{12}):bucket\/(?<bucket>[^/]+)(?:\/index\/(?<index>[^/]+))?$/u;

export interface VectorScope {
  readonly region: string;
  readonly accountId: string;
}

export interface IndexName {
  readonly bucket: string;
  readonly index: string;
}

export const bucketArn = (scope: VectorScope, bucket: string): string =>
  `arn:${partitionOf(scope.region)}:s3vectors:${scope.region}:${scope.accountId}:bucket/${bucket}`;

export const indexArn = (scope: VectorScope, { bucket, index }: IndexName): string =>
  `${bucketArn(scope, bucket)}/index/${index}`;

interface ParsedArn {
  readonly bucket: string;
  readonly index: string | undefined;
}

/** Another Region's or account's ARN is somebody else's bucket: not found here, whatever its name. */
export const parseArn = (scope: VectorScope, arn: string, path: string): ParsedArn => {
  const groups = ARN_PATTERN.exec(arn)?.groups;
  const bucket = groups?.['bucket'];
  if (groups === undefined || bucket === undefined) {
    throw invalid(path, 'is not an ARN of a vector bucket or index.');
  }
  if (groups['region'] !== scope.region || groups['account'] !== scope.accountId) {
    throw new WireError(404, 'NotFoundException', 'The ARN names another Region or account.');
  }
  return { bucket, index: groups['index'] };
};

export const readBucketName = (scope: VectorScope, input: JsonObject): string => {
  const arn = optionalText(input, 'vectorBucketArn');
  return arn === undefined ? requiredText(input, 'vectorBucketName') : parseArn(scope, arn, 'vectorBucketArn').bucket;
};

export const readIndexName = (scope: VectorScope, input: JsonObject): IndexName => {
  const arn = optionalText(input, 'indexArn');
  if (arn === undefined) {
    return { bucket: requiredText(input, 'vectorBucketName'), index: requiredText(input, 'indexName') };
  }
  const { bucket, index } = parseArn(scope, arn, 'indexArn');
  if (index === undefined) {
    throw invalid('indexArn', 'names a bucket, not an index.');
  }
  return { bucket, index };
};

export const newBucketName = (name: string): string => {
  if (!BUCKET_PATTERN.test(name)) {
    throw invalid('vectorBucketName', 'must be 3 to 63 lowercase letters, digits and hyphens.');
  }
  return name;
};

export const newIndexName = (name: string): string => {
  if (!INDEX_PATTERN.test(name)) {
    throw invalid('indexName', 'must be 3 to 63 lowercase letters, digits, hyphens and dots.');
  }
  return name;
};
