import {
  CreateIndexCommand,
  CreateVectorBucketCommand,
  DeleteIndexCommand,
  DeleteVectorBucketCommand,
  DeleteVectorBucketPolicyCommand,
  GetIndexCommand,
  GetVectorBucketCommand,
  GetVectorBucketPolicyCommand,
  ListIndexesCommand,
  ListTagsForResourceCommand,
  ListVectorBucketsCommand,
  PutVectorBucketPolicyCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-s3vectors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { ConfigError } from '../../../functions/domain/errors.ts';
import { openRegion, type OpenRegion, TestClock } from './open-region.ts';
import { createVectorIndex, listAll, putVectors, queryVectors, refusalOf, TARGET } from './vector-index.ts';

const BUCKET_ARN = 'arn:aws:s3vectors:us-east-2:111122223333:bucket/knowledge';
const INDEX_ARN = `${BUCKET_ARN}/index/chunks`;
const { vectorBucketName } = TARGET;

let region: OpenRegion;
const clock = new TestClock();

beforeEach(async () => {
  region = await openRegion({ now: clock.now });
});

afterEach(async () => {
  await region.close();
});

describe('buckets', () => {
  test('a bucket is made once, described, listed and deleted', async () => {
    const { s3vectors } = region;
    await expect(s3vectors.send(new CreateVectorBucketCommand({ vectorBucketName }))).resolves.toMatchObject({
      vectorBucketArn: BUCKET_ARN,
    });
    const again = s3vectors.send(new CreateVectorBucketCommand({ vectorBucketName }));
    await expect(again).rejects.toMatchObject({ name: 'ConflictException', $metadata: { httpStatusCode: 409 } });
    const { vectorBucket } = await s3vectors.send(new GetVectorBucketCommand({ vectorBucketArn: BUCKET_ARN }));
    expect(vectorBucket).toEqual({
      vectorBucketName,
      vectorBucketArn: BUCKET_ARN,
      creationTime: new Date(clock.now()),
      encryptionConfiguration: { sseType: 'AES256' },
    });
    await s3vectors.send(new DeleteVectorBucketCommand({ vectorBucketName }));
    const gone = s3vectors.send(new GetVectorBucketCommand({ vectorBucketName }));
    await expect(gone).rejects.toMatchObject({ name: 'NotFoundException', $metadata: { httpStatusCode: 404 } });
  });

  test('listing pages by name and prefix', async () => {
    const { s3vectors } = region;
    for (const name of ['alpha-1', 'alpha-2', 'alpha-3', 'beta-1']) {
      await s3vectors.send(new CreateVectorBucketCommand({ vectorBucketName: name }));
    }
    const first = await s3vectors.send(new ListVectorBucketsCommand({ prefix: 'alpha', maxResults: 2 }));
    const second = await s3vectors.send(
      new ListVectorBucketsCommand({ prefix: 'alpha', maxResults: 2, nextToken: first.nextToken }),
    );
    expect(first.vectorBuckets?.map((bucket) => bucket.vectorBucketName)).toEqual(['alpha-1', 'alpha-2']);
    expect(second.vectorBuckets?.map((bucket) => bucket.vectorBucketName)).toEqual(['alpha-3']);
    expect(second.nextToken).toBeUndefined();
  });

  test('a policy is put, read and deleted', async () => {
    const { s3vectors } = region;
    await s3vectors.send(new CreateVectorBucketCommand({ vectorBucketName }));
    const read = async () => s3vectors.send(new GetVectorBucketPolicyCommand({ vectorBucketName }));
    await expect(read()).rejects.toMatchObject({ name: 'NotFoundException' });
    await s3vectors.send(new PutVectorBucketPolicyCommand({ vectorBucketName, policy: '{"Version":"2012-10-17"}' }));
    await expect(read()).resolves.toMatchObject({ policy: '{"Version":"2012-10-17"}' });
    await s3vectors.send(new DeleteVectorBucketPolicyCommand({ vectorBucketName }));
    await expect(read()).rejects.toMatchObject({ name: 'NotFoundException' });
  });

  test('another Region or account is not found, whatever the name', async () => {
    const other = BUCKET_ARN.replace('us-east-2', 'us-west-2');
    const read = region.s3vectors.send(new GetVectorBucketCommand({ vectorBucketArn: other }));
    await expect(read).rejects.toMatchObject({ name: 'NotFoundException' });
  });

  test.each(['ab', 'Upper', 'under_score', '-start', 'x'.repeat(64)])('the bucket name %s is refused', async (name) => {
    const refusal = await refusalOf(region.s3vectors.send(new CreateVectorBucketCommand({ vectorBucketName: name })));
    expect(refusal).toContain('ValidationException: Invalid value for vectorBucketName');
  });
});

describe('indexes', () => {
  test('an index is described with everything that it was made with', async () => {
    await createVectorIndex(region);
    const { index } = await region.s3vectors.send(new GetIndexCommand({ indexArn: INDEX_ARN }));
    expect(index).toEqual({
      vectorBucketName,
      indexName: 'chunks',
      indexArn: INDEX_ARN,
      creationTime: new Date(clock.now()),
      dataType: 'float32',
      dimension: 3,
      distanceMetric: 'cosine',
      metadataConfiguration: { nonFilterableMetadataKeys: ['text'] },
      encryptionConfiguration: { sseType: 'AES256' },
    });
    const { indexes } = await region.s3vectors.send(new ListIndexesCommand({ vectorBucketName }));
    expect(indexes?.map(({ indexName }) => indexName)).toEqual(['chunks']);
  });

  test('a bucket with an index stays, and an index that exists is a conflict', async () => {
    await createVectorIndex(region);
    const remove = region.s3vectors.send(new DeleteVectorBucketCommand({ vectorBucketName }));
    await expect(remove).rejects.toMatchObject({ name: 'ConflictException' });
    const again = { ...TARGET, dataType: 'float32', dimension: 3, distanceMetric: 'cosine' } as const;
    const create = region.s3vectors.send(new CreateIndexCommand(again));
    await expect(create).rejects.toMatchObject({ name: 'ConflictException' });
  });

  test('a deleted index leaves nothing to an index of the same name', async () => {
    await createVectorIndex(region);
    await putVectors(region, [{ key: 'k', data: { float32: [1, 0, 0] } }]);
    await expect(queryVectors(region, { vector: [1, 0, 0] })).resolves.toMatchObject({ vectors: [{ key: 'k' }] });
    await region.s3vectors.send(new DeleteIndexCommand(TARGET));
    expect(await refusalOf(listAll(region))).toContain('NotFoundException');
    await region.s3vectors.send(new DeleteVectorBucketCommand({ vectorBucketName }));
    await createVectorIndex(region);
    await expect(listAll(region)).resolves.toEqual([[]]);
    await expect(queryVectors(region, { vector: [1, 0, 0] })).resolves.toMatchObject({ vectors: [] });
  });

  test.each([
    [{ dimension: 0 }, 'dimension'],
    [{ dimension: 4097 }, 'dimension'],
    [{ distanceMetric: 'manhattan' as 'cosine' }, 'distanceMetric'],
  ])('an index with %j is refused', async (shape, field) => {
    expect(await refusalOf(createVectorIndex(region, shape))).toContain(`Invalid value for ${field}`);
  });

  test('declaring again is idempotent, declaring otherwise is refused with both forms', async () => {
    const spec = { bucket: 'knowledge', name: 'chunks', dimension: 3, nonFilterableMetadataKeys: ['text'] };
    const { vectors } = region.services;
    for (const distanceMetric of ['cosine', 'cosine'] as const) {
      await vectors.ensureBucket('knowledge');
      await vectors.ensureIndex({ ...spec, distanceMetric });
    }
    const other = vectors.ensureIndex({ ...spec, distanceMetric: 'euclidean' });
    await expect(other).rejects.toThrow(ConfigError);
    await expect(other).rejects.toThrow(/it has \(3, cosine, text\), declared are \(3, euclidean, text\)/u);
  });
});

test('tags of a bucket and of an index are added, read and removed', async () => {
  await createVectorIndex(region);
  for (const resourceArn of [BUCKET_ARN, INDEX_ARN]) {
    await region.s3vectors.send(new TagResourceCommand({ resourceArn, tags: { team: 'map', stage: 'a/b c' } }));
    await region.s3vectors.send(new UntagResourceCommand({ resourceArn, tagKeys: ['team'] }));
    const { tags } = await region.s3vectors.send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).toEqual({ stage: 'a/b c' });
  }
});
