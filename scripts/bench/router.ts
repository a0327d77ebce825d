/**
 * `npm run bench:router`: the router on Node against its bars, in one run: cost against a bare dispatch proxy, faults at 200
 * requests a second, and the decision alone. Medians of five (`-- --quick`: of three). Exits with 1 where a bar is missed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import { RouterPolicy } from '../../router/policy/router-policy.ts';
import { type Answered, closedLoop, median, openLoop, quantile } from './router-load.ts';
import type { BenchFault, BenchMessage } from './router-process.ts';

const IS_QUICK = process.argv.includes('--quick');
const ROUNDS = IS_QUICK ? 3 : 5;
const LOAD_MS = IS_QUICK ? 2000 : 4000;
const CONNECTIONS = 32;
const PER_SECOND = 200;
const FAULT_AFTER_MS = 2000;
const FAULT_FOR_MS = IS_QUICK ? 3000 : 4000;
const AFTER_MS = IS_QUICK ? 1500 : 3000;

interface Bar {
  readonly what: string;
  readonly measured: number;
  readonly atMost: number;
}

class Process {
  readonly #child: ChildProcess;
  readonly url: string;

  constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(...args: readonly string[]): Promise<Process> {
    const child = fork(path.resolve(import.meta.dirname, 'router-process.ts'), [...args]);
    const [ready] = (await once(child, 'message')) as [{ readonly url: string }];
    return new Process(child, ready.url);
  }

  async ask<T>(message: BenchMessage): Promise<T> {
    const answer = once(this.#child, 'message');
    this.#child.send(message);
    const [value] = (await answer) as [T];
    return value;
  }

  fault(fault: BenchFault): void {
    this.#child.send({ kind: 'fault', fault });
  }

  stop(): void {
    this.#child.disconnect();
  }
}

interface Cost {
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
}

const costOf = async (proxy: Process): Promise<Cost> => {
  const before = await proxy.ask<{ cpuUs: number }>({ kind: 'cpu' });
  const startMs = performance.now();
  const answers = await closedLoop(`${proxy.url}/x`, CONNECTIONS, LOAD_MS);
  const tookMs = performance.now() - startMs;
  const after = await proxy.ask<{ cpuUs: number }>({ kind: 'cpu' });
  return {
    cpuUs: (after.cpuUs - before.cpuUs) / answers.length,
    perSecond: (answers.length * 1000) / tookMs,
    p50Ms: quantile(
      answers.map((answer) => answer.tookMs),
      0.5,
    ),
  };
};

const medianCost = (costs: readonly Cost[]): Cost => ({
  cpuUs: median(costs.map(({ cpuUs }) => cpuUs)),
  perSecond: median(costs.map(({ perSecond }) => perSecond)),
  p50Ms: median(costs.map(({ p50Ms }) => p50Ms)),
});

const showCost = (name: string, { cpuUs, perSecond, p50Ms }: Cost): void => {
  console.log(
    `${name.padEnd(24)} ${cpuUs.toFixed(0).padStart(6)} us/req ${perSecond.toFixed(0).padStart(7)} req/s  p50 ${p50Ms.toFixed(2)} ms`,
  );
};

/** Alternating, so that a noisy minute hits both. */
const measureCost = async (): Promise<readonly Bar[]> => {
  const [a, b] = await Promise.all([Process.start('active'), Process.start('passive')]);
  const bare = await Process.start('bare', a.url);
  const router = await Process.start('router', a.url, b.url);
  await Promise.all([closedLoop(bare.url, CONNECTIONS, 500), closedLoop(router.url, CONNECTIONS, 500)]);
  const rounds: { readonly bare: Cost; readonly router: Cost }[] = [];
  for (let at = 0; at < ROUNDS; at += 1) {
    rounds.push({ bare: await costOf(bare), router: await costOf(router) });
  }
  const healthy = medianCost(rounds.map((round) => round.router));
  a.fault('refuse');
  await closedLoop(`${router.url}/x`, CONNECTIONS, 500);
  const opened: Cost[] = [];
  for (let at = 0; at < ROUNDS; at += 1) {
    opened.push(await costOf(router));
  }
  showCost('bare dispatch', medianCost(rounds.map((round) => round.bare)));
  showCost('router', healthy);
  showCost('router, breaker open', medianCost(opened));
  for (const one of [a, b, bare, router]) {
    one.stop();
  }
  return [
    {
      what: 'CPU per request, times bare dispatch',
      measured: median(rounds.map((round) => round.router.cpuUs / round.bare.cpuUs)),
      atMost: 1.3,
    },
    {
      what: 'p50 with the breaker open, times healthy',
      measured: medianCost(opened).p50Ms / healthy.p50Ms,
      atMost: 1.2,
    },
  ];
};

interface Fault {
  readonly failed: number;
  readonly slow: number;
  /** From the fault to the first good answer of a request that was sent after it. */
  readonly firstMs: number;
  readonly windowMs: number;
  readonly doubled: number;
}

const measureFault = async (fault: BenchFault, method: string): Promise<Fault> => {
  const [a, b] = await Promise.all([Process.start('active'), Process.start('passive')]);
  const router = await Process.start('router', a.url, b.url);
  await closedLoop(`${router.url}/x`, 4, 500);
  const postsOf = async (): Promise<number> => {
    const counts = await Promise.all([a, b].map(async (origin) => origin.ask<{ posts: number }>({ kind: 'counts' })));
    return counts.reduce((sum, { posts }) => sum + posts, 0);
  };
  const state = { faultMs: Infinity };
  setTimeout(() => {
    a.fault(fault);
    state.faultMs = performance.now();
  }, FAULT_AFTER_MS);
  setTimeout(() => {
    a.fault('none');
  }, FAULT_AFTER_MS + FAULT_FOR_MS);
  const answers = await openLoop(`${router.url}/x`, method, PER_SECOND, FAULT_AFTER_MS + FAULT_FOR_MS + AFTER_MS);
  const posts = method === 'POST' ? await postsOf() : 0;
  for (const one of [a, b, router]) {
    one.stop();
  }
  return summarise(answers, state.faultMs, posts);
};

const summarise = (answers: readonly Answered[], faultMs: number, posts: number): Fault => {
  const failed = answers.filter(({ status }) => status !== 200);
  const after = answers.filter(({ startedMs, status }) => startedMs >= faultMs && status === 200);
  const ends = after.map(({ startedMs, tookMs }) => startedMs + tookMs - faultMs);
  const starts = failed.map(({ startedMs }) => startedMs);
  return {
    failed: failed.length,
    slow: answers.filter(({ tookMs }) => tookMs > 250).length,
    firstMs: Math.min(...ends),
    windowMs: failed.length === 0 ? 0 : Math.max(...starts) - Math.min(...starts),
    doubled: Math.max(0, posts - answers.length),
  };
};

const medianFault = async (fault: BenchFault, method: string): Promise<Fault> => {
  const runs: Fault[] = [];
  for (let at = 0; at < ROUNDS; at += 1) {
    runs.push(await measureFault(fault, method));
  }
  const of = (name: keyof Fault): number => median(runs.map((run) => run[name]));
  const result = {
    failed: of('failed'),
    slow: of('slow'),
    firstMs: of('firstMs'),
    windowMs: of('windowMs'),
    doubled: of('doubled'),
  };
  console.log(
    `${method} ${fault}`.padEnd(14),
    `failed ${result.failed}, over 250 ms ${result.slow}, first good answer ${result.firstMs.toFixed(0)} ms, ` +
      `failing window ${result.windowMs.toFixed(0)} ms, doubled ${result.doubled}`,
  );
  return result;
};

const measureFaults = async (): Promise<readonly Bar[]> => {
  const hang = await medianFault('hang', 'GET');
  const bars: Bar[] = [
    { what: 'black hole, GET: failed', measured: hang.failed, atMost: 0 },
    { what: 'black hole, GET: over 250 ms', measured: hang.slow, atMost: 0 },
    { what: 'black hole, GET: first good answer, ms', measured: hang.firstMs, atMost: 60 },
  ];
  for (const fault of ['reset', 'refuse', '503'] as const) {
    const { failed } = await medianFault(fault, 'GET');
    bars.push({ what: `${fault}, GET: failed`, measured: failed, atMost: 0 });
  }
  const post = await medianFault('hang', 'POST');
  bars.push(
    { what: 'black hole, POST: doubled', measured: post.doubled, atMost: 0 },
    { what: 'black hole, POST: failing window, ms', measured: post.windowMs, atMost: 400 },
  );
  return bars;
};

/** A whole request of the core: decide, start, answer. */
const measureDecision = (): Bar => {
  const policy = new RouterPolicy({
    regions: ['a', 'b'],
    random: Math.random,
    onTransition: () => undefined,
  });
  const traits = { method: 'GET', isReplayable: true, hasSharedKey: false, isHedgeable: true };
  const count = 500_000;
  const rounds = Array.from({ length: ROUNDS }, () => {
    const startMs = performance.now();
    for (let at = 0; at < count; at += 1) {
      const decision = policy.decide(traits, at);
      const health = policy.health(decision.kind === 'route' ? decision.first : 'a');
      health.started(at);
      health.answered(at, 5);
    }
    return ((performance.now() - startMs) * 1000) / count;
  });
  return { what: 'decision with its bookkeeping, us', measured: median(rounds), atMost: 2 };
};

const bars = [measureDecision(), ...(await measureCost()), ...(await measureFaults())];
console.log('');
for (const { what, measured, atMost } of bars) {
  const isMet = measured <= atMost;
  console.log(`${isMet ? 'met   ' : 'MISSED'} ${what}: ${measured.toFixed(2)} (at most ${atMost})`);
}
process.exitCode = bars.every(({ measured, atMost }) => measured <= atMost) ? 0 : 1;
