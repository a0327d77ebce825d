/**
 * Deep canaries: what a Region would have to do if the work moved there, done once. Nothing stays: items are local, outside of every
 * proof, and the vector belongs to no document.
 */
import { LOCAL_PREFIX } from '../../functions/domain/record.ts';
import type { Failure, Result } from '../../functions/domain/failure.ts';
import { done } from '../../functions/domain/failure.ts';
import { parseDocumentPayload, sourceDocumentsPartition } from '../../functions/domain/corpus.ts';
import { vectorHash } from '../../functions/stores/vector-hash.ts';
import type { StoredVector } from '../../functions/stores/vector-store.ts';
import { readSources } from '../failover/observe.ts';
import type { RegionAccess } from '../failover/region-access.ts';
import { shortly } from '../failover/world.ts';
import type { Check } from './check.ts';

const CANARY = { pk: `${LOCAL_PREFIX}canary`, sk: 'preflight' };

const because = (failure: Failure): string =>
  shortly(failure) === failure.code ? `${failure.message} (${failure.code})` : shortly(failure);

export const checkRecords = async ({ region, stores }: RegionAccess, nonce: string, order: number): Promise<Check> => {
  const { workspaces } = stores.tables;
  const base = { name: 'records: write, strong read, delete', region, required: true };
  const put = await workspaces.putLocal({ ...CANARY, order, data: nonce });
  const read = put.kind === 'failed' ? put : await workspaces.getLocal(CANARY);
  const removed = read.kind === 'failed' ? read : await workspaces.deleteLocal(CANARY, order);
  if (removed.kind === 'failed') {
    return { ...base, ok: false, detail: `DynamoDB: ${because(removed.failure)}` };
  }
  const isSame = read.kind === 'done' && read.value?.data === nonce;
  return { ...base, ok: isSame, detail: isSame ? 'what was written was read back' : 'something else was read back' };
};

/** A vector that a document of the Region lists; undefined where nothing is indexed. */
const someVector = async (where: RegionAccess): Promise<Result<StoredVector | undefined>> => {
  const sources = await readSources(where);
  if (sources.kind === 'failed') {
    return sources;
  }
  for (const { id } of sources.value) {
    const page = await where.stores.tables.graph.query(sourceDocumentsPartition(id), { pageItemsMax: 25 });
    if (page.kind === 'failed') {
      return page;
    }
    const key = page.value.items
      .flatMap((record) => (record.del === true ? [] : (parseDocumentPayload(record.data)?.chunks ?? [])))
      .map(({ k }) => k)
      .at(0);
    const found = key === undefined ? done([]) : await where.stores.vectors.get([key]);
    if (found.kind === 'failed' || found.value[0] !== undefined) {
      return found.kind === 'failed' ? found : done(found.value[0]);
    }
  }
  return done(undefined);
};

const canaryVector = (nonce: string, data: Float32Array): StoredVector => {
  const named = { src: 'twinmap-canary', doc: 'twinmap-canary~0', chunk: nonce.slice(0, 32) };
  return { key: `twinmap-canary#${nonce}`, data, metadata: { ...named, h: vectorHash(data, named) } };
};

/** Puts, finds and deletes one; its dimension is that of the index. */
const tryVector = async ({ stores }: RegionAccess, vector: StoredVector): Promise<string | undefined> => {
  const put = await stores.vectors.put([vector]);
  const hits =
    put.kind === 'failed'
      ? put
      : await stores.vectors.query({ vector: vector.data, topK: 1, sources: [vector.metadata.src] });
  const removed = await stores.vectors.delete([vector.key]);
  if (hits.kind === 'failed') {
    return because(hits.failure);
  }
  if (removed.kind === 'failed') {
    return because(removed.failure);
  }
  return hits.value.some(({ key }) => key === vector.key) ? undefined : 'what was put was not found';
};

export interface VectorCheck {
  readonly check: Check;
  readonly dimension?: number;
}

export const checkVectors = async (where: RegionAccess, nonce: string): Promise<VectorCheck> => {
  const base = { name: 'vectors: put, query, delete', region: where.region, required: true };
  const some = await someVector(where);
  if (some.kind === 'failed') {
    return { check: { ...base, ok: false, detail: because(some.failure) } };
  }
  if (some.value === undefined) {
    const asked = await where.stores.vectors.getHashes(['twinmap-canary']);
    return {
      check:
        asked.kind === 'failed'
          ? { ...base, ok: false, detail: `S3 Vectors: ${because(asked.failure)}` }
          : { ...base, ok: true, detail: 'the index answers; nothing is indexed yet, so nothing was put' },
    };
  }
  const { data } = some.value;
  const wrong = await tryVector(where, canaryVector(nonce, data));
  return {
    check: {
      ...base,
      ok: wrong === undefined,
      detail:
        wrong === undefined
          ? `a vector of ${data.length} dimensions was put, found and deleted`
          : `S3 Vectors: ${wrong}`,
    },
    dimension: data.length,
  };
};

const kindOf = (answer: unknown): string =>
  typeof answer === 'object' && answer !== null && 'kind' in answer ? String(answer.kind) : 'something else';

/** The passive Region's tick does nothing, so it is fired; the active one's would sync, and is only looked at unless asked for. */
export const checkSchedule = async (where: RegionAccess, isActive: boolean, tick: boolean): Promise<Check> => {
  const base = { name: 'schedule: the dispatch function runs', region: where.region, required: true };
  if (isActive && !tick) {
    const code = await where.functions.codeOf('dispatch');
    return code.kind === 'failed'
      ? { ...base, ok: false, detail: `Lambda: ${because(code.failure)}` }
      : { ...base, ok: true, detail: 'it is there; it was not fired, because it would sync (--tick fires it)' };
  }
  const invoked = await where.functions.invoke('dispatch', {});
  if (invoked.kind === 'failed') {
    return { ...base, ok: false, detail: `Lambda: ${because(invoked.failure)}` };
  }
  const kind = kindOf(invoked.value);
  return { ...base, ok: kind === (isActive ? 'dispatched' : 'passive'), detail: `it answers: ${kind}` };
};

const SKEW_MS_MAX = 5000;

export const checkApi = async ({ region, api }: RegionAccess): Promise<readonly Check[]> => {
  const ready = { name: 'API: ready', region, required: true };
  const clock = { name: 'clock: within 5 s of this machine', region, required: false };
  if (api === undefined) {
    return [{ ...ready, ok: null, required: false, detail: 'nobody said where it is' }];
  }
  const read = await api.get('/readyz');
  if (read.kind === 'failed') {
    return [{ ...ready, ok: false, detail: because(read.failure) }];
  }
  const { status, durationMs, skewMs } = read.value;
  return [
    { ...ready, ok: status === 200, detail: `HTTP ${status} in ${durationMs} ms` },
    skewMs === undefined
      ? { ...clock, ok: null, detail: 'its answers have no date' }
      : { ...clock, ok: Math.abs(skewMs) <= SKEW_MS_MAX, detail: `about ${Math.round(skewMs / 1000)} s apart` },
  ];
};
