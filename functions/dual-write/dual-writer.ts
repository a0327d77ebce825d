/**
 * The dual write: one Lambda invocation writes a record or a batch of vectors to the peer, then to home. Per write it is
 * sequential, peer first, so that what home shows is already in its peer; across writes the callers run a pipeline. In a
 * declared outage of the peer it writes home alone, and every record carries its debt in the same conditional write.
 * One metric per write and Region: it is always visible which Region drifted.
 */
import type { Failure, Result } from '../domain/failure.ts';
import { isMutant } from '../domain/mutants.ts';
import type { RecordKey, ReplicatedRecord, TableName } from '../domain/record.ts';
import type { RegionName } from '../domain/region.ts';
import { fenceOfVersion } from '../domain/version.ts';
import type { PeerWrites } from '../gate/document.ts';
import type { ClaimOutcome, CommitOutcome, PutOutcome } from '../stores/record-store.ts';
import type { StoredVector } from '../stores/vector-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { HELD, joinSides, type SideOutcome, type WriteOutcome } from './outcome.ts';
import type { RegionPair, RegionStores } from './regions.ts';

export interface DualWriterDependencies {
  readonly regions: RegionPair;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  /** What the gate document in force says; without one, every declared Region has to take a write. */
  readonly peerWrites?: PeerWrites;
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
      const message = 'a newer version of a record is stored';
      return { kind: 'failed', failure: fencedFailure('Superseded', message, fenceOfVersion(outcome.v)) };
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

const labelOf = (outcome: SideOutcome, written: string): string =>
  outcome.kind === 'held' ? written : outcome.failure.reason;

/** In a declared outage the peer has no say: home's side is the whole outcome, and what it holds is owed. */
const owedOutcome = (home: SideOutcome): WriteOutcome =>
  home.kind === 'held' ? { kind: 'owed' } : { kind: 'neither', home: home.failure };

const NOT_ATTEMPTED: Failure = { reason: 'unknown', code: 'NotAttempted', message: 'home waits for the peer' };

type SideWrite = (stores: RegionStores) => Promise<SideOutcome>;

export class DualWriter {
  readonly regions: RegionPair;
  /** In a declared outage: the Region to which every record is owed. */
  readonly owed: RegionName | undefined;
  readonly #dependencies: DualWriterDependencies;

  constructor(dependencies: DualWriterDependencies) {
    const { regions, peerWrites } = dependencies;
    this.regions = regions;
    this.owed = peerWrites === 'deferred' ? regions.peer?.region : undefined;
    this.#dependencies = dependencies;
  }

  /** The same writer under another gate document. Without a peer it makes no difference: nothing can be owed to nobody. */
  under(peerWrites: PeerWrites): DualWriter {
    return new DualWriter({ ...this.#dependencies, peerWrites });
  }

  /** Merge-max in every declared Region. */
  async put(table: TableName, record: ReplicatedRecord): Promise<WriteOutcome> {
    return this.#each(table, async (stores) => sideOfPut(await stores.tables[table].put(record, this.owed)));
  }

  /** Immutable vectors: the same keys and bytes to every declared Region. A vector is owed by the record that lists it. */
  async putVectors(vectors: readonly StoredVector[]): Promise<WriteOutcome> {
    return vectors.length === 0
      ? { kind: 'both' }
      : this.#each('vectors', async (stores) => sideOfResult(await stores.vectors.put(vectors)));
  }

  /**
   * Claims a source, peer first; a refusal at the peer leaves home untouched, because somebody newer works there. That holds
   * in a declared outage too: only a peer that can't be asked is passed over.
   */
  async claim(key: RecordKey, fence: string): Promise<WriteOutcome> {
    const claim: SideWrite = async (stores) => sideOfFence(await stores.tables.graph.claim(key, fence));
    if (isMutant('claim-at-home-only')) {
      return joinSides(await this.#atHome('graph', claim), undefined);
    }
    if (this.owed === undefined) {
      return this.#peerFirst('graph', claim);
    }
    const peerSide = await this.#atPeer('graph', claim);
    if (peerSide?.kind === 'failed' && peerSide.failure.reason === 'fenced') {
      return { kind: 'neither', peer: peerSide.failure, home: NOT_ATTEMPTED };
    }
    const homeSide = await this.#atHome('graph', claim);
    return peerSide?.kind === 'held' ? joinSides(homeSide, peerSide) : owedOutcome(homeSide);
  }

  /** Commits a source record, peer first, home last: what home shows as committed is already in its peer, or owed to it. */
  async commit(record: ReplicatedRecord, fence: string): Promise<WriteOutcome> {
    const commit: SideWrite = async (stores) => sideOfFence(await stores.tables.graph.commit(record, fence, this.owed));
    if (this.owed !== undefined) {
      return owedOutcome(await this.#atHome('graph', commit, 'owed'));
    }
    if (isMutant('home-first')) {
      return joinSides(await this.#atHome('graph', commit), await this.#atPeer('graph', commit));
    }
    const outcome = await this.#peerFirst('graph', commit);
    return isMutant('acknowledge-after-one') && outcome.kind === 'peerOnly' ? { kind: 'both' } : outcome;
  }

  async #each(store: string, write: SideWrite): Promise<WriteOutcome> {
    if (this.owed !== undefined) {
      return owedOutcome(await this.#atHome(store, write, 'owed'));
    }
    const peerSide = await this.#atPeer(store, write);
    return joinSides(await this.#atHome(store, write), peerSide);
  }

  async #peerFirst(store: string, write: SideWrite): Promise<WriteOutcome> {
    const peerSide = await this.#atPeer(store, write);
    return peerSide?.kind === 'failed'
      ? { kind: 'neither', peer: peerSide.failure, home: NOT_ATTEMPTED }
      : joinSides(await this.#atHome(store, write), peerSide);
  }

  async #atPeer(store: string, write: SideWrite): Promise<SideOutcome | undefined> {
    const { peer } = this.regions;
    return peer === undefined ? undefined : this.#measured(store, peer, write, 'written');
  }

  async #atHome(store: string, write: SideWrite, written = 'written'): Promise<SideOutcome> {
    return this.#measured(store, this.regions.home, write, written);
  }

  async #measured(store: string, stores: RegionStores, write: SideWrite, written: string): Promise<SideOutcome> {
    const { now, telemetry } = this.#dependencies;
    const startedAt = now();
    const outcome = await write(stores);
    telemetry.write(store, stores.region, labelOf(outcome, written), now() - startedAt);
    return outcome;
  }
}
