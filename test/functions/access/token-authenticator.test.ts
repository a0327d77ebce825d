/** Tokens of an identity provider: which are believed, what they give, and that an outage of the provider locks nobody out. */
import { UnsecuredJWT } from 'jose';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Authentication } from '../../../functions/access/authenticator.ts';
import type { ProviderGrant, TokenAuthenticator } from '../../../functions/access/token-authenticator.ts';
import { parseKeySet, type TokenKeys } from '../../../functions/access/token-keys.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { memberKey, workspaceKey } from '../../../functions/domain/workspace.ts';
import { ApiStage } from '../query/api-stage.ts';
import { AUDIENCE, type Claims, IdentityStage, makeKeyOf, pinnedOf, type ProviderKey } from './identity-stage.ts';

let key: ProviderKey;
let rsa: ProviderKey;
let other: ProviderKey;
let stage = new ApiStage();
let provider = new IdentityStage(stage);
let keys: TokenKeys;
let authenticator: TokenAuthenticator;

const show = async (token: string): Promise<Authentication> =>
  authenticator.authenticate({ authorization: `Bearer ${token}` });

const shown = async (claims: Claims, signed = key): Promise<Authentication> =>
  show(await provider.token(signed, claims));

const refused = (reason: string): object => ({ kind: 'refused', reason });

const RECOGNISED = { kind: 'recognised', principal: { id: 'user:ada' } };

beforeAll(async () => {
  [key, rsa, other] = await Promise.all([makeKeyOf('a'), makeKeyOf('r', 'RS256'), makeKeyOf('b')]);
});

beforeEach(async () => {
  stage = new ApiStage();
  provider = new IdentityStage(stage);
  provider.published = [key, rsa];
  keys = provider.keys(pinnedOf(key, rsa));
  authenticator = provider.authenticator(keys);
  await stage.corpus.commitSource('shop');
});

describe('a token', () => {
  it('signed with ES256 or RS256 is recognised, with its holder’s name', async () => {
    expect(await shown({ name: 'Ada Lovelace' })).toStrictEqual({
      kind: 'recognised',
      principal: { id: 'user:ada', name: 'Ada Lovelace', roles: ['reader'], sources: ['shop'], workspaces: {} },
    });
    expect(await shown({}, rsa)).toMatchObject(RECOGNISED);
  });

  it('of another issuer or audience is refused, and says so', async () => {
    expect(await shown({ iss: 'https://evil.example.com' })).toEqual(refused('not-for-here'));
    expect(await shown({ aud: 'another-service' })).toEqual(refused('not-for-here'));
    expect(await shown({ aud: ['another-service', AUDIENCE] })).toMatchObject(RECOGNISED);
  });

  it('is believed within a minute of skew at both its ends, and not beyond', async () => {
    const nowSeconds = stage.clockMs / 1000;
    expect(await shown({ exp: nowSeconds - 59 })).toMatchObject(RECOGNISED);
    expect(await shown({ exp: nowSeconds - 60 })).toEqual(refused('expired'));
    expect(await shown({ nbf: nowSeconds + 60 })).toMatchObject(RECOGNISED);
    expect(await shown({ nbf: nowSeconds + 61 })).toEqual(refused('not-for-here'));
  });

  it.each([
    ['without an end', { exp: undefined }],
    ['without a subject', { sub: undefined }],
    ['with a subject of two lines', { sub: 'a\nb' }],
    ['with a subject that could be mistaken for another key', { sub: 'a#b' }],
  ])('%s is refused', async (_what, claims) => {
    expect(await shown(claims)).toMatchObject({ kind: 'refused' });
  });

  it('of any other algorithm is refused, also of none', async () => {
    const unsigned = new UnsecuredJWT({ iss: 'https://login.example.com', aud: AUDIENCE, sub: 'ada' }).encode();
    expect(await show(unsigned)).toMatchObject({ kind: 'refused' });
    for (const algorithm of ['PS256', 'RS512'] as const) {
      const strange = await makeKeyOf('s', algorithm);
      expect(parseKeySet({ keys: [strange.jwk] })).toBeUndefined();
      expect(await shown({}, { ...strange, kid: 'r' })).toEqual(refused('unknown'));
    }
  });

  it('signed with another key under a known name is refused, and told no more than that', async () => {
    expect(await shown({}, { ...other, kid: 'a' })).toEqual(refused('unknown'));
    expect(await shown({ exp: 1 }, { ...other, kid: 'a' })).toEqual(refused('unknown'));
  });

  it('that is too long, or none at all, is refused before anything is verified', async () => {
    expect(await shown({ pad: 'x'.repeat(LIMITS.tokenCharsMax) })).toEqual(refused('malformed'));
    expect(await show('a.b')).toEqual(refused('malformed'));
    expect(await authenticator.authenticate({})).toEqual({ kind: 'anonymous' });
  });
});

describe('the keys', () => {
  it('that are pinned open while the provider is out, from the first request on', async () => {
    provider.published = new Error('no way there');
    expect(await shown({})).toMatchObject(RECOGNISED);
    await keys.settled();
    stage.clockMs += LIMITS.tokenKeysStaleMs * 3;
    expect(await shown({})).toMatchObject(RECOGNISED);
  });

  it('that were fetched go on counting while the provider is out, and the pinned ones after a day', async () => {
    provider.published = [other];
    await shown({});
    await keys.settled();
    expect(await shown({}, other)).toMatchObject(RECOGNISED);
    // What the provider does not publish any more opens nothing, though it is pinned.
    expect(await shown({})).toEqual(refused('unknown'));
    provider.published = new Error('no way there');
    stage.clockMs += LIMITS.tokenKeysStaleMs - 1;
    expect(await shown({}, other)).toMatchObject(RECOGNISED);
    stage.clockMs += 1;
    await keys.settled();
    expect(await shown({}, other)).toEqual(refused('unknown'));
    expect(await shown({})).toMatchObject(RECOGNISED);
  });

  it('are fetched beside requests: once while fresh, and once in a while where that failed', async () => {
    await Promise.all([shown({}), shown({}), shown({})]);
    await keys.settled();
    await shown({});
    expect(provider.fetches).toBe(1);
    stage.clockMs += LIMITS.tokenKeysFreshMs;
    provider.published = new Error('no way there');
    for (let at = 0; at < 5; at += 1) {
      await shown({});
      await keys.settled();
    }
    expect(provider.fetches).toBe(2);
    stage.clockMs += LIMITS.tokenKeysRetryMs;
    await shown({});
    expect(provider.fetches).toBe(3);
    expect(stage.telemetry.logs.join('\n')).toContain('access.keys-not-fetched');
  });

  it('under a name that is not known yet are asked for at once, and then not again for a minute', async () => {
    await shown({});
    await keys.settled();
    provider.published = [key, other];
    expect(await shown({}, other)).toMatchObject(RECOGNISED);
    const before = provider.fetches;
    for (let at = 0; at < 20; at += 1) {
      expect(await shown({}, { ...other, kid: `invented-${at}` })).toEqual(refused('unknown'));
    }
    expect(provider.fetches).toBe(before);
    stage.clockMs += LIMITS.tokenKeysUnknownIntervalMs;
    await shown({}, { ...other, kid: 'invented' });
    expect(provider.fetches).toBe(before + 1);
  });

  it('that nobody gives let nobody in, and the answer is that it is not known', async () => {
    provider.published = new Error('no way there');
    authenticator = provider.authenticator(provider.keys());
    expect(await shown({})).toMatchObject({ kind: 'unavailable' });
    provider.published = [key];
    stage.clockMs += LIMITS.tokenKeysRetryMs;
    expect(await shown({})).toMatchObject(RECOGNISED);
  });

  it('may be the pinned ones alone', async () => {
    authenticator = provider.authenticator(provider.keys(pinnedOf(key), false));
    expect(await shown({})).toMatchObject(RECOGNISED);
    expect(await shown({}, other)).toEqual(refused('unknown'));
    expect(provider.fetches).toBe(0);
  });

  it('are public parts of sound keys: private, weak and symmetric ones are left out', async () => {
    const weak = { kty: 'RSA', n: 'x'.repeat(171), e: 'AQAB', kid: 'weak' };
    const symmetric = { kty: 'oct', k: 'c2VjcmV0', kid: 'oct', alg: 'HS256' };
    expect(parseKeySet({ keys: [weak, symmetric, { ...key.jwk, d: 'secret' }] })).toStrictEqual(pinnedOf(key));
    expect(parseKeySet({ keys: [weak] })).toBeUndefined();
    expect(parseKeySet('nonsense')).toBeUndefined();
  });
});

describe('what a token says of its holder', () => {
  const write = async (recordKey: { pk: string; sk: string }, payload: unknown): Promise<void> => {
    await stage.writes.write({ table: 'workspaces', key: recordKey, content: { kind: 'payload', payload } });
  };

  const GRANTS: readonly ProviderGrant[] = [
    { group: '*', role: 'reader' },
    { group: 'platform', role: 'org-admin' },
    { group: 'bank-team', role: 'workspace-admin', workspace: 'bank' },
  ];

  beforeEach(async () => {
    authenticator = provider.authenticator(keys, GRANTS);
    for (const [id, visibility] of [
      ['bank', 'private'],
      ['open', 'public'],
    ]) {
      const at = { createdBy: 'x', createdAt: 1, updatedBy: 'x', updatedAt: 1 };
      await write(workspaceKey(id ?? ''), { name: id, visibility, ...at });
      await stage.corpus.commitSource(`${id}-docs`);
      const definition = { id: `${id}-docs`, kind: 'git', name: 'x', config: {}, enabled: true, workspace: id };
      await write({ pk: 'source-definitions', sk: `${id}-docs` }, { ...definition, updatedBy: 'x', updatedAt: 1 });
    }
  });

  it('opens what everybody reads, and nothing private', async () => {
    expect(await shown({})).toMatchObject({ principal: { roles: ['reader'], sources: ['shop', 'open-docs'] } });
  });

  it('makes an org-admin by a group of the settings, without asking who is a member', async () => {
    stage.faults.add('home');
    expect(await shown({ groups: ['platform'] })).toMatchObject({ principal: { sources: 'all' } });
    expect(await shown({ groups: [] })).toMatchObject({ kind: 'unavailable' });
  });

  it('opens a workspace by a group of the settings, or by a list of members', async () => {
    expect(await shown({ groups: ['bank-team'] })).toMatchObject({
      principal: { workspaces: { bank: 'workspace-admin' }, sources: ['shop', 'bank-docs', 'open-docs'] },
    });
    const member = { workspace: 'bank', addedBy: 'x', addedAt: 1 };
    await write(memberKey('bank', 'user:grace'), { ...member, member: 'user:grace', role: 'reader' });
    await write(memberKey('bank', 'group:auditors'), { ...member, member: 'group:auditors', role: 'member' });
    stage.clockMs += LIMITS.keyKeptMs;
    expect(await shown({ sub: 'grace' })).toMatchObject({ principal: { workspaces: { bank: 'reader' } } });
    expect(await shown({ sub: 'grace', groups: ['auditors'] })).toMatchObject({
      principal: { workspaces: { bank: 'member' } },
    });
    // A group of that name is no person of that name, and the other way round.
    expect(await shown({ sub: 'auditors', groups: ['grace'] })).toMatchObject({ principal: { workspaces: {} } });
  });

  it('is no permission by itself, whatever the token calls it', async () => {
    expect(await shown({ roles: ['org-admin'], role: 'org-admin', scope: 'org-admin', sources: 'all' })).toMatchObject({
      principal: { roles: ['reader'], sources: ['shop', 'open-docs'] },
    });
  });

  it('gives nothing where the settings give nothing to everybody', async () => {
    authenticator = provider.authenticator(keys, GRANTS.slice(1));
    expect(await shown({})).toMatchObject({ principal: { roles: [], sources: [] } });
    expect(await shown({ groups: ['bank-team'] })).toMatchObject({
      principal: { roles: ['reader'], sources: ['bank-docs'] },
    });
  });

  it('does not open a source that was taken out of a private workspace and is still being purged', async () => {
    await stage.writes.write({
      table: 'workspaces',
      key: { pk: 'source-definitions', sk: 'bank-docs' },
      content: { kind: 'tombstone' },
    });
    expect(await shown({})).toMatchObject({ principal: { sources: ['shop', 'open-docs'] } });
    expect(await shown({ groups: ['bank-team'] })).toMatchObject({ principal: { sources: ['shop', 'open-docs'] } });
  });

  it('does not open what the stack names no more, whichever workspace it had', async () => {
    await stage.corpus.commitSource('payroll');
    expect(await shown({ groups: ['bank-team'] })).not.toMatchObject({
      principal: { sources: expect.arrayContaining(['payroll']) as unknown },
    });
  });

  it('does not open the sources of a workspace that is gone', async () => {
    await stage.writes.write({ table: 'workspaces', key: workspaceKey('bank'), content: { kind: 'tombstone' } });
    expect(await shown({ groups: ['bank-team'] })).toMatchObject({
      principal: { workspaces: {}, sources: ['shop', 'open-docs'] },
    });
  });
});
