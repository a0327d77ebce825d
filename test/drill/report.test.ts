/** What is made of a drill: the bars, the tables, the picture and the page, the comparison with the drill before, the files. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { XMLParser } from 'fast-xml-parser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { judge } from '../../scripts/drill/judge.ts';
import { bucketsOf, figuresOf } from '../../scripts/drill/measure.ts';
import type { Ran } from '../../scripts/drill/operator.ts';
import { drillReportSchema } from '../../scripts/drill/report/drill-report.ts';
import { LAST_FILE, readPrevious, writeLast, writeReport } from '../../scripts/drill/report/files.ts';
import { drillMarkdown } from '../../scripts/drill/report/markdown.ts';
import { drillPage } from '../../scripts/drill/report/page.ts';
import { timelineSvg } from '../../scripts/drill/report/svg.ts';
import { compareTable } from '../../scripts/drill/report/tables.ts';
import { SCENARIOS } from '../../scripts/drill/scenarios/index.ts';
import { sampleReport } from './report-sample.ts';

const ran = (exitCode: number | null): Ran => ({
  words: ['failover'],
  startedAt: 0,
  tookMs: 1,
  exitCode,
  envelope: undefined,
  said: '',
  asked: {
    primary: { calls: 0, lookups: 0, waitedMs: 0 },
    secondary: { calls: 0, lookups: 0, waitedMs: 0 },
  },
});
const GOOD = { move: ran(0), failback: ran(0) };
const [MAIN] = SCENARIOS;

const missedOf = (changes: Parameters<typeof sampleReport>[0], runs = GOOD): readonly string[] =>
  MAIN === undefined
    ? []
    : judge(MAIN, sampleReport(changes), runs)
        .filter(({ ok }) => !ok)
        .map(({ name }) => name);

const router = (sent: number, succeeded: number): Parameters<typeof sampleReport>[0] => {
  const sample = sampleReport();
  const reads = { ...sample.client.router.reads, sent, succeeded, share: succeeded / sent };
  return { client: { ...sample.client, router: { ...sample.client.router, reads } } };
};

describe('bars', () => {
  it('a drill that meets them all misses none', () => {
    expect(missedOf({})).toStrictEqual([]);
  });

  it.each([
    ['a lost write', { rpo: { acknowledged: 9, oneSided: 0, oldestMs: 0, lost: 1, duplicates: 0 } }],
    ['a doubled write', { rpo: { acknowledged: 9, oneSided: 0, oldestMs: 0, lost: 0, duplicates: 1 } }],
    ['a doubled cycle', { cycles: { slots: 5, taken: 5, doubled: 1 } }],
    ['an eleventh call to the dead Region', { deadRegion: { calls: 11, lookups: 0, waitedMs: 0 } }],
    ['an eleventh look-up', { deadRegion: { calls: 0, lookups: 11, waitedMs: 0 } }],
    ['more than five seconds of waiting for it', { deadRegion: { calls: 1, lookups: 0, waitedMs: 5001 } }],
    ['a side effect of the returned Region', { returned: { sideEffects: ['wrote'], alarms: ['cycle fenced'] } }],
    ['a returned Region that nobody hears of', { returned: { sideEffects: [], alarms: [] } }],
    ['a difference in the end', { drift: { before: 'none', after: '1 keys differ' } }],
    ['a debt that stays', { debts: { opened: [], left: ['a debt'] } }],
    ['a missing permission', { problems: ['primary: access-denied'] }],
    ['nine thousand reads', router(9999, 9999)],
    ['one read in nine hundred that fails', router(10_000, 9989)],
  ])('%s is one', (_what, changes) => {
    expect(missedOf(changes)).toHaveLength(1);
  });

  it('half a minute and an exit code that is not 0 are missed bars', () => {
    const { clocks } = sampleReport();
    expect(missedOf({ clocks: { ...clocks, executeMs: 30_000 } })).toStrictEqual(['from command to verified survivor']);
    expect(missedOf({}, { move: ran(1), failback: ran(null) })).toHaveLength(2);
  });
});

describe('figures', () => {
  it('only answers count for latency, and every second is a column', () => {
    const sample = { path: 'router', kind: 'read', region: 'us-east-2' } as const;
    const samples = [
      { ...sample, at: 1000, tookMs: 10, status: 200 },
      { ...sample, at: 1500, tookMs: 30, status: 200 },
      { ...sample, at: 2100, tookMs: 5000, status: 0 },
    ];
    expect(figuresOf(samples)).toMatchObject({ sent: 3, succeeded: 2, slowestMs: 30, byRegion: { 'us-east-2': 2 } });
    expect(bucketsOf(samples, 1000).map(({ atMs, sent, failed }) => [atMs, sent, failed])).toStrictEqual([
      [0, 2, 0],
      [1000, 1, 1],
    ]);
    expect(figuresOf([])).toMatchObject({ sent: 0, share: 1, p99Ms: 0 });
  });
});

describe('the report', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'twinmap-drill-report-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('the picture is a sound SVG with a lane for each way, and nothing of it is text by accident', () => {
    const svg = timelineSvg(sampleReport());
    const { svg: root } = new XMLParser({ ignoreAttributes: false }).parse(svg) as {
      svg: { title: { '#text': string }; rect: unknown[] };
    };
    expect(root.title['#text']).toContain('Timeline of the drill');
    for (const words of ['what is wrong', 'the operator', 'the schedule', 'router', 'us-east-2', 'us-west-2']) {
      expect(svg).toContain(`>${words}<`);
    }
    expect(svg).not.toContain('NaN');
  });

  it('the page and the Markdown say the same, and escape what they show', () => {
    const report = sampleReport({ bars: [{ name: 'a bar', bound: '0', measured: '1', ok: false }] });
    const page = drillPage(report, undefined);
    expect(page).toContain('1 of 1 bars are missed');
    expect(page).toContain('Names &lt;have&gt; no address &amp; nobody knows.');
    const markdown = drillMarkdown(report, undefined);
    expect(markdown).toContain('| a bar | 0 | 1 | MISSED |');
    expect(markdown).toContain('| detect | 3.1 s | simulated |');
    expect(markdown).toContain('| of these not in the survivor when the work moved (RPO) | 2, the oldest 1.5 s |');
  });

  it('is compared with the drill before it, of the same scenario', async () => {
    const before = sampleReport({
      at: '2026-11-15T09:00:00.000Z',
      clocks: { ...sampleReport().clocks, executeMs: 9000 },
    });
    await writeReport(directory, before, undefined);
    writeFileSync(path.join(directory, 'regional-dns-broken.json'), '{');
    const previous = await readPrevious(directory, 'regional-dns');
    expect(previous?.at).toBe(before.at);
    expect(await readPrevious(directory, 'black-hole')).toBeUndefined();
    expect(await readPrevious(path.join(directory, 'none'), 'regional-dns')).toBeUndefined();
    expect(compareTable(sampleReport(), previous)?.rows).toContainEqual(['execute', '9 s', '4.2 s', '-4.8']);
  });

  it('lies on the disk as JSON that is read again, as Markdown, as a picture and as a page; the last figures beside it', async () => {
    const report = sampleReport({ bars: [{ name: 'a bar', bound: '0', measured: '0', ok: true }] });
    const { json, page } = await writeReport(directory, report, undefined);
    await writeLast(directory, report);
    expect(drillReportSchema.parse(JSON.parse(readFileSync(json, 'utf8')))).toStrictEqual(report);
    expect(
      existsSync(page) && existsSync(page.replace('.html', '.svg')) && existsSync(page.replace('.html', '.md')),
    ).toBe(true);
    expect(JSON.parse(readFileSync(path.join(directory, LAST_FILE), 'utf8'))).toMatchObject({
      scenario: 'regional-dns',
      bars: { met: 1, of: 1 },
      reads: { sent: 10_000 },
    });
  });
});

describe('scenarios', () => {
  it('all that the issue names are there, each under one name', () => {
    const names = SCENARIOS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toStrictEqual([
      'regional-dns',
      'black-hole',
      'error-storm',
      'throttling',
      'appconfig-down',
      'slow-region',
      'flapping',
      'partition',
      'death-midway',
      'both-sick',
      'old-code-returns',
    ]);
  });
});
