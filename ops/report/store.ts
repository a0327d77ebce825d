/** Keeps reports: in the Regions as interactive records, and on this disk as JSON and Markdown. Reads them from either Region. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

import type { Result } from '../../functions/domain/failure.ts';
import { done } from '../../functions/domain/failure.ts';
import type {
  InteractiveConflict,
  InteractiveOutcome,
  InteractiveWrites,
} from '../../functions/domain/interactive-write.ts';
import {
  parseReport,
  parseReportKey,
  reportKey,
  type ReportKind,
  type ReportName,
  type ReportPayload,
  REPORTS_PARTITION,
} from '../../functions/domain/report.ts';
import type { RegionStores } from '../../functions/dual-write/regions.ts';
import { pageAfter, readAllPages } from '../../functions/stores/all-pages.ts';

export interface StoredReport extends ReportName {
  readonly payload: ReportPayload;
}

/** Written again and again while a move goes on: the last state stands. */
export const storeReport = async (
  writes: InteractiveWrites,
  { kind, id, payload }: StoredReport,
): Promise<InteractiveOutcome | InteractiveConflict> =>
  writes.write({ table: 'workspaces', key: reportKey(kind, id), content: { kind: 'payload', payload } });

/** The newest first. */
export const listReports = async (
  { tables }: Pick<RegionStores, 'tables'>,
  kind?: ReportKind,
): Promise<Result<readonly StoredReport[]>> => {
  const prefix = kind === undefined ? {} : { skPrefix: `${kind}#` };
  const read = await readAllPages((after) =>
    tables.workspaces.query(REPORTS_PARTITION, { ...prefix, ...pageAfter(after) }),
  );
  if (read.kind === 'failed') {
    return read;
  }
  const reports = read.value.flatMap((record) => {
    const name = parseReportKey(record.sk);
    const payload = record.del === true ? undefined : parseReport(record.data);
    return name === undefined || payload === undefined ? [] : [{ ...name, payload }];
  });
  return done(reports.toSorted((left, right) => (left.id < right.id ? 1 : -1)));
};

export const readReport = async (
  { tables }: Pick<RegionStores, 'tables'>,
  kind: ReportKind,
  id: string,
): Promise<Result<StoredReport | undefined>> => {
  const read = await tables.workspaces.get(reportKey(kind, id));
  if (read.kind === 'failed') {
    return read;
  }
  const payload = read.value === undefined || read.value.del === true ? undefined : parseReport(read.value.data);
  return done(payload === undefined ? undefined : { kind, id, payload });
};

const replace = async (file: string, text: string): Promise<void> => {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
};

export interface ReportFiles {
  readonly json: string;
  readonly markdown: string;
}

/** Whole or not at all: a report is read in the hour in which machines die. */
export const writeReportFiles = async (
  directory: string,
  { kind, id, payload }: StoredReport,
  markdown: string,
): Promise<ReportFiles> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const base = path.join(directory, `${kind}-${id}`);
  await replace(`${base}.json`, `${JSON.stringify({ kind, id, ...payload }, null, 2)}\n`);
  await replace(`${base}.md`, markdown);
  return { json: `${base}.json`, markdown: `${base}.md` };
};
