/** Interactive writes over HTTP, by the settings: once, in both Regions, or not claimed. */
import type { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';

import type { AuditEvent } from '../../../functions/domain/audit-event.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { settingFields, settingKey } from '../../../functions/domain/settings.ts';
import { readIdempotencyKey } from '../../../functions/query/idempotency.ts';
import { ApiStage, type Json, requestOf, type Sent } from './api-stage.ts';

const NAME = '/v1/settings/displayName';
const CHANNEL = '/v1/settings/incidentChannel';

let stage = new ApiStage();
let app: Hono;
let token = '';
let callerId = '';

const send = async (address: string, sent: Sent, to = app): Promise<{ status: number; body: Json; text: string }> => {
  const response = await to.request(address, requestOf({ token, ...sent }));
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text) as Json, text };
};

const put = async (value: unknown, headers: Sent['headers'] = {}, to = app): ReturnType<typeof send> =>
  send(NAME, { method: 'PUT', body: { value }, headers }, to);

const putChannel = async (value: unknown, headers: Sent['headers'] = {}): ReturnType<typeof send> =>
  send(CHANNEL, { method: 'PUT', body: { value }, headers });

const audited = async (): Promise<readonly AuditEvent[]> => {
  const read = await stage.dependencies().readAudit(100);
  return read.kind === 'done' ? read.value.events : [];
};

beforeEach(async () => {
  stage = new ApiStage();
  const made = await stage.key(['reader', 'editor']);
  ({ token } = made);
  callerId = `key:${made.id}`;
  app = stage.app();
});

describe('a setting', () => {
  it('is written to both Regions with who wrote it and when, and read back', async () => {
    expect(await put('The shop')).toMatchObject({
      status: 200,
      body: { field: 'displayName', replication: 'both', repeated: false, audit: 'both' },
    });
    const setting = { field: 'displayName', value: 'The shop', updatedBy: callerId, updatedAt: stage.clockMs };
    expect((await send(NAME, {})).body).toMatchObject({ setting });
    expect((await send(NAME, {}, stage.peerApp())).body).toMatchObject({ setting, region: 'us-west-2' });
    const [home, peer] = await Promise.all(
      [stage.home, stage.peer].map(async ({ tables }) => tables.workspaces.get(settingKey('displayName'))),
    );
    expect(home).toStrictEqual(peer);
  });

  it('that was not set is empty, and every field is listed with its meaning', async () => {
    await put('The shop');
    const { body } = await send('/v1/settings', {});
    const items = body['items'] as readonly Json[];
    expect(items.map(({ field }) => field)).toStrictEqual(settingFields().map(([name]) => name));
    expect(items.filter(({ value }) => value !== null)).toMatchObject([{ field: 'displayName', value: 'The shop' }]);
    expect(items.every(({ help }) => typeof help === 'string' && help !== '')).toBe(true);
    expect((await send('/v1/settings/runbookUrl', {})).body).toMatchObject({ setting: { value: null } });
  });

  it('is taken away by a tombstone in both Regions', async () => {
    await put('The shop');
    expect(await send(NAME, { method: 'DELETE' })).toMatchObject({ status: 200, body: { replication: 'both' } });
    expect((await send(NAME, {})).body).toMatchObject({ setting: { value: null } });
    expect(await stage.peer.tables.workspaces.get(settingKey('displayName'))).toMatchObject({ value: { del: true } });
  });

  it('that does not exist is named, with those that do', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const body = method === 'PUT' ? { value: 'x' } : undefined;
      const answer = await send('/v1/settings/colour', { method, body });
      expect(answer).toMatchObject({ status: 404, body: { what: 'there is no setting "colour"' } });
      expect(answer.body['next']).toContain('displayName');
    }
  });

  it('whose record is damaged is told of, not guessed', async () => {
    await stage.writes.write({
      table: 'workspaces',
      key: settingKey('displayName'),
      content: { kind: 'payload', payload: { value: 7 } },
    });
    expect(await send(NAME, {})).toMatchObject({ status: 503 });
    expect((await send('/v1/settings', {})).body).toMatchObject({ degraded: ['the record of displayName is damaged'] });
  });

  it.each([
    [
      'displayName',
      ['Shop', 'Käse & Söhne', 'x'.repeat(80)],
      ['', ' x', 'x ', 'a\nb', 'a\u202Eb', 'x'.repeat(81), 7, null],
    ],
    ['incidentChannel', ['#incidents'], ['', 'x'.repeat(121), ['#a']]],
    [
      'runbookUrl',
      ['https://wiki.example/runbook?x=1#top'],
      [
        'http://wiki.example',
        'javascript:alert(1)',
        'wiki',
        'https://me:secret@wiki.example',
        `https://x/${'a'.repeat(500)}`,
      ],
    ],
    ['statusPageUrl', ['https://status.example'], ['//status.example', {}]],
    ['supportContact', ['team-shop@example.com', '+41 44 000 00 00'], ['', true, '\uD800']],
  ])('%s takes what it is for, and nothing else', async (field, good, bad) => {
    for (const value of good) {
      expect((await send(`/v1/settings/${field}`, { method: 'PUT', body: { value } })).status).toBe(200);
    }
    for (const value of bad) {
      const answer = await send(`/v1/settings/${field}`, { method: 'PUT', body: { value } });
      expect(answer, JSON.stringify(value)).toMatchObject({
        status: 400,
        body: { what: `the value of "${field}" can't be taken` },
      });
    }
  });

  it('leaves an audit event for each change, without its value', async () => {
    await put('A secret plan');
    stage.clockMs += 1;
    await send(NAME, { method: 'DELETE' });
    const events = await audited();
    expect(events).toMatchObject([
      { action: 'settings.removed', actor: callerId, target: 'setting:displayName', outcome: 'done' },
      { action: 'settings.changed', actor: callerId, target: 'setting:displayName', outcome: 'done' },
    ]);
    expect(JSON.stringify([events, stage.telemetry.logs])).not.toContain('A secret plan');
  });

  it('that changed although its audit event was lost says so', async () => {
    const broken = stage.app({
      audit: {
        record: async () => {
          throw new TypeError('secret detail');
        },
      },
    });
    expect(await put('x', {}, broken)).toMatchObject({ status: 200, body: { audit: 'missing' } });
    expect(stage.telemetry.counts).toContain('AuditMissing us-east-2/settings.changed 1');
    expect(stage.telemetry.logs.join('\n')).toContain('audit.missing');
    expect(stage.telemetry.logs.join('\n')).not.toContain('secret detail');
  });
});

describe('an idempotency-key', () => {
  const key = { 'idempotency-key': 'change-1' };

  it('makes a repeated request one write, also at the other Region, whatever came in between', async () => {
    const first = await put('one', key);
    stage.clockMs += 1000;
    await put('two', { 'idempotency-key': 'change-2' });
    stage.clockMs += 1000;
    expect(await put('one', key)).toMatchObject({
      status: 200,
      body: { repeated: true, version: first.body['version'], replication: 'both' },
    });
    expect(await put('one', key, stage.peerApp())).toMatchObject({
      status: 200,
      body: { repeated: true, version: first.body['version'] },
    });
    expect((await send(NAME, {})).body).toMatchObject({ setting: { value: 'two' } });
  });

  it('that was used for something else changes nothing', async () => {
    await put('one', key);
    expect(await put('two', key)).toMatchObject({
      status: 422,
      body: { what: 'this idempotency-key belongs to another write' },
    });
    expect(await putChannel('one', key)).toMatchObject({ status: 422 });
    expect((await send(NAME, {})).body).toMatchObject({ setting: { value: 'one' } });
  });

  it('of one caller is not that of another', async () => {
    await putChannel('#one', key);
    token = await stage.token(['editor']);
    expect(await putChannel('#two', key)).toMatchObject({ status: 200, body: { repeated: false } });
  });

  it.each(['a|b', 'a b', 'a, b', 'ä', ''])('"%s" is refused', async (text) => {
    expect(readIdempotencyKey(text)).toMatchObject({ kind: 'refused', answer: { status: 400 } });
    expect(await stage.home.tables.workspaces.get(settingKey('displayName'))).toMatchObject({ value: undefined });
  });

  it('has up to 128 characters', async () => {
    expect((await put('one', { 'idempotency-key': 'k'.repeat(128) })).status).toBe(200);
    expect(await put('two', { 'idempotency-key': 'k'.repeat(129) })).toMatchObject({
      status: 400,
      body: { type: 'urn:twinmap:problem:bad-idempotency-key' },
    });
  });
});

describe('while a Region is down', () => {
  it('the peer owes nothing: home holds the write, and owes it', async () => {
    stage.faults.add('peer');
    expect(await put('x')).toMatchObject({ status: 200, body: { replication: 'owed' } });
    expect(await stage.home.tables.workspaces.get(settingKey('displayName'))).toMatchObject({
      value: { owed: 'us-west-2' },
    });
  });

  it("home's callers go on writing at the peer, which owes it to home", async () => {
    await send(NAME, {});
    stage.faults.add('home');
    expect(await put('x')).toMatchObject({ status: 200, body: { replication: 'owed' } });
    expect(await stage.peer.tables.workspaces.get(settingKey('displayName'))).toMatchObject({
      value: { owed: 'us-east-2' },
    });
  });

  it('and so is the other one, nothing is claimed', async () => {
    await send(NAME, {});
    stage.faults.add('home').add('peer');
    for (const answer of [await put('x'), await putChannel('x'), await send(NAME, { method: 'DELETE' })]) {
      expect(answer).toMatchObject({ status: 503, body: { what: 'no Region confirmed this write' } });
      expect(answer.body['why']).toMatch(/us-east-2: .*us-west-2: .*may have arrived/u);
      expect(answer.body).not.toHaveProperty('replication');
    }
    stage.faults.clear();
    expect(await audited()).toStrictEqual([]);
  });
});

describe('the body of a request', () => {
  const raw = async (body: string, headers: Readonly<Record<string, string>> = {}): ReturnType<typeof send> =>
    send(NAME, { method: 'PUT', body, headers });

  it.each([
    ['nothing', '', 400],
    ['no JSON', '{"value": "secret-text', 400],
    ['a list', '["secret-text"]', 400],
    ['a text', '"secret-text"', 400],
    ['null', 'null', 400],
    ['an unknown field', '{"value":"x","colour":"secret-text"}', 400],
    ['no field', '{}', 400],
    ['more than it may have', JSON.stringify({ value: 'x', pad: 'p'.repeat(LIMITS.requestBodyBytesMax) }), 413],
  ])('with %s is refused, and not repeated', async (_what, body, status) => {
    const answer = await raw(body);
    expect(answer.status).toBe(status);
    expect(answer.body).toHaveProperty('next');
    expect(answer.text).not.toContain('secret-text');
  });

  it('may be as large as the limit', async () => {
    const body = JSON.stringify({ value: 'x' });
    expect((await raw(body + ' '.repeat(LIMITS.requestBodyBytesMax - body.length))).status).toBe(200);
    expect((await raw(body + ' '.repeat(LIMITS.requestBodyBytesMax - body.length + 1))).status).toBe(413);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', ''])('sent as "%s" is refused', async (type) => {
    expect(await raw('{"value":"x"}', { 'content-type': type })).toMatchObject({ status: 415 });
  });

  it('is not read of somebody who may not write', async () => {
    token = await stage.token(['reader']);
    expect((await raw('not json')).status).toBe(403);
  });
});
