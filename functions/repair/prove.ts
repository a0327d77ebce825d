/**
 * A Region's proof of what it holds: computed in that Region, by its own function, from its own strongly consistent reads.
 * Hashes are recomputed from the stored bytes, so that a byte that changed on disk is found and its key named.
 */
import type { RegionStores } from '../dual-write/regions.ts';
import { done, type Result } from '../domain/failure.ts';
import { TABLE_NAMES, type TableName } from '../domain/record.ts';
import { sha256Hex } from '../stores/envelope.ts';
import type { RecordStore, StoredRecord } from '../stores/record-store.ts';
import type { VectorStore } from '../stores/vector-store.ts';
import { listedVectorKeys } from './listed-vectors.ts';
import { buildDigestTree, type DigestEntry, type DigestTree, joinRoots } from './digest-tree.ts';
import { vectorHash } from '../stores/vector-hash.ts';

export type ProvenStore = TableName | 'vectors';

export const PROVEN_STORES: readonly ProvenStore[] = [...TABLE_NAMES, 'vectors'];

export interface RegionProof {
  readonly root: string;
  readonly trees: Readonly<Record<ProvenStore, DigestTree>>;
  readonly documents: number;
  readonly chunks: number;
  /** Vectors that a document record lists and that are stored. */
  readonly vectors: number;
  /** Keys whose stored bytes do not match their stored hash, or vectors that are listed and not there. */
  readonly damaged: readonly string[];
}

const SEGMENTS = 4;

interface ScanResult {
  readonly entries: readonly DigestEntry[];
  readonly damaged: readonly string[];
}

const entryOf = (record: StoredRecord): DigestEntry => ({
  key: [record.pk, record.sk],
  v: record.v,
  h: sha256Hex(record.data),
  del: record.del === true,
});

const scanSegment = async (
  records: RecordStore,
  segment: number,
  visit: (record: StoredRecord) => void,
): Promise<Result<ScanResult>> => {
  const entries: DigestEntry[] = [];
  const damaged: string[] = [];
  let after: string | undefined;
  do {
    const page = await records.scan({ segment, segments: SEGMENTS, ...(after === undefined ? {} : { after }) });
    if (page.kind === 'failed') {
      return page;
    }
    for (const record of page.value.items) {
      const entry = entryOf(record);
      entries.push(entry);
      if (entry.h !== record.h) {
        damaged.push(entry.key.join(' / '));
      }
      visit(record);
    }
    after = page.value.next;
  } while (after !== undefined);
  return done({ entries, damaged });
};

const scanTable = async (
  records: RecordStore,
  visit: (record: StoredRecord) => void = () => undefined,
): Promise<Result<ScanResult>> => {
  const segments = await Promise.all(
    Array.from({ length: SEGMENTS }, (_, segment) => scanSegment(records, segment, visit)),
  );
  const entries: DigestEntry[] = [];
  const damaged: string[] = [];
  for (const segment of segments) {
    if (segment.kind === 'failed') {
      return segment;
    }
    entries.push(...segment.value.entries);
    damaged.push(...segment.value.damaged);
  }
  return done({ entries, damaged });
};

const scanVectors = async (vectors: VectorStore, listed: ReadonlySet<string>): Promise<Result<ScanResult>> => {
  const entries: DigestEntry[] = [];
  const damaged: string[] = [];
  const missing = new Set(listed);
  const readSegment = async (segment: number): Promise<Result<void>> => {
    let after: string | undefined;
    do {
      const page = await vectors.list({ segment, segments: SEGMENTS, ...(after === undefined ? {} : { after }) });
      if (page.kind === 'failed') {
        return page;
      }
      // What no document record lists is an orphan of an unfinished cycle: outside the proof, and never shown to a reader.
      for (const vector of page.value.items.filter(({ key }) => listed.has(key))) {
        const h = vectorHash(vector.data, vector.metadata);
        missing.delete(vector.key);
        entries.push({ key: [vector.key], v: '', h, del: false });
        if (h !== vector.metadata.h) {
          damaged.push(vector.key);
        }
      }
      after = page.value.next;
    } while (after !== undefined);
    return { kind: 'done', value: undefined };
  };
  const outcomes = await Promise.all(Array.from({ length: SEGMENTS }, (_, segment) => readSegment(segment)));
  for (const outcome of outcomes) {
    if (outcome.kind === 'failed') {
      return outcome;
    }
  }
  for (const key of missing) {
    entries.push({ key: [key], v: '', h: 'missing', del: false });
    damaged.push(key);
  }
  return done({ entries, damaged });
};

/** Reads everything that a Region holds and builds its trees. The first store that fails ends it: half a proof is none. */
export const proveRegion = async (stores: RegionStores): Promise<Result<RegionProof>> => {
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
    scanTable(stores.tables.workspaces),
    scanTable(stores.tables.audit),
    scanTable(stores.tables.graph, visit),
  ]);
  // After the tables, because only they say which vectors count.
  const vectors = await scanVectors(stores.vectors, listed);
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
    vectors: vectors.kind === 'done' ? vectors.value.entries.filter(({ h }) => h !== 'missing').length : 0,
    damaged: damaged.toSorted(),
  });
};
