/**
 * Fills an empty Region from an export, in the versions that the records had: for a new pair, or one of which both Regions were
 * lost. Only while neither Region holds anything: into a Region that does, or beside a peer that does, an old record could
 * come back whose deletion is forgotten already. The peer gets everything from the repair.
 */
import { DONE, done, failed, type Failure, type Result } from '../functions/domain/failure.ts';
import { documentPrefix } from '../functions/domain/corpus.ts';
import { LIMITS } from '../functions/domain/limits.ts';
import { LOCAL_PREFIX, type TableName } from '../functions/domain/record.ts';
import { fenceOfVersion, parseFence } from '../functions/domain/version.ts';
import type { RegionPair, RegionStores } from '../functions/dual-write/regions.ts';
import { isSourceKey } from '../functions/repair/transfer.ts';
import type { PutOutcome } from '../functions/stores/record-store.ts';
import { batchesOf } from '../functions/stores/vector-batches.ts';
import type { StoredVector } from '../functions/stores/vector-store.ts';
import { emptyCounts, type ExportCounts, type ExportedItem, type ExportedRecord } from './export-format.ts';
import { type CheckedFile, itemsOf } from './import-file.ts';
import { isPermission } from './import-permissions.ts';

const MARK = { pk: `${LOCAL_PREFIX}import`, sk: 'fill' };
const BATCH_ITEMS_MAX = 500;
/** The audit log of a new Region is its own: links of two chains can't stand under one number. */
const FILLED_TABLES: readonly TableName[] = ['workspaces', 'graph'];

export interface FillReport {
  readonly written: ExportCounts;
  /** The audit records of the file, which stay in it. */
  auditLeftOut: number;
  /** API keys and approvals: one of them may have been taken back since. */
  permissionsLeftOut: number;
  /** The highest epoch that a source was committed under: the gate's must be higher, or its cycles can't commit. */
  epoch: number;
}

export type FillOutcome =
  | { readonly kind: 'done'; readonly report: FillReport }
  /** A key that is there already, and where. */
  | { readonly kind: 'not-empty'; readonly region: string; readonly key: string }
  | { readonly kind: 'failed'; readonly region: string; readonly failure: Failure };

/** The first live key of a Region that a fill would be about. API keys don't count: somebody has to log in. */
const firstKey = async ({ tables }: RegionStores): Promise<Result<string | undefined>> => {
  for (const table of FILLED_TABLES) {
    let after: string | undefined;
    do {
      const page = await tables[table].scan({ segment: 0, segments: 1, ...(after === undefined ? {} : { after }) });
      if (page.kind === 'failed') {
        return page;
      }
      const found = page.value.items.find((item) => !isPermission(item) && item.expires === undefined);
      if (found !== undefined) {
        return done(`${found.pk} / ${found.sk}`);
      }
      after = page.value.next;
    } while (after !== undefined);
  }
  return done(undefined);
};

/** A fill that was cut off goes on with the same file; its mark says which one that was. */
const mayFill = async ({ home, peer }: RegionPair, { sha256 }: CheckedFile): Promise<FillOutcome | undefined> => {
  const mark = await home.tables.workspaces.getLocal(MARK);
  if (mark.kind === 'failed') {
    return { kind: 'failed', region: home.region, failure: mark.failure };
  }
  const isResumed = mark.value?.data === sha256;
  for (const stores of [...(isResumed ? [] : [home]), ...(peer === undefined ? [] : [peer])]) {
    const found = await firstKey(stores);
    if (found.kind === 'failed') {
      return { kind: 'failed', region: stores.region, failure: found.failure };
    }
    if (found.value !== undefined) {
      return { kind: 'not-empty', region: stores.region, key: found.value };
    }
  }
  return undefined;
};

const failureOf = (outcomes: readonly PutOutcome[]): Result<void> => {
  const lost = outcomes.find((outcome) => outcome.kind === 'failed');
  return lost === undefined ? DONE : failed(lost.failure);
};

class Fill {
  readonly #home: RegionStores;
  readonly report: FillReport = { written: emptyCounts(), auditLeftOut: 0, permissionsLeftOut: 0, epoch: 0 };
  #parts: ExportedRecord[] = [];
  #vectors: StoredVector[] = [];
  #documents: ExportedRecord[] = [];
  readonly #sources: ExportedRecord[] = [];

  constructor(home: RegionStores) {
    this.#home = home;
  }

  async take(item: ExportedItem): Promise<Result<void>> {
    if (item.kind === 'vector') {
      this.#vectors.push(item.vector);
    } else {
      this.#sort(item.record);
    }
    return this.#parts.length + this.#vectors.length + this.#documents.length >= BATCH_ITEMS_MAX ? this.flush() : DONE;
  }

  /** No document before what it lists. */
  async flush(): Promise<Result<void>> {
    const [parts, vectors, documents] = [this.#parts, this.#vectors, this.#documents];
    [this.#parts, this.#vectors, this.#documents] = [[], [], []];
    const put = await this.#home.vectors.put(vectors);
    if (put.kind === 'failed') {
      return put;
    }
    this.report.written.vectors += vectors.length;
    for (const records of [parts, documents]) {
      const written = await this.#records(records);
      if (written.kind === 'failed') {
        return written;
      }
    }
    return DONE;
  }

  async sources(): Promise<Result<void>> {
    for (const { t: _t, ...record } of this.#sources) {
      const merged = failureOf([await this.#home.tables.graph.mergeSource(record)]);
      if (merged.kind === 'failed') {
        return merged;
      }
      this.report.written.graph += 1;
      this.report.epoch = Math.max(this.report.epoch, parseFence(fenceOfVersion(record.v) ?? '')?.epoch ?? 0);
    }
    return DONE;
  }

  #sort(record: ExportedRecord): void {
    if (!FILLED_TABLES.includes(record.t)) {
      this.report.auditLeftOut += 1;
    } else if (isPermission(record)) {
      this.report.permissionsLeftOut += 1;
    } else if (record.t === 'graph' && isSourceKey(record)) {
      this.#sources.push(record);
    } else if (record.t === 'graph' && record.sk.startsWith(documentPrefix)) {
      this.#documents.push(record);
    } else {
      this.#parts.push(record);
    }
  }

  async #records(records: readonly ExportedRecord[]): Promise<Result<void>> {
    for (const batch of batchesOf(records, LIMITS.repairInFlightMax)) {
      const outcomes = await Promise.all(
        batch.map(async ({ t, ...record }) => {
          const outcome = await this.#home.tables[t].put(record);
          this.report.written[t] += outcome.kind === 'failed' ? 0 : 1;
          return outcome;
        }),
      );
      const written = failureOf(outcomes);
      if (written.kind === 'failed') {
        return written;
      }
    }
    return DONE;
  }
}

const fillFrom = async (run: Fill, file: string): Promise<Result<void>> => {
  for await (const item of itemsOf(file)) {
    const taken = await run.take(item);
    if (taken.kind === 'failed') {
      return taken;
    }
  }
  const flushed = await run.flush();
  return flushed.kind === 'failed' ? flushed : run.sources();
};

export const fill = async (regions: RegionPair, file: CheckedFile, execute: boolean): Promise<FillOutcome> => {
  const { home } = regions;
  const refused = await mayFill(regions, file);
  const run = new Fill(home);
  if (refused !== undefined || !execute) {
    return refused ?? { kind: 'done', report: run.report };
  }
  const { workspaces } = home.tables;
  const marked = await workspaces.putLocal({ ...MARK, order: 1, data: file.sha256 });
  const filled = marked.kind === 'failed' ? marked : await fillFrom(run, file.file);
  const ended = filled.kind === 'failed' ? filled : await workspaces.deleteLocal(MARK, 1);
  return ended.kind === 'failed'
    ? { kind: 'failed', region: home.region, failure: ended.failure }
    : { kind: 'done', report: run.report };
};
