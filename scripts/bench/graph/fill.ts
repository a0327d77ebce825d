/** Puts the graph of a repository into a Region's table, as a cycle would have left it: the same records under the same keys. */
import { type SourcePayload, sourceKey } from '../../../functions/domain/corpus.ts';
import { InvariantError } from '../../../functions/domain/errors.ts';
import type { ReplicatedRecord } from '../../../functions/domain/record.ts';
import { parseRegion } from '../../../functions/domain/region.ts';
import { encodeFence, ingestVersion } from '../../../functions/domain/version.ts';
import { GRAPH_VERSION, headKey } from '../../../functions/graph/stored/graph-keys.ts';
import { RecordSum, type UnitFile } from '../../../functions/graph/stored/head-record.ts';
import {
  type CanonicalPut,
  indexOf,
  nodeName,
  type NodeFiles,
  nodePuts,
  putOf,
  storedFacts,
  unitRecords,
} from '../../../functions/ingest/derive/graph/unit-records.ts';
import { unitIdOf } from '../../../functions/graph/stored/graph-keys.ts';
import { makeCanonicalRecord, makeRecord, sha256Hex } from '../../../functions/stores/envelope.ts';
import type { RecordStore } from '../../../functions/stores/record-store.ts';
import { factsOf, type RepositoryPlan } from './generate.ts';

const RUN = '01J00000000000000000000000';
const IN_FLIGHT = 64;
const ATTEMPTS = 5;

export interface Filled {
  readonly nodes: ReadonlySet<string>;
  readonly edges: number;
  readonly records: number;
}

const sourcePayload = (id: string): SourcePayload => ({
  id,
  kind: 'git',
  name: id,
  url: '',
  snapshot: sha256Hex(id),
  cursor: null,
  counts: { documents: 14, chunks: 14, skipped: 0 },
  lastFullAt: 0,
  index: 'none',
  derived: GRAPH_VERSION,
  cycle: { op: RUN, epoch: 1, region: 'us-east-2', finishedAt: 1_760_000_000_000, changed: 14, deleted: 0 },
});

const recordsOf = (plan: RepositoryPlan): { readonly puts: readonly CanonicalPut[] } & Omit<Filled, 'records'> => {
  const place = { unit: unitIdOf('', plan.name), repository: plan.name, prefix: '', commit: sha256Hex(plan.name) };
  const facts = factsOf(plan);
  const nodes = new Map<string, NodeFiles>();
  const files: UnitFile[] = [];
  const puts: CanonicalPut[] = [];
  for (const file of facts) {
    const d = sha256Hex(file.path).slice(0, 20);
    const stored = storedFacts(plan.name, place.unit, file, d);
    files.push({
      d,
      path: file.path,
      rev: '1',
      facts: stored.hash,
      parts: stored.puts.length,
    });
    puts.push(...stored.puts);
    for (const { id, direction, file: said } of stored.nodes) {
      const name = nodeName(direction, id);
      const entry = nodes.get(name) ?? { id, direction, files: [] };
      entry.files.push(said);
      nodes.set(name, entry);
    }
  }
  for (const node of nodes.values()) {
    puts.push(...nodePuts(plan.name, place.unit, node));
  }
  const sum = new RecordSum();
  puts.forEach(({ key, canonical }) => {
    sum.toggle(key.sk, canonical.h);
  });
  const unit = unitRecords(plan.name, place, {
    extractor: GRAPH_VERSION,
    files,
    index: indexOf(nodes.values(), files),
    sum,
  });
  const ids = new Set(facts.flatMap((file) => file.edges.flatMap(({ from, to }) => [from, to])));
  return {
    puts: [...puts, ...unit.puts, putOf(headKey(plan.name), { extractor: GRAPH_VERSION, units: [unit.head] })],
    nodes: ids,
    edges: facts.reduce((count, { edges }) => count + edges.length, 0),
  };
};

/** A machine that has other things to do may keep a put waiting; putting the same once more changes nothing. */
const write = async (store: RecordStore, record: ReplicatedRecord): Promise<void> => {
  let outcome = await store.put(record);
  for (let attempt = 1; outcome.kind === 'failed' && attempt < ATTEMPTS; attempt += 1) {
    outcome = await store.put(record);
  }
  if (outcome.kind !== 'written') {
    const why = outcome.kind === 'failed' ? outcome.failure.message : `a newer one (${outcome.v}) is stored`;
    throw new InvariantError(`the bench could not store a record: ${why}`);
  }
};

/** Answers with what was put; names that repositories share are in the sets of all of them. */
export const fillRepository = async (store: RecordStore, plan: RepositoryPlan): Promise<Filled> => {
  const { puts, nodes, edges } = recordsOf(plan);
  const region = parseRegion('us-east-2');
  if (region === undefined) {
    throw new InvariantError('us-east-2 is a Region');
  }
  const fence = encodeFence({ epoch: 1, region, run: 1, op: RUN });
  const records: ReplicatedRecord[] = puts.map(({ key, canonical }, at) =>
    makeCanonicalRecord(key, { v: ingestVersion(fence, at + 1), op: RUN }, canonical),
  );
  const queue = records.values();
  const writeAll = async (): Promise<void> => {
    for (const record of queue) {
      await write(store, record);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, writeAll));
  const source = makeRecord(
    sourceKey(plan.name),
    { v: ingestVersion(fence, puts.length + 1), op: RUN },
    sourcePayload(plan.name),
  );
  await store.mergeSource(source);
  return { nodes, edges, records: puts.length + 1 };
};
