/** Who may take on a role of another account, and what a session of it may do. */
import { describe, expect, it } from 'vitest';

import { parseRegion, type RegionName } from '../../../functions/domain/region.ts';
import { namesOf } from '../../../infra/names.ts';
import { peerTrust } from '../../../infra/peer-policies.ts';
import { trustOf } from '../../../infra/policies.ts';
import { AccessGuard, type Denial } from '../../../local/iam/access-guard.ts';
import type { Principal } from '../../../local/iam/principal.ts';
import { type AssumableRole, isTrusted, parseTrust } from '../../../local/iam/trust.ts';

const region = (text: string): RegionName => {
  const parsed = parseRegion(text);
  if (parsed === undefined) {
    throw new Error(`${text} is no Region`);
  }
  return parsed;
};

const HOME = namesOf(region('us-west-2'), '444455556666');
const PEER = namesOf(region('us-east-2'), '111122223333');
const TABLE = 'arn:aws:dynamodb:us-west-2:444455556666:table/twinmap-us-west-2-graph';

const caller = (name: string, account = '111122223333'): Principal => ({
  accessKeyId: `LOCAL${name.toUpperCase()}`,
  functionName: `twinmap-us-east-2-${name}`,
  roleName: `twinmap-us-east-2-${name}`,
  roleArn: `arn:aws:iam::${account}:role/twinmap-us-east-2-${name}`,
  statements: [],
});

const role: AssumableRole = {
  arn: 'arn:aws:iam::444455556666:role/twinmap-us-west-2-peer',
  name: 'twinmap-us-west-2-peer',
  trust: parseTrust(JSON.stringify(peerTrust(PEER))),
  statements: [{ Sid: 'Graph', Effect: 'Allow', Action: ['dynamodb:PutItem'], Resource: [TABLE] }],
};

describe('the trust of a lent role', () => {
  it.each([
    ['a function that reaches the peer', caller('sync'), true],
    ['one that does not', caller('proof'), false],
    ['one of the same name in a third account', caller('sync', '777788889999'), false],
  ])('of %s', (_who, principal, trusted) => {
    expect(isTrusted(role, principal)).toBe(trusted);
  });

  it('is read of the policies that the program emits, and is nobody where only a service is named', () => {
    expect(parseTrust(JSON.stringify(trustOf(HOME, 'lambda')))).toEqual([]);
    expect(() => parseTrust(JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: '*' }] }))).toThrow(
      /teach local\/iam/u,
    );
  });
});

describe('a session of a lent role', () => {
  const denials: Denial[] = [];
  const guard = new AccessGuard((denial) => {
    denials.push(denial);
  });
  guard.know([caller('sync'), caller('proof')]);
  guard.knowRoles([role]);
  const ask = (accessKeyId: string, action: string): unknown =>
    guard.authorize({ service: 'dynamodb', operation: 'x', accessKeyId, permissions: [{ action, resource: TABLE }] });

  it('may do what the role may, and nothing that the function may at home', () => {
    const session = guard.assume('LOCALSYNC', role.arn)?.accessKeyId ?? '';
    expect(ask(session, 'dynamodb:PutItem')).toEqual({ kind: 'allowed' });
    expect(ask(session, 'dynamodb:DeleteItem')).toMatchObject({
      kind: 'denied',
      message: expect.stringContaining(
        'arn:aws:sts::444455556666:assumed-role/twinmap-us-west-2-peer/twinmap-us-east-2-sync is not authorized to perform: dynamodb:DeleteItem',
      ) as string,
    });
  });

  it('ends with the trust, and is given to nobody who is not trusted', () => {
    const session = guard.assume('LOCALSYNC', role.arn)?.accessKeyId ?? '';
    expect(guard.assume('LOCALPROOF', role.arn)).toBeUndefined();
    expect(denials.at(-1)).toEqual({ role: 'twinmap-us-east-2-proof', action: 'sts:AssumeRole', resource: role.arn });
    guard.knowRoles([{ ...role, trust: [] }]);
    expect(ask(session, 'dynamodb:PutItem')).toMatchObject({ kind: 'denied' });
    guard.knowRoles([role]);
    expect(ask(session, 'dynamodb:PutItem')).toEqual({ kind: 'allowed' });
  });
});
