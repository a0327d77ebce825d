/** Which grants nobody needs, from single statements and calls; what the running Regions make of it is in test/local/pair. */
import { describe, expect, it } from 'vitest';

import type { AccessCount } from '../../../local/iam/access-guard.ts';
import {
  type FunctionUse,
  missingKeys,
  repeatedGrants,
  type RoleUse,
  unusedGrants,
} from '../../../local/iam/grants.ts';
import { KEY_USES, SERVICE_USES } from '../../../local/iam/implied-actions.ts';
import type { PolicyStatement } from '../../../local/iam/policy-document.ts';

const ROLE = 'arn:aws:iam::111122223333:role/sync';
const TABLE = 'arn:aws:dynamodb:us-east-2:111122223333:table/graph';
const QUEUE = 'arn:aws:sqs:us-east-2:111122223333:q.fifo';
const KEY = 'arn:aws:kms:us-east-2:111122223333:key/k';
const LOGS = 'arn:aws:logs:us-east-2:111122223333:log-group:/aws/lambda/sync:*';

const allow = (Sid: string, Action: string[], Resource: string[], via?: string[]): PolicyStatement => ({
  Sid,
  Effect: 'Allow',
  Action,
  Resource,
  ...(via === undefined ? {} : { Condition: { StringEquals: { 'kms:ViaService': via } } }),
});

const call = (action: string, resource: string, change: Partial<AccessCount> = {}): AccessCount => ({
  role: ROLE,
  action,
  resource,
  allowed: 1,
  denied: 0,
  ...change,
});

const roleUse = (statements: PolicyStatement[], calls: AccessCount[], use: FunctionUse = {}): RoleUse => ({
  principal: { accessKeyId: 'K', functionName: 'sync', roleName: 'sync', roleArn: ROLE, statements },
  use,
  calls,
});

const namesOf = (role: RoleUse): readonly string[] =>
  unusedGrants(role).map(({ sid, action, via }) => [sid, action, ...(via === undefined ? [] : [via])].join(' '));

const DYNAMODB = 'dynamodb.us-east-2.amazonaws.com';
const SQS = 'sqs.us-east-2.amazonaws.com';

describe('a grant', () => {
  it.each([
    ['that was called is used', call('dynamodb:GetItem', TABLE), []],
    ['that another role called is not', call('dynamodb:GetItem', TABLE, { role: 'other' }), ['T dynamodb:GetItem']],
    ['that was refused is not', call('dynamodb:GetItem', TABLE, { allowed: 0, denied: 1 }), ['T dynamodb:GetItem']],
    ['whose table was not called is not', call('dynamodb:GetItem', `${TABLE}2`), ['T dynamodb:GetItem']],
    ['whose action was not called is not', call('dynamodb:Query', TABLE), ['T dynamodb:GetItem']],
  ])('%s', (_what, seen, unused) => {
    expect(namesOf(roleUse([allow('T', ['dynamodb:GetItem'], [TABLE])], [seen]))).toEqual(unused);
  });

  it('is judged for each of its resources', () => {
    const role = roleUse([allow('T', ['dynamodb:GetItem'], [TABLE, `${TABLE}2`])], [call('dynamodb:GetItem', TABLE)]);
    expect(unusedGrants(role).map(({ resource }) => resource)).toEqual([`${TABLE}2`]);
  });

  it('of a key is used through a service that was called, and through no other', () => {
    const statements = [allow('K', ['kms:Decrypt', 'kms:GenerateDataKey'], [KEY], [DYNAMODB, SQS])];
    const role = roleUse(statements, [call('dynamodb:GetItem', TABLE)]);
    expect(namesOf(role)).toEqual([
      `K kms:Decrypt ${SQS}`,
      `K kms:GenerateDataKey ${DYNAMODB}`,
      `K kms:GenerateDataKey ${SQS}`,
    ]);
    expect(namesOf(roleUse(statements, [call('sqs:SendMessage', QUEUE), call('dynamodb:GetItem', TABLE)]))).toEqual([
      `K kms:GenerateDataKey ${DYNAMODB}`,
    ]);
  });

  it('of a key in another Region is not used by calls in this one', () => {
    const west = 'dynamodb.us-west-2.amazonaws.com';
    const role = roleUse([allow('K', ['kms:Decrypt'], [KEY], [west])], [call('dynamodb:GetItem', TABLE)]);
    expect(namesOf(role)).toEqual([`K kms:Decrypt ${west}`]);
  });

  it('of the function’s own log is used by Lambda, and of another one is not', () => {
    const statements = [allow('L', ['logs:PutLogEvents'], [LOGS, LOGS.replace('sync', 'api')])];
    expect(unusedGrants(roleUse(statements, [])).map(({ resource }) => resource)).toEqual([
      LOGS.replace('sync', 'api'),
    ]);
  });

  it('of a queue is used by Lambda where it feeds the function from it', () => {
    const statements = [allow('Q', ['sqs:ReceiveMessage', 'sqs:PurgeQueue'], [QUEUE])];
    expect(namesOf(roleUse(statements, []))).toEqual(['Q sqs:ReceiveMessage', 'Q sqs:PurgeQueue']);
    expect(namesOf(roleUse(statements, [], { queueArn: QUEUE }))).toEqual(['Q sqs:PurgeQueue']);
  });

  it('of network interfaces is used in a VPC', () => {
    const statements = [allow('N', ['ec2:CreateNetworkInterface'], ['*'])];
    expect(namesOf(roleUse(statements, []))).toHaveLength(1);
    expect(namesOf(roleUse(statements, [], { isInVpc: true }))).toEqual([]);
  });

  it('that another statement gives too is named', () => {
    const { principal } = roleUse(
      [allow('A', ['dynamodb:GetItem'], [TABLE]), allow('B', ['dynamodb:getitem'], [TABLE])],
      [],
    );
    expect(repeatedGrants(principal).map(({ sid }) => sid)).toEqual(['B']);
  });
});

describe('a call', () => {
  it('whose service needs a key is found where the role has none', () => {
    const statements = [allow('K', ['kms:Decrypt'], [KEY], [DYNAMODB])];
    expect(missingKeys(roleUse(statements, [call('dynamodb:GetItem', TABLE), call('kms:Sign', KEY)]))).toEqual([
      { action: 'kms:DescribeKey', through: 'dynamodb.us-east-2' },
    ]);
  });
});

describe('the table of implied actions', () => {
  it('has a source for every row', () => {
    for (const { source } of [...KEY_USES, ...SERVICE_USES]) {
      expect(source).toMatch(/^(?:Amazon|AWS) .+ Guide, "/u);
    }
  });
});
