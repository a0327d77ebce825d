/**
 * What services do in a role's name, so that no call of the function itself is ever seen: the keys that they decrypt with, the
 * log that Lambda writes, the queue that Lambda polls. A grant of these is used where its row says so, and nowhere else.
 */

/** A service that uses the customer's key when a function calls it, which AWS checks against the function's own policy. */
export interface KeyUse {
  readonly action: string;
  readonly through: 'dynamodb' | 's3vectors' | 'sqs' | 'secretsmanager';
  /** Only calls of these need it; absent means any call of the service. */
  readonly calls?: readonly string[];
  readonly source: string;
}

export const KEY_USES: readonly KeyUse[] = [
  {
    action: 'kms:Decrypt',
    through: 'dynamodb',
    source:
      'Amazon DynamoDB Developer Guide, "DynamoDB encryption at rest: usage notes": the table key is decrypted in the caller\'s name on every access that finds none cached',
  },
  {
    action: 'kms:DescribeKey',
    through: 'dynamodb',
    source:
      'Amazon DynamoDB Developer Guide, "DynamoDB encryption at rest: usage notes", authorizing the use of a customer managed key: part of the least that a principal needs',
  },
  {
    action: 'kms:Decrypt',
    through: 's3vectors',
    source:
      'Amazon S3 User Guide, "Data protection and encryption in S3 Vectors": every operation on vectors of an SSE-KMS index needs it of its caller',
  },
  {
    action: 'kms:GenerateDataKey',
    through: 'sqs',
    calls: ['sqs:SendMessage'],
    source:
      'Amazon SQS Developer Guide, "Key management": a producer of an encrypted queue needs both this and Decrypt',
  },
  {
    action: 'kms:Decrypt',
    through: 'sqs',
    source:
      'Amazon SQS Developer Guide, "Key management": producers verify the data key, and consumers (Lambda, in the name of the function that it feeds) decrypt',
  },
  {
    action: 'kms:Decrypt',
    through: 'secretsmanager',
    calls: ['secretsmanager:GetSecretValue'],
    source:
      'AWS Secrets Manager User Guide, "Secret encryption and decryption": a secret under a customer managed key is decrypted in the name of whoever reads it',
  },
];

export interface ServiceUse {
  readonly actions: readonly string[];
  /** Of every function, or of one that Lambda feeds from a queue, or of one with network interfaces in a VPC. */
  readonly of: 'every-function' | 'fed-from-queue' | 'in-vpc';
  readonly source: string;
}

export const SERVICE_USES: readonly ServiceUse[] = [
  {
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    of: 'every-function',
    source:
      'AWS Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs": the group is declared, so CreateLogGroup is not needed',
  },
  {
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    of: 'fed-from-queue',
    source:
      'Amazon SQS Developer Guide, "Configuring an Amazon SQS queue to trigger an AWS Lambda function", prerequisites: what the execution role must include',
  },
  {
    actions: [
      'ec2:CreateNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:DeleteNetworkInterface',
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
    ],
    of: 'in-vpc',
    source:
      'AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC", execution role permissions',
  },
];
