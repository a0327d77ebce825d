/** The guard behind a real gateway, met by unmodified SDK clients: what they get, what is counted, and what is told. */
import { StartConfigurationSessionCommand } from '@aws-sdk/client-appconfigdata';
import { GetItemCommand, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { ListVectorsCommand, QueryVectorsCommand } from '@aws-sdk/client-s3vectors';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { AccessGuard, type Denial } from '../../../local/iam/access-guard.ts';
import type { PolicyStatement } from '../../../local/iam/policy-document.ts';
import { ADMINISTRATOR_KEYS, type Principal } from '../../../local/iam/principal.ts';
import { ACCOUNT, openRegion, type OpenRegion, RECORDS, REGION } from '../services/open-region.ts';

const arn = (service: string, resource: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;

const TABLE = arn('dynamodb', 'table/records');
const INDEX = arn('s3vectors', 'bucket/vectors/index/chunks');

const sync = (statements: readonly PolicyStatement[]): Principal => ({
  accessKeyId: 'AKLOCAL',
  functionName: 'twinmap-us-west-2-sync',
  roleName: 'twinmap-us-west-2-sync',
  roleArn: `arn:aws:iam::${ACCOUNT}:role/twinmap-us-west-2-sync`,
  statements,
});

const allow = (actions: readonly string[], resource: string): PolicyStatement => ({
  Effect: 'Allow',
  Action: [...actions],
  Resource: [resource],
});

const SESSION = `User: arn:aws:sts::${ACCOUNT}:assumed-role/twinmap-us-west-2-sync/twinmap-us-west-2-sync`;
const refusal = (action: string, resource: string): string =>
  `${SESSION} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;

const KEY = { pk: { S: 'p' }, sk: { S: 's' } };
const PUT = new PutItemCommand({ TableName: 'records', Item: KEY });
const GET = new GetItemCommand({ TableName: 'records', Key: KEY });

let told: Denial[];
let guard: AccessGuard;
let region: OpenRegion;

beforeEach(async () => {
  told = [];
  guard = new AccessGuard((denial) => {
    told.push(denial);
  });
  region = await openRegion({ authorize: guard.authorize });
  await region.services.tables.ensureTable(RECORDS);
});

afterEach(async () => {
  await region.close();
});

const vectors = { vectorBucketName: 'vectors', indexName: 'chunks' };

const CALLS: readonly (readonly [string, string, string, () => Promise<unknown>])[] = [
  ['DynamoDB', 'dynamodb:PutItem', TABLE, async () => region.dynamodb.send(PUT)],
  ['S3 Vectors', 's3vectors:ListVectors', INDEX, async () => region.s3vectors.send(new ListVectorsCommand(vectors))],
  [
    'SQS',
    'sqs:SendMessage',
    arn('sqs', 'q.fifo'),
    async () =>
      region.sqs.send(
        new SendMessageCommand({ QueueUrl: `${region.services.endpoint}/${ACCOUNT}/q.fifo`, MessageBody: 'x' }),
      ),
  ],
  [
    'KMS',
    'kms:Sign',
    arn('kms', 'key/k'),
    async () => {
      const { endpoint } = region.services;
      const credentials = { accessKeyId: 'AKLOCAL', secretAccessKey: 'local' };
      const kms = new KMSClient({ endpoint, region: REGION, credentials, maxAttempts: 1 });
      return kms.send(new SignCommand({ KeyId: 'k', Message: Buffer.from('x'), SigningAlgorithm: 'ECDSA_SHA_256' }));
    },
  ],
];

describe('a role without the permission', () => {
  it.each(CALLS)(
    'gets what an SDK takes for AccessDenied from %s, with role, action and resource',
    async (_service, action, resource, call) => {
      guard.know([sync([])]);
      await expect(call()).rejects.toMatchObject({
        name: expect.stringMatching(/^AccessDenied/u) as string,
        message: refusal(action, resource),
      });
      expect(told).toEqual([{ role: 'twinmap-us-west-2-sync', action, resource }]);
    },
  );

  it('may not read the gate', async () => {
    const { config } = region.services;
    const { id: application } = await config.ensureApplication('gate');
    const { id: environment } = await config.ensureEnvironment(application, 'live');
    const { id: profile } = await config.ensureProfile(application, 'gate', []);
    guard.know([sync([])]);
    const start = new StartConfigurationSessionCommand({
      ApplicationIdentifier: application,
      EnvironmentIdentifier: environment,
      ConfigurationProfileIdentifier: profile,
    });
    const gate = arn('appconfig', `application/${application}/environment/${environment}/configuration/${profile}`);
    await expect(region.appconfig.send(start)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: refusal('appconfig:StartConfigurationSession', gate),
    });
  });

  it('has changed nothing, is told of once, and counted each time', async () => {
    guard.know([sync([allow(['dynamodb:GetItem'], TABLE)])]);
    await expect(region.dynamodb.send(PUT)).rejects.toThrow(/not authorized/u);
    await expect(region.dynamodb.send(PUT)).rejects.toThrow(/not authorized/u);
    expect((await region.dynamodb.send(GET)).Item).toBeUndefined();
    expect(told).toHaveLength(1);
    const { roleArn } = sync([]);
    expect(guard.counts()).toEqual([
      { role: roleArn, action: 'dynamodb:PutItem', resource: TABLE, allowed: 0, denied: 2 },
      { role: roleArn, action: 'dynamodb:GetItem', resource: TABLE, allowed: 1, denied: 0 },
    ]);
  });

  it('needs every permission that a call takes', async () => {
    guard.know([sync([allow(['s3vectors:QueryVectors'], INDEX)])]);
    const query = new QueryVectorsCommand({ ...vectors, topK: 1, queryVector: { float32: [1] }, returnMetadata: true });
    await expect(region.s3vectors.send(query)).rejects.toThrow(`s3vectors:GetVectors on resource: ${INDEX}`);
  });

  it('hears of an explicit deny as such', async () => {
    const all = allow(['dynamodb:PutItem'], TABLE);
    guard.know([sync([all, { ...all, Effect: 'Deny' }])]);
    await expect(region.dynamodb.send(PUT)).rejects.toThrow(/with an explicit deny in an identity-based policy$/u);
  });

  it('may not ask for what names no resource, either', async () => {
    guard.know([sync([allow(['dynamodb:PutItem'], TABLE)])]);
    await expect(region.dynamodb.send(new ListTablesCommand({}))).rejects.toThrow(
      /dynamodb:ListTables on resource: \*/u,
    );
  });

  it('has it from the moment on that the role is declared with it', async () => {
    guard.know([sync([])]);
    await expect(region.dynamodb.send(PUT)).rejects.toThrow(/not authorized/u);
    guard.know([sync([allow(['dynamodb:PutItem'], TABLE)])]);
    await expect(region.dynamodb.send(PUT)).resolves.toBeDefined();
  });
});

describe('a caller that nobody declared', () => {
  it('is refused, whatever it asks', async () => {
    await expect(region.dynamodb.send(PUT)).rejects.toThrow(/The access key AKLOCAL is neither that of a function/u);
    expect(told).toEqual([{ role: 'the unknown key AKLOCAL', action: 'dynamodb:PutItem', resource: TABLE }]);
  });
});

describe('an administrator', () => {
  it.each([...ADMINISTRATOR_KEYS])('%s may do everything, and is not counted', (accessKeyId) => {
    const permissions = [{ action: 'dynamodb:DeleteTable', resource: TABLE }];
    const request = { service: 'dynamodb', operation: 'DeleteTable', accessKeyId, permissions };
    expect(guard.authorize(request)).toEqual({ kind: 'allowed' });
    expect(guard.counts()).toEqual([]);
  });

  it('is one by these keys only', () => {
    expect([...ADMINISTRATOR_KEYS]).toEqual(['LOCALOPERATOR', 'BENCH']);
  });
});
