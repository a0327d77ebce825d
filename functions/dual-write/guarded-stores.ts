/** A Region's stores behind breakers: the same contracts, and 0 ms of waiting for a service that is known to be down. */
import type { TableName } from '../domain/record.ts';
import type { RecordStore } from '../stores/record-store.ts';
import type { VectorStore } from '../stores/vector-store.ts';
import type { Failed, Outcome } from './breaker.ts';
import type { RegionStores } from './regions.ts';

/** A breaker, or any other bound on what is asked of a service. */
export interface Guard {
  run<T extends Outcome>(work: () => Promise<T>): Promise<T | Failed>;
}

/** Keeps the contract word for word: a failure of the breaker is one of the failures that every operation may have. */
export const guardRecords = (store: RecordStore, breaker: Guard): RecordStore => ({
  get: async (key) => breaker.run(async () => store.get(key)),
  getMany: async (keys, options) => breaker.run(async () => store.getMany(keys, options)),
  getDigests: async (keys) => breaker.run(async () => store.getDigests(keys)),
  put: async (record, owed) => breaker.run(async () => store.put(record, owed)),
  putOnce: async (record, owed) => breaker.run(async () => store.putOnce(record, owed)),
  mend: async (record) => breaker.run(async () => store.mend(record)),
  clearOwed: async (key, v) => breaker.run(async () => store.clearOwed(key, v)),
  listOwed: async (shard, options) => breaker.run(async () => store.listOwed(shard, options)),
  collect: async (key, v) => breaker.run(async () => store.collect(key, v)),
  query: async (pk, options) => breaker.run(async () => store.query(pk, options)),
  queryDigests: async (pk, options) => breaker.run(async () => store.queryDigests(pk, options)),
  scan: async (options) => breaker.run(async () => store.scan(options)),
  readSource: async (key) => breaker.run(async () => store.readSource(key)),
  claim: async (key, fence) => breaker.run(async () => store.claim(key, fence)),
  commit: async (record, fence, owed) => breaker.run(async () => store.commit(record, fence, owed)),
  mergeSource: async (record) => breaker.run(async () => store.mergeSource(record)),
  getLocal: async (key) => breaker.run(async () => store.getLocal(key)),
  getLocals: async (keys) => breaker.run(async () => store.getLocals(keys)),
  putLocal: async (item) => breaker.run(async () => store.putLocal(item)),
  queryLocal: async (pk, options) => breaker.run(async () => store.queryLocal(pk, options)),
  deleteLocal: async (key, order) => breaker.run(async () => store.deleteLocal(key, order)),
});

export const guardVectors = (store: VectorStore, breaker: Guard): VectorStore => ({
  put: async (vectors) => breaker.run(async () => store.put(vectors)),
  get: async (keys) => breaker.run(async () => store.get(keys)),
  getHashes: async (keys) => breaker.run(async () => store.getHashes(keys)),
  delete: async (keys) => breaker.run(async () => store.delete(keys)),
  list: async (options) => breaker.run(async () => store.list(options)),
  listHashes: async (options) => breaker.run(async () => store.listHashes(options)),
  query: async (query) => breaker.run(async () => store.query(query)),
});

export interface RegionBreakers {
  /** Of all tables: they are one service. */
  readonly dynamodb: Guard;
  readonly s3vectors: Guard;
}

export const guardRegion = (stores: RegionStores, breakers: RegionBreakers): RegionStores => {
  const table = (name: TableName): RecordStore => guardRecords(stores.tables[name], breakers.dynamodb);
  return {
    region: stores.region,
    tables: { workspaces: table('workspaces'), audit: table('audit'), graph: table('graph') },
    vectors: guardVectors(stores.vectors, breakers.s3vectors),
  };
};
