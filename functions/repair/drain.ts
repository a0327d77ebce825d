/**
 * Pays a Region's debts (DESIGN §3.3): every minute, whatever the gate says, and at once when a breaker closes. What the index
 * lists is read on the records themselves, sent by merge-max, and cleared for exactly the version that was sent. Interactive
 * debts go first, a source record after everything else of its source. Every step may be repeated, by two drains at once.
 */
import { unreachableCase } from '../domain/errors.ts';
import { documentPrefix } from '../domain/corpus.ts';
import type { Failure } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { isMutant } from '../domain/mutants.ts';
import type { RecordKey, TableName } from '../domain/record.ts';
import type { OwedEntry, StoredRecord } from '../stores/record-store.ts';
import { owedShards } from '../stores/owed-shard.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { Pace } from './pace.ts';
import { type SourceSend, sendSourceRecord } from './source-debts.ts';
import {
  type Direction,
  isSourceKey,
  sendRecord,
  settleDebt,
  type TransferOutcome,
  transferRecord,
} from './transfer.ts';

/** People's writes first: settings and votes, then audit events, then what a sync can bring again. */
const TABLE_ORDER: readonly TableName[] = ['workspaces', 'audit', 'graph'];

type Wanted = (record: StoredRecord) => boolean;

const isDocument: Wanted = ({ sk }) => sk.startsWith(documentPrefix);

/**
 * What a reader of the other Region finds on the way: never a document whose chunks are still to come, and never one that
 * lists the dead. So live chunks first, then documents, then what no document lists any more.
 */
const PASSES: Readonly<Record<TableName, readonly Wanted[]>> = {
  workspaces: [() => true],
  audit: [() => true],
  graph: [(record) => record.del !== true && !isDocument(record), isDocument, () => true],
};

export interface DrainDependencies {
  readonly direction: Direction;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** It stops between two pages when this has passed. */
  readonly deadlineMs: number;
  readonly itemsPerSecondMax?: number;
  /** Only these; absent means all. The API pays only what people wrote. */
  readonly tables?: readonly TableName[];
}

export interface DrainReport {
  /** `drained`: nothing that the index listed is left. */
  readonly kind: 'drained' | 'out-of-time' | 'stopped';
  readonly sent: number;
  readonly superseded: number;
  /** Could not be sent yet: a vector is missing, or the rest of the source comes first. */
  readonly waiting: number;
  /** With `stopped`: which Region did not do what was asked. */
  readonly failure?: { readonly at: 'from' | 'to'; readonly failure: Failure };
}

interface Tally {
  sent: number;
  superseded: number;
  waiting: number;
  failure: DrainReport['failure'];
}

const countOutcome = (tally: Tally, outcome: TransferOutcome | SourceSend): void => {
  switch (outcome.kind) {
    case 'sent': {
      tally.sent += 1;
      break;
    }
    case 'superseded': {
      tally.superseded += 1;
      break;
    }
    case 'incomplete':
    case 'waits': {
      tally.waiting += 1;
      break;
    }
    case 'absent': {
      // Collected or replaced since the index listed it: nothing is owed any more.
      break;
    }
    case 'failed': {
      tally.failure ??= { at: outcome.at, failure: outcome.failure };
      break;
    }
    default: {
      unreachableCase(outcome);
    }
  }
};

class Drain {
  readonly #dependencies: DrainDependencies;
  readonly #pace: Pace;
  readonly tally: Tally = { sent: 0, superseded: 0, waiting: 0, failure: undefined };
  readonly #sources = new Map<string, RecordKey>();

  constructor(dependencies: DrainDependencies) {
    this.#dependencies = dependencies;
    this.#pace = new Pace(dependencies.itemsPerSecondMax ?? LIMITS.drainItemsPerSecondMax, dependencies);
  }

  async run(): Promise<DrainReport> {
    const { tables } = this.#dependencies;
    for (const table of TABLE_ORDER.filter((one) => tables?.includes(one) ?? true)) {
      for (const wanted of PASSES[table]) {
        this.tally.waiting = 0;
        const found = await this.#drainTable(table, wanted);
        if (this.tally.failure !== undefined || this.#isOutOfTime()) {
          return this.#report();
        }
        if (found === 0) {
          break;
        }
      }
    }
    for (const key of this.#sources.values()) {
      countOutcome(this.tally, await sendSourceRecord(this.#dependencies.direction, key));
      if (this.tally.failure !== undefined || this.#isOutOfTime()) {
        return this.#report();
      }
    }
    return this.#report();
  }

  /** Answers with how many entries the index listed: where there were none, another pass finds none either. */
  async #drainTable(table: TableName, wanted: Wanted): Promise<number> {
    let found = 0;
    const shards = owedShards(this.#dependencies.direction.to.region).values();
    // A few shards at once: while one is being listed and read, the others send.
    const worker = async (): Promise<void> => {
      for (const shard of shards) {
        const listed = await this.#drainShard(table, shard, wanted);
        found += listed;
        if (this.tally.failure !== undefined || this.#isOutOfTime()) {
          return;
        }
      }
    };
    await Promise.all(Array.from({ length: LIMITS.drainShardsAtOnceMax }, worker));
    return found;
  }

  #isOutOfTime(): boolean {
    return this.#dependencies.now() >= this.#dependencies.deadlineMs;
  }

  #report(): DrainReport {
    const { sent, superseded, waiting, failure } = this.tally;
    const counts = { sent, superseded, waiting };
    if (failure !== undefined) {
      return { kind: 'stopped', ...counts, failure };
    }
    return { kind: this.#isOutOfTime() ? 'out-of-time' : 'drained', ...counts };
  }

  async #drainShard(table: TableName, shard: string, wanted: Wanted): Promise<number> {
    let found = 0;
    let after: string | undefined;
    do {
      const page = await this.#dependencies.direction.from.tables[table].listOwed(shard, {
        pageItemsMax: LIMITS.drainPageItemsMax,
        ...(after === undefined ? {} : { after }),
      });
      if (page.kind === 'failed') {
        this.tally.failure = { at: 'from', failure: page.failure };
        return found;
      }
      found += page.value.items.length;
      await this.#drainPage(table, page.value.items, wanted);
      after = page.value.next;
    } while (after !== undefined && this.tally.failure === undefined && !this.#isOutOfTime());
    return found;
  }

  async #drainPage(table: TableName, entries: readonly OwedEntry[], wanted: Wanted): Promise<void> {
    for (const entry of entries.filter((one) => isSourceKey(one))) {
      this.#sources.set(entry.sk, entry);
    }
    const keys = entries.filter((entry) => !isSourceKey(entry));
    if (keys.length === 0) {
      return;
    }
    await this.#pace.take(keys.length);
    const { direction } = this.#dependencies;
    const read = await direction.from.tables[table].getMany(keys);
    if (read.kind === 'failed') {
      this.tally.failure = { at: 'from', failure: read.failure };
      return;
    }
    // The index only finds work; whether something is owed, and in which version, is what the record says.
    const owed = read.value.filter((record) => record.owed === direction.to.region && wanted(record));
    for (const outcome of await Promise.all(owed.map(async (record) => this.#sendOne(table, record)))) {
      countOutcome(this.tally, outcome);
    }
  }

  async #sendOne(table: TableName, record: StoredRecord): Promise<TransferOutcome> {
    const { direction } = this.#dependencies;
    if (isMutant('drain-clears-first')) {
      await settleDebt(direction, table, record, { kind: 'sent', v: record.v });
    }
    // A document is read again where one of its vectors has gone in between.
    const outcome = record.sk.startsWith(documentPrefix)
      ? await transferRecord(direction, table, record)
      : await sendRecord(direction, table, record);
    const settled = await settleDebt(direction, table, record, outcome);
    return settled.kind === 'failed' ? { kind: 'failed', at: 'from', failure: settled.failure } : outcome;
  }
}

/** Drains until nothing is listed, time is up, or a Region does not answer. */
export const drainOwed = async (dependencies: DrainDependencies): Promise<DrainReport> => {
  const { direction, telemetry } = dependencies;
  const report = await new Drain(dependencies).run();
  const { kind, sent, superseded, waiting, failure } = report;
  if (sent + superseded + waiting > 0 || failure !== undefined) {
    telemetry.log(failure === undefined ? 'info' : 'warn', 'drain.finished', {
      from: direction.from.region,
      to: direction.to.region,
      outcome: kind,
      sent,
      superseded,
      waiting,
      ...(failure === undefined ? {} : { failed: direction[failure.at].region, reason: failure.failure.reason }),
    });
  }
  telemetry.count('Drained', { Region: direction.from.region }, sent + superseded);
  return report;
};
