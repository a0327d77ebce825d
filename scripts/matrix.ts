/**
 * `npm run matrix`: fifteen faults of three services at home and at the peer, under a sync cycle, an interactive write and a
 * search, with the real SDK over TLS against two embedded Regions. Each cell's outcome is printed and compared with the
 * expected one; then the latencies that a dead peer may not change. `--json` ends with one object; a missed bar exits with 1.
 */
import { parseArgs } from 'node:util';

import { allCells, type Cell, FAULTS, nameOf, OPERATIONS, SERVICES, SIDES } from './matrix/cells.ts';
import { measureHome, measureOpenBreaker, measureSearches } from './matrix/latency.ts';
import { runSearch, runSync } from './matrix/operations.ts';
import { type CellResult, runCell } from './matrix/run-cell.ts';
import { type MatrixStage, openMatrixStage } from './matrix/stage.ts';

const SEARCH_PAIRS = 500;
const SEARCH_RATIO_MAX = 1.25;
const OPEN_BREAKER_MS_MAX = 5;
const COLUMN = 34;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const round = (ms: number): number => Math.round(ms * 10) / 10;

const show = (result: CellResult | undefined): string => {
  if (result === undefined) {
    return '-';
  }
  const mark = result.problems.length > 0 ? '!! ' : '';
  return `${mark}${result.outcome} (${Math.round(result.durationMs)} ms, ${result.calls})`;
};

/** One table per operation and side: a row per fault, a column per service. */
const printTables = (results: readonly CellResult[]): void => {
  const find = (wanted: Cell): CellResult | undefined => results.find(({ cell }) => nameOf(cell) === nameOf(wanted));
  for (const operation of OPERATIONS) {
    for (const side of SIDES) {
      say(`\n${operation}, fault at ${side}: outcome (time, calls of the faulty service)`);
      say(['', ...SERVICES].map((name, at) => name.padEnd(at === 0 ? 14 : COLUMN)).join(' '));
      for (const fault of FAULTS) {
        const row = SERVICES.map((service) => show(find({ fault, service, side, operation })).padEnd(COLUMN));
        say([fault.padEnd(14), ...row].join(' '));
      }
    }
  }
};

const measureLatencies = async (stage: MatrixStage): Promise<{ figures: object; problems: readonly string[] }> => {
  const breaker = await measureOpenBreaker(stage);
  const searches = await measureSearches(stage, SEARCH_PAIRS);
  const over = breaker.openMs - breaker.homeMs;
  say(`\nbreaker open: ${round(breaker.openMs)} ms a write, ${round(breaker.homeMs)} ms without a peer`);
  say(
    `searches: ${searches.pairs} pairs, ${round(searches.aloneMs)} ms alone, ${round(searches.besideMs)} ms beside a dead peer, ratio ${searches.ratio.toFixed(3)}`,
  );
  return {
    figures: {
      breakerOpenMs: round(breaker.openMs),
      homeMs: round(breaker.homeMs),
      searchPairs: searches.pairs,
      searchAloneMs: round(searches.aloneMs),
      searchBesideMs: round(searches.besideMs),
      searchRatio: Number(searches.ratio.toFixed(3)),
    },
    problems: [
      ...(over > OPEN_BREAKER_MS_MAX ? [`an open breaker costs ${round(over)} ms, over ${OPEN_BREAKER_MS_MAX}`] : []),
      ...(searches.ratio > SEARCH_RATIO_MAX
        ? [`searches beside a dead peer take ${searches.ratio.toFixed(2)} times as long, over ${SEARCH_RATIO_MAX}`]
        : []),
    ],
  };
};

const runMatrix = async (
  stage: MatrixStage,
  only: string | undefined,
): Promise<{ report: object; problems: number }> => {
  // Something to find, and a source that was synced before.
  const ready = [await runSync(stage), await runSearch(stage)].join(', ');
  const homeMs = await measureHome(stage);
  say(`undisturbed: ${ready}; a write at home alone ${round(homeMs)} ms`);
  const cells = allCells().filter((cell) => only === undefined || nameOf(cell).includes(only));
  const results: CellResult[] = [];
  for (const cell of cells) {
    const result = await runCell(stage, cell, homeMs);
    results.push(result);
    for (const problem of result.problems) {
      say(`!! ${nameOf(cell)}: ${problem}`);
    }
  }
  printTables(results);
  const latencies = await measureLatencies(stage);
  const problems = [
    ...results.flatMap(({ cell, problems: found }) => found.map((problem) => `${nameOf(cell)}: ${problem}`)),
    ...latencies.problems,
  ];
  const slowest = Math.max(
    0,
    ...results
      .filter(({ cell }) => cell.operation === 'write' && cell.side === 'peer')
      .map(({ durationMs }) => durationMs),
  );
  const report = {
    cells: results.length,
    asExpected: results.filter(({ problems: found }) => found.length === 0).length,
    slowestWriteUnderPeerFaultMs: round(slowest),
    writeHomeMs: round(homeMs),
    ...latencies.figures,
    problems,
  };
  say(`\n${report.asExpected} of ${report.cells} cells as expected, ${problems.length} problems`);
  return { report, problems: problems.length };
};

const main = async (): Promise<number> => {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string' } } });
  const stage = await openMatrixStage();
  try {
    const { report, problems } = await runMatrix(stage, values.only);
    if (values.json === true) {
      process.stdout.write(`${JSON.stringify(report)}\n`);
    }
    return problems === 0 ? 0 : 1;
  } finally {
    await stage.close();
  }
};

process.exitCode = await main();
