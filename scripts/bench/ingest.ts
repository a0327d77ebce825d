/**
 * `npm run bench:ingest`: what the second Region costs. The same corpus into one Region, into both, and into both by a naive
 * loop, with and without delays on the wire, as medians of interleaved rounds; then an unchanged sync, and 10,000 files
 * through the real sync function at its declared memory.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import type { SourceDocument } from '../../functions/connectors/connector.ts';
import type { RegionPair } from '../../functions/dual-write/regions.ts';
import { modelFilePath } from '../../functions/embed/model-file.ts';
import { createStaticEmbedder } from '../../functions/embed/static-embedder.ts';
import { loadStaticTable } from '../../functions/embed/static-table.ts';
import { readFile } from 'node:fs/promises';
import type { BenchStage } from './bench-stage.ts';
import { openStage } from './bench-stage.ts';
import { readCorpus } from './corpus.ts';
import { runCycle, runNaive, slowEmbedder } from './ingest-runs.ts';
import { measureMemory, type MemoryReport } from './ingest-memory.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const HOME_DELAY_MS = 2;
const PEER_DELAY_MS = 60;
const EMBED_DELAY_MS = 40;
const EMBED_AT_ONCE = 8;

const BARS = {
  dualToSingleDelayedMax: 1.25,
  dualToSingleMax: 2.2,
  naiveToDualMin: 1.6,
  unchangedShareMax: 0.05,
  controlWritesMax: 4,
} as const;

type Way = 'single' | 'dual' | 'naive';

interface Measured {
  readonly wallMs: number;
  readonly calls: number;
  /** This process and both Regions. */
  readonly cpuSeconds: number;
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

const medianOf = (runs: readonly Measured[], name: keyof Measured): number => median(runs.map((run) => run[name]));

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

interface Bench {
  readonly stage: BenchStage;
  readonly documents: readonly SourceDocument[];
  readonly embedder: ReturnType<typeof createStaticEmbedder>;
}

const pairFor = ({ stage }: Bench, way: Way): RegionPair =>
  way === 'single' ? { home: stage.stores.primary } : { home: stage.stores.primary, peer: stage.stores.secondary };

const measure = async (bench: Bench, way: Way, sourceId: string, embedDelayMs: number): Promise<Measured> => {
  const embedder = slowEmbedder(bench.embedder, embedDelayMs, EMBED_AT_ONCE);
  const before = await bench.stage.statistics();
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  if (way === 'naive') {
    const { primary, secondary } = bench.stage.stores;
    await runNaive([primary, secondary], embedder, bench.documents, sourceId);
  } else {
    const outcome = await runCycle(pairFor(bench, way), embedder, bench.documents, sourceId);
    if (outcome.kind !== 'acknowledged') {
      throw new Error(`the ${way} run ended as ${JSON.stringify(outcome)}`);
    }
  }
  const wallMs = performance.now() - startedAt;
  const cpu = process.cpuUsage(cpuBefore);
  const after = await bench.stage.statistics();
  return {
    wallMs,
    calls: after.calls - before.calls,
    cpuSeconds: (cpu.user + cpu.system) / 1e6 + (after.cpuMs - before.cpuMs) / 1000,
  };
};

const rounds = async (
  bench: Bench,
  label: string,
  ways: readonly Way[],
  count: number,
  embedDelayMs: number,
): Promise<Readonly<Record<Way, readonly Measured[]>>> => {
  const runs: Record<Way, Measured[]> = { single: [], dual: [], naive: [] };
  for (let round = 1; round <= count; round += 1) {
    for (const way of ways) {
      const run = await measure(bench, way, `${label}-${way}-${round}`, embedDelayMs);
      runs[way].push(run);
      say(
        `${label} round ${round} ${way}: ${run.wallMs.toFixed(0)} ms, ${run.calls} calls, ${run.cpuSeconds.toFixed(2)} CPU s`,
      );
    }
  }
  return runs;
};

const summary = (runs: readonly Measured[]): Record<string, number> => ({
  wallMs: Math.round(medianOf(runs, 'wallMs')),
  calls: medianOf(runs, 'calls'),
  cpuSeconds: Number(medianOf(runs, 'cpuSeconds').toFixed(2)),
});

/** The median of the ratios round by round: the rounds are interleaved, so drift of the machine cancels out. */
const ratio = (left: readonly Measured[], right: readonly Measured[]): number =>
  Number(median(left.map((run, round) => run.wallMs / (right[round]?.wallMs ?? Number.NaN))).toFixed(3));

const CONTROL = /^dynamodb\.(?:UpdateItem|PutItem|DeleteItem)$|^s3vectors\.(?:PutVectors|DeleteVectors)$/u;

const unchanged = async (
  bench: Bench,
  sourceId: string,
): Promise<{ wallMs: number; controlWrites: number; embedded: number }> => {
  const before = await bench.stage.statistics();
  const embedder = slowEmbedder(bench.embedder, 0, EMBED_AT_ONCE);
  const startedAt = performance.now();
  await runCycle(pairFor(bench, 'dual'), embedder, bench.documents, sourceId);
  const wallMs = performance.now() - startedAt;
  const after = await bench.stage.statistics();
  const writes = Object.entries(after.byName)
    .filter(([name]) => CONTROL.test(name))
    .reduce((sum, [name, calls]) => sum + calls - (before.byName[name] ?? 0), 0);
  // Both Regions together; the bar is for one.
  return { wallMs, controlWrites: writes / 2, embedded: embedder.texts() };
};

const judge = (figures: Readonly<Record<string, number>>, memory: MemoryReport | undefined): string[] => {
  const value = (name: string): number => figures[name] ?? Number.NaN;
  return [
    value('dualToSingleDelayed') <= BARS.dualToSingleDelayedMax ? '' : 'dual / single with delays',
    value('dualToSingle') <= BARS.dualToSingleMax ? '' : 'dual / single',
    value('naiveToDual') >= BARS.naiveToDualMin ? '' : 'naive / dual',
    value('unchangedShare') <= BARS.unchangedShareMax ? '' : 'unchanged / first',
    value('unchangedControlWrites') <= BARS.controlWritesMax ? '' : 'control writes of an unchanged sync',
    value('unchangedEmbedded') === 0 ? '' : 'texts embedded by an unchanged sync',
    memory === undefined || (memory.acknowledged && memory.maxRssMb <= memory.memoryMb) ? '' : '10,000 files in memory',
  ].filter((missed) => missed !== '');
};

const printFigures = (
  figures: Readonly<Record<string, number>>,
  memory: MemoryReport | undefined,
  missed: readonly string[],
): void => {
  const value = (name: string): string => String(figures[name] ?? Number.NaN);
  say('');
  say(
    `with delays (${HOME_DELAY_MS} ms home, ${PEER_DELAY_MS} ms peer, ${EMBED_DELAY_MS} ms an embedding, ${EMBED_AT_ONCE} at once):`,
  );
  say(`  dual / single      ${value('dualToSingleDelayed')}   (bar: at most ${BARS.dualToSingleDelayedMax})`);
  say('without delays:');
  say(`  dual / single      ${value('dualToSingle')}   (bar: at most ${BARS.dualToSingleMax})`);
  say(`  naive / dual       ${value('naiveToDual')}   (bar: at least ${BARS.naiveToDualMin})`);
  say(
    `unchanged / first    ${value('unchangedShare')}   (bar: at most ${BARS.unchangedShareMax}); ` +
      `${value('unchangedControlWrites')} control writes a Region, ${value('unchangedEmbedded')} texts embedded`,
  );
  if (memory !== undefined) {
    const { files, maxRssMb, memoryMb, wallMs, invocations } = memory;
    say(
      `${files} files          ${maxRssMb} MB of ${memoryMb} MB declared, ${(wallMs / 1000).toFixed(0)} s, ${invocations} invocations`,
    );
  }
  say(missed.length === 0 ? 'every bar is met' : `MISSED: ${missed.join(', ')}`);
};

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean' },
      rounds: { type: 'string', default: '5' },
      files: { type: 'string', default: '300' },
      'memory-files': { type: 'string', default: '10000' },
    },
  });
  const documents = await readCorpus(ROOT, Number(values.files));
  const embedder = createStaticEmbedder(
    loadStaticTable(await readFile(modelFilePath(path.join(ROOT, 'functions/embed/model')))),
  );
  const stage = await openStage(ROOT);
  const bench = { stage, documents, embedder };
  try {
    say(`corpus: ${documents.length} files of installed packages; ${values.rounds} interleaved rounds`);
    await measure(bench, 'dual', 'warm-up', 0);
    const plain = await rounds(bench, 'plain', ['single', 'dual', 'naive'], Number(values.rounds), 0);
    const again = await unchanged(bench, 'plain-dual-1');
    await stage.delay('primary', HOME_DELAY_MS);
    await stage.delay('secondary', PEER_DELAY_MS);
    const delayed = await rounds(bench, 'delayed', ['single', 'dual'], Number(values.rounds), EMBED_DELAY_MS);
    await stage.close();
    const directory = await mkdtemp(path.join(tmpdir(), 'twinmap-bench-repository-'));
    const memoryFiles = Number(values['memory-files']);
    const memory = memoryFiles === 0 ? undefined : await measureMemory(ROOT, directory, memoryFiles, say);
    await rm(directory, { recursive: true, force: true });
    const figures = {
      dualToSingleDelayed: ratio(delayed.dual, delayed.single),
      dualToSingle: ratio(plain.dual, plain.single),
      naiveToDual: ratio(plain.naive, plain.dual),
      unchangedShare: Number((again.wallMs / medianOf(plain.dual, 'wallMs')).toFixed(3)),
      unchangedControlWrites: again.controlWrites,
      unchangedEmbedded: again.embedded,
    };
    const missed = judge(figures, memory);
    const report = {
      files: documents.length,
      rounds: Number(values.rounds),
      ...figures,
      bars: BARS,
      delayed: { single: summary(delayed.single), dual: summary(delayed.dual) },
      plain: { single: summary(plain.single), dual: summary(plain.dual), naive: summary(plain.naive) },
      memory,
      missed,
    };
    printFigures(figures, memory, missed);
    if (values.json === true) {
      process.stdout.write(`${JSON.stringify(report)}\n`);
    }
    return missed.length === 0 ? 0 : 1;
  } finally {
    await stage.close();
  }
};

process.exitCode = await main();
