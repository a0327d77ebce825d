/** The proof of concept in figures: one line for each source, then what each run cost. Pure: figures in, text out. */
import { ROLES } from '../../functions/domain/region.ts';
import type { Runs } from './judge.ts';
import type { PocSource } from './sources.ts';
import { numberOf, type Run } from './stage.ts';

export interface RunFigures {
  readonly seconds: number;
  readonly attempts: number;
  readonly changed: number;
  readonly recordPuts: readonly number[];
  readonly vectorWrites: readonly number[];
  readonly controlWrites: readonly number[];
  readonly calls: readonly number[];
  readonly invocations: number;
  readonly peakMb: number;
  readonly declaredMb: number;
}

export interface SourceFigures {
  readonly source: string;
  readonly kind: string;
  readonly documents: number;
  readonly chunks: number;
  readonly skipped: number;
  readonly seconds: number;
}

const tenths = (ms: number): number => Math.round(ms / 100) / 10;

export const runFigures = (run: Run): RunFigures => {
  const calls = ROLES.map((role) => run.calls[role]);
  return {
    seconds: tenths(run.wallMs),
    attempts: run.attempts,
    changed: [...run.changed.values()].reduce((sum, count) => sum + count, 0),
    recordPuts: calls.map(({ recordPuts }) => recordPuts),
    vectorWrites: calls.map(({ vectorWrites }) => vectorWrites),
    controlWrites: calls.map(({ sourceUpdates, otherWrites }) => sourceUpdates + otherWrites),
    calls: calls.map(({ all }) => all),
    invocations: run.memory.length,
    peakMb: Math.max(0, ...run.memory.map(({ maxRssMb }) => maxRssMb)),
    declaredMb: Math.max(0, ...run.memory.map(({ memoryMb }) => memoryMb)),
  };
};

export const sourceFigures = (run: Run, sources: readonly PocSource[]): readonly SourceFigures[] =>
  sources.map(({ id, kind }) => {
    const fields = run.result.ends.find(({ source }) => source === id)?.fields ?? {};
    return {
      source: id,
      kind,
      documents: numberOf(fields, 'documents'),
      chunks: numberOf(fields, 'chunks'),
      skipped: numberOf(fields, 'skipped'),
      seconds: tenths(numberOf(fields, 'durationMs')),
    };
  });

const grouped = (value: number): string => value.toLocaleString('en-US');

/** Columns as wide as their widest cell; the first one to the left. */
const columns = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
  );
};

const runRow = (name: string, run: RunFigures): readonly string[] => [
  name,
  `${run.seconds.toFixed(1)} s`,
  grouped(run.attempts),
  grouped(run.changed),
  run.recordPuts.map((count) => grouped(count)).join(' / '),
  run.vectorWrites.map((count) => grouped(count)).join(' / '),
  run.controlWrites.map((count) => grouped(count)).join(' / '),
  run.calls.map((count) => grouped(count)).join(' / '),
  grouped(run.invocations),
  `${grouped(run.peakMb)} of ${grouped(run.declaredMb)} MB`,
];

export const pocTable = (runs: Runs, sources: readonly PocSource[]): readonly string[] => {
  const each = sourceFigures(runs.first, sources);
  const total = (of: (figures: SourceFigures) => number): number => each.reduce((sum, one) => sum + of(one), 0);
  const sum = (name: 'documents' | 'chunks' | 'skipped'): number => total((one) => one[name]);
  const seconds = runFigures(runs.first).seconds;
  const { proof } = runs.edited.result.regions[0] ?? {};
  return [
    '',
    ...columns([
      ['source', 'kind', 'documents', 'chunks', 'without text', 'cycle'],
      ...each.map((one) => [
        one.source,
        one.kind,
        grouped(one.documents),
        grouped(one.chunks),
        grouped(one.skipped),
        `${one.seconds.toFixed(1)} s`,
      ]),
      [
        `all ${String(each.length)}`,
        '',
        grouped(sum('documents')),
        grouped(sum('chunks')),
        grouped(sum('skipped')),
        '',
      ],
    ]),
    '',
    'writes and calls: primary / secondary',
    ...columns([
      ['run', 'time', 'syncs', 'changed', 'records', 'vectors', 'control', 'calls', 'invocations', 'sync function'],
      runRow('first', runFigures(runs.first)),
      runRow('unchanged', runFigures(runs.unchanged)),
      runRow('two edits', runFigures(runs.edited)),
    ]),
    '',
    `rate: ${(sum('documents') / seconds).toFixed(0)} documents a second, ${(sum('chunks') / seconds).toFixed(0)} chunks a second, into both Regions`,
    `roots: ${runs.edited.result.regions.map(({ region, proof: one }) => `${region} ${one?.root.slice(0, 16) ?? 'none'}`).join('  ')}` +
      `  (${grouped(proof?.documents ?? 0)} documents, ${grouped(proof?.chunks ?? 0)} chunks, ${grouped(proof?.vectors ?? 0)} vectors each)`,
  ];
};
