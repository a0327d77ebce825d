/**
 * Reads what one Region holds, for a file. A document is read as one thing: its chunks and vectors first, by strong reads of what it
 * lists, so that the file never has a document without its text, however many cycles run meanwhile. Left out: what is
 * local to the Region, tombstones, what expires by itself, and chunks and vectors that no document lists.
 */
import { chunkKey, documentPrefix, parseDocumentPayload, SOURCES_PARTITION } from '../functions/domain/corpus.ts';
import { DONE, done, type Result } from '../functions/domain/failure.ts';
import { LIMITS } from '../functions/domain/limits.ts';
import { TABLE_NAMES, type TableName } from '../functions/domain/record.ts';
import type { RegionStores } from '../functions/dual-write/regions.ts';
import { sha256Hex } from '../functions/stores/envelope.ts';
import type { StoredRecord } from '../functions/stores/record-store.ts';
import { batchesOf } from '../functions/stores/vector-batches.ts';
import { vectorHash } from '../functions/stores/vector-hash.ts';
import type { StoredVector } from '../functions/stores/vector-store.ts';
import { emptyCounts, type ExportCounts, recordLine, vectorLine } from './export-format.ts';

const DOCUMENTS_AT_ONCE = 16;
const ATTEMPTS_MAX = 3;

export interface ExportTally {
  readonly counts: ExportCounts;
  tombstonesLeftOut: number;
  /** Keys whose bytes are not those of their hash, and documents whose chunks or vectors are not there. */
  readonly damaged: string[];
}

export type WriteLines = (lines: readonly string[]) => Promise<void>;

interface Unit {
  readonly kind: 'whole';
  readonly document: StoredRecord;
  readonly chunks: readonly StoredRecord[];
  readonly vectors: readonly StoredVector[];
}

/** Chunk records are found by the document that lists them, and by no other way. */
const isChunk = ({ pk }: StoredRecord): boolean => pk.startsWith('chunks#');

const isHealthy = ({ data, h }: StoredRecord): boolean => sha256Hex(data) === h;

const isHealthyVector = ({ data, metadata }: StoredVector): boolean => vectorHash(data, metadata) === metadata.h;

const nameOf = ({ pk, sk }: { readonly pk: string; readonly sk: string }): string => `${pk} / ${sk}`;

/** A document with everything that it lists; `torn` where something of that is not there. */
const readUnit = async (
  stores: RegionStores,
  document: StoredRecord,
): Promise<Result<Unit | { readonly kind: 'torn' }>> => {
  const payload = parseDocumentPayload(document.data);
  if (payload === undefined || !isHealthy(document)) {
    return done({ kind: 'torn' });
  }
  const keys = new Map(
    payload.chunks.map(({ c }) => {
      const key = chunkKey(payload.src, payload.id, c);
      return [nameOf(key), key];
    }),
  );
  const chunks: StoredRecord[] = [];
  for (const batch of batchesOf([...keys.values()], LIMITS.recordGetItemsMax)) {
    const read = await stores.tables.graph.getMany(batch);
    if (read.kind === 'failed') {
      return read;
    }
    chunks.push(...read.value.filter((chunk) => chunk.del !== true && isHealthy(chunk)));
  }
  const wanted = [...new Set(payload.chunks.map(({ k }) => k))];
  const vectors = await stores.vectors.get(wanted);
  if (vectors.kind === 'failed') {
    return vectors;
  }
  const healthy = vectors.value.filter((vector) => isHealthyVector(vector));
  return done(
    chunks.length === keys.size && healthy.length === wanted.length
      ? { kind: 'whole', document, chunks, vectors: healthy }
      : { kind: 'torn' },
  );
};

class RegionExport {
  readonly #stores: RegionStores;
  readonly #write: WriteLines;
  readonly tally: ExportTally = { counts: emptyCounts(), tombstonesLeftOut: 0, damaged: [] };

  constructor(stores: RegionStores, write: WriteLines) {
    this.#stores = stores;
    this.#write = write;
  }

  async table(table: TableName): Promise<Result<void>> {
    let after: string | undefined;
    do {
      const page = await this.#stores.tables[table].scan({
        segment: 0,
        segments: 1,
        ...(after === undefined ? {} : { after }),
      });
      if (page.kind === 'failed') {
        return page;
      }
      const written = await this.#page(table, page.value.items);
      if (written.kind === 'failed') {
        return written;
      }
      after = page.value.next;
    } while (after !== undefined);
    return DONE;
  }

  /** Last: "all of this is committed" is true only after all of it. */
  async sources(): Promise<Result<void>> {
    let after: string | undefined;
    do {
      const page = await this.#stores.tables.graph.query(SOURCES_PARTITION, after === undefined ? {} : { after });
      if (page.kind === 'failed') {
        return page;
      }
      await this.#records('graph', this.#live(page.value.items));
      after = page.value.next;
    } while (after !== undefined);
    return DONE;
  }

  async #page(table: TableName, items: readonly StoredRecord[]): Promise<Result<void>> {
    const live = this.#live(items.filter(({ pk }) => table !== 'graph' || pk !== SOURCES_PARTITION));
    if (table !== 'graph') {
      await this.#records(table, live);
      return DONE;
    }
    const documents = live.filter(({ sk }) => sk.startsWith(documentPrefix));
    const others = live.filter((one) => !one.sk.startsWith(documentPrefix) && !isChunk(one));
    await this.#records(table, others);
    for (const batch of batchesOf(documents, DOCUMENTS_AT_ONCE)) {
      const units = await Promise.all(batch.map(async (document) => this.#unit(document)));
      for (const unit of units) {
        if (unit.kind === 'failed') {
          return unit;
        }
        await this.#document(unit.value);
      }
    }
    return DONE;
  }

  #live(items: readonly StoredRecord[]): readonly StoredRecord[] {
    this.tally.tombstonesLeftOut += items.filter(({ del }) => del === true).length;
    return items.filter(({ del, expires }) => del !== true && expires === undefined);
  }

  async #records(table: TableName, records: readonly StoredRecord[]): Promise<void> {
    this.tally.damaged.push(...records.filter((record) => !isHealthy(record)).map((record) => nameOf(record)));
    const healthy = records.filter((record) => isHealthy(record));
    this.tally.counts[table] += healthy.length;
    await this.#write(healthy.map((record) => recordLine(table, record)));
  }

  /** A cycle may replace a document between two reads; what is torn three times is so on disk. */
  async #unit(first: StoredRecord): Promise<Result<Unit | { readonly kind: 'gone' }>> {
    let document = first;
    for (let attempt = 1; ; attempt += 1) {
      const unit = await readUnit(this.#stores, document);
      if (unit.kind === 'failed') {
        return unit;
      }
      if (unit.value.kind === 'whole') {
        return done(unit.value);
      }
      const again = await this.#stores.tables.graph.get(first);
      if (again.kind === 'failed') {
        return again;
      }
      if (again.value === undefined || again.value.del === true) {
        return done({ kind: 'gone' });
      }
      if (again.value.v === document.v || attempt === ATTEMPTS_MAX) {
        this.tally.damaged.push(nameOf(first));
        return done({ kind: 'gone' });
      }
      document = again.value;
    }
  }

  async #document(unit: Unit | { readonly kind: 'gone' }): Promise<void> {
    if (unit.kind === 'gone') {
      return;
    }
    const { document, chunks, vectors } = unit;
    this.tally.counts.graph += chunks.length + 1;
    this.tally.counts.vectors += vectors.length;
    await this.#write([
      ...chunks.map((chunk) => recordLine('graph', chunk)),
      ...vectors.map((vector) => vectorLine(vector)),
      recordLine('graph', document),
    ]);
  }
}

/** In the order in which it can be written again: a document after what it lists, sources at the end. */
export const exportRegion = async (stores: RegionStores, write: WriteLines): Promise<Result<ExportTally>> => {
  const run = new RegionExport(stores, write);
  for (const table of TABLE_NAMES) {
    const read = await run.table(table);
    if (read.kind === 'failed') {
      return read;
    }
  }
  const sources = await run.sources();
  return sources.kind === 'failed' ? sources : done(run.tally);
};
