/** What a derivation may read: documents and chunks of home, and the derived records of every judged Region. */
import {
  chunkKey,
  documentKey,
  documentPrefix,
  type DocumentPayload,
  parseChunkKey,
  parseChunkPayload,
  parseDocumentPayload,
  sourceDocumentsPartition,
} from '../../domain/corpus.ts';
import type { Result } from '../../domain/failure.ts';
import { LIMITS } from '../../domain/limits.ts';
import type { RecordDigest, RecordKey, ReplicatedRecord } from '../../domain/record.ts';
import type { RegionStores } from '../../dual-write/regions.ts';
import { pageAfter, readAllPages } from '../../stores/all-pages.ts';
import type { StoredRecord } from '../../stores/record-store.ts';
import { batchesOf } from '../../stores/vector-batches.ts';
import { type HeldPair, isLive } from '../held.ts';
import type { RunningCycle } from '../running-cycle.ts';
import type { ChunksOf, HeldChunk, SideRead } from './derivation.ts';

/** Batch reads that are under way at once: a source is read back in few round trips, and people still get their turn. */
const READS_AT_ONCE = 8;

const fromHome = <T>(read: Result<T>): SideRead<T> =>
  read.kind === 'failed'
    ? { kind: 'failed', side: 'home', failure: read.failure }
    : { kind: 'read', value: read.value };

const isDocument = (payload: DocumentPayload | undefined): payload is DocumentPayload => payload !== undefined;

const documentsIn = (records: readonly StoredRecord[]): readonly DocumentPayload[] =>
  records.map((record) => (isLive(record) ? parseDocumentPayload(record.data) : undefined)).filter(isDocument);

/** A key that a judged Region holds anything under. */
export interface KeyedPair {
  readonly key: RecordKey;
  readonly pair: HeldPair;
}

type KeyedRead = SideRead<readonly KeyedPair[]>;

export class DerivationReaders {
  readonly #running: RunningCycle;
  /** Partitions that were listed, kept up to date with what was written since. */
  readonly #listed = new Map<string, Map<string, HeldPair>>();

  constructor(running: RunningCycle) {
    this.#running = running;
  }

  get #home(): RegionStores {
    return this.#running.dependencies.writer.regions.home;
  }

  async documents(): Promise<SideRead<readonly DocumentPayload[]>> {
    const { seen, dependencies } = this.#running;
    if (seen.listed !== undefined) {
      const all = new Map(seen.listed);
      for (const [id, payload] of seen.written) {
        all.set(id, payload);
      }
      return { kind: 'read', value: [...all.values()].filter(({ id }) => !seen.deleted.has(id)) };
    }
    const read = await readAllPages((after) =>
      this.#home.tables.graph.query(sourceDocumentsPartition(dependencies.source.id), {
        skPrefix: documentPrefix,
        ...pageAfter(after),
      }),
    );
    return read.kind === 'failed' ? fromHome(read) : { kind: 'read', value: documentsIn(read.value) };
  }

  async readDocuments(ids: readonly string[]): Promise<SideRead<readonly DocumentPayload[]>> {
    const { seen, dependencies } = this.#running;
    const known = ids.flatMap((id) => seen.written.get(id) ?? []);
    const missing = ids.filter((id) => !seen.written.has(id) && !seen.deleted.has(id));
    const read = await this.readRecords(missing.map((id) => documentKey(dependencies.source.id, id)));
    return read.kind === 'failed' ? read : { kind: 'read', value: [...known, ...documentsIn(read.value)] };
  }

  async readChunks(documents: readonly DocumentPayload[]): Promise<SideRead<ChunksOf>> {
    const { seen } = this.#running;
    const found = new Map<string, readonly HeldChunk[] | undefined>();
    const missing: DocumentPayload[] = [];
    for (const document of documents) {
      const kept = seen.texts.get(document);
      if (kept === undefined) {
        missing.push(document);
      } else {
        found.set(document.id, kept);
      }
    }
    const keys = missing.flatMap(({ id, src, chunks }) =>
      [...new Set(chunks.map(({ c }) => c))].map((c) => chunkKey(src, id, c)),
    );
    const read = await this.readRecords(keys);
    if (read.kind === 'failed') {
      return read;
    }
    const payloads = new Map(
      read.value.map(({ sk, data }) => {
        const { documentId, chunkId } = parseChunkKey(sk);
        return [`${documentId}#${chunkId}`, parseChunkPayload(data)] as const;
      }),
    );
    for (const { id, chunks } of missing) {
      const held = chunks.flatMap((entry): readonly HeldChunk[] => {
        const payload = payloads.get(`${id}#${entry.c}`);
        return payload === undefined ? [] : [{ entry, payload }];
      });
      found.set(id, held.length === chunks.length ? held : undefined);
    }
    return { kind: 'read', value: found };
  }

  async list(pk: string): Promise<SideRead<ReadonlyMap<string, HeldPair>>> {
    const known = this.#listed.get(pk);
    if (known !== undefined) {
      return { kind: 'read', value: known };
    }
    const read = await this.digests(({ tables }) =>
      readAllPages((after) => tables.graph.queryDigests(pk, pageAfter(after))),
    );
    if (read.kind === 'failed') {
      return read;
    }
    const pairs = new Map(read.value.map(({ key, pair }) => [key.sk, pair]));
    this.#listed.set(pk, pairs);
    return { kind: 'read', value: pairs };
  }

  async readRecords(keys: readonly RecordKey[]): Promise<SideRead<readonly StoredRecord[]>> {
    const found: StoredRecord[] = [];
    for (const group of batchesOf(batchesOf(keys, LIMITS.recordGetItemsMax), READS_AT_ONCE)) {
      const reads = await Promise.all(group.map(async (batch) => this.#home.tables.graph.getMany(batch)));
      for (const read of reads) {
        if (read.kind === 'failed') {
          return fromHome(read);
        }
        found.push(...read.value.filter((record) => isLive(record)));
      }
    }
    return { kind: 'read', value: found };
  }

  /** What the judged Regions hold under these keys, in their order. */
  async pairs(keys: readonly RecordKey[]): Promise<SideRead<readonly (HeldPair | undefined)[]>> {
    const unlisted = keys.filter(({ pk }) => !this.#listed.has(pk));
    const read: KeyedRead =
      unlisted.length === 0
        ? { kind: 'read', value: [] }
        : await this.digests(async ({ tables }) => tables.graph.getDigests(unlisted));
    if (read.kind === 'failed') {
      return read;
    }
    const found = new Map(read.value.map(({ key, pair }) => [nameOf(key), pair]));
    return { kind: 'read', value: keys.map((key) => this.#listed.get(key.pk)?.get(key.sk) ?? found.get(nameOf(key))) };
  }

  /** What was just written to every Region that has to take it. */
  note(records: readonly ReplicatedRecord[]): void {
    for (const { pk, sk, v, h, del } of records) {
      const digest: RecordDigest = { pk, sk, v, h, ...(del === undefined ? {} : { del }) };
      this.#listed.get(pk)?.set(sk, { home: digest, peer: digest });
    }
  }

  /** The same reading in every judged Region, joined by key. */
  async digests(readOne: (stores: RegionStores) => Promise<Result<readonly RecordDigest[]>>): Promise<KeyedRead> {
    const { judge } = this.#running;
    const { home, peer } = judge.regions;
    const [ofHome, ofPeer] = await Promise.all([readOne(home), peer === undefined ? undefined : readOne(peer)]);
    if (ofPeer?.kind === 'failed') {
      return { kind: 'failed', side: 'peer', failure: ofPeer.failure };
    }
    if (ofHome.kind === 'failed') {
      return fromHome(ofHome);
    }
    const [here, there] = [byName(ofHome.value), byName(ofPeer?.value ?? [])];
    return {
      kind: 'read',
      value: [...new Map([...there, ...here])].map(([name, { pk, sk }]) => ({
        key: { pk, sk },
        pair: judge.pairOf(here.get(name), there.get(name)),
      })),
    };
  }
}

const nameOf = ({ pk, sk }: RecordKey): string => `${pk}\n${sk}`;

const byName = (digests: readonly RecordDigest[]): ReadonlyMap<string, RecordDigest> =>
  new Map(digests.map((digest) => [nameOf(digest), digest]));
