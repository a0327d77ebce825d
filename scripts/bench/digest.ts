/**
 * `npm run bench:digest`: what proving two Regions equal costs. How its time grows with what a Region holds, up to 100,000
 * chunk records (with their documents) and 100,000 vectors; and how many bytes two Regions send each other to name k
 * differences, through the comparison as the repair function runs it, counted on the sockets between them.
 */
import { parseArgs } from 'node:util';

import type { RegionStores } from '../../functions/dual-write/regions.ts';
import { readSide } from '../../functions/repair/comparison-items.ts';
import type { Comparison } from '../../functions/repair/peer-compare.ts';
import { proveRegion } from '../../functions/repair/prove.ts';
import { runComparison } from '../../functions/repair/run-comparison.ts';
import { LIMITS } from '../../functions/domain/limits.ts';
import { InvariantError } from '../../functions/domain/errors.ts';
import { benchDocument, type DigestStage, documentsFor, fill, openFirst, openStage, valueOf } from './digest-stage.ts';

const KIB = 1024;
const BYTES_BASE = 64 * KIB;
const BYTES_PER_DIFFERENCE = 4 * KIB;
/** Of a straight line through the measured times, by least squares: 1 is perfectly linear. */
const R_SQUARED_MIN = 0.95;
/** Time for one record at the largest size, as a multiple of that at the smallest. */
const GROWTH_MAX = 1.5;
const DIFFERENCES = [1, 10, 100, 1000];
const SIZES = [10_000, 25_000, 50_000, 100_000];
/** Small enough for a look; too small for k = 1,000. */
const QUICK = { differences: [1, 10, 100], sizes: [500, 1000, 2000, 4000] };
/** A moment after every write of the bench, and far from any tombstone. */
const START_MS = 1_900_000_000_000;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

interface Timing {
  readonly vectors: number;
  readonly records: number;
  readonly wallMs: number;
}

interface Traffic {
  readonly differences: number;
  readonly bytes: number;
  readonly barBytes: number;
  readonly named: number;
}

const time = async (stores: RegionStores, vectors: number, rounds: number): Promise<Timing> => {
  const walls: number[] = [];
  let records = 0;
  for (let round = 0; round < rounds; round += 1) {
    const startedAt = performance.now();
    const proof = valueOf(await proveRegion(stores, { at: START_MS, deep: false }));
    walls.push(performance.now() - startedAt);
    if (proof.vectors !== vectors || proof.damaged.length > 0) {
      throw new InvariantError(`the proof saw ${proof.vectors} vectors, not ${vectors}`);
    }
    records = proof.trees.graph.count;
  }
  // The fastest of some: what else the machine does only ever adds.
  const wallMs = Math.round(Math.min(...walls));
  say(`${records} records + ${vectors} vectors: ${wallMs} ms`);
  return { vectors, records, wallMs };
};

interface Fit {
  readonly msPerThousand: number;
  readonly fixedMs: number;
  readonly rSquared: number;
}

const fitLine = (timings: readonly Timing[]): Fit => {
  const points = timings.map(({ records, vectors, wallMs }) => ({ x: (records + vectors) / 1000, y: wallMs }));
  const mean = (pick: (point: { x: number; y: number }) => number): number =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const slope = mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2);
  const residual = mean((point) => (point.y - (y + slope * (point.x - x))) ** 2);
  return {
    msPerThousand: Number(slope.toFixed(2)),
    fixedMs: Math.round(y - slope * x),
    rSquared: Number((1 - residual / mean((point) => (point.y - y) ** 2)).toFixed(4)),
  };
};

/** Half of the differences are records that home has in a newer version, half are vectors that the peer has lost. */
const plant = async (stage: DigestStage, count: number, epoch: number): Promise<ReadonlySet<string>> => {
  const keys = new Set<string>();
  const lost: string[] = [];
  for (let number = 0; number < count; number += 1) {
    const { chunks, vectors } = benchDocument(number, epoch);
    const [chunk] = chunks;
    const [vector] = vectors;
    if (chunk === undefined || vector === undefined) {
      throw new InvariantError('a document of the bench has no chunks');
    }
    if (number % 2 === 0) {
      await stage.home.tables.graph.put(chunk);
      keys.add(`${chunk.pk} / ${chunk.sk}`);
    } else {
      lost.push(vector.key);
      keys.add(vector.key);
    }
  }
  if (lost.length > 0) {
    valueOf(await stage.peer.vectors.delete(lost));
  }
  return keys;
};

const mend = async (stage: DigestStage, count: number, epoch: number): Promise<void> => {
  for (let number = 0; number < count; number += 1) {
    const { chunks, vectors } = benchDocument(number, epoch);
    const [chunk] = chunks;
    if (number % 2 === 0 && chunk !== undefined) {
      await stage.peer.tables.graph.put(chunk);
    } else {
      valueOf(await stage.peer.vectors.put(vectors.slice(0, 1)));
    }
  }
};

/** Home opens a slot, the peer joins and shows its nodes, home walks them: as two schedules do it. */
const compare = async (stage: DigestStage, nowMs: number): Promise<Comparison> => {
  const { home, peer, homeFromPeer, peerFromHome } = stage;
  const run = async (side: 'home' | 'peer'): Promise<Comparison | undefined> => {
    const regions = side === 'home' ? { home, peer: peerFromHome } : { home: peer, peer: homeFromPeer };
    const outcome = valueOf(
      await runComparison({
        regions,
        now: () => nowMs,
        peer: valueOf(await readSide(regions.peer)),
        isUrgent: true,
      }),
    );
    return outcome.kind === 'settled' ? outcome.comparison : undefined;
  };
  await run('home');
  await run('peer');
  const compared = await run('home');
  await run('peer');
  if (compared === undefined) {
    throw new InvariantError('the comparison did not end');
  }
  return compared;
};

const measureTraffic = async (stage: DigestStage, count: number, round: number): Promise<Traffic> => {
  const planted = await plant(stage, count, round + 2);
  const before = stage.bytesBetween();
  const { differences } = await compare(stage, START_MS + round * LIMITS.proofSlotMs);
  const bytes = stage.bytesBetween() - before;
  const named = differences.filter(({ key }) => planted.has(key.join(' / '))).length;
  if (named !== count || differences.length !== count) {
    throw new InvariantError(
      `${count} differences were planted, ${named} of ${differences.length} named ones are theirs`,
    );
  }
  await mend(stage, count, round + 2);
  const barBytes = BYTES_BASE + BYTES_PER_DIFFERENCE * count;
  say(`${count} differences: ${bytes} bytes between the Regions (bar: at most ${barBytes})`);
  return { differences: count, bytes, barBytes, named };
};

const growthOf = (timings: readonly Timing[]): number => {
  const perItem = timings.map(({ records, vectors, wallMs }) => wallMs / (records + vectors));
  return Number(((perItem.at(-1) ?? Number.NaN) / (perItem[0] ?? Number.NaN)).toFixed(3));
};

/** At quick sizes the noise of the machine is as large as the differences: only the growth is judged there. */
const judge = (fit: Fit, growth: number, traffic: readonly Traffic[], isQuick: boolean): readonly string[] => [
  ...((isQuick || fit.rSquared >= R_SQUARED_MIN) && growth <= GROWTH_MAX ? [] : ['time linear in records']),
  ...traffic.filter(({ bytes, barBytes }) => bytes > barBytes).map((one) => `bytes for ${one.differences} differences`),
];

const main = async (): Promise<number> => {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } });
  const isQuick = values.quick === true;
  const sizes = isQuick ? QUICK.sizes : SIZES;
  const first = await openFirst();
  say('the first Region is filled through the production stores; the second one is a copy of its files');
  const timings: Timing[] = [];
  let documents = 0;
  for (const size of sizes) {
    const startedAt = performance.now();
    await fill(first.stores, documents, documentsFor(size));
    documents = documentsFor(size);
    say(`filled to ${size} vectors in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
    timings.push(await time(first.stores, size, isQuick ? 8 : 3));
  }
  await first.close();
  const stage = await openStage(first.directory);
  try {
    const traffic: Traffic[] = [];
    for (const [round, count] of (isQuick ? QUICK.differences : DIFFERENCES).entries()) {
      traffic.push(await measureTraffic(stage, count, round));
    }
    const fit = fitLine(timings);
    const growth = growthOf(timings);
    const missed = judge(fit, growth, traffic, isQuick);
    say(
      `time: ${fit.fixedMs} ms + ${fit.msPerThousand} ms per thousand, R² ${fit.rSquared}; per item at the largest size ` +
        `${growth} times that at the smallest (bars: R² at least ${R_SQUARED_MIN}, growth at most ${GROWTH_MAX})`,
    );
    say(missed.length === 0 ? 'every bar is met' : `MISSED: ${missed.join(', ')}`);
    if (values.json === true) {
      process.stdout.write(`${JSON.stringify({ quick: isQuick, timings, fit, growth, traffic, missed })}\n`);
    }
    return missed.length === 0 ? 0 : 1;
  } finally {
    await stage.close();
  }
};

process.exitCode = await main();
