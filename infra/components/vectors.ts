/** One vector bucket with one index. Nothing of an index can be changed later: a replacement is a new, empty one. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import type { RegionNames } from '../names.ts';
import { resourcePolicyText } from '../network-policies.ts';
import type { PolicyInputs } from '../policies.ts';
import { stateful, stateless } from './resource-options.ts';

export interface VectorsArgs {
  readonly names: RegionNames;
  readonly keyArn: pulumi.Input<string>;
  readonly dimensions: number;
  readonly policies: PolicyInputs;
}

/** Read with a hit, never filtered by: filterable metadata is limited to 2 KB. */
const NON_FILTERABLE_KEYS = ['h', 'chunk'];

export class Vectors extends pulumi.ComponentResource {
  readonly bucketName: pulumi.Output<string>;
  readonly indexName: pulumi.Output<string>;

  constructor(name: string, args: VectorsArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Vectors', name, {}, options);
    const bucket = createBucket(this, name, args);
    const index = createIndex(this, name, args, bucket);
    allowCallers(this, name, args, bucket);
    this.bucketName = bucket.vectorBucketName;
    this.indexName = index.indexName;
    this.registerOutputs({ bucketName: this.bucketName, indexName: this.indexName });
  }
}

const encryptedWith = (keyArn: pulumi.Input<string>): { sseType: string; kmsKeyArn: pulumi.Input<string> }[] => [
  { sseType: 'aws:kms', kmsKeyArn: keyArn },
];

const createBucket = (parent: Vectors, name: string, args: VectorsArgs): aws.s3.VectorsVectorBucket =>
  new aws.s3.VectorsVectorBucket(
    `${name}-bucket`,
    {
      vectorBucketName: args.names.vectorBucket,
      encryptionConfigurations: encryptedWith(args.keyArn),
      forceDestroy: false,
    },
    stateful(parent),
  );

const createIndex = (
  parent: Vectors,
  name: string,
  args: VectorsArgs,
  bucket: aws.s3.VectorsVectorBucket,
): aws.s3.VectorsIndex =>
  new aws.s3.VectorsIndex(
    `${name}-index`,
    {
      vectorBucketName: bucket.vectorBucketName,
      indexName: args.names.vectorIndex,
      dataType: 'float32',
      dimension: args.dimensions,
      distanceMetric: 'cosine',
      metadataConfiguration: { nonFilterableMetadataKeys: NON_FILTERABLE_KEYS },
      encryptionConfigurations: encryptedWith(args.keyArn),
    },
    stateful(parent),
  );

/** Who reads and writes vectors, in this Region's functions and the peer's: the same that their roles say. */
const allowCallers = (
  parent: Vectors,
  name: string,
  { policies }: VectorsArgs,
  bucket: aws.s3.VectorsVectorBucket,
): aws.s3.VectorsVectorBucketPolicy =>
  new aws.s3.VectorsVectorBucketPolicy(
    `${name}-bucket-policy`,
    { vectorBucketArn: bucket.vectorBucketArn, policy: resourcePolicyText('s3vectors', policies) },
    stateless(parent),
  );
