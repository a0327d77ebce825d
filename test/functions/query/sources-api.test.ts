/** Sources over the API: added, changed, shown with how they fare, checked, synced and removed, by those who may, in both Regions. */
import type { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';

import { DONE } from '../../../functions/domain/failure.ts';
import { definitionKey, gitDefinition, parseDefinitionPayload } from '../../../functions/domain/source-definition.ts';
import { checkKey, statusKey } from '../../../functions/domain/source-status.ts';
import { sourceKinds } from '../../../functions/handlers/source-kinds.ts';
import { readSourceDefinitions } from '../../../functions/stores/source-definitions.ts';
import { ApiStage, bodyOf, type Json, requestOf } from './api-stage.ts';

const WIKI = {
  kind: 'confluence',
  name: 'Wiki',
  config: {
    url: 'https://acme.atlassian.net',
    spaces: ['ENG'],
    email: 'a@example.com',
    token: 'secretsmanager:twinmap/wiki',
  },
};

let stage = new ApiStage();
let app: Hono;
let operator = '';
let reader = '';
let sent: { readonly group: string; readonly body: string }[] = [];

const ask = async (
  method: string,
  address: string,
  body?: unknown,
  token: string = operator,
): Promise<{ status: number; body: Json }> => {
  const response = await app.request(address, requestOf({ token, method, ...(body === undefined ? {} : { body }) }));
  return { status: response.status, body: await bodyOf(response) };
};

/** The sync function, as far as a check goes: what it finds is there when the message is. */
const syncQueue = {
  send: async ({ group, body }: { readonly group: string; readonly dedupe: string; readonly body: string }) => {
    sent.push({ group, body });
    const { source, check } = JSON.parse(body) as { source: string; check?: string };
    if (check !== undefined) {
      const data = JSON.stringify({
        id: check,
        at: 5,
        findings: [{ level: 'error', message: 'It refuses the token.' }],
      });
      await stage.home.tables.workspaces.putLocal({ ...checkKey(source), order: 5, data });
    }
    return DONE;
  },
};

beforeEach(async () => {
  stage = new ApiStage();
  sent = [];
  operator = await stage.token(['operator']);
  reader = await stage.token(['reader']);
  app = stage.app({ sourceKinds: sourceKinds(false), syncQueue, scheduleMs: 3_600_000 });
});

describe('a definition', () => {
  it('is stored in both Regions, and the audit log has who did it and none of its configuration', async () => {
    const added = await ask('PUT', '/v1/sources/wiki', WIKI);
    expect(added).toMatchObject({ status: 201, body: { source: { id: 'wiki' }, replication: 'both', audit: 'both' } });
    for (const { tables } of [stage.home, stage.peer]) {
      const record = await tables.workspaces.get(definitionKey('wiki'));
      const payload = record.kind === 'done' ? parseDefinitionPayload(record.value?.data ?? '') : undefined;
      expect(payload).toMatchObject({ ...WIKI, id: 'wiki', enabled: true });
    }
    expect((await ask('PUT', '/v1/sources/wiki', { ...WIKI, enabled: false })).status).toBe(200);
    const events = JSON.stringify((await ask('GET', '/v1/audit')).body['items']);
    expect(events).toContain('source.changed');
    expect(events).not.toContain('atlassian');
  });

  it.each([
    ['an unknown kind', 'wiki', { kind: 'gopher', config: {} }, /"config".*|no kind of source/u],
    ['a field that its kind does not have', 'wiki', { ...WIKI, config: { ...WIKI.config, spaecs: [] } }, /spaecs/u],
    [
      'a secret in place of its reference',
      'wiki',
      { ...WIKI, config: { ...WIKI.config, token: 'hunter2' } },
      /"token"/u,
    ],
    ['a secret of a local run', 'wiki', { ...WIKI, config: { ...WIKI.config, token: 'env:TOKEN' } }, /local run/u],
    ['a folder of this machine', 'wiki', { kind: 'files', config: { path: '/srv' } }, /local run/u],
    ['a name of two lines', 'wiki', { ...WIKI, name: 'a\nb' }, /"name"|one line/u],
    ['a field that nobody knows', 'wiki', { ...WIKI, enbaled: true }, /enbaled/u],
    ['an id with capitals', 'Wiki', WIKI, /an id of/u],
  ])('is refused with %s, by its field and without the value', async (_what, id, body, why) => {
    const answer = await ask('PUT', `/v1/sources/${id}`, body);
    expect(answer.status).toBe(400);
    expect(`${String(answer.body['what'])} ${String(answer.body['why'])}`).toMatch(why);
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
    expect(await stage.home.tables.workspaces.get(definitionKey(id))).toMatchObject({ value: undefined });
  });

  it('that is sent twice under one idempotency-key is one write', async () => {
    const put = async (): Promise<Json> => {
      const request = requestOf({
        token: operator,
        method: 'PUT',
        body: WIKI,
        headers: { 'idempotency-key': 'key-of-this-change-1' },
      });
      return bodyOf(await app.request('/v1/sources/wiki', request));
    };
    const [first, second] = [await put(), await put()];
    expect([first['repeated'], second['repeated'], second['version']]).toEqual([false, true, first['version']]);
  });
});

describe('the list', () => {
  it('shows what was never committed, what fails and what to do, and no configuration to a reader', async () => {
    await ask('PUT', '/v1/sources/wiki', WIKI);
    const failure = {
      outcome: 'source-failed',
      trouble: 'refused',
      message: '401',
      next: 'Renew it.',
      since: 1,
      attempts: 3,
    };
    const data = JSON.stringify({ state: 'failing', at: 2, failure });
    await stage.home.tables.workspaces.putLocal({ ...statusKey('wiki'), order: 2, data });
    const { body } = await ask('GET', '/v1/sources', undefined, reader);
    expect(body['items']).toMatchObject([
      { id: 'wiki', state: 'refused', snapshot: null, lastFailure: { message: '401', next: 'Renew it.', attempts: 3 } },
    ]);
    expect(JSON.stringify(body)).not.toContain('secretsmanager');
    expect((await ask('GET', '/v1/sources/wiki', undefined, reader)).body['source']).not.toHaveProperty('config');
    expect((await ask('GET', '/v1/sources/wiki')).body['source']).toMatchObject({ config: WIKI.config });
  });

  it('tells of the next run from the last one and the schedule', async () => {
    await stage.corpus.commitSource('shop');
    const { body } = await ask('GET', '/v1/sources/shop');
    const { nextRunAt, cycle } = body['source'] as { nextRunAt: number; cycle: { finishedAt: number } };
    expect((nextRunAt - cycle.finishedAt) % 3_600_000).toBe(0);
    expect(nextRunAt).toBeGreaterThan(stage.clockMs);
  });

  it('says which records are damaged, and hides their stack entries', async () => {
    stage.ownSources = [gitDefinition({ id: 'shop', name: 'shop', url: 'https://git.example/shop' })];
    const key = definitionKey('shop');
    await stage.writes.write({ table: 'workspaces', key, content: { kind: 'payload', payload: { id: 'shop' } } });
    const read = await readSourceDefinitions(stage.home.tables.workspaces, stage.ownSources);
    expect(read).toStrictEqual({ kind: 'done', value: { sources: [], damaged: ['shop'] } });
  });
});

describe('asking', () => {
  beforeEach(async () => {
    await ask('PUT', '/v1/sources/wiki', WIKI);
  });

  it('for a check goes by the queue, past the cycles of the source, and answers with what was found', async () => {
    const { status, body } = await ask('POST', '/v1/sources/wiki/check');
    expect([status, body['check']]).toMatchObject([200, { findings: [{ level: 'error' }] }]);
    expect(sent).toMatchObject([{ group: 'check/wiki' }]);
  });

  it('for a sync goes by the queue of the source', async () => {
    expect(await ask('POST', '/v1/sources/wiki/sync')).toMatchObject({ status: 200, body: { queued: true } });
    expect(sent).toMatchObject([{ group: 'wiki', body: '{"source":"wiki"}' }]);
  });

  it('a passive Region for a sync is refused, with the Region to ask', async () => {
    app = stage.app({ syncQueue, readGate: async () => ({ state: 'passive', epoch: 7, reason: 'document-passive' }) });
    const { status, body } = await ask('POST', '/v1/sources/wiki/sync');
    expect([status, body['next']]).toEqual([409, expect.stringContaining('us-west-2') as string]);
    expect(sent).toEqual([]);
  });

  it('for a sync of what is switched off is refused', async () => {
    await ask('PUT', '/v1/sources/wiki', { ...WIKI, enabled: false });
    expect((await ask('POST', '/v1/sources/wiki/sync')).status).toBe(409);
  });
});

describe('a source that is removed', () => {
  it('is marked in both Regions, and is no source any more where nothing of it was committed', async () => {
    await ask('PUT', '/v1/sources/wiki', WIKI);
    expect(await ask('DELETE', '/v1/sources/wiki')).toMatchObject({ status: 200, body: { removing: true } });
    const read = await readSourceDefinitions(stage.peer.tables.workspaces, []);
    expect(read).toMatchObject({ value: { sources: [{ definition: { id: 'wiki' }, purge: { at: stage.clockMs } }] } });
    expect((await ask('GET', '/v1/sources/wiki')).status).toBe(404);
    expect((await ask('PUT', '/v1/sources/wiki', WIKI)).status).toBe(201);
  });

  it('is marked too where the stack alone names it', async () => {
    await stage.corpus.commitSource('shop');
    stage.ownSources = [gitDefinition({ id: 'shop', name: 'shop', url: 'https://git.example/shop' })];
    app = stage.app({ syncQueue });
    expect((await ask('DELETE', '/v1/sources/shop')).status).toBe(200);
    expect((await ask('GET', '/v1/sources/shop')).body['source']).toMatchObject({ state: 'removing', from: 'record' });
  });
});
