/**
 * One S3 Vectors index in memory: overwriting puts, no conditions, strong listings in pages, and queries by cosine distance.
 * It refuses what the service refuses, so that a batch or a key that is too long is found here.
 */
import type {
  DeleteVectorsCommandInput,
  GetVectorsCommandInput,
  ListVectorsCommandInput,
  PutVectorsCommandInput,
  QueryVectorsCommandInput,
} from '@aws-sdk/client-s3vectors';

import { LIMITS } from '../../../functions/domain/limits.ts';
import { hashText } from '../kernel/random.ts';

export interface SimVector {
  readonly key: string;
  readonly data: readonly number[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

export type VectorChange =
  | { readonly kind: 'put'; readonly before: SimVector | undefined; readonly after: SimVector }
  | { readonly kind: 'deleted'; readonly before: SimVector };

export interface SimIndexOptions {
  readonly dimensions: number;
  readonly onChange: (change: VectorChange, by: string) => void;
  readonly pageItemsMax: number;
}

interface VectorOutput {
  readonly key: string;
  readonly data: { readonly float32: number[] };
  readonly metadata: Record<string, unknown>;
}

export class VectorRefusal extends Error {
  override readonly name = 'ValidationException';
  readonly $metadata = { httpStatusCode: 400 };
}

const refuseUnless = (allowed: boolean, what: string): void => {
  if (!allowed) {
    throw new VectorRefusal(what);
  }
};

const outputOf = ({ key, data, metadata }: SimVector): VectorOutput => ({
  key,
  data: { float32: [...data] },
  metadata: { ...metadata },
});

const cosineDistance = (left: readonly number[], right: readonly number[]): number => {
  let dot = 0;
  let leftSquare = 0;
  let rightSquare = 0;
  for (const [at, value] of left.entries()) {
    const other = right[at] ?? 0;
    dot += value * other;
    leftSquare += value * value;
    rightSquare += other * other;
  }
  return 1 - dot / Math.sqrt(leftSquare * rightSquare);
};

const byCodeUnit = (left: string, right: string): number => (left < right ? -1 : Number(left > right));

const wantedSources = (filter: unknown): readonly unknown[] | undefined => {
  if (filter === undefined) {
    return undefined;
  }
  const sources = (filter as { readonly src?: { readonly $in?: readonly unknown[] } }).src?.$in;
  refuseUnless(sources !== undefined && sources.length > 0, 'the simulated index filters by {src: {$in}} alone');
  return sources;
};

export class SimIndex {
  readonly #vectors = new Map<string, SimVector>();
  readonly #options: SimIndexOptions;

  constructor(options: SimIndexOptions) {
    this.#options = options;
  }

  peek(key: string): SimVector | undefined {
    return this.#vectors.get(key);
  }

  vectors(): IterableIterator<SimVector> {
    return this.#vectors.values();
  }

  put(input: PutVectorsCommandInput, by: string): object {
    const vectors = input.vectors ?? [];
    refuseUnless(vectors.length > 0 && vectors.length <= LIMITS.vectorPutItemsMax, 'a put takes 1 to 500 vectors');
    const puts = vectors.map(({ key, data, metadata }): SimVector => {
      const values = (data?.float32 ?? []).map((value) => Math.fround(value));
      const fits = key !== undefined && key.length > 0 && key.length <= LIMITS.vectorKeyCharsMax;
      refuseUnless(fits, 'a vector key is 1 to 1024 characters long');
      refuseUnless(values.length === this.#options.dimensions, 'the vector does not fit the index');
      refuseUnless(
        values.every((value) => Number.isFinite(value)),
        'a value is not finite',
      );
      refuseUnless(
        values.some((value) => value !== 0),
        'a vector for cosine distance is not zero',
      );
      return { key: key ?? '', data: values, metadata: { ...(metadata as Record<string, unknown>) } };
    });
    for (const after of puts) {
      const before = this.#vectors.get(after.key);
      this.#vectors.set(after.key, after);
      this.#options.onChange({ kind: 'put', before, after }, by);
    }
    return {};
  }

  get(input: GetVectorsCommandInput): { readonly vectors: VectorOutput[] } {
    const keys = input.keys ?? [];
    refuseUnless(keys.length > 0 && keys.length <= LIMITS.vectorGetKeysMax, 'a get takes 1 to 100 keys');
    const found = keys.map((key) => this.#vectors.get(key)).filter((vector) => vector !== undefined);
    return { vectors: found.map((vector) => outputOf(vector)) };
  }

  delete(input: DeleteVectorsCommandInput, by: string): object {
    const keys = input.keys ?? [];
    refuseUnless(keys.length > 0 && keys.length <= LIMITS.vectorDeleteItemsMax, 'a delete takes 1 to 500 keys');
    for (const key of keys) {
      const before = this.#vectors.get(key);
      if (before !== undefined) {
        this.#vectors.delete(key);
        this.#options.onChange({ kind: 'deleted', before }, by);
      }
    }
    return {};
  }

  list(input: ListVectorsCommandInput): { readonly vectors: VectorOutput[]; readonly nextToken?: string } {
    const { segmentCount = 1, segmentIndex = 0, maxResults = 500, nextToken = '' } = input;
    refuseUnless(maxResults <= LIMITS.vectorListItemsMax && segmentCount <= 16, 'a listing is over the limits');
    const found = [...this.#vectors.values()]
      .filter(({ key }) => hashText(key) % segmentCount === segmentIndex && key > nextToken)
      .toSorted((left, right) => byCodeUnit(left.key, right.key));
    const page = found.slice(0, Math.min(maxResults, this.#options.pageItemsMax));
    const last = page.at(-1);
    const vectors = page.map((vector) => outputOf(vector));
    return found.length > page.length && last !== undefined ? { vectors, nextToken: last.key } : { vectors };
  }

  query(input: QueryVectorsCommandInput): {
    readonly vectors: { key: string; distance: number; metadata: Record<string, unknown> }[];
  } {
    const asked = input.queryVector?.float32 ?? [];
    const { topK = 0 } = input;
    refuseUnless(asked.length === this.#options.dimensions, 'the query vector does not fit the index');
    refuseUnless(
      asked.some((value) => value !== 0),
      'a query vector is not zero',
    );
    refuseUnless(topK >= 1 && topK <= LIMITS.vectorQueryTopKMax, 'topK is out of bounds');
    const sources = wantedSources(input.filter);
    const hits = [...this.#vectors.values()]
      .filter(({ metadata }) => sources === undefined || sources.includes(metadata['src']))
      .map(({ key, data, metadata }) => ({ key, distance: cosineDistance(asked, data), metadata: { ...metadata } }))
      .toSorted((left, right) => left.distance - right.distance || byCodeUnit(left.key, right.key));
    return { vectors: hits.slice(0, topK) };
  }
}
