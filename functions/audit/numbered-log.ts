/**
 * An append-only log of one Region: record n names the hash of record n - 1, and a conditional write decides who writes n.
 * Home is written first, with a debt to the peer, then the peer, so that both hold the same bytes. The Region remembers how
 * far it came; whoever finds a record beyond that (a crash, a second run, a table that lost its items) adopts it.
 */
import { done, type Failure, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RecordKey, ReplicatedRecord } from '../domain/record.ts';
import type { RegionName } from '../domain/region.ts';
import { interactiveVersion } from '../domain/version.ts';
import { makeRecord, sha256Hex } from '../stores/envelope.ts';
import type { RecordStore, StoredRecord } from '../stores/record-store.ts';
import { GENESIS, numberText } from './keys.ts';
import { parsePosition } from './payloads.ts';

/** The audit table of one Region. */
export interface AuditRegion {
  readonly region: RegionName;
  readonly records: RecordStore;
}

export interface AuditPair {
  readonly home: AuditRegion;
  /** Absent in a single-Region install. */
  readonly peer?: AuditRegion;
}

export interface Tip {
  /** The number of the last record; 0 where there is none. */
  readonly n: number;
  /** The hash of its bytes. */
  readonly h: string;
}

export type TipOutcome =
  | { readonly kind: 'tip'; readonly tip: Tip }
  /** Going on could write a second record under a number that is taken. */
  | { readonly kind: 'waiting'; readonly why: string }
  | { readonly kind: 'damaged'; readonly why: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly tip: Tip; readonly replication: 'both' | 'owed' }
  /** Somebody else wrote this number: read the tip again. */
  | { readonly kind: 'taken' }
  /** Written at home, and the peer holds another record under this number. */
  | { readonly kind: 'conflict'; readonly why: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface NumberedLogOptions {
  readonly pair: AuditPair;
  readonly partition: string;
  readonly position: RecordKey;
  readonly newOp: () => string;
  /** What must be true before the log is remembered to reach this record. Told of every record, also of adopted ones. */
  readonly settle: (record: ReplicatedRecord) => Promise<Result<void>>;
  /** The `prev` of a record of this log; undefined where its bytes are none. */
  readonly prevOf: (data: string) => string | undefined;
}

interface Walk {
  readonly tip: Tip;
  /** True where the Region remembered nothing: only the peer can then say that there is nothing. */
  readonly fresh: boolean;
}

type Next =
  | { readonly kind: 'found'; readonly record: StoredRecord }
  | { readonly kind: 'end' }
  | { readonly kind: 'waiting'; readonly why: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

export class NumberedLog {
  readonly #options: NumberedLogOptions;

  constructor(options: NumberedLogOptions) {
    this.#options = options;
  }

  /** The last record. Adopts what lies beyond the remembered position, bounded: a long way takes several runs. */
  async tip(): Promise<TipOutcome> {
    const start = await this.#remembered();
    if (start.kind === 'failed') {
      return start;
    }
    const { fresh } = start.value;
    let { tip } = start.value;
    for (let step = 0; step < LIMITS.auditStepsPerRunMax; step += 1) {
      const next = await this.#next(tip.n + 1, fresh);
      if (next.kind === 'end') {
        return { kind: 'tip', tip };
      }
      if (next.kind !== 'found') {
        return next;
      }
      const prev = this.#options.prevOf(next.record.data);
      if (prev !== tip.h) {
        return {
          kind: 'damaged',
          why: `the record ${next.record.pk} / ${next.record.sk} does not follow the one before`,
        };
      }
      const reached = await this.#reach(tip.n + 1, next.record);
      if (reached.kind === 'failed') {
        return reached;
      }
      tip = reached.value;
    }
    return { kind: 'waiting', why: `it is still reading its own records, at ${tip.n}` };
  }

  async append(tip: Tip, atMs: number, payload: unknown): Promise<AppendOutcome> {
    const { pair, partition, newOp } = this.#options;
    const op = newOp();
    const v = interactiveVersion({ ms: atMs, counter: 0 }, pair.home.region, op);
    const record = makeRecord({ pk: partition, sk: numberText(tip.n + 1) }, { v, op }, payload);
    const put = await pair.home.records.putOnce(record, pair.peer?.region);
    if (put.kind === 'failed') {
      return put;
    }
    if (put.kind === 'superseded') {
      return { kind: 'taken' };
    }
    const sent = await sendToPeer(pair, record);
    const reached = await this.#reach(tip.n + 1, record);
    if (reached.kind === 'failed') {
      return reached;
    }
    return sent === 'conflict'
      ? { kind: 'conflict', why: `the peer holds another record under ${record.pk} / ${record.sk}` }
      : { kind: 'appended', tip: reached.value, replication: sent };
  }

  async #remembered(): Promise<Result<Walk>> {
    const stored = await this.#options.pair.home.records.getLocal(this.#options.position);
    if (stored.kind === 'failed') {
      return stored;
    }
    const position = stored.value === undefined ? undefined : parsePosition(stored.value.data);
    return done(
      stored.value === undefined || position?.kind !== 'valid'
        ? { tip: { n: 0, h: GENESIS }, fresh: true }
        : { tip: { n: stored.value.order, h: position.value.h }, fresh: false },
    );
  }

  async #next(n: number, fresh: boolean): Promise<Next> {
    const { pair, partition } = this.#options;
    const key = { pk: partition, sk: numberText(n) };
    const own = await pair.home.records.get(key);
    if (own.kind === 'failed') {
      return own;
    }
    if (own.value !== undefined) {
      return { kind: 'found', record: own.value };
    }
    if (pair.peer === undefined) {
      return { kind: 'end' };
    }
    const other = await pair.peer.records.get(key);
    if (other.kind === 'failed') {
      // A Region that remembers goes on without its peer; one that lost its items must not start a second chain.
      return fresh
        ? {
            kind: 'waiting',
            why: `it remembers nothing, and ${pair.peer.region} can't be asked (${other.failure.code})`,
          }
        : { kind: 'end' };
    }
    return other.value === undefined ? { kind: 'end' } : adopt(pair.home, other.value);
  }

  async #reach(n: number, record: ReplicatedRecord): Promise<Result<Tip>> {
    const settled = await this.#options.settle(record);
    if (settled.kind === 'failed') {
      return settled;
    }
    const h = sha256Hex(record.data);
    const item = { ...this.#options.position, order: n, data: JSON.stringify({ h }) };
    const kept = await this.#options.pair.home.records.putLocal(item);
    return kept.kind === 'failed' ? kept : done({ n, h });
  }
}

/** Our own record, which only the peer still holds. */
const adopt = async (home: AuditRegion, record: StoredRecord): Promise<Next> => {
  const put = await home.records.putOnce(record);
  return put.kind === 'failed' ? put : { kind: 'found', record };
};

/** The inline attempt at the peer. What it does not take stays owed, and a drain sends it. */
export const sendToPeer = async (pair: AuditPair, record: ReplicatedRecord): Promise<'both' | 'owed' | 'conflict'> => {
  if (pair.peer === undefined) {
    return 'both';
  }
  const sent = await pair.peer.records.putOnce(record);
  if (sent.kind !== 'written') {
    return sent.kind === 'failed' ? 'owed' : 'conflict';
  }
  const cleared = await pair.home.records.clearOwed(record, record.v);
  return cleared.kind === 'failed' ? 'owed' : 'both';
};
