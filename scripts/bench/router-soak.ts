/**
 * `npm run soak:router`: minutes of traffic with a fault of the active Region every five seconds. Memory has to be flat after
 * the warm-up, no socket may be left at the end, no rejection unhandled, and no read may fail. `-- --minutes 10` is the default.
 */
import { parseArgs } from 'node:util';

import { type Bar, isMet, showBar } from './router/bars.ts';
import type { BenchFault } from './router/fault-pair.ts';
import { median, openPace, type PaceCounts, quantile } from './router/paced-load.ts';
import { NodeProcess, type ProcessFigures, stopAll } from './router/processes.ts';
import { slopeOf } from './router/slope.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
  },
});

const MINUTES = Number(values.minutes);
const PER_SECOND = Number(values.rate);
const FAULT_EVERY_MS = 5000;
const FAULT_FOR_MS = 2500;
const SAMPLE_EVERY_MS = 1000;
const WARM_SHARE = 0.25;
const WARM_MS_MAX = 60_000;
/** One in so many requests is a write. */
const WRITE_EVERY = 20;
/** Idle connections to the Regions end after this; the router's keep-alive is set to it. */
const QUIET_MS = 4000;

const FAULTS: readonly BenchFault[] = ['hang', 'reset', 'refuse', 'syn-drop', '503'];

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const sleep = async (ms: number): Promise<void> => {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
};

interface Soaked {
  readonly counts: PaceCounts;
  readonly samples: readonly ProcessFigures[];
  readonly idle: ProcessFigures;
  readonly left: ProcessFigures;
  readonly faults: number;
  readonly posts: number;
}

const soak = async (): Promise<Soaked> => {
  const pair = await NodeProcess.start(undefined, 'pair');
  const router = await NodeProcess.start(undefined, 'router-soaked', ...pair.urls);
  const idle = await router.ask<ProcessFigures>({ kind: 'cpu' });
  const pace = openPace({ url: `${router.url}/x`, perSecond: PER_SECOND, writeEvery: WRITE_EVERY });
  const endMs = performance.now() + MINUTES * 60_000;
  const samples: ProcessFigures[] = [];
  const state = { faults: 0 };
  const breaking = async (): Promise<void> => {
    while (performance.now() + FAULT_EVERY_MS < endMs) {
      await sleep(FAULT_EVERY_MS - FAULT_FOR_MS);
      await pair.ask({ kind: 'fault', fault: FAULTS[state.faults % FAULTS.length] ?? 'hang' });
      state.faults += 1;
      await sleep(FAULT_FOR_MS);
      await pair.ask({ kind: 'fault', fault: 'none' });
    }
  };
  const sampling = async (): Promise<void> => {
    while (performance.now() < endMs) {
      await sleep(SAMPLE_EVERY_MS);
      samples.push(await router.ask<ProcessFigures>({ kind: 'collect' }));
      if (samples.length % 30 === 0) {
        const { heapBytes, rssBytes, sockets } = samples.at(-1) ?? idle;
        const { sent, failedReads } = pace.counts();
        say(
          `${samples.length} s: ${sent} requests, ${failedReads} reads failed, heap ${mebibytes(heapBytes)} MiB, ` +
            `rss ${mebibytes(rssBytes)} MiB, ${sockets} sockets`,
        );
      }
    }
  };
  await Promise.all([breaking(), sampling()]);
  const counts = await pace.end();
  await sleep(QUIET_MS);
  const left = await router.ask<ProcessFigures>({ kind: 'collect' });
  const { posts } = await pair.ask<{ readonly posts: number }>({ kind: 'counts' });
  return { counts, samples, idle, left, faults: state.faults, posts };
};

const mebibytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1);

/** What may grow by chance: garbage that is not collected yet, and pools that filled late. */
const RISE_SHARE_MAX = 0.1;

const flatness = (what: string, series: readonly number[]): Bar => {
  const { rise, mean, error } = slopeOf(series);
  // What is surely growth, not what the noise allows.
  return {
    what: `${what}: sure growth after the warm-up, share of its mean`,
    measured: Math.max(0, rise - error) / mean,
    atMost: RISE_SHARE_MAX,
  };
};

const barsOf = ({ counts, samples, idle, left, posts }: Soaked): readonly Bar[] => {
  const warm = Math.min(Math.round(samples.length * WARM_SHARE), WARM_MS_MAX / SAMPLE_EVERY_MS);
  const steady = samples.slice(warm);
  return [
    { what: 'reads failed', measured: counts.failedReads, atMost: 0 },
    { what: 'writes that reached a Region twice', measured: Math.max(0, posts - counts.writes), atMost: 0 },
    flatness(
      'heap',
      steady.map(({ heapBytes }) => heapBytes),
    ),
    flatness(
      'resident memory',
      steady.map(({ rssBytes }) => rssBytes),
    ),
    { what: 'sockets left when all is quiet', measured: left.sockets - idle.sockets, atMost: 2 },
    { what: 'rejections that nobody handled', measured: left.unhandled, atMost: 0 },
    {
      what: 'requests a second, share of the pace',
      measured: counts.sent / (MINUTES * 60 * PER_SECOND),
      atLeast: 0.95,
    },
  ];
};

const soaked = await soak();
const bars = barsOf(soaked);
const { counts, faults, samples } = soaked;
say(
  `${counts.sent} requests in ${MINUTES} minutes, ${faults} faults: reads failed ${counts.failedReads}, writes failed ` +
    `${counts.failedWrites} of ${counts.writes}, p50 ${quantile(counts.latenciesMs, 0.5).toFixed(1)} ms, ` +
    `p99.9 ${quantile(counts.latenciesMs, 0.999).toFixed(0)} ms, rss ${mebibytes(median(samples.map(({ rssBytes }) => rssBytes)))} MiB`,
);
for (const bar of bars) {
  say(showBar(bar));
}
const isGood = bars.every((bar) => isMet(bar) !== false);
if (values.json) {
  const { latenciesMs, ...rest } = counts;
  const p50Ms = quantile(latenciesMs, 0.5);
  const p999Ms = quantile(latenciesMs, 0.999);
  process.stdout.write(`${JSON.stringify({ isGood, minutes: MINUTES, faults, bars, ...rest, p50Ms, p999Ms })}\n`);
}
await stopAll();
process.exitCode = isGood ? 0 : 1;
process.exit();
