/**
 * Connections and names that fail under real SDK clients: what a failure costs, what outlives it, and that a dead Region's
 * DNS takes nothing from the healthy one.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { CallBounds } from '../../../functions/aws/client-options.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { RegionPair } from '../../../functions/dual-write/regions.ts';
import { type BreakerService, openInteractivePair } from '../../../functions/handlers/open-region.ts';
import { DynamoRecordStore } from '../../../functions/stores/dynamo-record-store.ts';
import { openDynamoClient } from '../../../functions/stores/dynamo-table.ts';
import { makeRecord } from '../../../functions/stores/envelope.ts';
import type { RecordStore } from '../../../functions/stores/record-store.ts';
import { CONNECTION_MODES, type ConnectionMode } from '../../../local/services/faults.ts';
import { serviceHost } from '../../../local/services/name-server.ts';
import { CALM, type EmbeddedRegion, openEmbeddedRegion } from './embedded-region.ts';
import { openRawServer } from './raw-server.ts';

const RECORD = makeRecord({ pk: 'p', sk: 's' }, { v: '1', op: 'op' }, { text: 'x' });
const BOUNDS: CallBounds = { connectTimeoutMs: 400, callTimeoutMs: 1000, attemptsMax: 3 };
/** What a busy machine may add to a bound. */
const SLACK_MS = 1500;

let home: EmbeddedRegion;
let peer: EmbeddedRegion;

beforeAll(async () => {
  [home, peer] = await Promise.all([openEmbeddedRegion('us-east-2'), openEmbeddedRegion('us-west-2')]);
});

afterEach(() => {
  home.services.faults.clear();
  peer.services.faults.clear();
});

afterAll(async () => {
  await home.close();
  await peer.close();
});

const tableOf = (region: EmbeddedRegion, bounds = BOUNDS): RecordStore => region.connect(bounds).tables.graph;

const breakPeer = (mode: ConnectionMode): void => {
  peer.services.faults.set({ service: 'dynamodb', mode });
};

const codeOf = (outcome: Awaited<ReturnType<RecordStore['get']>>): string =>
  outcome.kind === 'failed' ? `${outcome.failure.reason} ${outcome.failure.code}` : outcome.kind;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const settle = async (ms = 30): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

describe('a name without an address', () => {
  it.each<[ConnectionMode, string, number]>([
    // No data: the IPv6 address is asked for as well.
    ['dns-empty', 'ENODATA', 2],
    ['dns-nxdomain', 'ENOTFOUND', 1],
    ['dns-servfail', 'ESERVFAIL', 1],
    ['dns-silent', 'ETIMEOUT', 1],
  ])('with %s is unreachable at once as %s, without a second attempt', async (mode, code, questions) => {
    breakPeer(mode);
    const name = serviceHost('dynamodb', peer.region);
    const before = peer.nameServer.asked(name);
    const startedAt = performance.now();
    expect(codeOf(await tableOf(peer).get(RECORD))).toBe(`unreachable ${code}`);
    expect(performance.now() - startedAt).toBeLessThan(LIMITS.dnsTimeoutMs + SLACK_MS);
    expect(peer.nameServer.asked(name) - before).toBe(questions);
  });

  it.each(['dns-empty', 'dns-nxdomain', 'dns-servfail', 'dns-silent'] as const)(
    'with %s is no failure for a client that knew it: it connects to the address that was good',
    async (mode) => {
      const table = tableOf(peer);
      expect(codeOf(await table.get(RECORD))).toBe('done');
      breakPeer(mode);
      await settle();
      const startedAt = performance.now();
      expect(codeOf(await table.get(RECORD))).toBe('done');
      expect(performance.now() - startedAt).toBeLessThan(LIMITS.dnsTimeoutMs);
    },
  );
});

describe('a connection fault', () => {
  it.each(CONNECTION_MODES)('%s meets clients that hold open sockets, and is over when it is cleared', async (mode) => {
    const table = tableOf(peer, { ...BOUNDS, callTimeoutMs: 400 });
    expect(codeOf(await table.get(RECORD))).toBe('done');
    breakPeer(mode);
    await settle();
    const met = codeOf(await table.get(RECORD));
    expect(met).toBe(
      { refuse: 'unreachable ECONNREFUSED', 'tls-stall': 'unreachable AbortError' }[mode as string] ?? 'done',
    );
    peer.services.faults.clear();
    await settle();
    expect(codeOf(await table.get(RECORD))).toBe('done');
    expect(codeOf(await tableOf(peer).get(RECORD))).toBe('done');
  });

  it('of one service leaves the other services of the Region alone', async () => {
    const { vectors } = peer.connect(BOUNDS);
    breakPeer('refuse');
    expect((await vectors.list({ segment: 0, segments: 1 })).kind).toBe('done');
  });

  it('can be for connections only: an operation, a count or a start makes no sense, and is refused', () => {
    const rule = { service: 'dynamodb', operation: 'GetItem', mode: 'dns-empty' } as const;
    expect(() => peer.services.faults.set(rule)).toThrow(/before there is a request/u);
    expect(() => peer.services.faults.set({ service: 'dynamodb', times: 1, mode: 'tls-stall' })).toThrow(/leave out/u);
    expect(peer.services.faults.list()).toEqual([]);
  });

  it('that refuses one operation keeps the port for the others', async () => {
    peer.services.faults.set({ service: 'dynamodb', operation: 'PutItem', mode: 'refuse' });
    const table = tableOf(peer, { ...BOUNDS, attemptsMax: 1 });
    expect(codeOf(await table.get(RECORD))).toBe('done');
    expect(await table.put(RECORD)).toMatchObject({ failure: { reason: 'unreachable', code: 'ECONNRESET' } });
  });
});

describe('a throttled call', () => {
  it('whose next attempt would come after its bound is throttled, at once, and not timed out', async () => {
    const server = await openRawServer((response) => {
      const head = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': 'ThrottlingException' };
      response.writeHead(429, { ...head, 'retry-after': '60' });
      response.end('{}');
    });
    const target = { region: home.region, endpoint: server.endpoint, bounds: BOUNDS };
    const store = new DynamoRecordStore(openDynamoClient(target), {
      table: 't',
      callTimeoutMs: BOUNDS.callTimeoutMs,
      now: () => 0,
    });
    const startedAt = performance.now();
    const outcome = await store.get(RECORD);
    expect(performance.now() - startedAt).toBeLessThan(BOUNDS.callTimeoutMs);
    await server.close();
    expect(codeOf(outcome)).toBe('throttled ThrottlingException');
  });
});

describe('a dead Region whose DNS is silent', () => {
  it('takes nothing from the healthy one: its new connections and its calls are as fast as ever', async () => {
    breakPeer('dns-silent');
    const calls = 25;
    const askDead = async (count: number): Promise<unknown> =>
      Promise.all(Array.from({ length: count }, async () => tableOf(peer, { ...BOUNDS, attemptsMax: 1 }).get(RECORD)));
    const alone: number[] = [];
    const beside: number[] = [];
    const timed = async (): Promise<number> => {
      // A client of its own each time: look-up, connection and handshake are what could be starved.
      const table = tableOf(home, CALM);
      const startedAt = performance.now();
      expect(codeOf(await table.get(RECORD))).toBe('done');
      return performance.now() - startedAt;
    };
    await timed();
    for (let call = 0; call < calls; call += 1) {
      alone.push(await timed());
      // More than getaddrinfo has threads, on clients of their own so that none shares another's question.
      const dead = askDead(8);
      beside.push(await timed());
      await dead;
    }
    expect(median(beside)).toBeLessThan(median(alone) * 3 + 50);
    expect(Math.max(...beside)).toBeLessThan(LIMITS.dnsTimeoutMs + SLACK_MS);
  }, 60_000);
});

describe('the interactive pair', () => {
  const open = (): {
    readonly pair: RegionPair;
    readonly clock: { nowMs: number };
    readonly closed: readonly BreakerService[];
  } => {
    const clock = { nowMs: 0 };
    const closed: BreakerService[] = [];
    const environment = { role: 'primary', home: home.address, peer: peer.address } as const;
    const pair = openInteractivePair(environment, {
      now: () => clock.nowMs,
      onBreakerClosed: (_region, service) => closed.push(service),
    });
    return { pair, clock, closed };
  };

  it('waits for the peer no longer than its budget', async () => {
    const { pair } = open();
    peer.services.faults.set({ service: '*', mode: 'blackhole' });
    const startedAt = performance.now();
    expect(await pair.peer?.tables.audit.put(RECORD)).toMatchObject({ failure: { reason: 'unreachable' } });
    expect(performance.now() - startedAt).toBeGreaterThan(LIMITS.peerBudgetMs - 50);
    expect(performance.now() - startedAt).toBeLessThan(LIMITS.peerBudgetMs + SLACK_MS);
  });

  it('asks a dead service three times, then not at all, then once, and says when it is back', async () => {
    const { pair, clock, closed } = open();
    breakPeer('refuse');
    const tables = pair.peer?.tables;
    const codes: string[] = [];
    // The three tables of a Region are one service.
    for (const table of [tables?.audit, tables?.graph, tables?.workspaces, tables?.audit]) {
      codes.push(table === undefined ? '' : codeOf(await table.get(RECORD)));
    }
    expect(codes).toEqual([...Array.from({ length: 3 }, () => 'unreachable ECONNREFUSED'), 'unreachable BreakerOpen']);
    expect((await pair.peer?.vectors.list({ segment: 0, segments: 1 }))?.kind).toBe('done');
    peer.services.faults.clear();
    await settle();
    const startedAt = performance.now();
    expect(await tables?.audit.get(RECORD)).toMatchObject({ failure: { code: 'BreakerOpen' } });
    expect(performance.now() - startedAt).toBeLessThan(50);
    clock.nowMs += LIMITS.breakerProbeDelayMs;
    expect((await tables?.graph.get(RECORD))?.kind).toBe('done');
    expect(closed).toEqual(['dynamodb']);
  });

  it('has no peer where none is declared', () => {
    const environment = { role: 'primary', home: home.address, peer: undefined } as const;
    expect(openInteractivePair(environment, { now: () => 0, onBreakerClosed: () => undefined })).not.toHaveProperty(
      'peer',
    );
  });
});
