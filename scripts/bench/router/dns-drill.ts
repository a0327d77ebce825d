/**
 * The death of DNS, played against the router as it runs: a name server of our own, endpoints by name, and a new connection for
 * each request, so that every one of them needs an address.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { routerConfigSchema } from '../../../router/config/schema.ts';
import { type NodeRouter, startNodeRouter } from '../../../router/entries/node/node-router.ts';
import { DnsServer, type DnsMode } from './dns-server.ts';
import { statusText } from './fault-pair.ts';
import { median, paced, quantile } from './paced-load.ts';

export const NAMES = { a: 'region-a.twinmap.test', b: 'region-b.twinmap.test' } as const;

export interface DnsStage {
  readonly dns: DnsServer;
  /** For `dns.servers`; empty: whatever the machine's resolv.conf says. */
  readonly servers: readonly string[];
  readonly ports: Readonly<Record<'a' | 'b', number>>;
  readonly close: () => Promise<void>;
}

const startOrigin = async (isActive: boolean): Promise<http.Server> => {
  const status = statusText(isActive);
  const server = http.createServer((req, res) => {
    req.resume();
    res.writeHead(200, { connection: 'close' }).end(req.url === '/v1/status' ? status : 'ok');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
};

const portOf = (server: http.Server): number => (server.address() as AddressInfo).port;

/** `dnsPort` 53 where the machine's own resolver is to be used, 0 for any. */
export const openDnsStage = async (dnsPort: number): Promise<DnsStage> => {
  const dns = new DnsServer(new Map(Object.values(NAMES).map((name) => [name, '127.0.0.1'])));
  const port = await dns.start(dnsPort);
  const servers = await Promise.all([startOrigin(true), startOrigin(false)]);
  return {
    dns,
    servers: dnsPort === 53 ? [] : [`127.0.0.1:${port}`],
    ports: { a: portOf(servers[0]), b: portOf(servers[1]) },
    close: async () => {
      await dns.stop();
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
};

export interface RouterExtras {
  readonly seeds?: readonly string[];
  readonly stateFolder?: string;
}

export const startNamedRouter = async (
  stage: DnsStage,
  { seeds = [], stateFolder }: RouterExtras,
): Promise<NodeRouter> => {
  const region = (id: 'a' | 'b') => ({
    id,
    endpoint: `http://${NAMES[id]}:${stage.ports[id]}`,
    seedAddresses: [...seeds],
  });
  const config = routerConfigSchema.parse({
    listen: { host: '127.0.0.1', port: 0 },
    regions: [region('a'), region('b')],
    dns: { servers: [...stage.servers] },
    policy: { statusIntervalMs: 500 },
    ...(stateFolder === undefined ? {} : { stateFolder }),
  });
  return startNodeRouter({ config, log: () => undefined });
};

export const sleep = async (ms: number): Promise<void> => {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
};

export interface DnsDeath {
  readonly sent: number;
  readonly failed: number;
  readonly p99Ms: number;
  readonly slowestMs: number;
  /** Still served by the Region whose name died: its address is known. */
  readonly mode: string;
}

/** Answers last a second; then they are stale, and DNS says no more. */
const TTL_MS = 1000;

export const playDeath = async (
  stage: DnsStage,
  mode: DnsMode,
  perSecond: number,
  forMs: number,
): Promise<DnsDeath> => {
  const router = await startNamedRouter(stage, {});
  const url = `${router.url}/x`;
  try {
    await paced({ url, method: 'GET', perSecond, forMs: 500 });
    stage.dns.set(NAMES.a, mode);
    await sleep(TTL_MS + 200);
    const answers = await paced({ url, method: 'GET', perSecond, forMs });
    const tookMs = answers.map((answer) => answer.tookMs);
    return {
      sent: answers.length,
      failed: answers.filter(({ status }) => status !== 200).length,
      p99Ms: quantile(tookMs, 0.99),
      slowestMs: Math.max(...tookMs),
      mode: router.view().regions[0]?.dns.mode ?? 'unknown',
    };
  } finally {
    stage.dns.set(NAMES.a, 'ok');
    await router.close();
  }
};

/** Both names dead before the router starts: how long the first request after listening takes, from seed or snapshot. */
export const playColdStart = async (stage: DnsStage, mode: DnsMode, extras: RouterExtras): Promise<number> => {
  stage.dns.set(NAMES.a, mode);
  stage.dns.set(NAMES.b, mode);
  const router = await startNamedRouter(stage, extras);
  try {
    const startedMs = performance.now();
    const response = await fetch(`${router.url}/x`, { signal: AbortSignal.timeout(10_000) });
    const tookMs = performance.now() - startedMs;
    return response.status === 200 ? tookMs : Infinity;
  } finally {
    await router.close();
    stage.dns.set(NAMES.a, 'ok');
    stage.dns.set(NAMES.b, 'ok');
  }
};

/** Runs once with good DNS, so that the state folder holds the addresses. */
export const fillSnapshot = async (stage: DnsStage, stateFolder: string): Promise<void> => {
  const router = await startNamedRouter(stage, { stateFolder });
  await fetch(`${router.url}/x`);
  await sleep(TTL_MS);
  await router.close();
};

const STUCK = 24;
const ROUNDS = 60;

/** What a Region's stuck look-ups add to new connections to the other one. */
export const playStuckLookup = async (
  stage: DnsStage,
): Promise<{ readonly addedMs: number; readonly stuck: number }> => {
  stage.dns.set(NAMES.a, 'black-hole');
  const router = await startNamedRouter(stage, {});
  const { a, b } = { a: router.context.origins.get('a'), b: router.context.origins.get('b') };
  const timeB = async (): Promise<number> => {
    const tookMs: number[] = [];
    for (let at = 0; at < ROUNDS; at += 1) {
      const startedMs = performance.now();
      const answer = await b?.pool.request({ method: 'GET', path: '/x', headers: { host: b.host } });
      await answer?.body.dump();
      tookMs.push(performance.now() - startedMs);
    }
    return median(tookMs);
  };
  try {
    await timeB();
    // Let what the start asked end first.
    await sleep(1500);
    const calmMs = await timeB();
    const state = { stuck: 0, isOver: false };
    const stuck = Array.from({ length: STUCK }, async () => {
      while (!state.isOver) {
        state.stuck += 1;
        await a?.pool.request({ method: 'GET', path: '/x' }).catch(() => undefined);
        state.stuck -= 1;
      }
    });
    await sleep(50);
    const besideMs = await timeB();
    const left = state.stuck;
    state.isOver = true;
    await Promise.all(stuck);
    return { addedMs: besideMs - calmMs, stuck: left };
  } finally {
    stage.dns.set(NAMES.a, 'ok');
    await router.close();
  }
};
