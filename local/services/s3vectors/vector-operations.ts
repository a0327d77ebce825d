/** S3 Vectors operations on vectors: put, get, delete, list and query, with AWS's bounds and page sizes. */
import { isJsonObject, type JsonObject } from '../service.ts';
import { compileFilter } from './metadata-filter.ts';
import { checkMetadata, checkVector } from './metadata.ts';
import {
  decodePosition,
  encodePosition,
  integerIn,
  invalid,
  listIn,
  optionalFlag,
  optionalInteger,
  optionalText,
  vectorKey,
} from './validation.ts';
import { parseMetadata, type VectorCache } from './vector-cache.ts';
import { type IndexRow, type ListRange, SLOTS, type VectorRow } from './vector-database.ts';
import { type Hit } from './vector-matrix.ts';
import { findIndex, type VectorContext } from './vector-resources.ts';

const PUT_MAX = 500;
const DELETE_MAX = 500;
const GET_MAX = 100;
const LIST_DEFAULT = 500;
const LIST_MAX = 1000;
const LIST_BYTES_MAX = 1024 * 1024;
const SEGMENTS_MAX = 16;
const TOP_K_MAX = 10_000;
const QUERY_PAGE = 100;
const QUERY_TOKEN_LIFE_MS = 5 * 60 * 1000;
const OPEN_QUERIES_MAX = 256;

interface Returned {
  readonly data: boolean;
  readonly metadata: boolean;
}

const readReturned = (input: JsonObject): Returned => ({
  data: optionalFlag(input, 'returnData'),
  metadata: optionalFlag(input, 'returnMetadata'),
});

/** JSON has no NaN and no Infinity; only damaged bytes hold them, and clients read them as text. */
const jsonNumber = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

const shown = (row: VectorRow, returned: Returned): JsonObject => {
  const metadata = returned.metadata ? parseMetadata(row.metadata) : undefined;
  return {
    key: row.key,
    ...(returned.data ? { data: { float32: Array.from(row.vector, jsonNumber) } } : {}),
    ...(metadata === undefined ? {} : { metadata }),
  };
};

interface OpenQuery {
  readonly index: IndexRow;
  readonly hits: readonly Hit[];
  readonly expiresAt: number;
}

export class VectorOperations {
  readonly #context: VectorContext;
  readonly #cache: VectorCache;
  readonly #openQueries = new Map<string, OpenQuery>();
  #queries = 0;

  constructor(context: VectorContext, cache: VectorCache) {
    this.#context = context;
    this.#cache = cache;
  }

  putVectors(input: JsonObject): JsonObject {
    const index = findIndex(this.#context, input);
    const rows = listIn(input, 'vectors', PUT_MAX).map((value, position) => {
      const path = `vectors[${position}]`;
      const entry = isJsonObject(value) ? value : {};
      const metadata = checkMetadata(entry['metadata'], `${path}.metadata`, index.nonFilterableKeys);
      return {
        key: vectorKey(entry['key'], `${path}.key`),
        vector: checkVector(entry['data'], `${path}.data`, index),
        metadata: metadata === undefined ? undefined : JSON.stringify(metadata),
      };
    });
    this.#context.database.putVectors(index.id, rows);
    this.#cache.put(index.id, rows);
    return {};
  }

  getVectors(input: JsonObject): JsonObject {
    const index = findIndex(this.#context, input);
    const keys = listIn(input, 'keys', GET_MAX).map((key, position) => vectorKey(key, `keys[${position}]`));
    const returned = readReturned(input);
    const rows = keys.map((key) => this.#context.database.vector(index.id, key)).filter((row) => row !== undefined);
    return { vectors: rows.map((row) => shown(row, returned)) };
  }

  deleteVectors(input: JsonObject): JsonObject {
    const index = findIndex(this.#context, input);
    const keys = listIn(input, 'keys', DELETE_MAX).map((key, position) => vectorKey(key, `keys[${position}]`));
    this.#context.database.deleteVectors(index.id, keys);
    this.#cache.delete(index.id, keys);
    return {};
  }

  deleteIndex(input: JsonObject): JsonObject {
    const index = findIndex(this.#context, input);
    this.#context.database.deleteIndex(index.id);
    this.#cache.drop(index.id);
    return {};
  }

  listVectors(input: JsonObject): JsonObject {
    const index = findIndex(this.#context, input);
    const limit = optionalInteger(input, 'maxResults', { min: 1, max: LIST_MAX, otherwise: LIST_DEFAULT });
    const returned = readReturned(input);
    const vectors: JsonObject[] = [];
    let bytes = 0;
    let last: { slot: number; id: number } | undefined;
    for (const row of this.#context.database.list(index.id, this.#listRange(input, index))) {
      const vector = shown(row, returned);
      bytes += JSON.stringify(vector).length;
      if (vectors.length === limit || (vectors.length > 0 && bytes > LIST_BYTES_MAX)) {
        return { vectors, nextToken: encodePosition({ index: index.id, ...last }) };
      }
      vectors.push(vector);
      last = { slot: row.slot, id: row.id };
    }
    return { vectors };
  }

  queryVectors(input: JsonObject): JsonObject {
    const index = findIndex(this.#context, input);
    const topK = integerIn(input['topK'], 'topK', 1, TOP_K_MAX);
    const query = checkVector(input['queryVector'], 'queryVector', index);
    const filter = input['filter'] === undefined ? undefined : compileFilter(input['filter'], index.nonFilterableKeys);
    const token = optionalText(input, 'nextToken');
    const hits =
      token === undefined ? this.#cache.search(index, query, topK, filter) : this.#takeOpenQuery(token, index);
    const rest = hits.slice(QUERY_PAGE);
    return {
      vectors: hits.slice(0, QUERY_PAGE).map((hit) => this.#shownHit(index, hit, input)),
      distanceMetric: index.metric,
      ...(rest.length === 0 ? {} : { nextToken: this.#keepOpenQuery(index, rest) }),
    };
  }

  #shownHit(index: IndexRow, hit: Hit, input: JsonObject): JsonObject {
    const metadata = optionalFlag(input, 'returnMetadata')
      ? parseMetadata(this.#context.database.vector(index.id, hit.key)?.metadata)
      : undefined;
    return {
      key: hit.key,
      ...(optionalFlag(input, 'returnDistance') ? { distance: jsonNumber(hit.distance) } : {}),
      ...(metadata === undefined ? {} : { metadata }),
    };
  }

  #listRange(input: JsonObject, index: IndexRow): ListRange {
    const segments = optionalInteger(input, 'segmentCount', { min: 1, max: SEGMENTS_MAX, otherwise: 1 });
    const segment = optionalInteger(input, 'segmentIndex', { min: 0, max: segments - 1, otherwise: 0 });
    if ((input['segmentCount'] === undefined) !== (input['segmentIndex'] === undefined)) {
      throw invalid('segmentIndex', 'and segmentCount belong together.');
    }
    const slotMin = Math.ceil((SLOTS * segment) / segments);
    const slotMax = Math.ceil((SLOTS * (segment + 1)) / segments) - 1;
    const token = optionalText(input, 'nextToken');
    if (token === undefined) {
      return { slotMin, slotMax, after: { slot: -1, id: 0 } };
    }
    const { index: indexId, slot, id } = decodePosition(token);
    if (
      indexId !== index.id ||
      typeof slot !== 'number' ||
      typeof id !== 'number' ||
      slot < slotMin ||
      slot > slotMax
    ) {
      throw invalid('nextToken', 'belongs to another index or segment.');
    }
    return { slotMin, slotMax, after: { slot, id } };
  }

  /** Later pages come from the list that the first page was cut from: writes in between are not seen, as in AWS. */
  #keepOpenQuery(index: IndexRow, hits: readonly Hit[]): string {
    this.#queries += 1;
    const token = encodePosition({ query: this.#queries });
    this.#openQueries.set(token, { index, hits, expiresAt: this.#context.now() + QUERY_TOKEN_LIFE_MS });
    const [oldest] = this.#openQueries.keys();
    if (this.#openQueries.size > OPEN_QUERIES_MAX && oldest !== undefined) {
      this.#openQueries.delete(oldest);
    }
    return token;
  }

  #takeOpenQuery(token: string, index: IndexRow): readonly Hit[] {
    const open = this.#openQueries.get(token);
    if (open === undefined || open.index.id !== index.id || open.expiresAt <= this.#context.now()) {
      throw invalid('nextToken', 'is unknown or no longer valid; start the query again.');
    }
    return open.hits;
  }
}
