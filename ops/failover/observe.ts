/** Looks at both Regions: straight at their stores, their AppConfig data plane and their API. A Region that fails is a value. */
import { parseSourcePayload, type SourcePayload, SOURCES_PARTITION } from '../../functions/domain/corpus.ts';
import { done, type Failure, type Result } from '../../functions/domain/failure.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import { fenceOfVersion, parseFence } from '../../functions/domain/version.ts';
import { decideGate, type DocumentReading, type RecordReading } from '../../functions/gate/decide.ts';
import { GATE_KEY, recordReadingOf } from '../../functions/gate/gate.ts';
import { readVerdict } from '../../functions/repair/comparison-items.ts';
import { readOwedDebt } from '../../functions/repair/owed-debt.ts';
import { readPeerState } from '../../functions/repair/repair-items.ts';
import { pageAfter, readAllPages } from '../../functions/stores/all-pages.ts';
import type { StoredRecord } from '../../functions/stores/record-store.ts';
import { type Claim, CLAIM_KEY, claimOf } from './claim.ts';
import { type PairAccess, PEER_OF, type RegionAccess } from './region-access.ts';
import type { Answering, RegionWorld, SourceWorld, Standing, World } from './world.ts';

/** No stored vector has this key; the question is whether the index answers. */
const PROBE_KEY = 'twinmap-status';

const answeringOf = (read: { readonly kind: string; readonly failure?: Failure }): Answering =>
  read.failure === undefined ? { kind: 'answers' } : { kind: 'silent', failure: read.failure };

const sourceWorld = ({ v, f }: StoredRecord, { id, name, cycle, deferred }: SourcePayload): SourceWorld => {
  const fence = parseFence(f ?? '');
  const { epoch, region, finishedAt } = cycle;
  return {
    id,
    name,
    ...(fence === undefined
      ? {}
      : { fence: { epoch: fence.epoch, region: fence.region, run: fence.run, op: fence.op } }),
    committed: { epoch, region, finishedAt, isDeferred: deferred !== undefined },
    isOpen: f !== undefined && f > (fenceOfVersion(v) ?? ''),
  };
};

export const readSources = async ({ stores }: RegionAccess): Promise<Result<readonly SourceWorld[]>> => {
  const read = await readAllPages((after) => stores.tables.graph.query(SOURCES_PARTITION, pageAfter(after)));
  return read.kind === 'failed'
    ? read
    : done(
        read.value.flatMap((record) => {
          const payload = record.del === true ? undefined : parseSourcePayload(record.data);
          return payload === undefined ? [] : [sourceWorld(record, payload)];
        }),
      );
};

interface Locals {
  readonly record: RecordReading;
  readonly claim: Claim | undefined;
}

/** One call: what a Region that may be gone is worth. */
const readLocals = async ({ stores }: RegionAccess): Promise<Result<Locals>> => {
  const read = await stores.tables.workspaces.getLocals([GATE_KEY, CLAIM_KEY]);
  if (read.kind === 'failed') {
    return read;
  }
  const itemAt = (pk: string): (typeof read.value)[number] | undefined => read.value.find((item) => item.pk === pk);
  return done({ record: recordReadingOf(itemAt(GATE_KEY.pk)), claim: claimOf(itemAt(CLAIM_KEY.pk)) });
};

const valueOf = <T>(read: Result<T>): T | undefined => (read.kind === 'done' ? read.value : undefined);

const readStanding = async ({ stores }: RegionAccess, peer: RegionAccess, nowMs: number): Promise<Standing> => {
  const [owed, state, verdict] = await Promise.all([
    readOwedDebt(stores, peer.region, nowMs),
    readPeerState(stores, peer.region),
    readVerdict(stores),
  ]);
  const debt = valueOf(owed);
  const peerState = valueOf(state)?.value;
  const newest = valueOf(verdict);
  return {
    ...(debt === undefined ? {} : { owed: debt }),
    ...(peerState === undefined ? {} : { peer: peerState }),
    ...(newest === undefined ? {} : { verdict: newest }),
  };
};

const readApi = async ({ api }: RegionAccess): Promise<Pick<RegionWorld, 'api' | 'endpoint'>> => {
  if (api === undefined) {
    return {};
  }
  const read = await api.get('/v1/status');
  if (read.kind === 'failed') {
    return { endpoint: api.endpoint, api: { answering: { kind: 'silent', failure: read.failure } } };
  }
  const { status, durationMs, skewMs } = read.value;
  const failure: Failure = { reason: 'unreachable', code: `HTTP ${status}`, message: `its API answered ${status}` };
  return {
    endpoint: api.endpoint,
    api: {
      answering: status === 200 ? { kind: 'answers' } : { kind: 'silent', failure },
      durationMs,
      ...(skewMs === undefined ? {} : { skewMs }),
    },
  };
};

export interface ObserveOptions {
  readonly now: () => number;
  /** Reads what is owed and what was proven, too. */
  readonly standing: boolean;
}

/** One after the other: where the first has failed, the second would only cost the same again. */
const readTables = async (
  access: RegionAccess,
): Promise<{ readonly locals: Result<Locals>; readonly sources: Result<readonly SourceWorld[]> }> => {
  const locals = await readLocals(access);
  return { locals, sources: locals.kind === 'failed' ? locals : await readSources(access) };
};

const documentOf = async ({ gate }: RegionAccess): Promise<DocumentReading> => gate.read();

export const observeRegion = async (
  access: RegionAccess,
  peer: RegionAccess,
  options: ObserveOptions,
): Promise<RegionWorld> => {
  const [{ locals, sources }, vectors, document, api] = await Promise.all([
    readTables(access),
    access.stores.vectors.getHashes([PROBE_KEY]),
    documentOf(access),
    readApi(access),
  ]);
  const records = answeringOf(locals.kind === 'failed' ? locals : sources);
  const record: RecordReading =
    locals.kind === 'failed' ? { kind: 'unreadable', failure: locals.failure } : locals.value.record;
  const claim = valueOf(locals)?.claim;
  const standing =
    options.standing && records.kind === 'answers' ? await readStanding(access, peer, options.now()) : undefined;
  return {
    role: access.role,
    region: access.region,
    records,
    vectors: answeringOf(vectors),
    document,
    record,
    decision: decideGate(document, record),
    ...(claim === undefined ? {} : { claim }),
    sources: valueOf(sources) ?? [],
    ...api,
    ...(standing === undefined ? {} : { standing }),
  };
};

/** Both at once; `before` stands for a Region that is not asked again. */
export const observe = async (
  pair: PairAccess,
  options: ObserveOptions & { readonly keep?: Partial<Record<Role, RegionWorld>> },
): Promise<World> => {
  const [primary, secondary] = await Promise.all(
    ROLES.map(async (role) => options.keep?.[role] ?? observeRegion(pair[role], pair[PEER_OF[role]], options)),
  );
  if (primary === undefined || secondary === undefined) {
    throw new RangeError('a pair has two Regions');
  }
  return { at: options.now(), regions: { primary, secondary } };
};
