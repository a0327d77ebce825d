/**
 * Brings back what people had written, from an older export, after bad data was copied to both Regions. The older payload is a new
 * write: it takes a version beyond the bad one and goes to both Regions like every interactive write, so that no repair can
 * undo it. What is read from a source is not brought back: its origin is the backup. Nor is what allows something (API
 * keys, approvals: taken back since, perhaps) and the audit log (evidence is never rewritten).
 */
import type { Failure } from '../functions/domain/failure.ts';
import type { InteractiveWrites } from '../functions/domain/interactive-write.ts';
import { clockOfVersion } from '../functions/domain/version.ts';
import type { RegionStores } from '../functions/dual-write/regions.ts';
import type { ExportedRecord } from './export-format.ts';
import { itemsOf } from './import-file.ts';
import { isPermission } from './import-permissions.ts';

export interface RestoreInput {
  readonly file: string;
  readonly home: RegionStores;
  readonly writes: InteractiveWrites;
  /** Only partitions that begin so: one kind of record at a time, which somebody has named. */
  readonly partition: string;
  /** Without it nothing is written. */
  readonly execute: boolean;
}

export interface RestoreReport {
  /** Live under another payload, or deleted since: what is, or would be, written. */
  changed: number;
  same: number;
  /** Of those written, how many one Region owes to the other. */
  owed: number;
  readonly leftOut: { sources: number; permissions: number; audit: number; otherPartitions: number };
  readonly keys: string[];
}

export type RestoreOutcome =
  | { readonly kind: 'done'; readonly report: RestoreReport }
  | { readonly kind: 'stopped'; readonly report: RestoreReport; readonly failure: Failure };

const leftOutOf = (record: ExportedRecord, partition: string): keyof RestoreReport['leftOut'] | undefined => {
  const { t, pk, v } = record;
  if (t === 'audit') {
    return 'audit';
  }
  if (clockOfVersion(v) === undefined) {
    return 'sources';
  }
  if (isPermission(record)) {
    return 'permissions';
  }
  return pk.startsWith(partition) ? undefined : 'otherPartitions';
};

class Restore {
  readonly #input: RestoreInput;
  readonly report: RestoreReport = {
    changed: 0,
    same: 0,
    owed: 0,
    leftOut: { sources: 0, permissions: 0, audit: 0, otherPartitions: 0 },
    keys: [],
  };

  constructor(input: RestoreInput) {
    this.#input = input;
  }

  /** Repeating it changes nothing: what was brought back is the same by then. */
  async one(record: ExportedRecord): Promise<Failure | undefined> {
    const { home, partition, execute } = this.#input;
    const leftOut = leftOutOf(record, partition);
    if (leftOut !== undefined) {
      this.report.leftOut[leftOut] += 1;
      return undefined;
    }
    const live = await home.tables[record.t].get(record);
    if (live.kind === 'failed') {
      return live.failure;
    }
    if (live.value !== undefined && live.value.del !== true && live.value.h === record.h) {
      this.report.same += 1;
      return undefined;
    }
    this.report.changed += 1;
    this.report.keys.push(`${record.pk} / ${record.sk}`);
    return execute ? this.#write(record) : undefined;
  }

  async #write({ t, pk, sk, data }: ExportedRecord): Promise<Failure | undefined> {
    const payload: unknown = JSON.parse(data);
    const outcome = await this.#input.writes.write({
      table: t,
      key: { pk, sk },
      content: { kind: 'payload', payload },
    });
    switch (outcome.kind) {
      case 'held': {
        this.report.owed += outcome.replication === 'owed' ? 1 : 0;
        return undefined;
      }
      case 'unavailable': {
        return outcome.home;
      }
      case 'overtaken':
      case 'op-reused': {
        return { reason: 'unknown', code: 'OpReused', message: 'the id of the write was used before' };
      }
    }
  }
}

export const restore = async (input: RestoreInput): Promise<RestoreOutcome> => {
  const run = new Restore(input);
  for await (const item of itemsOf(input.file)) {
    const failure = item.kind === 'record' ? await run.one(item.record) : undefined;
    if (failure !== undefined) {
      return { kind: 'stopped', report: run.report, failure };
    }
  }
  return { kind: 'done', report: run.report };
};
