/** For each rule of the policy pack: what passes it, and what does not with the words in which it is refused. */
import type { Properties, RecordedResource } from '../../local/monitor/registered-resource.ts';
import { arn, type Declared, HOME, NETWORK_FIXTURES, type RuleFixture } from './policy-network-fixtures.ts';

export { arn, type Declared, HOME } from './policy-network-fixtures.ts';

const TABLE = 'aws:dynamodb/table:Table';
const KEY = 'aws:kms/key:Key';
const QUEUE = 'aws:sqs/queue:Queue';
const LOGS = 'aws:cloudwatch/logGroup:LogGroup';
const FUNCTION = 'aws:lambda/function:Function';
const ROLE_POLICY = 'aws:iam/rolePolicy:RolePolicy';
const SCHEDULE = 'aws:scheduler/schedule:Schedule';
const INDEX = 'aws:s3/vectorsIndex:VectorsIndex';
const PROVIDER = 'pulumi:providers:aws';

const KEY_ARN = arn(`kms:${HOME}:111122223333:key/0a1b2c3d`);
const QUEUE_ARN = arn(`sqs:${HOME}:111122223333:dead-letters`);

const table = (inputs: Properties = {}): Properties => ({
  serverSideEncryption: { enabled: true, kmsKeyArn: KEY_ARN },
  pointInTimeRecovery: { enabled: true },
  deletionProtectionEnabled: true,
  ...inputs,
});

const policy = (...statements: readonly Properties[]): Properties => ({
  policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
});

const allow = (
  Action: unknown,
  Resource: unknown = [arn(`dynamodb:${HOME}:111122223333:table/graph`)],
): Properties => ({
  Effect: 'Allow',
  Action,
  Resource,
});

/** As Lambda's own guide advises for functions in a VPC. */
const DENIED_TO_CODE: Properties = {
  Effect: 'Deny',
  Action: ['ec2:DescribeSubnets'],
  Resource: ['*'],
  Condition: { ArnLike: { 'lambda:SourceFunctionArn': arn(`lambda:${HOME}:1:function:one`) } },
};

const rolePolicy = (...statements: readonly Properties[]): Declared => ({
  type: ROLE_POLICY,
  inputs: policy(...statements),
});

const endpointFor = (callers: readonly string[]): Declared => ({
  type: 'aws:ec2/vpcEndpoint:VpcEndpoint',
  inputs: policy({
    Effect: 'Allow',
    Principal: '*',
    Action: 'sqs:SendMessage',
    Resource: '*',
    Condition: { StringEquals: { 'aws:PrincipalArn': callers } },
  }),
});

const schedule = (target: Properties): Declared => ({ type: SCHEDULE, inputs: { target } });

const lambda = (name: string, inputs: Properties = {}): Declared => ({
  type: FUNCTION,
  name: `other-${name}`,
  inputs: { name, loggingConfig: { logGroup: `/aws/lambda/${name}` }, ...inputs },
});

const logs = (name: string): Declared => ({
  type: LOGS,
  name: `${name}-logs`,
  inputs: { name: `/aws/lambda/${name}` },
});

const alarm = (name: string): Declared => ({
  type: 'aws:cloudwatch/metricAlarm:MetricAlarm',
  name: `${name}-errors`,
  inputs: { metricName: 'Errors', dimensions: { FunctionName: name } },
});

const ofKey = (inputs: Properties): Declared => ({ type: KEY, inputs });
const ofTable = (inputs: Properties, protect = true): Declared => ({ type: TABLE, inputs, protect });

export const FIXTURES: readonly RuleFixture[] = [
  {
    rule: 'allowed-types',
    passes: [ofTable({}), { type: 'twinmap:infra:Tables', inputs: {}, provider: 'none' }],
    fails: [
      { declared: { type: 'aws:dynamodb/tableReplica:TableReplica', inputs: {} }, because: /a DynamoDB global table/u },
      { declared: { type: 'aws:route53/healthCheck:HealthCheck', inputs: {} }, because: /Route 53/u },
      {
        declared: { type: 'aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint', inputs: {} },
        because: /Access Point/u,
      },
      { declared: { type: 'aws:kms/replicaKey:ReplicaKey', inputs: {} }, because: /multi-Region KMS key/u },
      { declared: { type: 'pulumi:pulumi:StackReference', inputs: {} }, because: /another stack/u },
      { declared: { type: 'aws:lambda/functionUrl:FunctionUrl', inputs: {} }, because: /internal load balancer only/u },
      { declared: { type: 'aws:rds/instance:Instance', inputs: {} }, because: /unknown to the allow-list/u },
      { declared: { type: 'aws:tomorrow/thing:Thing', inputs: {} }, because: /aws:tomorrow\/thing:Thing is unknown/u },
      { declared: { type: 'pulumi:providers:gcp', inputs: {} }, because: /unknown to the allow-list/u },
      { declared: { type: 'random:index/randomId:RandomId', inputs: {} }, because: /unknown to the allow-list/u },
    ],
  },
  {
    rule: 'no-replication',
    passes: [ofTable({ replicas: [] }), ofKey({ multiRegion: false })],
    fails: [
      {
        declared: ofTable({ replicas: [{ regionName: HOME }] }),
        because: /replicas of .* makes it a DynamoDB global table/u,
      },
      { declared: ofTable({ globalTableWitness: { regionName: HOME } }), because: /globalTableWitness/u },
      { declared: ofKey({ multiRegion: true }), because: /a multi-Region KMS key/u },
      {
        declared: { type: 'aws:s3/bucket:Bucket', inputs: { replicationConfiguration: { rules: [1] } } },
        because: /S3 replication/u,
      },
      {
        declared: { type: 'aws:secretsmanager/secret:Secret', inputs: { replicas: [{}] } },
        because: /a replicated secret/u,
      },
      {
        declared: { type: 'aws:backup/plan:Plan', inputs: { rules: [{}, { copyActions: [{ a: 1 }] }] } },
        because: /copies of backups/u,
      },
      {
        declared: { type: 'aws:apigateway/restApi:RestApi', inputs: { endpointConfiguration: { types: ['EDGE'] } } },
        because: /CloudFront/u,
      },
    ],
  },
  {
    rule: 'own-region',
    passes: [
      { type: QUEUE, inputs: { kmsMasterKeyId: KEY_ARN } },
      { type: QUEUE, name: 'said', inputs: { region: HOME } },
      { type: 'aws:ec2/vpcPeeringConnection:VpcPeeringConnection', name: 'asks', inputs: { peerRegion: 'us-west-2' } },
      lambda('with-peer', { environment: { variables: { TWINMAP_PEER_REGION: 'us-west-2' } } }),
      rolePolicy(allow('dynamodb:PutItem', [arn('dynamodb:us-west-2:111122223333:table/graph')])),
      {
        type: PROVIDER,
        name: 'explicit',
        inputs: { region: HOME, allowedAccountIds: '["111122223333"]' },
        provider: 'none',
      },
    ],
    fails: [
      {
        declared: { type: QUEUE, inputs: { region: 'us-west-2' } },
        because: /region is us-west-2, and the stack's Region is us-east-2/u,
      },
      { declared: { type: QUEUE, inputs: {}, provider: 'elsewhere' }, because: /its provider makes it in us-west-2/u },
      { declared: { type: QUEUE, inputs: {}, provider: 'none' }, because: /makes it in an unnamed Region/u },
      {
        declared: { type: LOGS, inputs: { kmsKeyId: arn('kms:us-west-2:111122223333:key/1') } },
        because: /kmsKeyId points to us-west-2/u,
      },
      {
        declared: { type: 'aws:ec2/vpcEndpoint:VpcEndpoint', inputs: { serviceRegion: 'us-west-2' } },
        because: /serviceRegion is us-west-2/u,
      },
      {
        declared: { type: PROVIDER, inputs: { region: 'us-west-2', allowedAccountIds: '["1"]' }, provider: 'none' },
        because: /region is us-west-2/u,
      },
      { declared: { type: PROVIDER, inputs: { region: HOME }, provider: 'none' }, because: /takes any account/u },
    ],
  },
  {
    rule: 'own-partition',
    passes: [{ type: QUEUE, inputs: { kmsMasterKeyId: KEY_ARN } }],
    fails: [
      {
        declared: rolePolicy(allow('sqs:SendMessage', arn(`sqs:${HOME}:1:q`, 'aws-us-gov'))),
        because: /policy is an ARN of the partition aws-us-gov, and the stack is in aws\b/u,
      },
    ],
  },
  {
    rule: 'encrypted',
    passes: [
      ofTable(table()),
      { type: QUEUE, inputs: { kmsMasterKeyId: KEY_ARN } },
      { type: INDEX, inputs: { encryptionConfigurations: [{ sseType: 'aws:kms', kmsKeyArn: KEY_ARN }] } },
      ofKey({ enableKeyRotation: true }),
      { type: KEY, name: 'signs', inputs: { keyUsage: 'SIGN_VERIFY' } },
    ],
    fails: [
      { declared: ofTable({ serverSideEncryption: { enabled: true } }), because: /set serverSideEncryption/u },
      { declared: { type: QUEUE, inputs: {} }, because: /set kmsMasterKeyId/u },
      { declared: { type: QUEUE, inputs: { kmsMasterKeyId: 'alias/aws/sqs' } }, because: /set kmsMasterKeyId/u },
      { declared: { type: LOGS, inputs: {} }, because: /set kmsKeyId/u },
      {
        declared: { type: INDEX, inputs: { encryptionConfigurations: [{ sseType: 'AES256' }] } },
        because: /encryptionConfigurations/u,
      },
      { declared: ofKey({}), because: /enableKeyRotation/u },
    ],
  },
  {
    rule: 'protected',
    passes: [ofTable({}), { type: QUEUE, inputs: {} }],
    fails: [
      { declared: ofTable({}, false), because: /protect: true/u },
      { declared: ofKey({}), because: /protect: true/u },
      { declared: { type: INDEX, inputs: {} }, because: /protect: true/u },
      {
        declared: {
          type: 'aws:s3/vectorsVectorBucket:VectorsVectorBucket',
          protect: true,
          inputs: { forceDestroy: true },
        },
        because: /forceDestroy/u,
      },
    ],
  },
  {
    rule: 'restorable',
    passes: [ofTable(table()), ofKey({ deletionWindowInDays: 30 })],
    fails: [
      { declared: ofTable(table({ pointInTimeRecovery: { enabled: false } })), because: /pointInTimeRecovery/u },
      { declared: ofTable(table({ deletionProtectionEnabled: false })), because: /deletionProtectionEnabled/u },
      { declared: ofKey({ deletionWindowInDays: 7 }), because: /gone after 7 days/u },
    ],
  },
  {
    rule: 'retention',
    passes: [{ type: LOGS, inputs: { retentionInDays: 90 } }],
    fails: [
      { declared: { type: LOGS, inputs: {} }, because: /no retention of 7 days/u },
      { declared: { type: LOGS, inputs: { retentionInDays: 1 } }, because: /no retention of 7 days/u },
    ],
  },
  ...NETWORK_FIXTURES,
  {
    rule: 'least-privilege',
    passes: [
      rolePolicy(allow(['dynamodb:GetItem'])),
      { ...rolePolicy(allow('ec2:DescribeSubnets', '*'), DENIED_TO_CODE), name: 'in-vpc' },
      rolePolicy({ ...allow('kms:Decrypt', arn(`kms:${HOME}:1:key/*`)), Condition: { StringEquals: { a: 'b' } } }),
      rolePolicy(allow('logs:PutLogEvents', arn(`logs:${HOME}:1:log-group:/aws/lambda/twinmap:*`))),
    ],
    fails: [
      { declared: rolePolicy(allow('dynamodb:*')), because: /dynamodb:\* is more than one action/u },
      { declared: rolePolicy(allow('dynamodb:GetItem', '*')), because: /for every resource/u },
      {
        declared: rolePolicy(allow('ec2:DescribeSubnets', '*'), {
          ...DENIED_TO_CODE,
          Action: ['ec2:CreateNetworkInterface'],
        }),
        because: /ec2:DescribeSubnets is for Lambda, and the function's own code is not denied it/u,
      },
      {
        declared: rolePolicy(allow(['ec2:DescribeSubnets', 'dynamodb:Scan'], '*'), DENIED_TO_CODE),
        because: /every resource/u,
      },
      {
        declared: rolePolicy(allow('dynamodb:GetItem', arn(`dynamodb:${HOME}:1:table/*`))),
        because: /every resource of its kind/u,
      },
      { declared: rolePolicy({ Effect: 'Allow', NotAction: 'iam:*', Resource: 'x' }), because: /NotAction/u },
      { declared: rolePolicy({ Effect: 'Allow', Action: 'sqs:SendMessage' }), because: /names no resource/u },
      { declared: { type: ROLE_POLICY, inputs: { policy: 'not JSON' } }, because: /not a policy document/u },
      {
        declared: {
          type: 'aws:iam/role:Role',
          inputs: { managedPolicyArns: [arn('iam::aws:policy/AdministratorAccess')] },
        },
        because: /managed policy/u,
      },
      {
        declared: { type: 'aws:iam/role:Role', inputs: { inlinePolicies: [policy(allow('s3:*'))] } },
        because: /more than one action/u,
      },
    ],
  },
  {
    rule: 'no-control-plane',
    passes: [rolePolicy(allow(['dynamodb:PutItem', 's3vectors:PutVectors', 'kms:Sign']))],
    fails: [
      { declared: rolePolicy(allow('iam:PassRole')), because: /iam:PassRole calls a global control plane/u },
      {
        declared: rolePolicy(allow(['dynamodb:GetItem', 'route53:ChangeResourceRecordSets'])),
        because: /global control plane/u,
      },
      { declared: rolePolicy(allow('dynamodb:UpdateGlobalTable')), because: /not a data-plane action/u },
      { declared: rolePolicy(allow('kms:ReplicateKey')), because: /not a data-plane action/u },
      { declared: rolePolicy(allow('appconfig:StartDeployment')), because: /not a data-plane action/u },
      {
        declared: lambda('sts', { environment: { variables: { STS: 'https://sts.amazonaws.com' } } }),
        because: /STS is a global endpoint/u,
      },
    ],
  },
  {
    rule: 'no-public-principal',
    passes: [
      ofKey(
        policy({ Effect: 'Allow', Principal: { Service: 'logs.amazonaws.com' }, Action: 'kms:Decrypt', Resource: '*' }),
      ),
      endpointFor([arn('iam::1:role/one')]),
    ],
    fails: [
      {
        declared: ofKey(policy({ Effect: 'Allow', Principal: '*', Action: 'kms:Decrypt', Resource: '*' })),
        because: /policy lets every principal in/u,
      },
      { declared: endpointFor([arn('iam::1:role/*')]), because: /policy lets every principal in/u },
      { declared: endpointFor([]), because: /policy lets every principal in/u },
      {
        declared: {
          type: 'aws:iam/role:Role',
          inputs: { assumeRolePolicy: policy({ Effect: 'Allow', Principal: { AWS: ['*'] } })['policy'] },
        },
        because: /assumeRolePolicy lets every principal in/u,
      },
    ],
  },
  {
    rule: 'no-inline-secrets',
    passes: [
      lambda('kept', {
        environment: {
          variables: { TOKEN_ARN: 'x', TWINMAP_SIGNING_KEY: KEY_ARN, URL: 'https://x.example.com:8443/a' },
        },
      }),
    ],
    fails: [
      {
        declared: lambda('a', { environment: { variables: { HOST: `AKIA${'A'.repeat(16)}` } } }),
        because: /variables\.HOST holds an AWS access key/u,
      },
      {
        declared: lambda('b', { environment: { variables: { GIT_TOKEN: 'x' } } }),
        because: /GIT_TOKEN is named like a secret/u,
      },
      {
        declared: { type: QUEUE, inputs: { tags: { a: `ghp_${'a'.repeat(36)}` } } },
        because: /a token of a git host/u,
      },
      {
        declared: lambda('c', { environment: { variables: { URL: 'https://me:secret@example.com' } } }),
        because: /a password in a URL/u,
      },
      { declared: { type: QUEUE, inputs: { policy: '-----BEGIN RSA PRIVATE KEY-----' } }, because: /a private key/u },
    ],
  },
  {
    rule: 'bounded-retries',
    passes: [
      schedule({
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
        deadLetterConfig: { arn: QUEUE_ARN },
      }),
    ],
    fails: [
      { declared: schedule({ deadLetterConfig: { arn: QUEUE_ARN } }), because: /maximumRetryAttempts/u },
      {
        declared: schedule({ retryPolicy: { maximumRetryAttempts: 185, maximumEventAgeInSeconds: 60 } }),
        because: /no bound of 5 retries/u,
      },
      {
        declared: schedule({ retryPolicy: { maximumRetryAttempts: 1, maximumEventAgeInSeconds: 86_400 } }),
        because: /a day ago/u,
      },
      {
        declared: schedule({ retryPolicy: { maximumRetryAttempts: 1, maximumEventAgeInSeconds: 60 } }),
        because: /deadLetterConfig/u,
      },
    ],
  },
  {
    rule: 'function-log-group',
    passes: [lambda('one'), logs('one'), lambda('two'), logs('two')],
    fails: [
      { declared: lambda('one'), because: /other-one has no declared log group/u },
      { declared: { type: FUNCTION, inputs: { name: 'bare' } }, because: /no declared log group/u },
      {
        declared: lambda('one', { loggingConfig: { logGroup: '/aws/lambda/two' } }),
        stack: [lambda('two'), logs('two')],
        because: /shares the log group/u,
      },
    ],
  },
  {
    rule: 'function-alarm',
    passes: [lambda('one'), alarm('one')],
    fails: [
      { declared: lambda('one'), because: /other-one has no alarm on its errors/u },
      { declared: lambda('one'), stack: [alarm('two')], because: /no alarm/u },
    ],
  },
];

const PROVIDERS = { home: HOME, elsewhere: 'us-west-2' } as const;

const recorded = (declared: Declared): RecordedResource => {
  const name = declared.name ?? 'fixture';
  const provider = declared.provider ?? 'home';
  return {
    urn: `urn:pulumi:primary::twinmap::${declared.type}::${name}`,
    type: declared.type,
    name,
    custom: true,
    ...(provider === 'none' ? {} : { provider: `urn:pulumi:primary::twinmap::${PROVIDER}::${provider}::id` }),
    inputs: declared.inputs,
    secretInputs: [],
    protect: declared.protect === true,
    retainOnDelete: false,
    deleteBeforeReplace: false,
    ignoreChanges: [],
    dependencies: [],
    id: '',
    outputs: {},
  };
};

/** As a stack with the providers that it uses. */
export const stackOf = (declared: readonly Declared[]): readonly RecordedResource[] => [
  ...Object.entries(PROVIDERS)
    .filter(([name]) => name === 'home' || declared.some(({ provider }) => provider === name))
    .map(([name, region]) =>
      recorded({ type: PROVIDER, name, inputs: { region, allowedAccountIds: '["111122223333"]' }, provider: 'none' }),
    ),
  ...declared.map((one) => recorded(one)),
];
