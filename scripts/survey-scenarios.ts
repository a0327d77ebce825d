/**
 * `npm run survey:scenarios`: the survey through a DNS failure of its preferred Region, with and without a fallback, warm and cold,
 * in one table. `--quick` is the same in a minute; `--json` tells the figures. Exits with 1 where a bar is missed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { type Bar, isMet, showBar } from './bench/router/bars.ts';
import { type Played, Scenarios } from './survey/scenarios.ts';
import { SurveyStage } from './survey/survey-stage.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});

const LOAD = { voters: 100, clicksPerSecond: 20 };
const S = values.quick ? 250 : 1000;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const TITLES: Readonly<Record<string, string>> = {
  normal: 'both Regions well',
  single: 'DNS failure, one Region known',
  cold: 'DNS failure, cold failover',
  fallback: 'DNS failure, fallback in the page',
};

const play = async (stage: SurveyStage): Promise<readonly Played[]> => {
  const scenarios = new Scenarios(stage, await stage.key('voter'), LOAD);
  const played: Played[] = [];
  const add = (one: Played): void => {
    played.push(one);
    say(
      `${TITLES[one.scenario] ?? ''}: ${one.held} of ${one.clicks} clicks held${one.note === undefined ? '' : `; ${one.note}`}`,
    );
  };
  // First, while the other Region has no functions yet.
  add(await scenarios.cold({ beforeMs: 10 * S, afterMs: 10 * S }, { personMs: 10 * S, ttlMs: 10 * S }));
  add(await scenarios.normal(20 * S));
  add(await scenarios.withoutFallback({ beforeMs: 10 * S, failingMs: 30 * S, afterMs: 10 * S }));
  add(await scenarios.withFallback({ beforeMs: 30 * S, failingMs: 60 * S, afterMs: 61 * S }));
  return played;
};

const added = (ms: number, normalMs: number): string =>
  Number.isNaN(ms) ? '–' : `${ms - normalMs < 0 ? '' : '+'}${(ms - normalMs).toFixed(0)} ms`;

const rowOf = (one: Played, normal: Played): readonly string[] => [
  TITLES[one.scenario] ?? one.scenario,
  `${one.held} of ${one.clicks}`,
  `${((100 * one.heldFailing) / Math.max(1, one.clicksFailing)).toFixed(1)} %`,
  one === normal ? `${one.p50Ms.toFixed(0)} ms` : added(one.p50Ms, normal.p50Ms),
  one === normal ? `${one.p99Ms.toFixed(0)} ms` : added(one.p99Ms, normal.p99Ms),
  `${(one.outageMs / 1000).toFixed(1)} s`,
  String(one.lost + one.undone),
  String(one.doubled),
];

const HEAD = [
  'scenario',
  'clicks held',
  'within 5 s while failing',
  'median',
  'p99',
  'nobody answers for',
  'acknowledged, lost',
  'twice',
];

const showTable = (rows: readonly (readonly string[])[]): void => {
  const widths = HEAD.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  for (const row of rows) {
    say(`| ${row.map((text, at) => text.padEnd(widths[at] ?? 0)).join(' | ')} |`);
  }
};

const barsOf = (fallback: Played, normal: Played, single: Played): readonly Bar[] => [
  ...(values.quick ? [] : [{ what: 'clicks with the fallback', measured: fallback.clicks, atLeast: 3000 }]),
  { what: 'failed clicks with the fallback', measured: fallback.clicks - fallback.held, atMost: 0 },
  { what: 'failed clicks while all is well', measured: normal.clicks - normal.held, atMost: 0 },
  { what: 'acknowledged votes lost', measured: fallback.lost + fallback.undone, atMost: 0 },
  { what: 'votes counted twice', measured: fallback.doubled, atMost: 0 },
  { what: 'the usual click while DNS fails, ms', measured: fallback.p50Ms, atMost: 2000 },
  {
    what: 'the Regions are equal after the recovery, s',
    measured: (fallback.equalAfterMs ?? Infinity) / 1000,
    atMost: 15,
  },
  { what: 'the Regions hold the same in the end', measured: Number(fallback.areEqual), atLeast: 1 },
  // Were it 100 %, the failure would be none, and the other figures would say nothing.
  {
    what: 'share held within 5 s without the fallback, %',
    measured: (100 * single.heldFailing) / single.clicksFailing,
    atMost: 50,
  },
];

const report = (played: readonly Played[]): boolean => {
  const of = (scenario: string): Played => {
    const found = played.find((one) => one.scenario === scenario);
    if (found === undefined) {
      throw new RangeError(`the scenario ${scenario} was not played`);
    }
    return found;
  };
  const normal = of('normal');
  const ordered = [normal, of('single'), of('cold'), of('fallback')];
  showTable([HEAD, HEAD.map(() => '---'), ...ordered.map((one) => rowOf(one, normal))]);
  const bars = barsOf(of('fallback'), normal, of('single'));
  for (const bar of bars) {
    say(showBar(bar));
  }
  const isGood = bars.every((bar) => isMet(bar) === true);
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ isGood, load: LOAD, bars, scenarios: ordered })}\n`);
  }
  return isGood;
};

const dataDirectory = mkdtempSync(path.join(tmpdir(), 'twinmap-survey-'));
try {
  const stage = await SurveyStage.open({ rootDirectory: ROOT, dataDirectory, surveyIn: ['primary'] });
  try {
    process.exitCode = report(await play(stage)) ? 0 : 1;
  } finally {
    await stage.close();
  }
} finally {
  rmSync(dataDirectory, { recursive: true, force: true });
}
