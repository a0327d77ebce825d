/**
 * The dual write: one Lambda invocation writes a record or a batch of vectors to the peer, then to home. Per write it is
 * sequential, peer first, so that what home shows is already in its peer; across writes the callers run a pipeline.
 * One metric per write and Region: it is always visible which Region drifted.
 */
import type { Failure, Result } from '../domain/failure.ts';
import type { RecordKey, ReplicatedRecord, TableName } from '../domain/record.ts';
import type { ClaimOutcome, CommitOutcome, PutOutcome } from '../stores/record-store.ts';
import type { StoredVector } from '../stores/vector-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { HELD, joinSides, type SideOutcome, type WriteOutcome } from './outcome.ts';
import type { RegionPair, RegionStores } from './regions.ts';

export interface DualWriterDependencies {
  readonly regions: RegionPair;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

const fencedFailure = (code: string, message: string, fence?: string): Failure => ({
  reason: 'fenced',
  code,
  message,
  ...(fence === undefined ? {} : { fence }),
});

/** In a cycle a higher version means that somebody newer works: it stops, like at a refused fence. */
const sideOfPut = (outcome: PutOutcome): SideOutcome => {
  switch (outcome.kind) {
    case 'written': {
      return HELD;
    }
    case 'superseded': {
      return { kind: 'failed', failure: fencedFailure('Superseded', 'a newer version of a record is stored') };
    }
    case 'failed': {
      return outcome;
    }
  }
};

const sideOfFence = (outcome: ClaimOutcome | CommitOutcome): SideOutcome => {
  switch (outcome.kind) {
    case 'claimed':
    case 'committed': {
      return HELD;
    }
    case 'fenced': {
      return { kind: 'failed', failure: fencedFailure('Fenced', 'a newer run holds the source', outcome.f) };
    }
    case 'superseded': {
      return { kind: 'failed', failure: fencedFailure('Superseded', 'a newer version of the source is committed') };
    }
    case 'failed': {
      return outcome;
    }
  }
};

const sideOfResult = (outcome: Result<void>): SideOutcome => (outcome.kind === 'done' ? HELD : outcome);

const labelOf = (outcome: SideOutcome): string => (outcome.kind === 'held' ? 'written' : outcome.failure.reason);

export class DualWriter {
  readonly regions: RegionPair;
  readonly #telemetry: Telemetry;
  readonly #now: () => number;

  constructor(dependencies: DualWriterDependencies) {
    this.regions = dependencies.regions;
    this.#telemetry = dependencies.telemetry;
    this.#now = dependencies.now;
  }

  /** Merge-max in every declared Region. */
  async put(table: TableName, record: ReplicatedRecord): Promise<WriteOutcome> {
    return this.#both(table, async (stores) => sideOfPut(await stores.tables[table].put(record)));
  }

  /** Immutable vectors: the same keys and bytes to every declared Region. */
  async putVectors(vectors: readonly StoredVector[]): Promise<WriteOutcome> {
    return vectors.length === 0
      ? { kind: 'both' }
      : this.#both('vectors', async (stores) => sideOfResult(await stores.vectors.put(vectors)));
  }

  /** Claims a source, peer first; a refusal at the peer leaves home untouched, because somebody newer works there. */
  async claim(key: RecordKey, fence: string): Promise<WriteOutcome> {
    return this.#peerFirst('graph', async (stores) => sideOfFence(await stores.tables.graph.claim(key, fence)));
  }

  /** Commits a source record, peer first, home last: what home shows as committed is already in its peer. */
  async commit(record: ReplicatedRecord, fence: string): Promise<WriteOutcome> {
    return this.#peerFirst('graph', async (stores) => sideOfFence(await stores.tables.graph.commit(record, fence)));
  }

  async #both(store: string, write: (stores: RegionStores) => Promise<SideOutcome>): Promise<WriteOutcome> {
    const { home, peer } = this.regions;
    const peerSide = peer === undefined ? undefined : await this.#measured(store, peer, write);
    return joinSides(await this.#measured(store, home, write), peerSide);
  }

  async #peerFirst(store: string, write: (stores: RegionStores) => Promise<SideOutcome>): Promise<WriteOutcome> {
    const { home, peer } = this.regions;
    const peerSide = peer === undefined ? undefined : await this.#measured(store, peer, write);
    if (peerSide?.kind === 'failed') {
      const skipped: Failure = { reason: 'unknown', code: 'NotAttempted', message: 'home waits for the peer' };
      return { kind: 'neither', peer: peerSide.failure, home: skipped };
    }
    return joinSides(await this.#measured(store, home, write), peerSide);
  }

  async #measured(
    store: string,
    stores: RegionStores,
    write: (stores: RegionStores) => Promise<SideOutcome>,
  ): Promise<SideOutcome> {
    const startedAt = this.#now();
    const outcome = await write(stores);
    this.#telemetry.write(store, stores.region, labelOf(outcome), this.#now() - startedAt);
    return outcome;
  }
}
