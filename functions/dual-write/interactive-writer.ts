/**
 * The interactive write (DESIGN §4): merge-max at home with the debt to the peer in the same conditional write, one bounded
 * attempt at the peer, then the debt is cleared. Home down: the same write at the peer, owed to home. Both down: nothing is
 * claimed. Whoever meets a higher version takes a clock beyond it and tries again, home then peer, so that nobody's edit
 * vanishes because a clock was behind.
 */
import type { Failure } from '../domain/failure.ts';
import type {
  InteractiveConflict,
  InteractiveOutcome,
  InteractiveWrite,
  InteractiveWrites,
} from '../domain/interactive-write.ts';
import { LIMITS } from '../domain/limits.ts';
import { isMutant } from '../domain/mutants.ts';
import type { ReplicatedRecord } from '../domain/record.ts';
import { clockBeyond, clockOfVersion, type HybridClock, interactiveVersion, opOfVersion } from '../domain/version.ts';
import { makeRecord, makeTombstone } from '../stores/envelope.ts';
import type { PutOutcome } from '../stores/record-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { makeNote, type NotedWrite, readNote } from './operation.ts';
import type { RegionPair, RegionStores } from './regions.ts';

export interface InteractiveWriterDependencies {
  readonly regions: RegionPair;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  /** A new ULID. */
  readonly newOp: () => string;
}

/** One attempt of a write: the record under one version, and the note of its operation where the caller gave one. */
interface Attempt {
  readonly request: InteractiveWrite;
  readonly record: ReplicatedRecord;
  readonly note: ReplicatedRecord | undefined;
  /** This very write was made before, under this version: that a later one replaced it takes nothing from it. */
  readonly repeated: boolean;
}

interface HeldFirst {
  readonly kind: 'held';
  readonly attempt: Attempt;
}

type Superseded = Extract<PutOutcome, { kind: 'superseded' }>;
type Failed = Extract<PutOutcome, { kind: 'failed' }>;

const WRITTEN: PutOutcome = { kind: 'written' };

const TOO_MANY: Failure = {
  reason: 'unknown',
  code: 'ClockNotFound',
  message: 'other writes of the same record came in between every time; try again',
};

const recordOf = ({ key, content }: InteractiveWrite, v: string, op: string): ReplicatedRecord =>
  content.kind === 'tombstone' ? makeTombstone(key, { v, op }) : makeRecord(key, { v, op }, content.payload);

/** An append-only key holds the op, so the record itself is the note of its operation. */
const isNoted = (request: InteractiveWrite): boolean => request.op !== undefined && request.once !== true;

/** Something is stored under the key of an append-only record: it is this write, made before, and goes on as it is. */
const repeatStored = async (attempt: Attempt, stores: RegionStores): Promise<HeldFirst | Failed> => {
  const read = await stores.tables[attempt.request.table].get(attempt.record);
  if (read.kind === 'failed') {
    return read;
  }
  const { pk, sk, v, op, h, data } = read.value ?? attempt.record;
  return { kind: 'held', attempt: { ...attempt, record: { pk, sk, v, op, h, data }, repeated: true } };
};

export class InteractiveWriter implements InteractiveWrites {
  readonly #dependencies: InteractiveWriterDependencies;

  constructor(dependencies: InteractiveWriterDependencies) {
    this.#dependencies = dependencies;
  }

  async write(request: InteractiveWrite): Promise<InteractiveOutcome | InteractiveConflict> {
    const op = request.op ?? this.#dependencies.newOp();
    const made = isNoted(request) ? await this.#madeBefore(request, op) : undefined;
    if (made?.kind === 'other') {
      return { kind: 'op-reused', op };
    }
    const repeated = made?.kind === 'same' ? made.record : undefined;
    const { madeAt } = request;
    let clock: HybridClock = clockBeyond(madeAt ?? this.#dependencies.now());
    for (let tries = 0; tries < LIMITS.interactiveAttemptsMax; tries += 1) {
      const attempt =
        repeated === undefined
          ? this.#newAttempt(request, clock, op)
          : { request, record: repeated, note: undefined, repeated: true };
      const outcome = await this.#writeOnce(attempt);
      if (outcome.kind !== 'superseded') {
        return outcome;
      }
      if (madeAt !== undefined && opOfVersion(outcome.v) !== op) {
        return { kind: 'overtaken', op };
      }
      clock = clockBeyond(madeAt ?? this.#dependencies.now(), clock, clockOfVersion(outcome.v));
    }
    return { kind: 'unavailable', op, home: TOO_MANY };
  }

  /** A note at home decides; the peer is asked only where home can't tell. */
  async #madeBefore(request: InteractiveWrite, op: string): Promise<NotedWrite> {
    const { home, peer } = this.#dependencies.regions;
    const noted = await readNote(home.tables[request.table], request, op);
    return noted.kind === 'failed' && peer !== undefined ? readNote(peer.tables[request.table], request, op) : noted;
  }

  #newAttempt(request: InteractiveWrite, clock: HybridClock, op: string): Attempt {
    const v = interactiveVersion(clock, this.#dependencies.regions.home.region, op);
    const record = recordOf(request, v, op);
    const note = isNoted(request) ? makeNote(request, record, this.#dependencies.now()) : undefined;
    return { request, record, note, repeated: false };
  }

  async #writeOnce(attempt: Attempt): Promise<InteractiveOutcome | Superseded> {
    const { home, peer } = this.#dependencies.regions;
    const atHome = await this.#writeFirst(attempt, home, peer);
    switch (atHome.kind) {
      case 'held': {
        return this.#sendOn(atHome.attempt, home, peer);
      }
      case 'failed': {
        return this.#homeDown(attempt, atHome.failure);
      }
      case 'superseded': {
        return atHome;
      }
    }
  }

  /** The same write at the peer, owed to home: what one Region holds durably and marked is not lost. */
  async #homeDown(attempt: Attempt, failure: Failure): Promise<InteractiveOutcome | Superseded> {
    const { home, peer } = this.#dependencies.regions;
    const { op } = attempt.record;
    if (peer === undefined) {
      return { kind: 'unavailable', op, home: failure };
    }
    const atPeer = await this.#writeFirst(attempt, peer, home);
    switch (atPeer.kind) {
      case 'held': {
        return this.#held(atPeer.attempt, 'owed');
      }
      case 'failed': {
        return { kind: 'unavailable', op, home: failure, peer: atPeer.failure };
      }
      case 'superseded': {
        return atPeer;
      }
    }
  }

  /** Makes the write durable in one Region, marked for the other one. Noted once it is: a note is of what was done. */
  async #writeFirst(
    attempt: Attempt,
    stores: RegionStores,
    other: RegionStores | undefined,
  ): Promise<HeldFirst | Superseded | Failed> {
    const { request, record, note, repeated } = attempt;
    const table = stores.tables[request.table];
    const put = await this.#measured(request.table, stores, async () =>
      request.once === true ? table.putOnce(record, other?.region) : table.put(record, other?.region),
    );
    switch (put.kind) {
      case 'written': {
        const noted = note === undefined ? WRITTEN : await table.put(note, other?.region);
        // Nothing is claimed that a retry would not know again.
        return noted.kind === 'failed' ? noted : { kind: 'held', attempt };
      }
      case 'superseded': {
        if (request.once === true) {
          return repeatStored(attempt, stores);
        }
        return repeated ? { kind: 'held', attempt } : put;
      }
      case 'failed': {
        return put;
      }
    }
  }

  /** The bounded attempt at the peer; the clients' own time-out is the bound, and an open breaker answers at once. */
  async #sendOn(
    attempt: Attempt,
    home: RegionStores,
    peer: RegionStores | undefined,
  ): Promise<InteractiveOutcome | Superseded> {
    if (peer === undefined) {
      return this.#held(attempt, 'both');
    }
    const { request, record, note, repeated } = attempt;
    if (request.later === true) {
      return this.#held(attempt, 'owed');
    }
    const table = peer.tables[request.table];
    if (isMutant('clear-before-peer')) {
      await this.#clear(attempt, home);
    }
    const [put, noted] = await Promise.all([
      this.#measured(request.table, peer, async () => table.put(record)),
      note === undefined ? WRITTEN : table.put(note),
    ]);
    if (put.kind === 'failed') {
      return this.#held(attempt, 'owed');
    }
    if (put.kind === 'superseded' && !repeated && request.once !== true && !isMutant('inline-superseded')) {
      return put;
    }
    if (noted.kind === 'failed') {
      // Without the note a retry at the peer would be taken for a new write, and undo what came in between.
      return this.#held(attempt, 'owed');
    }
    await this.#clear(attempt, home);
    return this.#held(attempt, 'both');
  }

  /** A debt that could not be cleared is no harm: the drain finds that the peer holds it. */
  async #clear({ request, record, note }: Attempt, home: RegionStores): Promise<void> {
    const table = home.tables[request.table];
    await Promise.all([
      table.clearOwed(record, record.v),
      note === undefined ? undefined : table.clearOwed(note, note.v),
    ]);
  }

  #held({ record, repeated }: Attempt, replication: 'both' | 'owed'): InteractiveOutcome {
    const { region } = this.#dependencies.regions.home;
    this.#dependencies.telemetry.count('InteractiveWrite', { Region: region, Replication: replication }, 1);
    return { kind: 'held', replication, v: record.v, op: record.op, repeated };
  }

  async #measured(store: string, stores: RegionStores, put: () => Promise<PutOutcome>): Promise<PutOutcome> {
    const { telemetry, now } = this.#dependencies;
    const startedAt = now();
    const outcome = await put();
    const label = outcome.kind === 'failed' ? outcome.failure.reason : outcome.kind;
    telemetry.write(store, stores.region, label, now() - startedAt);
    return outcome;
  }
}
