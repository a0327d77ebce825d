/**
 * What the stores, the queue and the gate source answer while the wire misbehaves: a failure value with its reason, within
 * the bound of the call, and never an exception. What was applied although its reply was lost counts once.
 */
import type { ServerResponse } from 'node:http';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { CallBounds } from '../../../functions/aws/client-options.ts';
import type { Failure, FailureReason } from '../../../functions/domain/failure.ts';
import type { RegionStores } from '../../../functions/dual-write/regions.ts';
import { AppConfigGateSource } from '../../../functions/gate/appconfig-source.ts';
import { DynamoRecordStore } from '../../../functions/stores/dynamo-record-store.ts';
import { openDynamoClient } from '../../../functions/stores/dynamo-table.ts';
import { makeRecord } from '../../../functions/stores/envelope.ts';
import { SqsSyncQueue } from '../../../functions/stores/sqs-sync-queue.ts';
import type { SyncQueue } from '../../../functions/stores/sync-queue.ts';
import { makeVector } from '../../../functions/stores/vector-hash.ts';
import type { FaultMode } from '../../../local/services/faults.ts';
import { CALM, type EmbeddedRegion, openEmbeddedRegion, operationsOf } from './embedded-region.ts';
import { valueOf } from './outcomes.ts';
import { openRawServer } from './raw-server.ts';

/** Short, so that what hangs ends soon; one attempt, so that what is measured is one call. */
const HASTY: CallBounds = { connectTimeoutMs: 400, callTimeoutMs: 400, attemptsMax: 1 };
const PATIENT: CallBounds = { ...CALM, attemptsMax: 1 };
/** What a busy machine may add to a bound; without bounds the SDK would wait for ever. */
const SLACK_MS = 2500;

const RECORD = makeRecord({ pk: 'p', sk: 's' }, { v: '1', op: 'op' }, { text: 'x' });
const LOCAL = { pk: 'LOCAL#x', sk: 'x', order: 1, data: '{}' };
const VECTOR = makeVector(Float32Array.of(1, 0, 0, 0), { src: 's', doc: 's~1', chunk: 'c' }, 'run');
const QUEUE = {
  name: 'sync.fifo',
  fifo: true,
  visibilityTimeoutSeconds: 60,
  messageRetentionSeconds: 3600,
};

interface Clients {
  readonly stores: RegionStores;
  readonly queue: SyncQueue;
  readonly gate: AppConfigGateSource;
}

let region: EmbeddedRegion;
let queue: { url: string; arn: string };
let gateAddress: { application: string; environment: string; profile: string };

const connect = (bounds: CallBounds): Clients => ({
  stores: region.connect(bounds),
  queue: new SqsSyncQueue(region.target(bounds, 'sqs'), queue.url),
  gate: new AppConfigGateSource(region.target(bounds, 'appconfig'), gateAddress),
});

const declareGate = async (): Promise<typeof gateAddress> => {
  const { config } = region.services;
  const { id: application } = await config.ensureApplication('gate');
  const { id: environment } = await config.ensureEnvironment(application, 'gate');
  const { id: profile } = await config.ensureProfile(application, 'gate', []);
  await config.deploy({
    applicationId: application,
    environmentId: environment,
    profileId: profile,
    content: '{}',
    contentType: 'application/json',
  });
  return { application, environment, profile };
};

beforeAll(async () => {
  region = await openEmbeddedRegion();
  queue = await region.services.queues.ensureQueue(QUEUE);
  gateAddress = await declareGate();
});

afterEach(() => {
  region.services.faults.clear();
});

afterAll(async () => {
  await region.close();
});

type Outcome = { readonly kind: string; readonly failure?: Failure };
type Operation = (clients: Clients) => Promise<Outcome>;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  get: async ({ stores }) => stores.tables.graph.get(RECORD),
  put: async ({ stores }) => stores.tables.graph.put(RECORD),
  query: async ({ stores }) => stores.tables.graph.query('p'),
  queryDigests: async ({ stores }) => stores.tables.graph.queryDigests('p'),
  scan: async ({ stores }) => stores.tables.graph.scan({ segment: 0, segments: 1 }),
  readSource: async ({ stores }) => stores.tables.graph.readSource(RECORD),
  claim: async ({ stores }) => stores.tables.graph.claim(RECORD, 'f'),
  commit: async ({ stores }) => stores.tables.graph.commit(RECORD, 'f'),
  getLocal: async ({ stores }) => stores.tables.workspaces.getLocal(LOCAL),
  putLocal: async ({ stores }) => stores.tables.workspaces.putLocal(LOCAL),
  'put vectors': async ({ stores }) => stores.vectors.put([VECTOR]),
  'get vectors': async ({ stores }) => stores.vectors.get([VECTOR.key]),
  'delete vectors': async ({ stores }) => stores.vectors.delete([VECTOR.key]),
  'list vectors': async ({ stores }) => stores.vectors.list({ segment: 0, segments: 1 }),
  'query vectors': async ({ stores }) => stores.vectors.query({ vector: VECTOR.data, topK: 1 }),
  send: async (clients) => clients.queue.send({ group: 'g', dedupe: 'd', body: 'b' }),
  'read the gate': async ({ gate }) => gate.read(),
};

interface Measured {
  readonly operation: string;
  readonly reason: FailureReason | 'none';
  readonly isLate: boolean;
  readonly message: string;
}

const measure = async (names: readonly string[], bounds: CallBounds): Promise<readonly Measured[]> => {
  const clients = connect(bounds);
  return Promise.all(
    names.map(async (operation) => {
      const startedAt = performance.now();
      const outcome = await OPERATIONS[operation]?.(clients);
      const isLate = performance.now() - startedAt > bounds.callTimeoutMs + SLACK_MS;
      return {
        operation,
        reason: outcome?.failure?.reason ?? 'none',
        isLate,
        message: outcome?.failure?.message ?? '',
      };
    }),
  );
};

const ALL = Object.keys(OPERATIONS);

describe('a wire that fails', () => {
  const rows: readonly (readonly [FaultMode, FailureReason, CallBounds])[] = [
    ['refuse', 'unreachable', PATIENT],
    ['reset', 'unreachable', PATIENT],
    ['error-500', 'unreachable', PATIENT],
    ['error-503', 'unreachable', PATIENT],
    ['throttle', 'throttled', PATIENT],
    ['lost-reply', 'unreachable', PATIENT],
    ['blackhole', 'unreachable', HASTY],
    ['tls-stall', 'unreachable', HASTY],
    ['header-stall', 'unreachable', HASTY],
    ['body-stall', 'unreachable', HASTY],
    ['delay', 'unreachable', HASTY],
    ['truncate', 'unreachable', PATIENT],
    ['dns-empty', 'unreachable', PATIENT],
    ['dns-nxdomain', 'unreachable', PATIENT],
    ['dns-servfail', 'unreachable', PATIENT],
    ['dns-silent', 'unreachable', PATIENT],
  ];

  /** The clients of every row are new: they hold no connection and know no address. */
  const set = (mode: FaultMode): void => {
    region.services.faults.set(mode === 'delay' ? { service: '*', mode, delayMs: 2000 } : { service: '*', mode });
  };

  it.each(rows)('with %s makes every operation answer "%s" in time', async (mode, reason, bounds) => {
    set(mode);
    const measured = await measure(ALL, bounds);
    expect(measured.filter((one) => one.reason !== reason || one.isLate || one.message === '')).toEqual([]);
    expect(measured).toHaveLength(17);
  });

  it('that black-holes ends a call within one bound, whatever the number of attempts', async () => {
    region.services.faults.set({ service: '*', mode: 'blackhole' });
    const measured = await measure(ALL, { ...HASTY, attemptsMax: 20 });
    expect(measured.filter((one) => one.reason !== 'unreachable' || one.isLate)).toEqual([]);
  });

  it('answers again as soon as it is mended, over the same clients', async () => {
    const clients = connect({ ...PATIENT, attemptsMax: 2 });
    region.services.faults.set({ service: '*', mode: 'refuse' });
    expect((await clients.stores.tables.graph.get(RECORD)).kind).toBe('failed');
    region.services.faults.clear();
    expect((await clients.stores.tables.graph.get(RECORD)).kind).toBe('done');
  });
});

describe('a Region that is not there', () => {
  it('is unreachable for every operation', async () => {
    const gone = await openEmbeddedRegion('us-west-2');
    const stores = gone.connect(PATIENT);
    const queueTarget = gone.target(PATIENT, 'sqs');
    const gateTarget = gone.target(PATIENT, 'appconfig');
    await gone.close();
    const clients: Clients = {
      stores,
      queue: new SqsSyncQueue(queueTarget, `${queueTarget.endpoint ?? ''}/1/sync.fifo`),
      gate: new AppConfigGateSource(gateTarget, gateAddress),
    };
    const outcomes = await Promise.all(ALL.map(async (name) => OPERATIONS[name]?.(clients)));
    const codes = outcomes.map((outcome) => outcome?.failure?.code);
    expect(new Set(codes)).toEqual(new Set(['ECONNREFUSED']));
    expect(new Set(outcomes.map((outcome) => outcome?.failure?.reason))).toEqual(new Set(['unreachable']));
  });
});

describe('a service that never comes to an end', () => {
  let timer: NodeJS.Timeout | undefined;

  afterEach(() => {
    clearInterval(timer);
  });

  const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.0' };

  it.each<[string, (response: ServerResponse) => void]>([
    [
      'a body that drips: each byte comes in time, the last one never',
      (response) => {
        response.writeHead(200, JSON_TYPE);
        timer = setInterval(() => response.write(' '), 50);
      },
    ],
    [
      'a throttled call that is to be tried again in a minute',
      (response) => {
        response.writeHead(429, { ...JSON_TYPE, 'x-amzn-errortype': 'ThrottlingException', 'retry-after': '60' });
        response.end('{}');
      },
    ],
  ])('is left at the bound: %s', async (_what, answer) => {
    const server = await openRawServer(answer);
    const target = { region: region.region, endpoint: server.endpoint, bounds: { ...HASTY, attemptsMax: 3 } };
    const store = new DynamoRecordStore(openDynamoClient(target), {
      table: 't',
      callTimeoutMs: HASTY.callTimeoutMs,
      now: () => 0,
    });
    const startedAt = performance.now();
    const outcomes = [await store.get(RECORD), await store.put(RECORD)];
    expect(performance.now() - startedAt).toBeLessThan(2 * HASTY.callTimeoutMs + SLACK_MS);
    await server.close();
    expect(outcomes.map(({ kind }) => kind)).toEqual(['failed', 'failed']);
  });
});

describe('a role without permissions', () => {
  it('is refused by every operation, with the words of the service', async () => {
    const denying = await openEmbeddedRegion('us-east-1', {
      authorize: ({ operation }) => ({ kind: 'denied', message: `not authorized to perform ${operation}` }),
    });
    const stores = denying.connect(PATIENT);
    const outcomes = await Promise.all([
      stores.tables.graph.put(RECORD),
      stores.tables.graph.get(RECORD),
      stores.vectors.put([VECTOR]),
    ]);
    await denying.close();
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ kind: 'failed', failure: { reason: 'refused', code: 'AccessDeniedException' } });
    }
  });
});

describe('a write whose reply is lost', () => {
  let clients: Clients;
  let before: number;
  const key = { pk: 'lost', sk: 's' };
  let next = 0;

  const fresh = (): typeof key => {
    next += 1;
    return { ...key, sk: `s${next}` };
  };

  const loseNext = (): void => {
    region.services.faults.set({ service: '*', mode: 'lost-reply', times: 1 });
    before = region.calls.length;
  };

  const asked = (): readonly string[] => operationsOf(region.calls.slice(before));

  beforeEach(() => {
    clients = connect(CALM);
  });

  it('is written exactly once, and known as ours', async () => {
    const record = makeRecord(fresh(), { v: '1', op: 'mine' }, {});
    loseNext();
    expect(await clients.stores.tables.graph.put(record)).toEqual({ kind: 'written' });
    expect(asked()).toEqual(['PutItem', 'PutItem', 'GetItem']);
    expect(valueOf(await clients.stores.tables.graph.get(record))).toEqual(record);
  });

  it('is superseded where somebody newer came in between', async () => {
    const record = makeRecord(fresh(), { v: '1', op: 'mine' }, {});
    await connect(CALM).stores.tables.graph.put(makeRecord(record, { v: '2', op: 'other' }, {}));
    loseNext();
    expect(await clients.stores.tables.graph.put(record)).toEqual({ kind: 'superseded', v: '2' });
  });

  it('is a claim that is ours', async () => {
    const source = fresh();
    loseNext();
    expect(await clients.stores.tables.graph.claim(source, 'f1')).toEqual({ kind: 'claimed' });
    expect(asked()).toEqual(['UpdateItem', 'UpdateItem', 'GetItem']);
    expect(valueOf(await clients.stores.tables.graph.readSource(source))).toEqual({ f: 'f1' });
  });

  it('is a commit that is ours', async () => {
    const source = fresh();
    await clients.stores.tables.graph.claim(source, 'f1');
    const record = makeRecord(source, { v: '1', op: 'mine' }, {});
    loseNext();
    expect(await clients.stores.tables.graph.commit(record, 'f1')).toEqual({ kind: 'committed' });
    expect(asked()).toEqual(['UpdateItem', 'UpdateItem', 'GetItem']);
  });

  it('leaves a local item as it was written', async () => {
    const local = { pk: 'LOCAL#lost', sk: `${next}`, order: 5, data: 'mine' };
    loseNext();
    expect((await clients.stores.tables.workspaces.putLocal(local)).kind).toBe('done');
    expect(valueOf(await clients.stores.tables.workspaces.getLocal(local))).toEqual(local);
  });

  it('leaves one vector, and one message', async () => {
    loseNext();
    expect((await clients.stores.vectors.put([VECTOR])).kind).toBe('done');
    const listed = valueOf(await clients.stores.vectors.list({ segment: 0, segments: 1 }));
    expect(listed.items.map((vector) => vector.key)).toEqual([VECTOR.key]);
    loseNext();
    expect((await clients.queue.send({ group: 'lost', dedupe: 'once', body: 'b' })).kind).toBe('done');
    expect(asked()).toEqual(['SendMessage', 'SendMessage']);
    const { consumer } = region.services;
    expect(consumer.receive(queue.arn, 10).filter(({ groupId }) => groupId === 'lost')).toHaveLength(1);
  });
});

describe('a read-back that fails', () => {
  it('leaves a contested write unknown: neither written nor superseded', async () => {
    const { tables } = region.connect(PATIENT);
    const newer = makeRecord({ pk: 'p', sk: 'contested' }, { v: '2', op: 'newer' }, {});
    await tables.graph.put(newer);
    await tables.graph.claim(newer, 'f2');
    region.services.faults.set({ service: 'dynamodb', operation: 'GetItem', mode: 'error-500' });
    const outcomes = await Promise.all([
      tables.graph.put({ ...newer, v: '1' }),
      tables.graph.claim(newer, 'f1'),
      tables.graph.commit({ ...newer, v: '1' }, 'f2'),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['failed', 'failed', 'failed']);
  });
});
