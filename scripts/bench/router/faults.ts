/**
 * What users see of a fault: the active Region breaks while requests come at a fixed pace. The router and the anchors get the
 * same fault at the same time, each with two origins of its own.
 */
import type { Bar } from './bars.ts';
import type { BenchFault } from './fault-pair.ts';
import { type Answered, paced } from './paced-load.ts';
import { type Measured, NodeProcess } from './processes.ts';
import { RawLoad } from './raw-load.ts';
import { medianRow, type StageOptions } from './rows.ts';

const PER_SECOND = 200;
const SLOW_MS = 250;
const WARM_CONNECTIONS = 4;
const WARM_REQUESTS = 2000;

export interface FaultOptions extends StageOptions {
  readonly beforeMs: number;
  readonly faultMs: number;
  readonly afterMs: number;
}

export interface Seen {
  readonly sent: number;
  readonly failed: number;
  readonly slow: number;
  /** From the fault to the first good answer of a request that was sent after it. */
  readonly firstMs: number;
  /** From the first to the last start of a request that failed. */
  readonly windowMs: number;
  /** POSTs that reached Regions beyond those that were sent. */
  readonly doubled: number;
}

interface Case {
  readonly fault: BenchFault;
  readonly method: 'GET' | 'POST';
  /** The router has asked each Region once, while it was still being compiled; without the anchors, which do not age. */
  readonly isFresh?: true;
}

const nameOf = ({ method, fault, isFresh }: Case): string =>
  `${method} ${fault}${isFresh === true ? ', just started' : ''}`;

const CASES: readonly Case[] = [
  { method: 'GET', fault: 'hang' },
  { method: 'GET', fault: 'reset' },
  { method: 'GET', fault: 'refuse' },
  { method: 'GET', fault: 'syn-drop' },
  { method: 'GET', fault: '503' },
  { method: 'POST', fault: 'hang' },
  { method: 'POST', fault: 'hang', isFresh: true },
  { method: 'POST', fault: 'refuse' },
  { method: 'POST', fault: 'reset' },
];

interface Contender {
  readonly name: string;
  readonly proxy: Measured;
  readonly pair: NodeProcess;
}

/** No proxy and no fault: what the machine alone does to requests. */
const CONTROL = 'direct';

const startContender = async (
  name: string,
  { isFresh }: Case,
  { anchors, folder }: FaultOptions,
): Promise<Contender> => {
  const pair = await NodeProcess.start(undefined, 'pair');
  if (name === CONTROL) {
    return { name, pair, proxy: { url: pair.urls[1] ?? '', cpuUs: async () => 0, stop: () => undefined } };
  }
  const anchor = anchors.find((one) => one.name === name);
  const proxy = await (anchor === undefined
    ? NodeProcess.start(undefined, isFresh === true ? 'router' : 'router-settled', ...pair.urls)
    : anchor.start(pair.urls, folder));
  return { name, proxy, pair };
};

const summarise = (answers: readonly Answered[], faultMs: number, posts: number): Seen => {
  const failed = answers.filter(({ status }) => status !== 200);
  const after = answers.filter(({ startedMs, status }) => startedMs >= faultMs && status === 200);
  const starts = failed.map(({ startedMs }) => startedMs);
  return {
    sent: answers.length,
    failed: failed.length,
    slow: answers.filter(({ tookMs }) => tookMs > SLOW_MS).length,
    firstMs: Math.min(...after.map(({ startedMs, tookMs }) => startedMs + tookMs - faultMs)),
    windowMs: failed.length === 0 ? 0 : Math.max(...starts) - Math.min(...starts),
    doubled: Math.max(0, posts - answers.length),
  };
};

const sleep = async (ms: number): Promise<void> => {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
};

/** Compiled and connected, as a router is that has been running for a while. */
const warm = async (url: string): Promise<void> => {
  const load = await RawLoad.open(url, WARM_CONNECTIONS);
  await load.run(WARM_REQUESTS);
  load.close();
};

const playOne = async ({ proxy, pair }: Contender, { fault, method }: Case, options: FaultOptions): Promise<Seen> => {
  const { beforeMs, faultMs, afterMs } = options;
  const url = `${proxy.url}/x`;
  const answers = paced({ url, method, perSecond: PER_SECOND, forMs: beforeMs + faultMs + afterMs });
  await sleep(beforeMs);
  const startMs = performance.now();
  await pair.ask({ kind: 'fault', fault });
  await sleep(faultMs);
  await pair.ask({ kind: 'fault', fault: 'none' });
  const all = await answers;
  const { posts } = await pair.ask<{ readonly posts: number }>({ kind: 'counts' });
  return summarise(all, startMs, method === 'POST' ? posts : 0);
};

const playCase = async (one: Case, options: FaultOptions): Promise<ReadonlyMap<string, Seen>> => {
  const anchors = one.isFresh === true ? [] : options.anchors;
  const names = [CONTROL, 'router', ...anchors.map(({ name }) => name)];
  const contenders = await Promise.all(names.map(async (name) => startContender(name, one, options)));
  try {
    await Promise.all(contenders.map(async ({ proxy }) => warm(proxy.url)));
    const seen = await Promise.all(contenders.map(async (contender) => playOne(contender, one, options)));
    return new Map(names.flatMap((name, at) => (seen[at] === undefined ? [] : [[name, seen[at]] as const])));
  } finally {
    for (const { proxy, pair } of contenders) {
      proxy.stop();
      pair.stop();
    }
  }
};

const medianSeen = (runs: readonly Seen[]): Seen => {
  return {
    ...medianRow(runs, ['sent', 'failed', 'slow', 'firstMs', 'windowMs']),
    // A write that was sent twice once is one too many.
    doubled: Math.max(...runs.map(({ doubled }) => doubled)),
  };
};

const shown = ({ sent, failed, slow, firstMs, windowMs, doubled }: Seen): string =>
  `of ${sent} failed ${failed}, over ${SLOW_MS} ms ${slow}, first good answer ${firstMs.toFixed(0)} ms, ` +
  `failing window ${windowMs.toFixed(0)} ms, doubled ${doubled}`;

export type FaultRows = Readonly<Record<string, Readonly<Record<string, Seen>>>>;

const barsOf = (rows: FaultRows): readonly Bar[] => {
  const of = (name: string, key: keyof Seen): number => rows[name]?.['router']?.[key] ?? Number.NaN;
  const bars: Bar[] = [
    { what: 'black hole, GET: failed', measured: of('GET hang', 'failed'), atMost: 0 },
    { what: 'black hole, GET: over 250 ms', measured: of('GET hang', 'slow'), atMost: 0 },
    { what: 'black hole, GET: first good answer, ms', measured: of('GET hang', 'firstMs'), atMost: 60 },
    // The other way to be a black hole: the packets of the handshake go nowhere.
    { what: 'syn-drop, GET: first good answer, ms', measured: of('GET syn-drop', 'firstMs'), atMost: 60 },
  ];
  for (const fault of ['reset', 'refuse', 'syn-drop', '503']) {
    bars.push({ what: `${fault}, GET: failed`, measured: of(`GET ${fault}`, 'failed'), atMost: 0 });
  }
  for (const fault of ['hang', 'refuse', 'reset']) {
    bars.push({ what: `${fault}, POST: doubled`, measured: of(`POST ${fault}`, 'doubled'), atMost: 0 });
  }
  bars.push(
    { what: 'black hole, POST: failing window, ms', measured: of('POST hang', 'windowMs'), atMost: 400 },
    {
      what: 'black hole, POST, router just started: failing window, ms',
      measured: of('POST hang, just started', 'windowMs'),
      atMost: 400,
    },
  );
  return bars;
};

export interface FaultResult {
  readonly bars: readonly Bar[];
  readonly rows: FaultRows;
}

export const measureFaults = async (options: FaultOptions): Promise<FaultResult> => {
  const rows: Record<string, Record<string, Seen>> = {};
  for (const one of CASES) {
    const runs: ReadonlyMap<string, Seen>[] = [];
    for (let at = 0; at < options.rounds; at += 1) {
      runs.push(await playCase(one, options));
    }
    const row: Record<string, Seen> = {};
    for (const name of runs[0]?.keys() ?? []) {
      const seen = medianSeen(runs.flatMap((run) => run.get(name) ?? []));
      row[name] = seen;
      options.say(`${nameOf(one).padEnd(24)} ${name.padEnd(8)} ${shown(seen)}`);
    }
    rows[nameOf(one)] = row;
  }
  return { bars: barsOf(rows), rows };
};
