/**
 * The step of a cycle that runs its derivations, one after the other: what they say is compared with what every judged Region
 * holds, and written to all of them where it differs, in batches and in their order. It pauses at a checkpoint when the
 * invocation's time is nearly up.
 */
import type { Cursor } from '../../connectors/connector.ts';
import { LIMITS } from '../../domain/limits.ts';
import type { RecordKey, ReplicatedRecord } from '../../domain/record.ts';
import { failureOf } from '../../dual-write/outcome.ts';
import { makeCanonicalRecord, makeRecord, makeTombstone } from '../../stores/envelope.ts';
import { type CycleStop, stopAt } from '../cycle-types.ts';
import { type HeldPair, isEqual } from '../held.ts';
import type { RunningCycle } from '../running-cycle.ts';
import type { Derivation, DeriveStep } from './derivation.ts';
import { DerivationReaders } from './derivation-readers.ts';

/** Where a run goes on: derivations before this one are through. */
export interface DerivationPoint {
  readonly name: string;
  readonly at?: string | undefined;
}

export type DerivedOutcome =
  { readonly kind: 'derived' } | { readonly kind: 'paused'; readonly point: DerivationPoint } | CycleStop;

export interface DerivationTerms {
  readonly snapshot: string;
  readonly cursor: Cursor;
  readonly full: boolean;
  readonly from?: DerivationPoint | undefined;
}

type Wanted = Extract<DeriveStep, { op: 'put' | 'delete' }>;

/** Is exactly this held by every judged Region, owed to nobody? What was never there need not be deleted. */
const isHeld = (pair: HeldPair | undefined, record: ReplicatedRecord): boolean =>
  pair === undefined ? record.del === true : isEqual(pair) && pair.home?.h === record.h && pair.home.del === record.del;

class DerivedWriter {
  readonly #running: RunningCycle;
  readonly #readers: DerivationReaders;
  #batch: Wanted[] = [];
  written = 0;

  constructor(running: RunningCycle, readers: DerivationReaders) {
    this.#running = running;
    this.#readers = readers;
  }

  async add(step: Wanted): Promise<CycleStop | undefined> {
    this.#batch.push(step);
    return this.#batch.length < LIMITS.digestGetItemsMax ? undefined : this.flush();
  }

  async flush(): Promise<CycleStop | undefined> {
    // The same key twice would race with itself; the later word counts.
    const wanted = [...new Map(this.#batch.map((step) => [`${step.key.pk}\n${step.key.sk}`, step])).values()];
    this.#batch = [];
    if (wanted.length === 0) {
      return undefined;
    }
    const pairs = await this.#readers.pairs(wanted.map(({ key }) => key));
    if (pairs.kind === 'failed') {
      return stopAt('derive', pairs.side, pairs.failure);
    }
    const { versions, write, dependencies } = this.#running;
    const records = wanted.flatMap((step, at): ReplicatedRecord[] => {
      const probe = this.#record(step, { v: '', op: versions.op });
      return isHeld(pairs.value[at], probe) ? [] : [{ ...probe, v: versions.next() }];
    });
    const refused = await write.limiter.run(
      records.map((record) => async () => failureOf(await dependencies.writer.put('graph', record))),
    );
    if (refused !== undefined) {
      return stopAt('derive', refused.side, refused.failure);
    }
    this.#readers.note(records);
    this.written += records.length;
    return undefined;
  }

  #record(step: Wanted, write: { readonly v: string; readonly op: string }): ReplicatedRecord {
    if (step.op === 'delete') {
      return makeTombstone(keyOf(step.key), write);
    }
    return step.canonical === undefined
      ? makeRecord(step.key, write, step.payload)
      : makeCanonicalRecord(step.key, write, step.canonical);
  }
}

const keyOf = ({ pk, sk }: RecordKey): RecordKey => ({ pk, sk });

const runOne = async (
  running: RunningCycle,
  derivation: Derivation,
  terms: DerivationTerms,
): Promise<DerivedOutcome & { readonly written?: number }> => {
  const { dependencies, seen, tally } = running;
  const readers = new DerivationReaders(running);
  const writer = new DerivedWriter(running, readers);
  const from = terms.from?.name === derivation.name ? terms.from.at : undefined;
  const steps = derivation.derive({
    source: dependencies.source,
    snapshot: terms.snapshot,
    cursor: terms.cursor,
    full: terms.full,
    changed: terms.full ? new Set() : new Set(seen.written.keys()),
    deleted: terms.full ? new Set() : seen.deleted,
    pathsBefore: terms.full ? new Map() : seen.pathsBefore,
    chunks: tally.counts.chunks,
    from,
    documents: async () => readers.documents(),
    readDocuments: async (ids) => readers.readDocuments(ids),
    readChunks: async (documents) => readers.readChunks(documents),
    list: async (pk) => readers.list(pk),
    readRecords: async (keys) => readers.readRecords(keys),
  });
  for await (const step of steps) {
    if (step.op === 'failed') {
      return stopAt('derive', step.side, step.failure);
    }
    const isBarrier = step.op === 'checkpoint' || step.op === 'flush';
    const stopped = isBarrier ? await writer.flush() : await writer.add(step);
    if (stopped !== undefined) {
      return stopped;
    }
    if (step.op === 'checkpoint' && dependencies.remainingMs() < LIMITS.handoverMarginMs) {
      return { kind: 'paused', point: { name: derivation.name, at: step.at } };
    }
  }
  return (await writer.flush()) ?? { kind: 'derived', written: writer.written };
};

/** Runs what is left of the derivations. */
export const deriveRecords = async (running: RunningCycle, terms: DerivationTerms): Promise<DerivedOutcome> => {
  const { dependencies } = running;
  const derivations = dependencies.derivations ?? [];
  const first = Math.max(
    0,
    derivations.findIndex(({ name }) => name === terms.from?.name),
  );
  for (const derivation of derivations.slice(first)) {
    const startedAt = dependencies.now();
    const ended = await runOne(running, derivation, terms);
    if (ended.kind !== 'derived') {
      return ended;
    }
    dependencies.telemetry.log('info', 'cycle.derived', {
      source: dependencies.source.id,
      derivation: derivation.name,
      written: ended.written,
      durationMs: dependencies.now() - startedAt,
    });
  }
  return { kind: 'derived' };
};
