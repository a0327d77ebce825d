/** `twinmap report list | show`: what people did to the Regions, from whichever Region answers, or from this disk. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import type { Failure } from '../functions/domain/failure.ts';
import { isReportId, isReportKind, REPORT_KINDS, type ReportKind } from '../functions/domain/report.ts';
import { ROLES } from '../functions/domain/region.ts';
import { openAccess, OPS_BOUNDS, placeOf, readAddresses } from './failover/open-access.ts';
import { reportMarkdown } from './report/markdown.ts';
import { listReports, readReport, type StoredReport } from './report/store.ts';
import { type Command, type CommandInput, EXIT, UsageError } from './command.ts';
import { PAIR_OPTIONS } from './status.ts';
import { textOption } from './store-writes.ts';

type Read =
  | { readonly kind: 'read'; readonly region: string; readonly reports: readonly StoredReport[] }
  | { readonly kind: 'failed'; readonly failure: Failure };

const BOUNDS = { ...OPS_BOUNDS, attemptsMax: 1 };

const kindOption = (input: CommandInput): ReportKind | undefined => {
  const given = textOption(input, 'kind');
  if (given !== undefined && !isReportKind(given)) {
    throw new UsageError(`--kind takes ${REPORT_KINDS.join(', ')}`);
  }
  return given;
};

const readAnywhere = async (input: CommandInput, kind: ReportKind | undefined): Promise<Read> => {
  const { addresses } = await readAddresses(placeOf(input));
  let failure: Failure = { reason: 'unreachable', code: 'Unknown', message: 'no Region answered' };
  for (const role of ROLES) {
    const { stores, region } = openAccess(addresses[role], BOUNDS);
    const read = await listReports(stores, kind);
    if (read.kind === 'done') {
      return { kind: 'read', region, reports: read.value };
    }
    ({ failure } = read);
  }
  return { kind: 'failed', failure };
};

const LIST_OPTIONS = [
  { flags: '--kind <kind>', help: `only these: ${REPORT_KINDS.join(', ')}` },
  { flags: '--reports <folder>', help: 'where reports are on this disk; without it the data folder' },
  ...PAIR_OPTIONS,
];

export const reportList: Command = {
  name: 'report list',
  arguments: [],
  help: 'list the reports of failovers, failbacks, drills and kept preflights, the newest first',
  options: LIST_OPTIONS,
  run: async (input) => {
    const read = await readAnywhere(input, kindOption(input));
    if (read.kind === 'failed') {
      input.say(`No Region gave its reports: ${read.failure.message} (${read.failure.code})`);
      input.give({ error: read.failure.message, code: read.failure.code });
      return EXIT.unreachable;
    }
    for (const { kind, id, payload } of read.reports) {
      input.say(
        `${new Date(payload.at).toISOString()}  ${kind.padEnd(9)}  ${id}  ${payload.summary}  by ${payload.by}`,
      );
    }
    if (read.reports.length === 0) {
      input.say('There are no reports yet.');
    }
    input.give({
      region: read.region,
      reports: read.reports.map(({ kind, id, payload: { at, by, state, summary } }) => ({
        kind,
        id,
        at,
        by,
        state,
        summary,
      })),
    });
    return EXIT.done;
  },
};

/** On this disk: for the hour in which no Region answers. */
const readFromDisk = async (input: CommandInput, id: string): Promise<string | undefined> => {
  const folder = textOption(input, 'reports') ?? path.join(textOption(input, 'data') ?? '.twinmap', 'reports');
  for (const kind of REPORT_KINDS) {
    try {
      return await readFile(path.join(folder, `${kind}-${id}.md`), 'utf8');
    } catch {
      // Not of this kind, or not here: the next one.
    }
  }
  return undefined;
};

const findReport = async (input: CommandInput, id: string): Promise<StoredReport | undefined> => {
  const { addresses } = await readAddresses(placeOf(input));
  for (const role of ROLES) {
    const { stores } = openAccess(addresses[role], BOUNDS);
    for (const kind of REPORT_KINDS) {
      const read = await readReport(stores, kind, id);
      if (read.kind === 'failed') {
        break;
      }
      if (read.value !== undefined) {
        return read.value;
      }
    }
  }
  return undefined;
};

export const reportShow: Command = {
  name: 'report show',
  arguments: [{ name: 'id', help: 'as report list shows it' }],
  help: 'show one report as Markdown',
  options: LIST_OPTIONS.slice(1),
  run: async (input) => {
    const id = input.words[0] ?? '';
    if (!isReportId(id)) {
      throw new UsageError('report show takes the id of a report, 26 letters and digits; see: npx twinmap report list');
    }
    const found = await findReport(input, id);
    const text = found === undefined ? await readFromDisk(input, id) : reportMarkdown(found);
    if (text === undefined) {
      input.say(
        `There is no report ${id}, neither in a Region that answers nor on this disk. See: npx twinmap report list`,
      );
      input.give({ error: `there is no report ${id}` });
      return EXIT.error;
    }
    input.say(text.trimEnd());
    input.give({ id, kind: found?.kind ?? null, report: found?.payload ?? null, markdown: text });
    return EXIT.done;
  },
};
