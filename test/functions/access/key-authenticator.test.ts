/** Who is recognised: by which header, until when, after which revocation, and what happens while the store is down. */
import { beforeEach, describe, expect, it } from 'vitest';

import { KeyAuthenticator } from '../../../functions/access/key-authenticator.ts';
import { revokeKey, writeKey } from '../../../functions/access/keys.ts';
import { tokenOf } from '../../../functions/access/token.ts';
import type { Authentication } from '../../../functions/access/authenticator.ts';
import { keyRecordKey } from '../../../functions/domain/api-key.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { ApiStage, DAY_MS } from '../query/api-stage.ts';

let stage = new ApiStage();
let reads = 0;
let authenticator = new KeyAuthenticator({ records: stage.home.tables.workspaces, now: () => stage.clockMs });

const open = (): KeyAuthenticator =>
  new KeyAuthenticator({
    records: {
      get: async (key) => {
        reads += 1;
        return stage.home.tables.workspaces.get(key);
      },
    },
    now: () => stage.clockMs,
  });

const show = async (token: string): Promise<Authentication> =>
  authenticator.authenticate({ authorization: `Bearer ${token}` });

const UNKNOWN = { kind: 'refused', reason: 'unknown' };

beforeEach(() => {
  stage = new ApiStage();
  reads = 0;
  authenticator = open();
});

describe('a caller', () => {
  it('without a header is anonymous', async () => {
    expect(await authenticator.authenticate({})).toEqual({ kind: 'anonymous' });
  });

  it.each(['Bearer', 'bearer', 'BEARER  '])('with "%s" and a token is recognised', async (scheme) => {
    const { id, token } = await stage.key(['reader', 'editor'], ['shop']);
    expect(await authenticator.authenticate({ authorization: `${scheme} ${token}` })).toEqual({
      kind: 'recognised',
      principal: { id: `key:${id}`, name: 'reader and editor', roles: ['reader', 'editor'], sources: ['shop'] },
    });
  });

  it.each([
    ['another scheme', (token: string) => `Basic ${token}`],
    ['no scheme', (token: string) => token],
    ['two tokens', (token: string) => `Bearer ${token}, Bearer ${token}`],
    ['something behind', (token: string) => `Bearer ${token} x`],
    ['nothing', () => ''],
  ])('with %s is refused without asking the store', async (_what, header) => {
    const { token } = await stage.key(['reader']);
    expect(await authenticator.authenticate({ authorization: header(token) })).toEqual({
      kind: 'refused',
      reason: 'malformed',
    });
    expect(reads).toBe(0);
  });

  it('with an unknown id, another secret or a damaged record is refused alike', async () => {
    const one = await stage.key(['reader']);
    const other = await stage.key(['reader']);
    const [, , secret = ''] = /^twm_(\w{16})_(.+)$/u.exec(other.token) ?? [];
    expect(await show(tokenOf({ id: 'f'.repeat(16), secret }))).toEqual(UNKNOWN);
    expect(await show(tokenOf({ id: one.id, secret }))).toEqual(UNKNOWN);
    await stage.writes.write({
      table: 'workspaces',
      key: keyRecordKey(other.id),
      content: { kind: 'payload', payload: { name: 'half a record' } },
    });
    expect(await show(other.token)).toEqual(UNKNOWN);
  });

  it('whose record says operator and only some sources is refused', async () => {
    const { id, payload, token } = await stage.key(['operator']);
    await writeKey(stage.writes, id, { ...payload, sources: ['shop'] });
    expect(await show(token)).toEqual(UNKNOWN);
  });
});

describe('a key', () => {
  it('opens until the last millisecond before it expires, and from then on nothing', async () => {
    const { payload, token } = await stage.key(['reader'], 'all', DAY_MS);
    stage.clockMs = payload.expiresAt - 1;
    expect(await show(token)).toMatchObject({ kind: 'recognised' });
    stage.clockMs += 1;
    // The record is kept from a moment ago: expiry is judged on every use.
    expect(await show(token)).toEqual({ kind: 'refused', reason: 'expired' });
  });

  it('that has expired says so only to whoever knows its secret', async () => {
    const { id, payload } = await stage.key(['reader'], 'all', DAY_MS);
    stage.clockMs = payload.expiresAt;
    expect(await show(tokenOf({ id, secret: 'A'.repeat(43) }))).toEqual(UNKNOWN);
  });

  it('is judged by the clock of the Region that answers, without a grace', async () => {
    const { payload, token } = await stage.key(['reader'], 'all', DAY_MS);
    const skewMs = 60_000;
    const ahead = new KeyAuthenticator({
      records: stage.peer.tables.workspaces,
      now: () => stage.clockMs + skewMs,
    });
    stage.clockMs = payload.expiresAt - skewMs;
    expect(await show(token)).toMatchObject({ kind: 'recognised' });
    expect(await ahead.authenticate({ authorization: `Bearer ${token}` })).toMatchObject({ reason: 'expired' });
  });

  it('that was revoked opens nothing once the kept reading has ended', async () => {
    const { id, token } = await stage.key(['reader']);
    expect(await show(token)).toMatchObject({ kind: 'recognised' });
    await revokeKey(stage.writes, id);
    stage.clockMs += LIMITS.keyKeptMs - 1;
    expect(await show(token)).toMatchObject({ kind: 'recognised' });
    stage.clockMs += 1;
    expect(await show(token)).toEqual(UNKNOWN);
    stage.faults.add('home.get');
    expect(await show(token)).toMatchObject({ kind: 'unavailable' });
  });

  it('is known in both Regions', async () => {
    const { token } = await stage.key(['reader']);
    const peer = new KeyAuthenticator({ records: stage.peer.tables.workspaces, now: () => stage.clockMs });
    expect(await peer.authenticate({ authorization: `Bearer ${token}` })).toMatchObject({ kind: 'recognised' });
  });
});

describe('the store', () => {
  it('is asked once by requests that come together, and once in a while', async () => {
    const { token } = await stage.key(['reader']);
    await Promise.all([show(token), show(token), show(token)]);
    await show(token);
    expect(reads).toBe(1);
    stage.clockMs += LIMITS.keyKeptMs;
    await show(token);
    expect(reads).toBe(2);
  });

  it('that is down lets nobody in whom it has not vouched for', async () => {
    const { token } = await stage.key(['reader']);
    stage.faults.add('home.get');
    expect(await show(token)).toMatchObject({ kind: 'unavailable', failure: { code: 'ECONNREFUSED' } });
  });

  it('that goes down is not waited for, and its last word counts for a bounded time', async () => {
    const { token } = await stage.key(['reader']);
    await show(token);
    stage.faults.add('home.get');
    stage.clockMs += LIMITS.keyKeptMs;
    expect(await show(token)).toMatchObject({ kind: 'recognised' });
    expect(await show(token)).toMatchObject({ kind: 'recognised' });
    expect(reads).toBe(2);
    stage.clockMs += LIMITS.keyGraceMs - LIMITS.keyKeptMs - 1;
    expect(await show(token)).toMatchObject({ kind: 'recognised' });
    stage.clockMs += 1;
    expect(await show(token)).toMatchObject({ kind: 'unavailable' });
  });

  it('does not vouch for longer because a clock was set back', async () => {
    const { id, token } = await stage.key(['reader']);
    await show(token);
    await revokeKey(stage.writes, id);
    stage.clockMs -= 60_000;
    expect(await show(token)).toEqual(UNKNOWN);
  });

  it('is not kept whole in memory', async () => {
    const first = await stage.key(['reader']);
    await show(first.token);
    for (let at = 0; at < LIMITS.keysKeptMax; at += 1) {
      await show((await stage.key(['reader'])).token);
    }
    reads = 0;
    await show(first.token);
    expect(reads).toBe(1);
  });
});
