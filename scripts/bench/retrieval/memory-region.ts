/** One Region's stores in memory, as far as a search asks them, with a count of the calls and of the time that they took. */
import { documentKey, chunkKey, type DocumentPayload } from '../../../functions/domain/corpus.ts';
import { done, type Result } from '../../../functions/domain/failure.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { RecordKey } from '../../../functions/domain/record.ts';
import { canonicalText } from '../../../functions/stores/envelope.ts';
import type { Page, QueryOptions, StoredRecord } from '../../../functions/stores/record-store.ts';
import type { VectorHit, VectorQuery } from '../../../functions/stores/vector-store.ts';

/** DynamoDB's own: a page ends at a megabyte. */
const PAGE_BYTES = 1_000_000;
const RECORD_OVERHEAD_BYTES = 250;

/** Of this thread, so that what else the machine does is not counted. */
export const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

interface KeptVector {
  readonly key: string;
  readonly src: string;
  readonly doc: string;
  readonly chunk: string;
}

interface LastNearest {
  readonly asked: string;
  readonly vector: Float32Array;
  readonly hits: readonly VectorHit[];
}

export class MemoryRegion {
  readonly #partitions = new Map<string, Map<string, string>>();
  #sorted = new Map<string, readonly string[]>();
  readonly #vectors: KeptVector[] = [];
  #numbers = new Float32Array(0);
  readonly #dimensions: number;
  #lastNearest: LastNearest | undefined;
  calls = 0;
  spentMs = 0;
  bytes = 0;

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
  }

  reset(): void {
    this.calls = 0;
    this.spentMs = 0;
    this.bytes = 0;
  }

  put({ pk, sk }: RecordKey, payload: unknown): void {
    const partition = this.#partitions.get(pk) ?? new Map<string, string>();
    this.#partitions.set(pk, partition);
    partition.set(sk, canonicalText(payload));
    this.#sorted.delete(pk);
  }

  putDocument(payload: DocumentPayload): void {
    this.put(documentKey(payload.src, payload.id), payload);
  }

  putChunk(source: string, document: string, chunk: string, payload: unknown): void {
    this.put(chunkKey(source, document, chunk), payload);
  }

  putVector(vector: KeptVector, numbers: Float32Array): void {
    const at = this.#vectors.push(vector) - 1;
    this.#lastNearest = undefined;
    if ((at + 1) * this.#dimensions > this.#numbers.length) {
      const grown = new Float32Array(Math.max(1024, 2 * (at + 1)) * this.#dimensions);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers.set(numbers, at * this.#dimensions);
  }

  get(key: RecordKey): StoredRecord | undefined {
    const data = this.#partitions.get(key.pk)?.get(key.sk);
    return data === undefined ? undefined : { pk: key.pk, sk: key.sk, v: 'v', h: 'h', op: 'op', data };
  }

  countIn(pkPrefix: string): { readonly records: number; readonly bytes: number } {
    let records = 0;
    let bytes = 0;
    for (const [pk, partition] of this.#partitions) {
      if (pk.startsWith(pkPrefix)) {
        for (const data of partition.values()) {
          records += 1;
          bytes += data.length + RECORD_OVERHEAD_BYTES;
        }
      }
    }
    return { records, bytes };
  }

  readonly records = {
    getMany: async (
      keys: readonly RecordKey[],
      options: { readonly batchItemsMax?: number } = {},
    ): Promise<Result<readonly StoredRecord[]>> => {
      const startedAt = cpuMs();
      const found = keys.flatMap((key) => this.get(key) ?? []);
      this.#count(Math.max(1, Math.ceil(keys.length / (options.batchItemsMax ?? LIMITS.recordGetItemsMax))), found);
      this.spentMs += cpuMs() - startedAt;
      return done(found);
    },
    query: async (pk: string, options: QueryOptions = {}): Promise<Result<Page<StoredRecord>>> => {
      const startedAt = cpuMs();
      const keys = this.#sorted.get(pk) ?? [...(this.#partitions.get(pk)?.keys() ?? [])].toSorted();
      this.#sorted.set(pk, keys);
      const items: StoredRecord[] = [];
      let bytes = 0;
      let next: string | undefined;
      for (const sk of keys) {
        if ((options.after !== undefined && sk <= options.after) || !sk.startsWith(options.skPrefix ?? '')) {
          continue;
        }
        const record = this.get({ pk, sk });
        if (record !== undefined) {
          items.push(record);
          bytes += record.data.length + RECORD_OVERHEAD_BYTES;
        }
        if (bytes >= PAGE_BYTES) {
          next = sk;
          break;
        }
      }
      this.#count(1, items);
      this.spentMs += cpuMs() - startedAt;
      return done(next === undefined ? { items } : { items, next });
    },
  };

  readonly vectors = {
    query: async (query: VectorQuery): Promise<Result<readonly VectorHit[]>> => {
      const startedAt = cpuMs();
      const hits = this.#nearestOnce(query);
      this.calls += 1;
      this.spentMs += cpuMs() - startedAt;
      return done(hits);
    },
  };

  #count(calls: number, records: readonly StoredRecord[]): void {
    this.calls += calls;
    this.bytes += records.reduce((sum, { data }) => sum + data.length + RECORD_OVERHEAD_BYTES, 0);
  }

  /** A bench asks the same thing in several ways, one after the other: who was near the last vector is still known. */
  #nearestOnce({ vector, topK, sources }: VectorQuery): readonly VectorHit[] {
    const asked = `${topK} ${(sources ?? ['*']).join(' ')}`;
    const known = this.#lastNearest;
    if (known?.asked === asked && known.vector.every((value, at) => value === vector[at])) {
      return known.hits;
    }
    const hits = this.#nearest(vector, topK, sources === undefined ? undefined : new Set(sources));
    this.#lastNearest = { asked, vector, hits };
    return hits;
  }

  #nearest(vector: Float32Array, topK: number, sources: ReadonlySet<string> | undefined): readonly VectorHit[] {
    let best: { readonly at: number; readonly score: number }[] = [];
    let least = -2;
    for (let at = 0; at < this.#vectors.length; at += 1) {
      if (sources !== undefined && !sources.has(this.#vectors[at]?.src ?? '')) {
        continue;
      }
      const score = this.#product(vector, at);
      if (score > least) {
        best.push({ at, score });
        if (best.length >= 4 * topK) {
          best = best.toSorted((left, right) => right.score - left.score || left.at - right.at).slice(0, topK);
          least = best.at(-1)?.score ?? least;
        }
      }
    }
    return best
      .toSorted((left, right) => right.score - left.score || left.at - right.at)
      .slice(0, topK)
      .flatMap(({ at, score }) => {
        const kept = this.#vectors[at];
        return kept === undefined
          ? []
          : [
              {
                key: kept.key,
                distance: 1 - score,
                metadata: { src: kept.src, doc: kept.doc, chunk: kept.chunk, h: '' },
              },
            ];
      });
  }

  #product(vector: Float32Array, at: number): number {
    const start = at * this.#dimensions;
    const [numbers, dimensions] = [this.#numbers, this.#dimensions];
    let product = 0;
    for (let index = 0; index < dimensions; index += 1) {
      product += (vector[index] ?? 0) * (numbers[start + index] ?? 0);
    }
    return product;
  }
}
