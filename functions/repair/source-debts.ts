/**
 * What a source owes, read strongly from its partitions and not from the index, which lags: settling before a cycle, and the
 * proof that a source record may be sent (DESIGN §3.6, §4). New chunks go before the documents that list them, tombstones of
 * chunks after them, the source record last: no reader of the other Region meets a document that lists what is not there.
 */
import { documentPrefix, sourceKey } from '../domain/corpus.ts';
import { sourcePartitions } from '../domain/derived-keys.ts';
import { DONE, done, type Failure, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { isMutant } from '../domain/mutants.ts';
import type { RecordDigest, RecordKey } from '../domain/record.ts';
import type { RegionName } from '../domain/region.ts';
import type { RegionPair, RegionStores } from '../dual-write/regions.ts';
import { pageAfter, readAllPages } from '../stores/all-pages.ts';
import { directoryPartition } from '../lexical/keys.ts';
import { batchesOf } from '../stores/vector-batches.ts';
import { readLexicalDigests } from './lexical-digests.ts';
import { type Direction, sendRecord, settleDebt, transferRecord } from './transfer.ts';

/** In the order in which they are sent, each after all of the one before. */
const SEND_STEPS = ['chunks', 'documents', 'chunk-tombstones'] as const;

export interface SourceDebt extends RecordKey {
  readonly step: (typeof SEND_STEPS)[number];
}

const debtOf = ({ pk, sk, del }: RecordDigest): SourceDebt => {
  if (sk.startsWith(documentPrefix)) {
    return { pk, sk, step: 'documents' };
  }
  return { pk, sk, step: del === true ? 'chunk-tombstones' : 'chunks' };
};

const owedIn = async (stores: RegionStores, pk: string, owed: RegionName): Promise<Result<readonly SourceDebt[]>> => {
  const read = await readAllPages((after) =>
    stores.tables.graph.queryDigests(pk, { owedOnly: true, ...pageAfter(after) }),
  );
  return read.kind === 'failed'
    ? read
    : done(read.value.filter((digest) => digest.owed === owed).map((digest) => debtOf(digest)));
};

/**
 * What has to be looked through. Buckets of the lexical index lie in partitions that all sources share, so that those of one source
 * are read key by key, hundreds of each unit: whoever knows that none of them can be owed leaves them out.
 */
export type DebtScope = 'all' | 'without-buckets';

const owedOfLexical = async (
  stores: RegionStores,
  sourceId: string,
  owed: RegionName,
): Promise<Result<readonly SourceDebt[]>> => {
  const read = await readLexicalDigests(stores.tables.graph, sourceId);
  return read.kind === 'failed'
    ? read
    : done(read.value.filter((digest) => digest.owed === owed).map((digest) => debtOf(digest)));
};

/** Everything of a source but its own record that a Region owes. Strongly consistent. */
export const readSourceDebts = async (
  stores: RegionStores,
  owed: RegionName,
  sourceId: string,
  scope: DebtScope = 'all',
): Promise<Result<readonly SourceDebt[]>> => {
  const read = await Promise.all([
    ...sourcePartitions(sourceId).map(async (pk) => owedIn(stores, pk, owed)),
    scope === 'all' ? owedOfLexical(stores, sourceId, owed) : owedIn(stores, directoryPartition(sourceId), owed),
  ]);
  const found: SourceDebt[] = [];
  for (const one of read) {
    if (one.kind === 'failed') {
      return one;
    }
    found.push(...one.value);
  }
  return done(found);
};

export type SourceSend =
  | { readonly kind: 'sent' }
  /** Something else of the source is still owed (or the record is not): the record waits. */
  | { readonly kind: 'waits' }
  | { readonly kind: 'failed'; readonly at: 'from' | 'to'; readonly failure: Failure };

/**
 * Sends a source record that is owed: read first, then proven that nothing else of the source is owed, then sent as it was
 * read. Whatever is owed after the reading belongs to a later commit, which has its own debt.
 */
export const sendSourceRecord = async (direction: Direction, key: RecordKey): Promise<SourceSend> => {
  const { from, to } = direction;
  const read = await from.tables.graph.get(key);
  if (read.kind === 'failed') {
    return { kind: 'failed', at: 'from', failure: read.failure };
  }
  if (read.value === undefined || read.value.owed !== to.region) {
    return { kind: 'waits' };
  }
  const debts = await readSourceDebts(from, to.region, key.sk);
  if (debts.kind === 'failed') {
    return { kind: 'failed', at: 'from', failure: debts.failure };
  }
  if (debts.value.length > 0 && !isMutant('source-in-order')) {
    return { kind: 'waits' };
  }
  const outcome = await sendRecord(direction, 'graph', read.value);
  if (outcome.kind === 'failed') {
    return outcome;
  }
  const settled = await settleDebt(direction, 'graph', key, outcome);
  return settled.kind === 'failed' ? { kind: 'failed', at: 'from', failure: settled.failure } : { kind: 'sent' };
};

export interface SettleFailure {
  readonly kind: 'failed';
  /** The Region that did not do what was asked. */
  readonly side: 'home' | 'peer';
  readonly failure: Failure;
}

export type SettleOutcome =
  /** Nothing of the source is owed in either Region, by strong reads. `found`: how much was. */
  | { readonly kind: 'settled'; readonly found: number }
  /** Some records could not be sent, for instance because a vector that they list is gone; a cycle writes them anew. */
  | { readonly kind: 'left'; readonly keys: readonly RecordKey[] }
  | SettleFailure;

const sideOf = (pair: RegionPair, direction: Direction, at: 'from' | 'to'): 'home' | 'peer' =>
  direction[at].region === pair.home.region ? 'home' : 'peer';

const sendAll = async (
  direction: Direction,
  debts: readonly SourceDebt[],
): Promise<Result<void> & { at?: 'from' | 'to' }> => {
  const batches = SEND_STEPS.flatMap((step) =>
    batchesOf(
      debts.filter((debt) => debt.step === step),
      LIMITS.drainInFlightMax,
    ),
  );
  for (const batch of batches) {
    const outcomes = await Promise.all(
      batch.map(async (key) => {
        const outcome = await transferRecord(direction, 'graph', key);
        return outcome.kind === 'failed'
          ? outcome
          : { kind: 'moved' as const, settled: await settleDebt(direction, 'graph', key, outcome) };
      }),
    );
    for (const outcome of outcomes) {
      if (outcome.kind === 'failed') {
        return { kind: 'failed', failure: outcome.failure, at: outcome.at };
      }
      if (outcome.settled.kind === 'failed') {
        return { ...outcome.settled, at: 'from' };
      }
    }
  }
  return DONE;
};

/** One pass in one direction: what was owed is sent; answers with what it had found. */
const settleOnce = async (
  pair: RegionPair,
  direction: Direction,
  sourceId: string,
): Promise<{ readonly kind: 'passed'; readonly found: readonly RecordKey[] } | SettleFailure> => {
  const debts = await readSourceDebts(direction.from, direction.to.region, sourceId);
  if (debts.kind === 'failed') {
    return { kind: 'failed', side: sideOf(pair, direction, 'from'), failure: debts.failure };
  }
  const sent = await sendAll(direction, debts.value);
  if (sent.kind === 'failed') {
    return { kind: 'failed', side: sideOf(pair, direction, sent.at ?? 'to'), failure: sent.failure };
  }
  const source = await sendSourceRecord(direction, sourceKey(sourceId));
  return source.kind === 'failed'
    ? { kind: 'failed', side: sideOf(pair, direction, source.at), failure: source.failure }
    : { kind: 'passed', found: debts.value };
};

/** Whether a Region owes anything of a source, its own record included; undefined where that could not be read. */
const owesNothing = async (
  { from, to }: Direction,
  sourceId: string,
  scope: DebtScope,
): Promise<boolean | undefined> => {
  const [debts, source] = await Promise.all([
    readSourceDebts(from, to.region, sourceId, scope),
    from.tables.graph.get(sourceKey(sourceId)),
  ]);
  return debts.kind === 'failed' || source.kind === 'failed'
    ? undefined
    : debts.value.length === 0 && source.value?.owed !== to.region;
};

/** Drains everything that a source owes, in both directions, until strong reads find nothing; of all, where anything is found. */
export const settleSource = async (
  pair: RegionPair,
  sourceId: string,
  scope: DebtScope = 'all',
): Promise<SettleOutcome> => {
  const { home, peer } = pair;
  if (peer === undefined) {
    return { kind: 'settled', found: 0 };
  }
  const directions: readonly Direction[] = [
    { from: home, to: peer },
    { from: peer, to: home },
  ];
  // Nearly every cycle finds nothing: both Regions are asked at once, so that this costs one round trip to the peer, not four.
  const clear = await Promise.all(directions.map(async (direction) => owesNothing(direction, sourceId, scope)));
  if (clear.every((one) => one === true)) {
    return { kind: 'settled', found: 0 };
  }
  let found = 0;
  let left: readonly RecordKey[] = [];
  for (let pass = 0; pass < LIMITS.settlePassesMax; pass += 1) {
    left = [];
    for (const direction of directions) {
      const passed = await settleOnce(pair, direction, sourceId);
      if (passed.kind === 'failed') {
        return passed;
      }
      left = [...left, ...passed.found];
    }
    if (left.length === 0) {
      return { kind: 'settled', found };
    }
    found += left.length;
  }
  return { kind: 'left', keys: left };
};
