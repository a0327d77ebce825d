/** Both Regions side by side, their measurements, and the audit log chosen from and verified: what the console's pages ask. */
import { beforeAll, describe, expect, it } from 'vitest';

import { readNewestEvents } from '../../../functions/audit/read-events.ts';
import { verifyOwnAudit } from '../../../functions/audit/verify-own.ts';
import { failed } from '../../../functions/domain/failure.ts';
import type { SourcePayload } from '../../../functions/domain/corpus.ts';
import type { PairReading, RegionReading } from '../../../functions/query/pair-reading.ts';
import { keepMetrics, readMetrics } from '../../../functions/telemetry/kept-metrics.ts';
import { makeTombstone } from '../../../functions/stores/envelope.ts';
import { ApiStage, bodyOf, type Json, requestOf } from './api-stage.ts';
import { regionOf } from './small-corpus.ts';

const stage = new ApiStage();
const { home, peer } = stage;

const DOWN = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'it is down' } as const;

const standing = (id: string, v: string): { payload: SourcePayload; version: string; fence: undefined } => ({
  payload: {
    id,
    kind: 'git',
    name: id,
    url: '',
    snapshot: v,
    cursor: null,
    counts: { documents: 1, chunks: 1, skipped: 0 },
    lastFullAt: 0,
    index: 'x',
    cycle: { op: 'x', epoch: 7, region: 'us-east-2', finishedAt: 5, changed: 0, deleted: 0 },
  },
  version: v,
  fence: undefined,
});

const reading = (name: string, at: number): RegionReading => ({
  region: regionOf(name),
  gate: { kind: 'done', value: undefined },
  sources: { kind: 'done', value: [standing('docs', 'v1'), standing('secret', 'v1')] },
  proof: { root: 'a'.repeat(64), at, deep: false },
  verdict: {
    verdict: at > 1 ? 'drift' : 'identical',
    roots: {},
    counts: { owed: 0, unacknowledged: 0, drift: at },
    by: name,
    at,
    deep: false,
  },
});

let reader = '';
let operator = '';

const ask = async (path: string, token: string, pair?: PairReading): Promise<{ status: number; body: Json }> => {
  const app = stage.app({
    ...(pair === undefined ? {} : { readPair: async () => pair }),
    readMetrics: async (from, to) => readMetrics(home.tables.workspaces, from, to),
    readAudit: async (eventsMax, from) => readNewestEvents(home.tables.audit, stage.clockMs, eventsMax, from),
    verifyAudit: async () =>
      verifyOwnAudit(
        { region: home.region, records: home.tables.audit },
        [home.region, peer.region],
        () => stage.clockMs,
      ),
  });
  const response = await app.request(path, requestOf({ token }));
  return { status: response.status, body: await bodyOf(response) };
};

beforeAll(async () => {
  reader = await stage.token(['reader'], ['docs']);
  operator = await stage.token(['org-admin']);
});

describe('GET /v1/regions', () => {
  it('shows both, the newer verdict, and only sources that the caller may read', async () => {
    const pair: PairReading = { home: reading('us-east-2', 1), peer: { kind: 'read', ...reading('us-west-2', 2) } };
    const { status, body } = await ask('/v1/regions', reader, pair);
    expect(status).toBe(200);
    expect(body['verdict']).toMatchObject({ verdict: 'drift', by: 'us-west-2' });
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(body['regions']).toMatchObject([
      { region: 'us-east-2', state: 'read', sources: [{ id: 'docs' }] },
      { region: 'us-west-2', state: 'read', sources: [{ id: 'docs' }] },
    ]);
  });

  it('says of a peer that does not answer that it does not', async () => {
    const pair: PairReading = {
      home: reading('us-east-2', 1),
      peer: { kind: 'failed', region: regionOf('us-west-2'), failure: DOWN },
    };
    const { body } = await ask('/v1/regions', reader, pair);
    expect(body['regions']).toMatchObject([{ state: 'read' }, { region: 'us-west-2', state: 'unreachable' }]);
    expect(body['degraded']).toStrictEqual(['us-west-2 does not answer: it is down (ECONNREFUSED)']);
  });

  it('shows one Region where there is one, and what of it can’t be read', async () => {
    const { body } = await ask('/v1/regions', reader, { home: { ...reading('us-east-2', 1), sources: failed(DOWN) } });
    expect(body['regions']).toMatchObject([{ region: 'us-east-2', sources: null }]);
    expect(body['degraded']).toHaveLength(1);
  });
});

describe('GET /v1/metrics', () => {
  it('answers with the minutes that are asked for', async () => {
    const minute = Math.floor(stage.clockMs / 60_000) * 60_000;
    const points = [[minute - 90 * 60_000, 1, 1, 1] as const, [minute, 1, 7, 7] as const];
    await keepMetrics(home.tables.workspaces, 'api', [{ metric: 'OwedRecords', dimensions: {}, points }]);
    const hour = await ask('/v1/metrics', reader);
    expect(hour.body['items']).toMatchObject([{ metric: 'OwedRecords', points: [[minute, 1, 7, 7]] }]);
    const more = await ask('/v1/metrics?minutes=180', reader);
    expect(more.body['items']).toMatchObject([{ points: [{ length: 4 }, { length: 4 }] }]);
    expect((await ask('/v1/metrics?minutes=9999', reader)).status).toBe(400);
  });
});

describe('GET /v1/audit', () => {
  beforeAll(async () => {
    const app = stage.app();
    for (const value of ['one', 'two']) {
      stage.clockMs += 60_000;
      await app.request('/v1/settings/displayName', requestOf({ method: 'PUT', token: operator, body: { value } }));
    }
    await app.request('/v1/settings/displayName', requestOf({ method: 'DELETE', token: operator }));
  });

  it('is chosen from by the beginning of a text, and by time', async () => {
    const all = await ask('/v1/audit', operator);
    const events = all.body['items'] as readonly { at: number; action: string }[];
    expect(events.length).toBeGreaterThan(0);
    const [action = ''] = events.map((event) => event.action);
    const chosen = await ask(`/v1/audit?action=${action.slice(0, 5)}&outcome=done`, operator);
    expect((chosen.body['items'] as unknown[]).length).toBe(
      events.filter((event) => event.action.startsWith(action.slice(0, 5))).length,
    );
    expect((await ask('/v1/audit?action=nothing', operator)).body['items']).toStrictEqual([]);
    const oldest = events.at(-1)?.at ?? 0;
    const until = new Date(oldest - 1).toISOString();
    expect((await ask(`/v1/audit?until=${until}`, operator)).body['items']).toStrictEqual([]);
    expect((await ask('/v1/audit?until=tomorrow', operator)).status).toBe(400);
  });

  it('goes on before an event, and says where it ends', async () => {
    const all = await ask('/v1/audit', operator);
    const keys = (all.body['items'] as readonly { key: string }[]).map(({ key }) => key);
    expect(all.body).toMatchObject({ isAll: true, next: null, truncated: false });
    const [, second = ''] = keys;
    const older = await ask(`/v1/audit?before=${encodeURIComponent(second)}`, operator);
    expect((older.body['items'] as readonly { key: string }[]).map(({ key }) => key)).toStrictEqual(keys.slice(2));
    expect((await ask('/v1/audit?before=yesterday', operator)).status).toBe(400);
    expect((await ask(`/v1/audit?before=${second}&before=${second}`, operator)).status).toBe(400);
  });

  it('is verified as far as this Region holds it, and names what was changed', async () => {
    expect((await ask('/v1/audit/verify', operator)).body).toMatchObject({ whole: true, findings: [] });
    const day = await home.tables.audit.query(`events#${new Date(stage.clockMs).toISOString().slice(0, 10)}`);
    const [event] = day.kind === 'done' ? day.value.items : [];
    expect(event).toBeDefined();
    if (event !== undefined) {
      await home.tables.audit.put(makeTombstone(event, { v: 'u|9999999999999999999|us-east-2|x', op: 'x' }));
    }
    const { body } = await ask('/v1/audit/verify', operator);
    expect(body).toMatchObject({ whole: false, findings: [{ kind: 'altered' }, { kind: 'unreadable' }] });
  }, 20_000);

  it('is nothing for a reader', async () => {
    expect((await ask('/v1/audit/verify', reader)).status).toBe(403);
  });
});
