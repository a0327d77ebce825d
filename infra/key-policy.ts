/**
 * Who may use the Region's key. Roles get their use by their own policies, through a named service; the three statements
 * here are for the account that owns it and for the two services that work with it without a caller.
 */
import { accountRootArn, regionalArn, type RegionNames, vectorBucketArn, viaService } from './names.ts';

/** Who may use the key through which services; the account is the principal, since a role that is not made yet can't be. */
const callersStatement = (names: RegionNames, callers: readonly string[]): readonly object[] =>
  callers.length === 0
    ? []
    : [
        {
          Sid: 'Callers',
          Effect: 'Allow',
          Principal: { AWS: accountRootArn(names) },
          Action: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'],
          Resource: '*',
          Condition: {
            StringEquals: {
              'aws:PrincipalArn': callers,
              'kms:ViaService': ['dynamodb', 's3vectors', 'sqs'].map((service) => viaService(names, service)),
            },
          },
        },
      ];

export const keyPolicyText = (names: RegionNames, callers: readonly string[] = []): string =>
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
      ...callersStatement(names, callers),
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
        // An alarm publishes to the encrypted topic in its own name.
        Sid: 'AlarmTopic',
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        Resource: '*',
        Condition: { StringEquals: { 'aws:SourceAccount': names.accountId } },
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
