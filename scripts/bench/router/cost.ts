/**
 * What a request costs: CPU per request, requests a second on one core, p50. All proxies take turns in slices of some tens of
 * milliseconds over connections that stay open, so that whatever else the machine does hits each of them alike.
 */
import type { Bar } from './bars.ts';
import { median, quantile } from './paced-load.ts';
import { CORES, freePort, type Measured, NodeProcess, pin, unpin } from './processes.ts';
import { RawLoad, type Slice } from './raw-load.ts';
import { medianRow, type StageOptions } from './rows.ts';
import { startWorkers } from './worker-rows.ts';

const CONNECTIONS = 32;
/** About as long as each other: workerd takes five times what Node does. */
const SLICE_REQUESTS = { usual: 1000, workerd: 250 } as const;
const WARM_SLICES = 15;
/** Other work on the machine only adds to a latency, so the quieter slices tell what the proxy takes. */
const QUIET_SHARE = 0.25;

export interface CostOptions extends StageOptions {
  readonly slices: number;
}

export interface Cost {
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
}

interface Runner {
  readonly name: string;
  readonly proxy: Measured;
  readonly load: RawLoad;
  readonly sliceRequests: number;
}

const openRunner = async (name: string, proxy: Measured): Promise<Runner> => {
  const load = await RawLoad.open(proxy.url, CONNECTIONS);
  const sliceRequests = name.startsWith('workerd') ? SLICE_REQUESTS.workerd : SLICE_REQUESTS.usual;
  const { bad } = await load.run(WARM_SLICES * sliceRequests);
  if (bad > 0) {
    throw new Error(`${name} failed ${bad} of ${WARM_SLICES * sliceRequests} requests while nothing was wrong.`);
  }
  return { name, proxy, load, sliceRequests };
};

const costOf = (slices: readonly Slice[], cpuUs: number): Cost => {
  const requests = slices.reduce((sum, slice) => sum + slice.requests, 0);
  const tookMs = slices.reduce((sum, slice) => sum + slice.tookMs, 0);
  const p50s = slices.map(({ latenciesMs }) => quantile(latenciesMs, 0.5));
  return { cpuUs: cpuUs / requests, perSecond: (requests * 1000) / tookMs, p50Ms: quantile(p50s, QUIET_SHARE) };
};

/** CPU is read around each slice: what a router does while the others have their turn is not of its requests. */
const playRound = async (runners: readonly Runner[], slices: number): Promise<ReadonlyMap<string, Cost>> => {
  const played = runners.map((runner) => ({ runner, slices: [] as Slice[], cpuUs: 0 }));
  for (let at = 0; at < slices; at += 1) {
    for (const turn of played) {
      const { proxy, load, sliceRequests } = turn.runner;
      const beforeUs = await proxy.cpuUs();
      turn.slices.push(await load.run(sliceRequests));
      turn.cpuUs += (await proxy.cpuUs()) - beforeUs;
    }
  }
  return new Map(played.map((turn) => [turn.runner.name, costOf(turn.slices, turn.cpuUs)]));
};

const startAll = async (options: CostOptions): Promise<readonly (readonly [string, Measured])[]> => {
  const { anchors, folder, say } = options;
  const a = await NodeProcess.start(CORES.load, 'quick-active');
  const b = await NodeProcess.start(CORES.load, 'quick-passive');
  const origins = [a.url, b.url];
  const dead = `http://127.0.0.1:${await freePort()}`;
  const proxies: (readonly [string, Measured])[] = [
    ['bare dispatch', await NodeProcess.start(CORES.measured, 'bare', a.url)],
    ['router', await NodeProcess.start(CORES.measured, 'router', ...origins)],
    ['router, breaker open', await NodeProcess.start(CORES.measured, 'router', dead, b.url)],
  ];
  for (const anchor of anchors) {
    proxies.push([anchor.name, await anchor.start(origins, folder, CORES.measured)]);
  }
  const workers = await startWorkers(origins, folder, CORES.measured);
  if (workers.kind === 'absent') {
    say(`workerd: ${workers.why}; its rows stay empty`);
  } else {
    proxies.push(['workerd bare', workers.bare], ['workerd router', workers.router]);
  }
  return proxies;
};

const medianRatio = (
  rounds: readonly ReadonlyMap<string, Cost>[],
  [over, under]: readonly [string, string],
  of: (cost: Cost) => number,
): number =>
  median(
    rounds.flatMap((round) => {
      const [one, two] = [round.get(over), round.get(under)];
      return one === undefined || two === undefined ? [] : [of(one) / of(two)];
    }),
  );

const barsOf = (rounds: readonly ReadonlyMap<string, Cost>[]): readonly Bar[] => [
  {
    what: 'CPU per request, times bare dispatch',
    measured: medianRatio(rounds, ['router', 'bare dispatch'], ({ cpuUs }) => cpuUs),
    atMost: 1.3,
  },
  {
    what: "requests a second on one core, times nginx's",
    // By CPU: this load does not saturate nginx, so its requests a second would flatter the router.
    measured: medianRatio(rounds, ['router', 'nginx'], ({ cpuUs }) => 1 / cpuUs),
    atLeast: 0.2,
  },
  {
    what: 'p50 with the breaker open, times healthy',
    measured: medianRatio(rounds, ['router, breaker open', 'router'], ({ p50Ms }) => p50Ms),
    atMost: 1.2,
  },
  {
    what: 'workerd: CPU per request, times a bare binding fetch',
    measured: medianRatio(rounds, ['workerd router', 'workerd bare'], ({ cpuUs }) => cpuUs),
    atMost: 1.6,
  },
];

export interface CostResult {
  readonly bars: readonly Bar[];
  readonly rows: Readonly<Record<string, Cost>>;
}

export const measureCost = async (options: CostOptions): Promise<CostResult> => {
  pin(process.pid, CORES.load);
  const proxies = await startAll(options);
  const runners: Runner[] = [];
  for (const [name, proxy] of proxies) {
    runners.push(await openRunner(name, proxy));
  }
  const rounds: ReadonlyMap<string, Cost>[] = [];
  for (let at = 0; at < options.rounds; at += 1) {
    rounds.push(await playRound(runners, options.slices));
  }
  const rows: Record<string, Cost> = {};
  for (const { name, proxy, load } of runners) {
    load.close();
    proxy.stop();
    const costs = rounds.flatMap((round) => round.get(name) ?? []);
    const row: Cost = medianRow(costs, ['cpuUs', 'perSecond', 'p50Ms']);
    rows[name] = row;
    const { cpuUs, perSecond, p50Ms } = row;
    options.say(
      `${name.padEnd(22)} ${cpuUs.toFixed(1).padStart(7)} us/req ${perSecond.toFixed(0).padStart(7)} req/s  p50 ${p50Ms.toFixed(2)} ms`,
    );
  }
  unpin(process.pid);
  return { bars: barsOf(rounds), rows };
};
