/** What of IAM's language is read, and that everything else is refused in a sentence when it is declared. */
import { describe, expect, it } from 'vitest';

import { arnParts, parsePolicy } from '../../../local/iam/policy-document.ts';

const TABLE = 'arn:aws-us-gov:dynamodb:us-gov-west-1:111122223333:table/graph';
const STATEMENT = { Effect: 'Allow', Action: ['dynamodb:GetItem'], Resource: [TABLE] };

const policyOf = (change: object): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ ...STATEMENT, ...change }] });

describe('a policy', () => {
  it('is read with single texts as lists', () => {
    const text = policyOf({
      Action: 'kms:Decrypt',
      Resource: '*',
      Condition: { StringEquals: { 'kms:ViaService': 'sqs.us-east-2.amazonaws.com' } },
    });
    expect(parsePolicy(text)).toEqual([
      {
        Effect: 'Allow',
        Action: ['kms:Decrypt'],
        Resource: ['*'],
        Condition: { StringEquals: { 'kms:ViaService': ['sqs.us-east-2.amazonaws.com'] } },
      },
    ]);
  });

  it.each([
    ['no JSON', '{', /the policy is not JSON/u],
    ['another version', JSON.stringify({ Version: '2008-10-17', Statement: [STATEMENT] }), /Version: /u],
    ['no statement', JSON.stringify({ Version: '2012-10-17', Statement: [] }), /Statement: /u],
    ['an id', JSON.stringify({ Version: '2012-10-17', Id: 'x', Statement: [STATEMENT] }), /Id/u],
    ['everything but some actions', policyOf({ NotAction: 'iam:*' }), /NotAction/u],
    ['everything but a resource', policyOf({ NotResource: TABLE }), /NotResource/u],
    ['a principal', policyOf({ Principal: '*' }), /Principal/u],
    ['another effect', policyOf({ Effect: 'Audit' }), /Statement\.0\.Effect: /u],
    ['a wildcard action', policyOf({ Action: 'dynamodb:*' }), /names every action in full/u],
    ['a part of an action', policyOf({ Action: ['dynamodb:Get*'] }), /names every action in full/u],
    ['no action', policyOf({ Action: [] }), /Statement\.0\.Action/u],
    ['no resource', policyOf({ Resource: [] }), /Statement\.0\.Resource/u],
    ['a resource that is no ARN', policyOf({ Resource: ['graph'] }), /is neither an ARN nor one with stars/u],
    ['a single-letter wildcard', policyOf({ Resource: [`${TABLE}?`] }), /is neither an ARN nor one with stars/u],
    ['a variable of AWS', policyOf({ Resource: [`${TABLE}/\${aws:username}`] }), /is neither an ARN nor one with/u],
    ['an unknown operator', policyOf({ Condition: { IpAddress: { 'aws:PrincipalArn': 'x' } } }), /IpAddress/u],
    [
      'an operator that forgives',
      policyOf({ Condition: { StringEqualsIfExists: { 'kms:ViaService': 'x' } } }),
      /StringEqualsIfExists/u,
    ],
    ['an unknown key', policyOf({ Condition: { StringEquals: { 'aws:SourceIp': 'x' } } }), /aws:SourceIp/u],
    ['no value', policyOf({ Condition: { StringEquals: { 'kms:ViaService': [] } } }), /Condition/u],
    // oxlint-disable-next-line no-template-curly-in-string -- as IAM writes it
    ['a variable value', policyOf({ Condition: { StringEquals: { 'kms:ViaService': '${x}' } } }), /Condition/u],
  ])('with %s is refused', (_what, text, why) => {
    expect(() => parsePolicy(text)).toThrow(why);
  });
});

describe('an ARN', () => {
  it.each([
    [TABLE, ['arn', 'aws-us-gov', 'dynamodb', 'us-gov-west-1', '111122223333', 'table/graph']],
    ['arn:aws:logs:r:a:log-group:/x:*', ['arn', 'aws', 'logs', 'r', 'a', 'log-group:/x:*']],
    ['arn:aws:s3', undefined],
    ['table/graph', undefined],
  ])('%s has its parts', (arn, parts) => {
    expect(arnParts(arn)).toEqual(parts);
  });
});
