/**
 * A Region's proof of what it holds: computed in that Region, by its own function, from its own strongly consistent reads.
 * A deep one recomputes every hash from the stored bytes, so that a byte that changed on disk is found and its key named;
 * a shallow one trusts the stored hashes, and need not carry the numbers of every vector.
 */
import type { RegionStores } from '../dual-write/regions.ts';
import { DONE, done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { type RecordDigest, TABLE_NAMES, type TableName } from '../domain/record.ts';
import { clockOfVersion } from '../domain/version.ts';
import { sha256Hex } from '../stores/envelope.ts';
import type { Page, RecordStore, StoredRecord } from '../stores/record-store.ts';
import { vectorHash } from '../stores/vector-hash.ts';
import type { VectorDigest, VectorListOptions, VectorStore } from '../stores/vector-store.ts';
import { buildDigestTree, type DigestEntry, type DigestTree, joinRoots } from './digest-tree.ts';
import { listedVectorKeys } from './listed-vectors.ts';

export type ProvenStore = TableName | 'vectors';

export const PROVEN_STORES: readonly ProvenStore[] = [...TABLE_NAMES, 'vectors'];

export interface ProofOptions {
  /** Judges the age of tombstones, in ms since 1970: the same for both Regions of one comparison. */
  readonly at: number;
  readonly deep: boolean;
  /** Leaves out what people wrote after this: two Regions that are read at different moments see the same of it. */
  readonly watermarkMs?: number;
}

export interface RegionProof {
  readonly root: string;
  readonly trees: Readonly<Record<ProvenStore, DigestTree>>;
  readonly documents: number;
  readonly chunks: number;
  /** Vectors that a document record lists and that are stored. */
  readonly vectors: number;
  /** Keys whose stored bytes do not match their stored hash (deep), or vectors that are listed and not there. */
  readonly damaged: readonly string[];
}

const SEGMENTS = 4;

/** The hash that stands in a tree for a vector that is listed and not stored. */
export const MISSING = 'missing';

interface ScanResult {
  readonly entries: readonly DigestEntry[];
  readonly damaged: readonly string[];
}

/** A tombstone that old is no longer proven: each Region collects it in its own time. */
export const isAgedTombstone = ({ del, receivedAt }: RecordDigest, at: number): boolean =>
  del === true && receivedAt !== undefined && receivedAt + LIMITS.tombstoneKeptMs <= at;

/** What is outside every digest: what the table drops by itself, and tombstones that may be collected. */
export const isOutsideDigests = (digest: RecordDigest, at: number): boolean =>
  digest.expires !== undefined || isAgedTombstone(digest, at);

const isAfterWatermark = (v: string, watermarkMs: number | undefined): boolean =>
  watermarkMs !== undefined && (clockOfVersion(v)?.ms ?? 0) > watermarkMs;

const entryOf = (record: StoredRecord, deep: boolean): DigestEntry => ({
  key: [record.pk, record.sk],
  v: record.v,
  h: deep ? sha256Hex(record.data) : record.h,
  del: record.del === true,
  ...(record.owed === undefined ? {} : { owed: record.owed }),
});

/** Reads every page of every segment; the first failure ends it. */
const eachPage = async <T>(
  read: (options: VectorListOptions) => Promise<Result<Page<T>>>,
  visit: (item: T) => void,
): Promise<Result<void>> => {
  const readSegment = async (segment: number): Promise<Result<void>> => {
    let after: string | undefined;
    do {
      const page = await read({ segment, segments: SEGMENTS, ...(after === undefined ? {} : { after }) });
      if (page.kind === 'failed') {
        return page;
      }
      for (const item of page.value.items) {
        visit(item);
      }
      after = page.value.next;
    } while (after !== undefined);
    return DONE;
  };
  const outcomes = await Promise.all(Array.from({ length: SEGMENTS }, (_, segment) => readSegment(segment)));
  return outcomes.find((outcome) => outcome.kind === 'failed') ?? DONE;
};

const scanTable = async (
  records: RecordStore,
  options: ProofOptions,
  visit: (record: StoredRecord) => void = () => undefined,
): Promise<Result<ScanResult>> => {
  const entries: DigestEntry[] = [];
  const damaged: string[] = [];
  const scanned = await eachPage(
    async (page) => records.scan(page),
    (record: StoredRecord) => {
      if (isOutsideDigests(record, options.at) || isAfterWatermark(record.v, options.watermarkMs)) {
        return;
      }
      const entry = entryOf(record, options.deep);
      entries.push(entry);
      if (entry.h !== record.h) {
        damaged.push(entry.key.join(' / '));
      }
      visit(record);
    },
  );
  return scanned.kind === 'failed' ? scanned : done({ entries, damaged });
};

interface ReadHash extends VectorDigest {
  readonly healthy: boolean;
}

/** Keys and hashes of all vectors: recomputed from the numbers, or as their metadata has them. */
const readHashes = async (
  vectors: VectorStore,
  deep: boolean,
  visit: (vector: ReadHash) => void,
): Promise<Result<void>> =>
  deep
    ? eachPage(
        async (page) => vectors.list(page),
        ({ key, data, metadata }) => {
          const h = vectorHash(data, metadata);
          visit({ key, h, healthy: h === metadata.h });
        },
      )
    : eachPage(
        async (page) => vectors.listHashes(page),
        ({ key, h }) => {
          visit({ key, h, healthy: true });
        },
      );

const scanVectors = async (
  vectors: VectorStore,
  listed: ReadonlySet<string>,
  deep: boolean,
): Promise<Result<ScanResult>> => {
  const entries: DigestEntry[] = [];
  const damaged: string[] = [];
  const missing = new Set(listed);
  const read = await readHashes(vectors, deep, ({ key, h, healthy }) => {
    // What no document record lists is an orphan of an unfinished cycle: outside the proof, and never shown to a reader.
    if (listed.has(key)) {
      missing.delete(key);
      entries.push({ key: [key], v: '', h, del: false });
      if (!healthy) {
        damaged.push(key);
      }
    }
  });
  if (read.kind === 'failed') {
    return read;
  }
  for (const key of missing) {
    entries.push({ key: [key], v: '', h: MISSING, del: false });
    damaged.push(key);
  }
  return done({ entries, damaged });
};

/** Reads everything that a Region holds and builds its trees. The first store that fails ends it: half a proof is none. */
export const proveRegion = async (stores: RegionStores, options: ProofOptions): Promise<Result<RegionProof>> => {
  const damaged: string[] = [];
  const listed = new Set<string>();
  let documents = 0;
  let chunks = 0;
  const visit = (record: StoredRecord): void => {
    const seen = listedVectorKeys(record);
    documents += seen.documents;
    chunks += seen.chunks;
    for (const key of seen.vectors) {
      listed.add(key);
    }
  };
  const scans = await Promise.all([
    scanTable(stores.tables.workspaces, options),
    scanTable(stores.tables.audit, options),
    scanTable(stores.tables.graph, options, visit),
  ]);
  // After the tables, because only they say which vectors count.
  const vectors = await scanVectors(stores.vectors, listed, options.deep);
  const trees: DigestTree[] = [];
  for (const scan of [...scans, vectors]) {
    if (scan.kind === 'failed') {
      return scan;
    }
    trees.push(buildDigestTree(scan.value.entries));
    damaged.push(...scan.value.damaged);
  }
  const [workspaces, audit, graph, index] = trees;
  if (workspaces === undefined || audit === undefined || graph === undefined || index === undefined) {
    return { kind: 'failed', failure: { reason: 'unknown', code: 'NoTree', message: 'a store was not read' } };
  }
  return done({
    root: joinRoots([workspaces.root, audit.root, graph.root, index.root]),
    trees: { workspaces, audit, graph, vectors: index },
    documents,
    chunks,
    vectors: vectors.kind === 'done' ? vectors.value.entries.filter(({ h }) => h !== MISSING).length : 0,
    damaged: damaged.toSorted(),
  });
};
