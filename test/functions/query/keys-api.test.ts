/** API keys over HTTP: made once, shown once, revoked for good; and the audit log that tells of it. */
import type { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';

import { keyRecordKey } from '../../../functions/domain/api-key.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { ApiStage, bodyOf, DAY_MS, type Json, requestOf, type Sent } from './api-stage.ts';

let stage = new ApiStage();
let app: Hono;
let operator = '';

const send = async (address: string, sent: Sent = {}, to = app): Promise<{ status: number; body: Json }> => {
  const response = await to.request(address, requestOf({ token: operator, ...sent }));
  return { status: response.status, body: await bodyOf(response) };
};

const make = async (body: unknown, headers: Sent['headers'] = {}): ReturnType<typeof send> =>
  send('/v1/keys', { method: 'POST', body, headers });

const READER = { name: 'on call', roles: ['reader'], sources: ['shop'] };

const idOf = ({ body }: { readonly body: Json }): string => String((body['key'] as Json)['id']);

beforeEach(async () => {
  stage = new ApiStage();
  operator = await stage.token(['operator']);
  app = stage.app();
});

describe('a new key', () => {
  it('opens what it was made for, in both Regions', async () => {
    await stage.corpus.commitSource('shop');
    await stage.corpus.commitSource('bank');
    const made = await make({ ...READER, expiresInDays: 7 });
    expect(made).toMatchObject({
      status: 201,
      body: {
        key: { name: 'on call', roles: ['reader'], sources: ['shop'], expiresAt: stage.clockMs + 7 * DAY_MS },
        replication: 'both',
        audit: 'both',
      },
    });
    const token = String(made.body['token']);
    for (const region of [app, stage.peerApp()]) {
      expect((await send('/v1/sources', { token }, region)).body).toMatchObject({ items: [{ id: 'shop' }] });
    }
  });

  it('lasts for a while where nobody says how long', async () => {
    const made = await make(READER);
    expect(made.body).toMatchObject({ key: { expiresAt: stage.clockMs + LIMITS.keyLifetimeDaysDefault * DAY_MS } });
  });

  it('is shown once: neither records, lists, audit log nor logs hold its secret', async () => {
    const made = await make(READER);
    const secret = String(made.body['token']).slice('twm_'.length + 17);
    const stored = await stage.home.tables.workspaces.get(keyRecordKey(idOf(made)));
    const shown = [stored, await send('/v1/keys'), await send('/v1/audit'), stage.telemetry.logs];
    expect(JSON.stringify(shown)).not.toContain(secret);
    expect(JSON.stringify(await send('/v1/keys'))).not.toContain('hash');
  });

  it.each([
    [{ ...READER, name: '' }, '"name"'],
    [{ ...READER, name: 'x'.repeat(81) }, '"name"'],
    [{ ...READER, name: 'a\nb' }, '"name"'],
    [{ roles: ['reader'], sources: 'all' }, '"name"'],
    [{ ...READER, roles: [] }, '"roles"'],
    [{ ...READER, roles: ['admin'] }, '"roles"'],
    [{ ...READER, roles: 'reader' }, '"roles"'],
    [{ name: 'x', roles: ['reader'] }, '"sources"'],
    [{ ...READER, sources: 'some' }, '"sources"'],
    [{ ...READER, sources: ['a b'] }, '"sources"'],
    [{ ...READER, sources: Array.from({ length: 51 }, (_none, at) => `s${at}`) }, '"sources"'],
    [{ ...READER, expiresInDays: 0 }, '"expiresInDays"'],
    [{ ...READER, expiresInDays: 367 }, '"expiresInDays"'],
    [{ ...READER, expiresInDays: 1.5 }, '"expiresInDays"'],
    [{ ...READER, admin: true }, 'unknown field "admin"'],
    [{ ...READER, roles: ['operator'] }, "this key can't be made"],
    [{ ...READER, roles: ['org-admin'] }, "this key can't be made"],
    [{ ...READER, roles: ['member'] }, "this key can't be made"],
    [{ ...READER, workspaces: ['shop'], roles: ['editor'] }, "this key can't be made"],
    [{ ...READER, workspaces: ['shop'], sources: 'all' }, "this key can't be made"],
    [{ ...READER, workspaces: [] }, '"workspaces"'],
    [{ ...READER, workspaces: ['a b'] }, '"workspaces"'],
  ])('of %j is refused', async (body, what) => {
    const answer = await make(body);
    expect(answer.status).toBe(400);
    expect(answer.body['what']).toContain(what);
  });

  it('is one key however often it is asked for under one idempotency-key', async () => {
    const key = { 'idempotency-key': 'new-1' };
    const first = await make(READER, key);
    const again = await make(READER, key);
    expect(again).toMatchObject({ status: 200, body: { key: { id: idOf(first) }, token: null, repeated: true } });
    expect((await send('/v1/sources', { token: String(first.body['token']) })).status).toBe(200);
    expect((await make({ ...READER, name: 'somebody else' }, key)).status).toBe(422);
    expect((await send('/v1/keys')).body['items']).toHaveLength(2);
  });

  it('that no Region took is not shown', async () => {
    await send('/v1/keys');
    stage.faults.add('home').add('peer');
    const answer = await make(READER);
    expect(answer.status).toBe(503);
    expect(answer.body).not.toHaveProperty('token');
  });
});

describe('a revoked key', () => {
  it('opens nothing any more, in both Regions, and can be revoked again', async () => {
    const made = await make(READER);
    const token = String(made.body['token']);
    const address = `/v1/keys/${idOf(made)}`;
    expect(await send(address, { method: 'DELETE' })).toMatchObject({
      status: 200,
      body: { id: idOf(made), revoked: true, replication: 'both', audit: 'both' },
    });
    for (const region of [app, stage.peerApp()]) {
      expect((await send('/v1/sources', { token }, region)).status).toBe(401);
    }
    expect((await send('/v1/keys')).body['items']).toHaveLength(1);
    expect((await send(address, { method: 'DELETE' })).status).toBe(200);
  });

  it.each(['f'.repeat(16), 'short', 'F'.repeat(16)])('was one: %s never was', async (id) => {
    expect(await send(`/v1/keys/${id}`, { method: 'DELETE' })).toMatchObject({
      status: 404,
      body: { type: 'urn:twinmap:problem:no-key' },
    });
  });

  it('is revoked through the peer while home is down', async () => {
    const made = await make(READER);
    await send('/v1/keys');
    stage.faults.add('home');
    expect(await send(`/v1/keys/${idOf(made)}`, { method: 'DELETE' })).toMatchObject({
      status: 200,
      body: { replication: 'owed' },
    });
    expect((await send('/v1/sources', { token: String(made.body['token']) }, stage.peerApp())).status).toBe(401);
  });
});

describe('the audit log', () => {
  it('tells of keys that were made and revoked, the newest first', async () => {
    const made = await make(READER);
    stage.clockMs += 1;
    await send(`/v1/keys/${idOf(made)}`, { method: 'DELETE' });
    const { body } = await send('/v1/audit');
    expect(body['items']).toMatchObject([
      { action: 'key.revoked', target: `key:${idOf(made)}` },
      {
        action: 'key.created',
        target: `key:${idOf(made)}`,
        details: { name: 'on call', roles: 'reader', sources: 'shop', expiresInDays: 90 },
      },
    ]);
  });

  it("says when it can't be read", async () => {
    await send('/v1/keys');
    stage.faults.add('home.query');
    expect(await send('/v1/audit')).toMatchObject({ status: 503 });
    expect(await send('/v1/keys')).toMatchObject({ status: 503 });
  });
});
