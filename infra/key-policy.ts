/**
 * Who may use the Region's key. Roles get their use by their own policies, through a named service; the three statements
 * here are for the account that owns it and for the two services that work with it without a caller.
 */
import { accountRootArn, regionalArn, type RegionNames, vectorBucketArn } from './names.ts';

export const keyPolicyText = (names: RegionNames): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        // Without it nobody could mend this policy any more: KMS keys have no other owner.
        Sid: 'Account',
        Effect: 'Allow',
        Principal: { AWS: accountRootArn(names) },
        Action: 'kms:*',
        Resource: '*',
      },
      {
        Sid: 'FunctionLogs',
        Effect: 'Allow',
        Principal: { Service: `logs.${names.region}.${names.dnsSuffix}` },
        Action: [
          'kms:Encrypt',
          'kms:Decrypt',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
          'kms:GenerateDataKey',
          'kms:GenerateDataKeyWithoutPlaintext',
          'kms:DescribeKey',
        ],
        Resource: '*',
        Condition: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': regionalArn(names, 'logs', `log-group:/aws/lambda/${names.prefix}-*`),
          },
        },
      },
      {
        // S3 Vectors rebuilds its index in the background, without a caller.
        Sid: 'VectorIndexing',
        Effect: 'Allow',
        Principal: { Service: 'indexing.s3vectors.amazonaws.com' },
        Action: ['kms:Decrypt'],
        Resource: '*',
        Condition: {
          ArnLike: { 'aws:SourceArn': [vectorBucketArn(names), `${vectorBucketArn(names)}/*`] },
          StringEquals: { 'aws:SourceAccount': names.accountId },
          'ForAnyValue:StringEquals': {
            'kms:EncryptionContextKeys': ['aws:s3vectors:arn', 'aws:s3vectors:resource-id'],
          },
        },
      },
    ],
  });

/** The signing key is used by one role, by that role's own policy; no service works with it. */
export const signingKeyPolicyText = (names: RegionNames): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Sid: 'Account', Effect: 'Allow', Principal: { AWS: accountRootArn(names) }, Action: 'kms:*', Resource: '*' },
    ],
  });
