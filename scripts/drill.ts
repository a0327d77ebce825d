/**
 * `npm run drill`: breaks a Region of a local pair, runs the real runbook against it, brings it back, and says with figures what came
 * of it. It ends with 1 where a bar is missed. `--scenario NAME` (repeatable), `--all`, `--list`, `--write DIR`, `--json`.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';

import { EXIT } from '../ops/command.ts';
import type { DrillReport } from './drill/report/drill-report.ts';
import { LAST_FILE, readPrevious, writeLast, writeReport } from './drill/report/files.ts';
import { runScenario } from './drill/run-scenario.ts';
import type { Scenario } from './drill/scenario.ts';
import { SCENARIOS } from './drill/scenarios/index.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
/** Where a drill goes that nobody wants to keep. */
const KEPT = path.join(ROOT, 'dist', 'drills');
/** The one that the README's figures come from. */
const MAIN = 'regional-dns';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true },
    all: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    write: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => {
  (values.json ? process.stderr : process.stdout).write(`${line}\n`);
};

const give = (value: unknown): void => {
  if (values.json) {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const chosen = (): readonly Scenario[] | undefined => {
  const names = values.all ? SCENARIOS.map(({ name }) => name) : (values.scenario ?? [MAIN]);
  const found = names.map((wanted) => SCENARIOS.find(({ name }) => name === wanted));
  return found.every((one) => one !== undefined) ? found : undefined;
};

const drillOnce = async (scenario: Scenario): Promise<DrillReport> => {
  const directory = values.write ?? KEPT;
  const previous = await readPrevious(directory, scenario.name);
  const startedAt = Date.now();
  say('');
  say(`${scenario.name}: ${scenario.title}`);
  const report = await runScenario(scenario, {
    rootDirectory: ROOT,
    onMoment: ({ lane, what, tookMs }) => {
      const at = seconds(Date.now() - startedAt).padStart(8);
      say(`${at}  ${lane.padEnd(8)}  ${what}${tookMs === undefined ? '' : ` (${seconds(tookMs)})`}`);
    },
  });
  for (const { name, bound, measured, ok } of report.bars) {
    say(`  ${ok ? 'ok    ' : 'MISSED'}  ${name}: ${measured} (${bound})`);
  }
  for (const problem of report.problems) {
    say(`  problem: ${problem}`);
  }
  const { json, page } = await writeReport(directory, report, previous);
  say(`  report: ${page}, ${json}`);
  if (scenario.name === MAIN) {
    await writeLast(directory, report);
    say(`  last figures: ${path.join(directory, LAST_FILE)}`);
  }
  return report;
};

const isMet = ({ bars }: DrillReport): boolean => bars.every(({ ok }) => ok);

const summaryOf = (report: DrillReport): object => {
  const { scenario, id, clocks, rpo, deadRegion, bars, client, cycles, returned, drift, problems, tookMs } = report;
  const missed = bars.filter(({ ok }) => !ok);
  const { reads } = client.router;
  const figures = { tookMs, clocks, rpo, cycles, deadRegion, returned, drift, problems, reads };
  return { scenario, id, met: missed.length === 0, missed, ...figures };
};

const main = async (): Promise<number> => {
  const scenarios = chosen();
  if (scenarios === undefined) {
    say(`there is no such scenario; there are: ${SCENARIOS.map(({ name }) => name).join(', ')}`);
    give({ error: 'no such scenario' });
    return EXIT.usage;
  }
  if (values.list) {
    for (const { name, title } of SCENARIOS) {
      say(`${name.padEnd(18)}${title}`);
    }
    give({ scenarios: SCENARIOS.map(({ name, title, story }) => ({ name, title, story })) });
    return EXIT.done;
  }
  const reports: DrillReport[] = [];
  for (const scenario of scenarios) {
    reports.push(await drillOnce(scenario));
  }
  say('');
  for (const report of reports) {
    const missed = report.bars.filter(({ ok }) => !ok).map(({ name }) => name);
    say(`${report.scenario.padEnd(18)}${missed.length === 0 ? 'all bars met' : `MISSED: ${missed.join('; ')}`}`);
  }
  give({ drills: reports.map((report) => summaryOf(report)), met: reports.every((report) => isMet(report)) });
  return reports.every((report) => isMet(report)) ? EXIT.done : EXIT.error;
};

process.exitCode = await main();
