/** The pages of the Regions, of reports and of the banner: what is wrong is said in words, with since when and what still works. */
import { beforeAll, describe, expect, it } from 'vitest';

import { noticesOf } from '../../../functions/console/banner.ts';
import type { Read } from '../../../functions/console/console-api.ts';
import { chartsOf, writeOutcomes } from '../../../functions/console/regions/charts.ts';
import type { RegionStatus } from '../../../functions/console/status.ts';
import type { GateReading } from '../../../functions/query/home-view.ts';
import type { ApiDependencies } from '../../../functions/query/route.ts';
import { ConsoleStage, pageOf, type Planted } from './console-stage.ts';

const NOW = 1_760_000_000_000;
const MINUTE = 60_000;

const stage = new ConsoleStage();
const app = stage.app();
let operator = '';

const gate = {
  active: true,
  epoch: 7,
  peerWrites: 'required',
  changedBy: 'ann',
  reason: 'first',
  changedAt: '2025-10-09T08:00:00Z',
};
const source = {
  id: 'docs',
  name: 'Docs',
  snapshot: 'abc',
  finishedAt: NOW,
  by: 'us-east-2',
  epoch: 7,
  deferred: false,
  f: null,
};
const home = {
  region: 'us-east-2',
  state: 'read',
  gate,
  sources: [{ ...source, v: '2' }],
  proof: { root: 'a'.repeat(64), at: NOW, deep: true },
};
const peer = {
  ...home,
  region: 'us-west-2',
  gate: { ...gate, active: false },
  sources: [{ ...source, v: '1', snapshot: 'older' }],
};
const verdict = {
  verdict: 'drift',
  roots: { 'us-east-2': 'a'.repeat(64), 'us-west-2': 'b'.repeat(64) },
  counts: { owed: 0, unacknowledged: 0, drift: 3 },
  by: 'us-west-2',
  at: NOW - MINUTE,
  deep: false,
};
const report = {
  kind: 'failover',
  id: '01J00000000000000000000001',
  at: NOW,
  by: 'ann',
  state: 'running',
  summary: 'Move <it>',
};

const series = (metric: string, dimensions: Readonly<Record<string, string>>, value: number): object => ({
  metric,
  dimensions,
  points: [[NOW - MINUTE, 1, value, value]],
});

const planted = (more: Planted = {}): Planted => ({
  '/v1/regions': {
    fields: {
      regions: [home, peer],
      verdict,
      degraded: [],
    },
  },
  '/v1/metrics': {
    fields: {
      from: NOW - 60 * MINUTE,
      to: NOW,
      items: [
        series('DualWrite', { Store: 'records', Region: 'us-west-2', Outcome: 'throttled' }, 4),
        series('OwedRecords', {}, 12),
      ],
    },
  },
  '/v1/reports': { fields: { items: [report], isAll: true } },
  ...more,
});

beforeAll(async () => {
  operator = await stage.cookie(['org-admin']);
  stage.planted = planted();
});

describe('the page of the Regions', () => {
  it('shows both roots, what differs, cursors that are apart, and a move that goes on', async () => {
    const { response, text } = await pageOf(app, '/console/regions', operator);
    expect(response.status).toBe(200);
    for (const part of [
      'aaaaaaaaaaaaaaaa…',
      'bbbbbbbbbbbbbbbb…',
      '3 records drift',
      'answered this page',
      '<b>no</b>',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain('A failover by ann is under way since 2025-10-09');
    expect(text).toContain('Move &lt;it&gt;');
    expect(text).toContain('us-east-2 active, epoch 7');
  });

  it('draws what was measured, names what was not, and counts outcomes by store and Region', async () => {
    const { text } = await pageOf(app, '/console/regions', operator);
    expect(text).toContain('aria-label="Owed records: records 12; highest 12."');
    expect(text).toContain('nothing was measured');
    expect(text).toMatch(
      /<th scope="row">records<\/th>\s*<td data-label="Region">us-west-2<\/td>\s*<td data-label="Outcome">throttled<\/td>/u,
    );
  });

  it.each([
    [false, 'No Region is active'],
    [true, 'Both Regions have been told to work'],
  ])('says in words where both gates are %s', async (active, words) => {
    const told = { ...gate, active };
    const regions = [
      { ...home, gate: told },
      { ...peer, gate: told },
    ];
    stage.planted = planted({ '/v1/regions': { fields: { regions, verdict: null, degraded: [] } } });
    const { text } = await pageOf(app, '/console/regions', operator);
    stage.planted = planted();
    expect(text).toContain(words);
    expect((await pageOf(app, '/console/regions', operator)).text).not.toContain(words);
  });

  const chipOf = async (toldEpoch: number, more: Partial<ApiDependencies> = {}): Promise<readonly string[]> => {
    const told = { ...gate, active: false, epoch: toldEpoch };
    const regions = [{ ...home, gate: told }, peer];
    stage.planted = planted({ '/v1/regions': { fields: { regions, verdict: null, degraded: [] } } });
    const { text } = await pageOf(stage.app(more), '/console/regions', operator);
    stage.planted = planted();
    const chip = />\s*(?<chip>us-east-2 · primary[^<]*)</u.exec(text)?.groups?.['chip'] ?? '';
    const served = /Served now<\/dt>\s*<dd>(?<served>[^<]*)</u.exec(text)?.groups?.['served'] ?? '';
    return [chip, served];
  };

  it('stands below a header that says nothing older than itself, and names a document that is newer', async () => {
    expect(await chipOf(8)).toStrictEqual(['us-east-2 · primary · passive · epoch 8', '']);
    expect(await chipOf(7)).toStrictEqual(['us-east-2 · primary · active · epoch 7', '']);
    expect(await chipOf(6)).toStrictEqual([
      'us-east-2 · primary · active · epoch 7',
      'epoch 7, active: the next run here obeys it',
    ]);
    const readGate = async (): Promise<GateReading> => ({ state: 'unknown', reason: 'document-unreadable' });
    expect(await chipOf(8, { readGate })).toStrictEqual(['us-east-2 · primary · unknown · epoch ?', '']);
  });

  it('asks once for the state that it and its header show', async () => {
    const before = stage.asked.length;
    await pageOf(app, '/console/regions', operator);
    expect(stage.asked.slice(before).filter(({ path }) => path === '/v1/status')).toHaveLength(1);
  });

  it('shows the rest where the peer is gone and reports are not the visitor’s', async () => {
    const gone = { region: 'us-west-2', state: 'unreachable', why: 'Request aborted (AbortError)' };
    stage.planted = planted({
      '/v1/regions': { fields: { regions: [home, gone], verdict: null, degraded: ['us-west-2 does not answer: x'] } },
      '/v1/reports': { status: 403, fields: { what: 'this token may not do that' } },
    });
    const { response, text } = await pageOf(app, '/console/regions', operator);
    stage.planted = planted();
    expect(response.status).toBe(200);
    for (const part of [
      'It did not answer in time.',
      'have not been compared yet',
      'one Region is seen',
      'this token may not do that',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('says which field of an answer it does not understand', async () => {
    stage.planted = planted({ '/v1/regions': { fields: { regions: 'none' } } });
    const { response, text } = await pageOf(app, '/console/regions', operator);
    stage.planted = planted();
    expect(response.status).toBe(500);
    expect(text).toContain('The field &quot;regions&quot; is not what it knows');
  });
});

describe('the page of a report', () => {
  it('shows its steps, its text and the whole of it, as text', async () => {
    const steps = [{ id: 'flip', outcome: 'done', detail: '<script>', startedAt: 0, endedAt: 1500 }];
    stage.planted = planted({
      [`/v1/reports/failover/${report.id}`]: {
        fields: { ...report, report: { ...report, steps, markdown: '# <b>Report</b>' } },
      },
    });
    const { text } = await pageOf(app, `/console/report?kind=failover&id=${report.id}`, operator);
    stage.planted = planted();
    expect(text).toContain('1.5 s');
    expect(text).toContain('# &lt;b&gt;Report&lt;/b&gt;');
    expect(text).not.toMatch(/<script>|<b>Report/u);
  });
});

const status = (more: Partial<RegionStatus>): Read<RegionStatus> => ({
  kind: 'read',
  value: {
    region: 'us-east-2',
    role: 'primary',
    gate: { state: 'active', epoch: 7, peerWrites: 'required', reason: 'document-active' },
    peerRegion: 'us-west-2',
    replication: { state: 'in-sync' },
    degraded: [],
    ...more,
  },
});

describe('the banner', () => {
  it('is silent where nothing is wrong', () => {
    expect(noticesOf(status({}), [], NOW)).toStrictEqual([]);
    expect(noticesOf(status({ replication: null, peerRegion: null }), [], NOW)).toStrictEqual([]);
  });

  it('says of a peer that is down since when, what is owed, and what goes on all the same, once', () => {
    const down = status({
      replication: { state: 'down', since: NOW - 120_000, owed: { count: 3, oldestAgeMs: 90_000 } },
    });
    const [notice, ...more] = noticesOf(down, ['us-west-2 does not answer: ECONNREFUSED'], NOW);
    expect(more).toStrictEqual([]);
    expect(notice).toMatchObject({ level: 'bad', what: 'us-west-2 does not answer.' });
    expect(notice?.since).toContain('2 min ago');
    expect(notice?.fails).toContain('3 records owed, the oldest for 1 min.');
    expect(notice?.works).toContain('Reading');
  });

  it('tells an unreadable gate, a declared outage and missing parts apart', () => {
    const gateTrouble = {
      state: 'unknown',
      epoch: null,
      peerWrites: 'deferred',
      reason: 'document-unreadable',
    } as const;
    const notices = noticesOf(
      status({ gate: gateTrouble, degraded: ['document-unreadable', 'records: slow'] }),
      ['us-east-2 is late'],
      NOW,
    );
    expect(notices.map(({ what }) => what)).toStrictEqual([
      "The gate of us-east-2 can't be read: document-unreadable.",
      'A person has declared us-west-2 out.',
      'Records: slow.',
      'us-east-2 is late.',
    ]);
  });

  it('says that it does not know where the status can’t be read', () => {
    const trouble = { status: 503, what: 'it is late', why: 'Nobody answered.', next: '' };
    expect(noticesOf({ kind: 'refused', trouble }, [], NOW)).toMatchObject([
      { level: 'bad', fails: 'Nobody answered.' },
    ]);
  });
});

describe('charts', () => {
  it('add up what is counted, take the highest of what is seen, and show three lines at most', () => {
    const point = (value: number): [number, number, number, number] => [NOW, 1, value, value];
    const metrics = {
      from: NOW - MINUTE,
      to: NOW,
      items: [
        ...['a', 'b', 'c', 'd'].map((Outcome, at) => ({
          metric: 'ApiRequest',
          dimensions: { Outcome },
          points: [point(at)],
        })),
        { metric: 'DualWrite', dimensions: { Store: 's', Region: 'r', Outcome: 'o' }, points: [point(2), point(5)] },
        { metric: 'OwedRecords', dimensions: {}, points: [point(3), point(9)] },
      ],
    };
    const charts = new Map(chartsOf(metrics).map((chart) => [chart.title, chart.lines]));
    expect(charts.get('Requests to the API')?.map(({ name }) => name)).toStrictEqual(['d', 'c', 'b']);
    expect(charts.get('Writes, by Region')?.[0]?.points).toStrictEqual([[NOW, 7]]);
    expect(charts.get('Owed records')?.[0]?.points).toStrictEqual([[NOW, 9]]);
    expect(writeOutcomes(metrics)).toStrictEqual([{ store: 's', region: 'r', outcome: 'o', writes: 7 }]);
  });
});
