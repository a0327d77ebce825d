/**
 * A world for cycle tests: an origin that can be edited, two Regions in memory, and runs that may crash at any store call.
 * The code under test is the production cycle; only stores, clock and origin are simulated.
 */
import type { Connector, Cursor, PullEvent, SourceEntry } from '../../functions/connectors/connector.ts';
import { parseDocumentPayload, parseSourcePayload, sourceKey } from '../../functions/domain/corpus.ts';
import { DONE, done, type Failure } from '../../functions/domain/failure.ts';
import { parseRegion, type RegionName } from '../../functions/domain/region.ts';
import { DualWriter } from '../../functions/dual-write/dual-writer.ts';
import type { RegionPair, RegionStores } from '../../functions/dual-write/regions.ts';
import type { Embedder } from '../../functions/embed/embedder.ts';
import type { Checkpoint, CycleOutcome } from '../../functions/ingest/cycle-types.ts';
import { documentIdOf } from '../../functions/ingest/plan-document.ts';
import { runSyncCycle } from '../../functions/ingest/sync-cycle.ts';
import { parseSyncMessage } from '../../functions/ingest/sync-message.ts';
import { sha256Hex } from '../../functions/stores/envelope.ts';
import { batchesOf } from '../../functions/stores/vector-batches.ts';
import type { Telemetry } from '../../functions/telemetry/telemetry.ts';
import { MemoryRecordStore, MemoryVectorStore } from './memory-stores.ts';

export const SOURCE = { id: 'handbook', kind: 'git', name: 'handbook', url: 'https://git.example/handbook' } as const;

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

export type Fault = (operation: string) => Failure | undefined;

export class WorldRegion {
  readonly region: RegionName;
  readonly graph: MemoryRecordStore;
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
    this.graph = new MemoryRecordStore(options);
    this.vectors = new MemoryVectorStore(DIMENSIONS, optionsOf('vectors.'));
    const other = new MemoryRecordStore(options);
    this.stores = { region, tables: { graph: this.graph, workspaces: other, audit: other }, vectors: this.vectors };
  }
}

export interface RunOptions {
  readonly home?: 'primary' | 'secondary';
  readonly epoch?: number;
  /** The run dies at this store call, counted from 1. */
  readonly crashAt?: number;
  readonly single?: boolean;
  /** Invocations have no time left after the first checkpoint. */
  readonly hurried?: boolean;
}

export class World {
  readonly origin = new Origin();
  readonly primary: WorldRegion;
  readonly secondary: WorldRegion;
  readonly queued: string[] = [];
  nowMs = 1_700_000_000_000;
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
    const [home, peer] = options.home === 'secondary' ? [this.secondary, this.primary] : [this.primary, this.secondary];
    const regions: RegionPair =
      options.single === true ? { home: home.stores } : { home: home.stores, peer: peer.stores };
    try {
      return await runSyncCycle(
        {
          source: SOURCE,
          connector: originConnector(this.origin),
          writer: new DualWriter({ regions, telemetry: silent, now: () => this.nowMs }),
          embedder,
          queue: {
            send: async ({ body }) => {
              this.queued.push(body);
              return DONE;
            },
          },
          telemetry: silent,
          epoch: options.epoch ?? 1,
          now: () => this.nowMs,
          remainingMs: () => (options.hurried === true ? 0 : 900_000),
          newOp: () => {
            this.#ops += 1;
            // Not in order: a clock that goes back must not let an older run win.
            return sha256Hex(String(this.#ops)).slice(0, 26).toUpperCase();
          },
          signal: new AbortController().signal,
        },
        checkpoint,
      );
    } finally {
      this.#crashAt = Infinity;
    }
  }

  /** A run that may die; any other error is a defect and is thrown. */
  async runOrCrash(options: RunOptions): Promise<CycleOutcome | 'crashed'> {
    try {
      return await this.run(options);
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
      const parsed = parseSyncMessage(this.queued.shift() ?? '');
      outcome = await this.run(options, parsed.kind === 'message' ? parsed.message.checkpoint : undefined);
    }
    return outcome;
  }

  /** What a Region holds, as the proof sees it: every record without its local fence. */
  async contents(region: WorldRegion): Promise<string[]> {
    const scanned = await region.graph.scan({ segment: 0, segments: 1 });
    const records = scanned.kind === 'done' ? [...scanned.value.items] : [];
    let after = scanned.kind === 'done' ? scanned.value.next : undefined;
    while (after !== undefined) {
      const page = await region.graph.scan({ segment: 0, segments: 1, after });
      records.push(...(page.kind === 'done' ? page.value.items : []));
      after = page.kind === 'done' ? page.value.next : undefined;
    }
    return records.map(({ pk, sk, v, h, del, data }) => JSON.stringify([pk, sk, v, h, del ?? false, data])).toSorted();
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

  async committedCounts(): Promise<unknown> {
    const state = await this.primary.graph.readSource(sourceKey(SOURCE.id));
    const data = state.kind === 'done' ? state.value.record?.data : undefined;
    return data === undefined ? undefined : parseSourcePayload(data)?.counts;
  }
}
