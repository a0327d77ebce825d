/**
 * `npm run toggling`: the table of every way in which two stack files can reach two Regions, from a running local pair. It ends
 * with 1 where a cycle ran in the wrong Region, or two Regions acknowledged one slot.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { type Role, ROLES } from '../functions/domain/region.ts';
import { EXIT } from '../ops/command.ts';
import { CASES, type Judged, judgeRow } from './toggling/cases.ts';
import { TogglingStage } from './toggling/stage.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });

const say = (line: string): void => {
  (values.json ? process.stderr : process.stdout).write(`${line}\n`);
};

const saidBy = ({ observed }: Judged, role: Role): string => {
  const { gate, epoch, cycle } = observed.regions[role];
  return `${gate}${epoch === undefined ? '' : ` ${epoch}`}${cycle === undefined ? '' : `, ${cycle}`}`;
};

const cellsOf = (judged: Judged): readonly string[] => [
  judged.name,
  saidBy(judged, 'primary'),
  saidBy(judged, 'secondary'),
  judged.observed.acknowledged.join(', ') || 'nobody',
  judged.observed.alarms.join(', ') || '-',
  judged.problems.length === 0 ? 'as it must be' : judged.problems.join('; '),
];

const HEADINGS = ['case', 'primary says', 'secondary says', 'acknowledged', 'alarm metrics', 'verdict'] as const;

const printTable = (rows: readonly Judged[]): void => {
  const cells: readonly (readonly string[])[] = [HEADINGS, ...rows.map((judged) => cellsOf(judged))];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  for (const row of cells) {
    say(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
};

const reportOf = (rows: readonly Judged[], durationMs: number): object => ({
  rows: rows.map(({ name, expected, observed, problems }) => ({
    case: name,
    expected: expected ?? null,
    ...Object.fromEntries(ROLES.map((role) => [role, observed.regions[role]])),
    acknowledged: observed.acknowledged,
    alarms: observed.alarms,
    problems,
  })),
  wrong: rows.filter(({ problems }) => problems.length > 0).length,
  durationMs,
});

const runCases = async (directory: string): Promise<readonly Judged[]> => {
  const stage = await TogglingStage.open(ROOT, directory);
  const rows: Judged[] = [];
  try {
    await stage.slot('at once');
    for (const { id, run } of CASES) {
      process.stderr.write(`  ${(performance.now() / 1000).toFixed(0)} s  ${id}\n`);
      rows.push(...(await run(stage)).map((row) => judgeRow(row)));
    }
  } finally {
    await stage.close();
  }
  return rows;
};

const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-toggling-'));
try {
  const rows = await runCases(directory);
  printTable(rows);
  const durationMs = Math.round(performance.now());
  say(`took ${(durationMs / 1000).toFixed(0)} s`);
  if (values.json) {
    process.stdout.write(`${JSON.stringify(reportOf(rows, durationMs))}\n`);
  }
  process.exitCode = rows.every(({ problems }) => problems.length === 0) ? EXIT.done : EXIT.error;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
