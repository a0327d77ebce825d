/**
 * The end of a source that a person has removed: every document, chunk and derived record becomes a tombstone in every declared
 * Region, their vectors are deleted, and last the source record becomes a tombstone too, all under a fence of its own. Nothing is
 * kept between invocations: each lists what is left, so that a purge may be cut off anywhere and begun anew by the next tick.
 * A vector that no record lists any more, because a purge was cut off, is an orphan, and swept as such.
 */
import type { Connector } from '../connectors/connector.ts';
import { sourceKey } from '../domain/corpus.ts';
import { InvariantError } from '../domain/errors.ts';
import type { Failure } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { failureOf } from '../dual-write/outcome.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import { makeTombstone } from '../stores/envelope.ts';
import { batchesOf } from '../stores/vector-batches.ts';
import { beginCycle, type BegunCycle } from './begin-cycle.ts';
import { type CycleDependencies, type CycleStop, stopAt } from './cycle-types.ts';
import { buryDerived } from './derive/bury-derived.ts';
import { isDeadEverywhere } from './held.ts';
import { type KnownDocument, type Listing, listSource } from './listing.ts';
import { type RunningCycle, startRunning } from './running-cycle.ts';
import { proveSettled } from './settle.ts';
import { writeTombstones } from './write-documents.ts';

export type PurgeDependencies = Omit<CycleDependencies, 'connector' | 'readApprovedPlan'>;

export type PurgeOutcome =
  /** Every declared Region holds nothing of it but tombstones; or home alone, in a declared outage of the peer. */
  | { readonly kind: 'purged'; readonly deleted: number; readonly replication: 'both' | 'owed' }
  /** More than one invocation can do: the rest is on the queue. */
  | { readonly kind: 'handed-over'; readonly changed: number }
  | CycleStop;

const noOrigin = (): never => {
  throw new InvariantError('a purge reads no origin');
};

const NO_ORIGIN: Connector = {
  kind: 'none',
  status: noOrigin,
  snapshotOf: noOrigin,
  pull: noOrigin,
  enumerate: noOrigin,
  check: noOrigin,
  close: async () => undefined,
};

interface Left {
  readonly id: string;
  readonly chunkIds: readonly string[];
  readonly document: boolean;
  readonly vectors: readonly string[];
}

const isDead = (known: KnownDocument | undefined): boolean => known === undefined || isDeadEverywhere(known);

/** What is no tombstone yet in every Region. */
export const leftOf = ({ documents, chunks }: Listing): readonly Left[] =>
  [...new Set([...documents.keys(), ...chunks.keys()])].flatMap((id) => {
    const known = documents.get(id);
    const chunkIds = [...(chunks.get(id) ?? [])]
      .filter(([, pair]) => !isDeadEverywhere(pair))
      .map(([chunkId]) => chunkId);
    const document = !isDead(known);
    const vectors = (known?.payload?.chunks ?? []).map(({ k }) => k);
    return document || chunkIds.length > 0 ? [{ id, chunkIds, document, vectors }] : [];
  });

const deleteVectors = async (
  stores: RegionStores | undefined,
  vectors: readonly string[],
): Promise<Failure | undefined> => {
  for (const batch of stores === undefined ? [] : batchesOf(vectors, LIMITS.vectorDeleteItemsMax)) {
    const deleted = await stores?.vectors.delete(batch);
    if (deleted?.kind === 'failed') {
      return deleted.failure;
    }
  }
  return undefined;
};

/** Records first: no reader ever meets a record that lists a vector which is gone. */
const bury = async ({ dependencies, write }: RunningCycle, batch: readonly Left[]): Promise<CycleStop | undefined> => {
  const refused = await writeTombstones(write, batch);
  if (refused !== undefined) {
    return refused;
  }
  const { home, peer } = dependencies.writer.regions;
  const vectors = batch.flatMap((one) => one.vectors);
  // In a declared outage the peer's are left to the sweep that comes after it.
  const atPeer = dependencies.writer.owed === undefined ? await deleteVectors(peer, vectors) : undefined;
  if (atPeer !== undefined) {
    return stopAt('delete', 'peer', atPeer);
  }
  const atHome = await deleteVectors(home, vectors);
  return atHome === undefined ? undefined : stopAt('delete', 'home', atHome);
};

const handOver = async ({ dependencies, begun, tally }: RunningCycle): Promise<PurgeOutcome> => {
  const { id } = dependencies.source;
  const sent = await dependencies.queue.send({
    group: id,
    dedupe: `purge/${begun.fence}/${dependencies.newOp()}`,
    body: JSON.stringify({ source: id }),
  });
  return sent.kind === 'failed'
    ? stopAt('handover', 'home', sent.failure)
    : { kind: 'handed-over', changed: tally.deleted };
};

const commitTombstone = async (running: RunningCycle): Promise<PurgeOutcome> => {
  const { dependencies, begun, versions, tally } = running;
  const { source, writer } = dependencies;
  const owed = await proveSettled(dependencies);
  if (owed !== undefined) {
    return owed;
  }
  const record = makeTombstone(sourceKey(source.id), { v: versions.next(), op: begun.op });
  const refused = failureOf(await writer.commit(record, begun.fence));
  return refused === undefined
    ? { kind: 'purged', deleted: tally.deleted, replication: writer.owed === undefined ? 'both' : 'owed' }
    : stopAt('commit', refused.side, refused.failure);
};

const purgeBegun = async (dependencies: CycleDependencies, begun: BegunCycle): Promise<PurgeOutcome> => {
  const running = startRunning(dependencies, begun);
  const { judge, tally } = running;
  const listed =
    begun.listing === undefined
      ? await listSource(judge, dependencies.source.id)
      : { kind: 'listed' as const, listing: begun.listing };
  if (listed.kind === 'failed') {
    return stopAt('list', listed.side, listed.failure);
  }
  for (const batch of batchesOf(leftOf(listed.listing), LIMITS.batchDocumentsMax * LIMITS.batchesInFlightMax)) {
    if (dependencies.remainingMs() < LIMITS.handoverMarginMs) {
      return handOver(running);
    }
    const stopped = await bury(running, batch);
    if (stopped !== undefined) {
      return stopped;
    }
    tally.deleted += batch.filter(({ document }) => document).length;
    const { telemetry, source } = dependencies;
    telemetry.log('info', 'cycle.progress', { source: source.id, changed: 0, deleted: tally.deleted, chunks: 0 });
  }
  const buried = await buryDerived(running);
  if (typeof buried !== 'boolean') {
    return buried;
  }
  return buried ? commitTombstone(running) : handOver(running);
};

/** Runs one invocation of a purge. */
export const purgeSource = async (given: PurgeDependencies): Promise<PurgeOutcome> => {
  const dependencies: CycleDependencies = {
    ...given,
    writer: given.writer.under(given.peerWrites),
    connector: NO_ORIGIN,
  };
  const begun = await beginCycle(dependencies, undefined);
  if (begun.kind !== 'begun') {
    return begun;
  }
  const outcome = await purgeBegun(dependencies, begun);
  return outcome.kind === 'fenced' ? { ...outcome, fence: begun.fence } : outcome;
};
