/**
 * A world for cycle tests: an origin that can be edited, two Regions in memory, runs that may crash at any store call, and puts
 * that arrive late. The code under test is the production cycle and sweep; only stores, clock and origin are simulated.
 */
import { setImmediate } from 'node:timers/promises';

import type { Connector, Cursor, PullEvent, SourceEntry } from '../../functions/connectors/connector.ts';
import { parseDocumentPayload, parseSourcePayload, sourceKey } from '../../functions/domain/corpus.ts';
import { DONE, done, type Failure } from '../../functions/domain/failure.ts';
import type { ReplicatedRecord } from '../../functions/domain/record.ts';
import { parseRegion, type RegionName } from '../../functions/domain/region.ts';
import { gitDefinition } from '../../functions/domain/source-definition.ts';
import { DualWriter } from '../../functions/dual-write/dual-writer.ts';
import type { RegionPair, RegionStores } from '../../functions/dual-write/regions.ts';
import type { Embedder } from '../../functions/embed/embedder.ts';
import type { Checkpoint, CycleDependencies, CycleOutcome } from '../../functions/ingest/cycle-types.ts';
import type { Derivation } from '../../functions/ingest/derive/derivation.ts';
import { documentIdOf } from '../../functions/ingest/plan-document.ts';
import { type PurgeOutcome, purgeSource } from '../../functions/ingest/purge-source.ts';
import { runSyncCycle } from '../../functions/ingest/sync-cycle.ts';
import { type SweepOutcome, sweepVectors } from '../../functions/ingest/sweep-vectors.ts';
import { parseSyncMessage } from '../../functions/ingest/sync-message.ts';
import { sha256Hex } from '../../functions/stores/envelope.ts';
import type { PutOutcome } from '../../functions/stores/record-store.ts';
import { batchesOf } from '../../functions/stores/vector-batches.ts';
import type { Telemetry } from '../../functions/telemetry/telemetry.ts';
import { MemoryRecordStore, MemoryVectorStore } from './memory-stores.ts';

export const SOURCE = gitDefinition({ id: 'handbook', name: 'handbook', url: 'https://git.example/handbook' });

const DIMENSIONS = 8;
const PULL_BATCH = 3;

/** The process of a run is gone: nothing after this reaches a store. */
export class CrashError extends Error {
  override readonly name = 'CrashError';
}

export class Origin {
  readonly files = new Map<string, string>();
  readonly #history = new Map<string, ReadonlyMap<string, string>>();

  snapshot(): string {
    const snapshot = sha256Hex(
      [...this.files]
        .map(([name, text]) => `${name}=${text}`)
        .toSorted()
        .join('\n'),
    );
    this.#history.set(snapshot, new Map(this.files));
    return snapshot;
  }

  at(snapshot: string): ReadonlyMap<string, string> | undefined {
    return this.#history.get(snapshot);
  }

  /** What a force-push and a garbage collection do. */
  forget(): void {
    this.#history.clear();
  }
}

const entryOf = ([id, text]: readonly [string, string]): SourceEntry => ({ id, rev: sha256Hex(text) });

export const originConnector = (origin: Origin): Connector => {
  const pinned = (cursor: Cursor | null): string =>
    typeof cursor?.['pin'] === 'string' ? cursor['pin'] : origin.snapshot();
  return {
    kind: 'origin',
    status: async () => ({ snapshot: origin.snapshot() }),
    snapshotOf: (cursor) => String(cursor['snapshot']),
    async *pull(context, cursor): AsyncIterable<PullEvent> {
      const snapshot = pinned(cursor);
      const baseName = typeof cursor?.['snapshot'] === 'string' ? cursor['snapshot'] : undefined;
      const base = baseName === undefined ? new Map<string, string>() : origin.at(baseName);
      const files = origin.at(snapshot);
      if (base === undefined || files === undefined) {
        yield { op: 'cursor-lost', why: 'the origin has forgotten the snapshot' };
        return;
      }
      const after = typeof cursor?.['after'] === 'string' ? cursor['after'] : '';
      const names = [...new Set([...files.keys(), ...base.keys()])]
        .filter((name) => files.get(name) !== base.get(name) && name > after)
        .toSorted();
      for (const batch of batchesOf(names, PULL_BATCH)) {
        const present = batch.filter((name) => files.has(name));
        const needed = await context.select(present.map((name) => entryOf([name, files.get(name) ?? ''])));
        for (const name of batch) {
          const text = files.get(name);
          if (text === undefined) {
            yield { op: 'delete', id: name };
          } else if (needed.has(name)) {
            const entry = entryOf([name, text]);
            yield text === 'BINARY'
              ? { op: 'skip', entry, path: name, reason: 'binary' }
              : { op: 'upsert', document: { ...entry, path: name, text } };
          }
        }
        const next: Cursor = {
          ...(baseName === undefined ? {} : { snapshot: baseName }),
          pin: snapshot,
          after: batch.at(-1),
        };
        yield { op: 'checkpoint', cursor: next, complete: false };
      }
      yield { op: 'checkpoint', cursor: { snapshot }, complete: true };
    },
    async *enumerate(_signal, cursor): AsyncIterable<SourceEntry> {
      const named = cursor?.['pin'] ?? cursor?.['snapshot'];
      yield* [...(origin.at(typeof named === 'string' ? named : origin.snapshot()) ?? [])].map((file) => entryOf(file));
    },
    check: async () => [],
    close: async () => undefined,
  };
};

const embedder: Embedder = {
  model: 'test',
  dimensions: DIMENSIONS,
  embed: async (texts) =>
    done(
      texts.map((text) => {
        const hash = sha256Hex(text);
        return Float32Array.from({ length: DIMENSIONS }, (_, at) => 1 + Number.parseInt(hash.charAt(at), 16));
      }),
    ),
};

const silent: Telemetry = {
  log: () => undefined,
  write: () => undefined,
  count: () => undefined,
  flush: () => undefined,
};

/** A table whose writer may be told that nothing answered, while the put is still on its way. */
export class LateRecordStore extends MemoryRecordStore {
  /** Which puts are late. */
  isLate: (record: ReplicatedRecord) => boolean = () => false;
  #late: (() => Promise<PutOutcome>)[] = [];

  override async put(record: ReplicatedRecord, owed?: RegionName): Promise<PutOutcome> {
    if (!this.isLate(record)) {
      return super.put(record, owed);
    }
    this.#late.push(async () => super.put(record, owed));
    return { kind: 'failed', failure: { reason: 'unreachable', code: 'TimeoutError', message: 'no answer in time' } };
  }

  /** Everything that was late arrives; answers with what became of it. */
  async arrive(): Promise<readonly PutOutcome[]> {
    this.isLate = () => false;
    const late = this.#late;
    this.#late = [];
    return Promise.all(late.map(async (put) => put()));
  }
}

export type Fault = (operation: string) => Failure | undefined;

export class WorldRegion {
  readonly region: RegionName;
  readonly graph: LateRecordStore;
  readonly vectors: MemoryVectorStore;
  readonly stores: RegionStores;
  fault: Fault = () => undefined;
  /** Operations since the last reset, for instance `put`. */
  readonly operations: string[] = [];

  constructor(name: string, onOperation: (region: string, operation: string) => void) {
    const region = parseRegion(name);
    if (region === undefined) {
      throw new Error(`${name} is no Region`);
    }
    this.region = region;
    const optionsOf = (prefix: string): { fault: Fault } => ({
      fault: (operation) => {
        onOperation(name, operation);
        this.operations.push(prefix + operation);
        return this.fault(prefix + operation);
      },
    });
    const options = optionsOf('');
    this.graph = new LateRecordStore(options);
    this.vectors = new MemoryVectorStore(DIMENSIONS, optionsOf('vectors.'));
    const other = new MemoryRecordStore(options);
    this.stores = { region, tables: { graph: this.graph, workspaces: other, audit: other }, vectors: this.vectors };
  }
}

export interface RunOptions {
  readonly home?: 'primary' | 'secondary';
  readonly epoch?: number;
  /** A declared outage of the peer. */
  readonly deferred?: boolean;
  /** The run dies at this store call, counted from 1. */
  readonly crashAt?: number;
  readonly single?: boolean;
  /** Invocations have no time left after the first checkpoint. */
  readonly hurried?: boolean;
}

export class World {
  readonly origin = new Origin();
  /** What the source is read with. */
  open: () => Connector = () => originConnector(this.origin);
  readonly primary: WorldRegion;
  readonly secondary: WorldRegion;
  readonly queued: string[] = [];
  /** In place of what a run is given otherwise. */
  given: Partial<Pick<CycleDependencies, 'source' | 'detector'>> = {};
  /** What else is made of the source. */
  derivations: readonly Derivation[] = [];
  nowMs = 1_700_000_000_000;
  /** The plan of deletions that a person has approved last. */
  approvedPlan: string | undefined;
  /** What a sweep has left of its invocation. */
  remainingMs = 900_000;
  readonly #queue: Pick<CycleDependencies['queue'], 'send'> = {
    send: async ({ body }) => {
      this.queued.push(body);
      return DONE;
    },
  };
  /** Store calls of the current run. */
  calls = 0;
  #crashAt = Infinity;
  #ops = 0;

  constructor() {
    const onOperation = (): void => {
      this.calls += 1;
      if (this.calls >= this.#crashAt) {
        throw new CrashError(`the run died at store call ${this.#crashAt}`);
      }
    };
    this.primary = new WorldRegion('us-east-2', onOperation);
    this.secondary = new WorldRegion('us-west-2', onOperation);
  }

  async run(options: RunOptions = {}, checkpoint?: Checkpoint): Promise<CycleOutcome> {
    this.calls = 0;
    this.#crashAt = options.crashAt ?? Infinity;
    const regions = this.#regionsOf(options);
    try {
      return await runSyncCycle(
        {
          source: SOURCE,
          connector: this.open(),
          writer: new DualWriter({ regions, telemetry: silent, now: () => this.nowMs }),
          embedder,
          derivations: this.derivations,
          ...this.given,
          queue: this.#queue,
          telemetry: silent,
          epoch: options.epoch ?? 1,
          peerWrites: options.deferred === true ? 'deferred' : 'required',
          readApprovedPlan: async () => this.approvedPlan,
          now: () => this.nowMs,
          remainingMs: () => (options.hurried === true ? 0 : 900_000),
          newOp: () => this.#newOp(),
          signal: new AbortController().signal,
        },
        checkpoint,
      );
    } finally {
      await this.#end();
    }
  }

  /** Of a run that died, what was under way beside that call dies too: it must not go on into the next run. */
  async #end(): Promise<void> {
    if (this.calls >= this.#crashAt) {
      await setImmediate();
    }
    this.#crashAt = Infinity;
  }

  /** Takes the source out of both Regions, as the sync function does where a person has removed it. */
  async purge(options: Pick<RunOptions, 'home' | 'epoch' | 'hurried' | 'crashAt'> = {}): Promise<PurgeOutcome> {
    this.calls = 0;
    this.#crashAt = options.crashAt ?? Infinity;
    const regions = this.#regionsOf(options);
    const now = (): number => this.nowMs;
    try {
      return await purgeSource({
        source: SOURCE,
        writer: new DualWriter({ regions, telemetry: silent, now }),
        embedder,
        queue: this.#queue,
        telemetry: silent,
        epoch: options.epoch ?? 1,
        peerWrites: 'required',
        now,
        remainingMs: () => (options.hurried === true ? 0 : 900_000),
        newOp: () => this.#newOp(),
        signal: new AbortController().signal,
      });
    } finally {
      await this.#end();
    }
  }

  async purgeOrCrash(crashAt: number): Promise<PurgeOutcome | 'crashed'> {
    try {
      return await this.purge({ crashAt });
    } catch (error) {
      if (error instanceof CrashError) {
        return 'crashed';
      }
      throw error;
    }
  }

  /** A ULID, but not in order: a clock that goes back must not let an older run win. */
  #newOp(): string {
    this.#ops += 1;
    return `0${sha256Hex(String(this.#ops)).slice(0, 25).toUpperCase()}`;
  }

  /** One sweep of the source's orphan vectors, as the sync function runs it. */
  async sweep(
    options: Pick<RunOptions, 'home' | 'epoch' | 'single' | 'crashAt'> = {},
    segment = 0,
  ): Promise<SweepOutcome> {
    this.calls = 0;
    this.#crashAt = options.crashAt ?? Infinity;
    try {
      return await sweepVectors(
        {
          sourceId: SOURCE.id,
          regions: this.#regionsOf(options),
          epoch: options.epoch ?? 1,
          queue: this.#queue,
          newOp: () => 'op',
          now: () => this.nowMs,
          remainingMs: () => this.remainingMs,
        },
        segment,
      );
    } finally {
      await this.#end();
    }
  }

  #regionsOf(options: Pick<RunOptions, 'home' | 'single'>): RegionPair {
    const [home, peer] = options.home === 'secondary' ? [this.secondary, this.primary] : [this.primary, this.secondary];
    return options.single === true ? { home: home.stores } : { home: home.stores, peer: peer.stores };
  }

  /** A run that may die; any other error is a defect and is thrown. */
  async runOrCrash(options: RunOptions, checkpoint?: Checkpoint): Promise<CycleOutcome | 'crashed'> {
    try {
      return await this.run(options, checkpoint);
    } catch (error) {
      if (error instanceof CrashError) {
        return 'crashed';
      }
      throw error;
    }
  }

  /** Runs to the end, however many invocations it takes. */
  async runAll(options: RunOptions = {}): Promise<CycleOutcome> {
    let outcome = await this.run(options);
    while (outcome.kind === 'handed-over') {
      outcome = await this.resume(options);
    }
    return outcome;
  }

  /** The next invocation of a cycle that was handed over. */
  async resume(options: RunOptions = {}): Promise<CycleOutcome> {
    return this.run(options, this.nextCheckpoint());
  }

  /** Takes the next message from the queue. */
  nextCheckpoint(): Checkpoint | undefined {
    const parsed = parseSyncMessage(this.queued.shift() ?? '');
    return parsed.kind === 'message' ? parsed.message.checkpoint : undefined;
  }

  /** What a Region holds, as the proof sees it: every record without its local fence. Read past all faults. */
  async contents(region: WorldRegion): Promise<string[]> {
    const items = [];
    for (const partition of region.graph.partitions.values()) {
      items.push(...partition.values());
    }
    return items
      .filter(({ v, order }) => v !== undefined && order === undefined)
      .map(({ pk, sk, v, h, del, data }) => JSON.stringify([pk, sk, v, h, del ?? false, data]))
      .toSorted();
  }

  /** Everything that is wrong with a state that should equal the origin; empty when nothing is. */
  async defects(options: { readonly single?: boolean } = {}): Promise<string[]> {
    const home = await this.contents(this.primary);
    const regions = options.single === true ? [this.primary] : [this.primary, this.secondary];
    const defects: string[] = [];
    if (options.single !== true && JSON.stringify(home) !== JSON.stringify(await this.contents(this.secondary))) {
      defects.push('the Regions differ');
    }
    const live = home
      .map((text) => JSON.parse(text) as [string, string, string, string, boolean, string])
      .filter((one) => !one[4]);
    const documents = live
      .filter(([, sk]) => sk.startsWith('document#'))
      .map(([, , , , , data]) => parseDocumentPayload(data));
    const expected = [...this.origin.files.keys()].map((name) => documentIdOf(SOURCE.id, name)).toSorted();
    const found = documents.map((document) => document?.id ?? 'damaged').toSorted();
    if (JSON.stringify(expected) !== JSON.stringify(found)) {
      defects.push(`documents are ${found.join(', ')}, not ${expected.join(', ')}`);
    }
    for (const [name, text] of this.origin.files) {
      const document = documents.find((one) => one?.id === documentIdOf(SOURCE.id, name));
      if (document?.rev !== sha256Hex(text)) {
        defects.push(`${name} is not at its last revision`);
      }
    }
    const listed = new Set(
      documents.flatMap((document) => document?.chunks.map(({ c }) => `${document.id}#${c}`) ?? []),
    );
    const stored = new Set(live.filter(([pk]) => pk.startsWith('chunks#')).map(([, sk]) => sk));
    if ([...listed].some((key) => !stored.has(key)) || [...stored].some((key) => !listed.has(key))) {
      defects.push(`${stored.size} chunk records are live, ${listed.size} are listed`);
    }
    for (const region of regions) {
      const keys = documents.flatMap((document) => document?.chunks.map(({ k }) => k) ?? []);
      defects.push(
        ...keys.filter((key) => !region.vectors.vectors.has(key)).map((key) => `${region.region} lacks vector ${key}`),
      );
    }
    return defects;
  }

  /** What a reader of one Region alone would miss: a live document that lists a chunk or a vector that is not there. */
  async gaps(region: WorldRegion): Promise<string[]> {
    const live = (await this.contents(region))
      .map((text) => JSON.parse(text) as [string, string, string, string, boolean, string])
      .filter((one) => !one[4]);
    const chunks = new Set(live.filter(([pk]) => pk.startsWith('chunks#')).map(([, sk]) => sk));
    return live
      .filter(([, sk]) => sk.startsWith('document#'))
      .map(([, , , , , data]) => parseDocumentPayload(data))
      .flatMap((document) =>
        (document?.chunks ?? [])
          .filter(({ c, k }) => !chunks.has(`${document?.id ?? ''}#${c}`) || !region.vectors.vectors.has(k))
          .map(({ c }) => `${region.region}: ${document?.path ?? ''} lists ${c}, which is not there`),
      );
  }

  /**
   * Records that the other Region lacks or holds in an older version, and that neither marks as owed to the other. A newer one
   * over there is of a run that was never acknowledged.
   */
  async unmarked(region: WorldRegion): Promise<string[]> {
    const other = region === this.primary ? this.secondary : this.primary;
    const held = new Set(await this.contents(other));
    return (await this.contents(region))
      .filter((text) => !held.has(text))
      .map((text) => JSON.parse(text) as [string, string, string])
      .filter(([pk, sk, v]) => {
        const here = region.graph.partitions.get(pk)?.get(sk);
        const there = other.graph.partitions.get(pk)?.get(sk);
        return here?.owed === undefined && there?.owed === undefined && (there?.v ?? '') < v;
      })
      .map(([pk, sk]) => `${pk} / ${sk}`);
  }

  /** Vectors that a live document of a Region lists and the Region lacks: never, at no moment. */
  async lackingVectors(region: WorldRegion): Promise<string[]> {
    return (await this.listedVectors(region)).filter((key) => !region.vectors.vectors.has(key));
  }

  /** Vectors of a Region that none of its live documents lists. */
  async orphans(region: WorldRegion): Promise<string[]> {
    const listed = new Set(await this.listedVectors(region));
    return [...region.vectors.vectors.keys()].filter((key) => !listed.has(key)).toSorted();
  }

  async listedVectors(region: WorldRegion): Promise<string[]> {
    return (await this.contents(region))
      .map((text) => JSON.parse(text) as [string, string, string, string, boolean, string])
      .filter(([, sk, , , del]) => sk.startsWith('document#') && !del)
      .flatMap(([, , , , , data]) => parseDocumentPayload(data)?.chunks.map(({ k }) => k) ?? []);
  }

  async committedCounts(): Promise<unknown> {
    const state = await this.primary.graph.readSource(sourceKey(SOURCE.id));
    const data = state.kind === 'done' ? state.value.record?.data : undefined;
    return data === undefined ? undefined : parseSourcePayload(data)?.counts;
  }
}
