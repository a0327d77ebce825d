/** The evaluation of one call against statements, as a table: IAM's rules for the part of its language that we use. */
import { describe, expect, it } from 'vitest';

import { evaluate, matchesArn, mayAsk, type RequestContext } from '../../../local/iam/evaluate.ts';
import type { PolicyStatement } from '../../../local/iam/policy-document.ts';

const TABLE = 'arn:aws:dynamodb:us-east-2:111122223333:table/graph';
const KEY = 'arn:aws:kms:us-west-2:111122223333:key/abc';
const ROLE = 'arn:aws:iam::111122223333:role/twinmap-us-east-2-sync';

const allow = (change: Partial<PolicyStatement> = {}): PolicyStatement => ({
  Effect: 'Allow',
  Action: ['dynamodb:GetItem', 'dynamodb:Query'],
  Resource: [TABLE],
  ...change,
});

const deny = (change: Partial<PolicyStatement> = {}): PolicyStatement => ({ ...allow(change), Effect: 'Deny' });

const DECRYPT = {
  Action: ['kms:Decrypt'],
  Resource: ['arn:aws:kms:us-west-2:111122223333:key/*'],
  Condition: {
    StringEquals: { 'kms:ViaService': ['dynamodb.us-west-2.amazonaws.com', 's3vectors.us-west-2.amazonaws.com'] },
    'ForAnyValue:StringEquals': { 'kms:ResourceAliases': ['alias/twinmap-us-west-2'] },
  },
} as const;

const decrypt = allow({
  Action: [...DECRYPT.Action],
  Resource: [...DECRYPT.Resource],
  Condition: {
    StringEquals: { 'kms:ViaService': [...DECRYPT.Condition.StringEquals['kms:ViaService']] },
    'ForAnyValue:StringEquals': { 'kms:ResourceAliases': ['alias/twinmap-us-west-2'] },
  },
});

const through = (service: string, aliases: readonly string[]): RequestContext => ({
  'kms:ViaService': `${service}.us-west-2.amazonaws.com`,
  'kms:ResourceAliases': aliases,
});

const OURS = ['alias/other', 'alias/twinmap-us-west-2'];

describe('a decision', () => {
  it.each([
    ['no statement', [], 'dynamodb:GetItem', TABLE, 'implicit'],
    ['an allowed action', [allow()], 'dynamodb:GetItem', TABLE, 'allowed'],
    ['another case', [allow()], 'DynamoDB:getitem', TABLE, 'allowed'],
    ['another action', [allow()], 'dynamodb:PutItem', TABLE, 'implicit'],
    ['an action that only begins so', [allow()], 'dynamodb:QueryAll', TABLE, 'implicit'],
    ['another resource', [allow()], 'dynamodb:GetItem', `${TABLE}2`, 'implicit'],
    ['a resource in another case', [allow()], 'dynamodb:GetItem', TABLE.replace('graph', 'Graph'), 'implicit'],
    ['an index of the table', [allow()], 'dynamodb:Query', `${TABLE}/index/owed`, 'implicit'],
    ['the second statement', [allow({ Resource: ['arn:aws:x:r:a:y'] }), allow()], 'dynamodb:Query', TABLE, 'allowed'],
    ['a deny after an allow', [allow(), deny()], 'dynamodb:GetItem', TABLE, 'explicit'],
    ['a deny before an allow', [deny(), allow()], 'dynamodb:GetItem', TABLE, 'explicit'],
    ['a deny of something else', [deny({ Action: ['dynamodb:Scan'] }), allow()], 'dynamodb:Query', TABLE, 'allowed'],
    ['a deny alone', [deny()], 'dynamodb:GetItem', TABLE, 'explicit'],
    ['any resource', [allow({ Resource: ['*'] })], 'dynamodb:GetItem', TABLE, 'allowed'],
  ] as const)('for %s', (_what, statements, action, resource, expected) => {
    const decision = evaluate(statements, { action, resource });
    expect(decision.kind === 'denied' ? decision.because : decision.kind).toBe(expected);
  });

  it.each([
    ['its service and alias', [decrypt], through('dynamodb', OURS), 'allowed'],
    ['the second service', [decrypt], through('s3vectors', OURS), 'allowed'],
    ['another service', [decrypt], through('sqs', OURS), 'denied'],
    ['another alias', [decrypt], through('dynamodb', ['alias/other']), 'denied'],
    ['no alias', [decrypt], through('dynamodb', []), 'denied'],
    ['no service, as a direct call has none', [decrypt], {}, 'denied'],
    ['two services at once', [decrypt], { ...through('dynamodb', OURS), 'kms:ViaService': ['a', 'b'] }, 'denied'],
  ] as const)('on a key through %s', (_what, statements, context, expected) => {
    expect(evaluate(statements, { action: 'kms:Decrypt', resource: KEY, context }).kind).toBe(expected);
  });

  it.each([
    [ROLE, 'allowed'],
    ['arn:aws:iam::111122223333:role/twinmap-us-east-2-*', 'allowed'],
    ['arn:aws:iam::111122223333:role/twinmap-us-west-2-*', 'denied'],
    ['arn:aws:iam::*', 'denied'],
  ])('for whoever is like %s', (pattern, expected) => {
    const statement = allow({ Condition: { ArnLike: { 'aws:PrincipalArn': [pattern] } } });
    const request = { action: 'dynamodb:Query', resource: TABLE, context: { 'aws:PrincipalArn': ROLE } };
    expect(evaluate([statement], request).kind).toBe(expected);
    expect(evaluate([statement], { ...request, context: {} }).kind).toBe('denied');
  });

  it('of a deny needs its conditions, too', () => {
    const statement = { ...decrypt, Effect: 'Deny' as const };
    const all = allow({ Action: ['kms:Decrypt'], Resource: ['*'] });
    const request = { action: 'kms:Decrypt', resource: KEY };
    expect(evaluate([all, statement], request).kind).toBe('allowed');
    expect(evaluate([all, statement], { ...request, context: through('dynamodb', OURS) }).kind).toBe('denied');
  });
});

describe('a pattern', () => {
  it.each([
    ['arn:aws:kms:us-west-2:111122223333:key/*', KEY, true],
    ['arn:aws:kms:us-west-2:*:key/abc', KEY, true],
    ['arn:aws:kms:*', 'arn:aws:kms:us-west-2:111122223333:key/abc', false],
    ['arn:aws:kms:us-west-*:key/abc', KEY, false],
    ['arn:aws:logs:r:a:log-group:/x:*', 'arn:aws:logs:r:a:log-group:/x:log-stream:1', true],
    ['arn:aws:logs:r:a:log-group:/x:*', 'arn:aws:logs:r:a:log-group:/x2:log-stream:1', false],
    ['arn:aws:sqs:r:a:sync.fifo', 'arn:aws:sqs:r:a:syncxfifo', false],
    ['arn:aws:s3vectors:r:a:bucket/b/*', 'arn:aws:s3vectors:r:a:bucket/b/index/c', true],
    ['*', 'anything', true],
  ])('%s on %s', (pattern, arn, expected) => {
    expect(matchesArn(pattern, arn)).toBe(expected);
  });
});

describe('a request that names nothing that exists', () => {
  it.each([
    ['dynamodb:GetItem', true],
    ['dynamodb:ListTables', false],
  ])('%s may be asked: %s', (action, expected) => {
    expect(mayAsk([allow(), deny({ Action: ['dynamodb:ListTables'] })], action)).toBe(expected);
  });
});
