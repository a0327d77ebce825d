/** The latencies that no fault of the peer may change: writes at home, writes with an open breaker, searches at home. */
import { LIMITS } from '../../functions/domain/limits.ts';
import { openRegion } from '../../functions/handlers/open-region.ts';
import { ruleOf } from './cells.ts';
import { openWriter, runSearch } from './operations.ts';
import type { MatrixStage } from './stage.ts';

const WRITES = 60;
const WARM_UP = 20;
/** Searches of one block, while the dead Region is asked and while it is not. */
const BLOCK = 10;
const DEAD_CALLS = 8;

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};

const series = async (count: number, work: () => Promise<unknown>): Promise<readonly number[]> => {
  const all: number[] = [];
  for (let at = 0; at < count; at += 1) {
    all.push(await timed(work));
  }
  return all;
};

/** A write where there is no peer. */
export const measureHome = async (stage: MatrixStage): Promise<number> => {
  const writer = openWriter({ ...stage.environment, peer: undefined });
  await series(WARM_UP, writer.write);
  return median(await series(WRITES, writer.write));
};

export interface OpenBreaker {
  readonly homeMs: number;
  readonly openMs: number;
}

/** Writes without a peer and writes behind an open breaker, taken in turns, so that both meet the same machine. */
export const measureOpenBreaker = async (stage: MatrixStage): Promise<OpenBreaker> => {
  const alone = openWriter({ ...stage.environment, peer: undefined });
  const guarded = openWriter(stage.environment);
  await stage.regions.peer.setFault(ruleOf('blackhole', 'dynamodb'));
  const home: number[] = [];
  const open: number[] = [];
  try {
    await series(LIMITS.breakerFailuresMax, guarded.write);
    await series(WARM_UP, alone.write);
    const startedAt = performance.now();
    // A probe is due after a while; what it waits is its own.
    while (home.length < WRITES && performance.now() - startedAt < LIMITS.breakerProbeDelayMs / 2) {
      home.push(await timed(alone.write));
      open.push(await timed(guarded.write));
    }
  } finally {
    await stage.regions.peer.setFault(null);
  }
  return { homeMs: median(home), openMs: median(open) };
};

export interface Searches {
  readonly pairs: number;
  readonly aloneMs: number;
  readonly besideMs: number;
  readonly ratio: number;
}

/** Searches at home, each with clients of its own, in turns without and beside calls to a peer whose DNS is silent. */
export const measureSearches = async (stage: MatrixStage, pairs: number): Promise<Searches> => {
  const search = async (): Promise<string> => runSearch(stage);
  const askDead = async (): Promise<void> => {
    const { peer } = stage.environment;
    if (peer !== undefined) {
      await openRegion(peer).tables.graph.get({ pk: 'p', sk: 's' });
    }
  };
  const alone: number[] = [];
  const beside: number[] = [];
  await series(WARM_UP, search);
  await stage.regions.peer.setFault(ruleOf('dns-silent', 'dynamodb'));
  try {
    while (alone.length < pairs) {
      alone.push(...(await series(BLOCK, search)));
      const dead = Promise.all(Array.from({ length: DEAD_CALLS }, askDead));
      beside.push(...(await series(BLOCK, search)));
      await dead;
    }
  } finally {
    await stage.regions.peer.setFault(null);
  }
  const [aloneMs, besideMs] = [median(alone), median(beside)];
  return { pairs: alone.length, aloneMs, besideMs, ratio: besideMs / aloneMs };
};
