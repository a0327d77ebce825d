/** Where reports lie on a disk: one folder, each drill as JSON, Markdown, picture and page, and the last figures for the README. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { type DrillReport, drillReportSchema } from './drill-report.ts';
import { drillMarkdown } from './markdown.ts';
import { drillPage } from './page.ts';
import { timelineSvg } from './svg.ts';

/** What the README's table is made of: a few figures, whatever else a report holds. */
export interface LastDrill {
  readonly at: string;
  readonly expiresAt: string;
  readonly id: string;
  readonly scenario: string;
  readonly clocks: DrillReport['clocks'];
  readonly rpo: DrillReport['rpo'];
  readonly cycles: DrillReport['cycles'];
  readonly reads: { readonly sent: number; readonly share: number; readonly p99Ms: number };
  readonly deadRegion: DrillReport['deadRegion'];
  readonly bars: { readonly met: number; readonly of: number };
}

export const LAST_FILE = 'last.json';

const parse = (text: string): DrillReport | undefined => {
  try {
    return drillReportSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // Half a file, or somebody's own: no report.
    return undefined;
  }
};

/** The newest of this scenario in the folder; undefined where there is none that this version reads. */
export const readPrevious = async (directory: string, scenario: string): Promise<DrillReport | undefined> => {
  let names: readonly string[];
  try {
    names = await readdir(directory);
  } catch {
    // The first drill makes the folder.
    return undefined;
  }
  const reports: DrillReport[] = [];
  for (const name of names.filter((one) => one.startsWith(`${scenario}-`) && one.endsWith('.json'))) {
    const report = parse(await readFile(path.join(directory, name), 'utf8'));
    if (report?.scenario === scenario) {
      reports.push(report);
    }
  }
  return reports.toSorted((left, right) => (left.at < right.at ? 1 : -1))[0];
};

export const lastOf = (report: DrillReport): LastDrill => {
  const { at, expiresAt, id, scenario, clocks, rpo, cycles, deadRegion, bars, client } = report;
  const { sent, share, p99Ms } = client.router.reads;
  const met = bars.filter(({ ok }) => ok).length;
  const reads = { sent, share, p99Ms };
  return { at, expiresAt, id, scenario, clocks, rpo, cycles, deadRegion, reads, bars: { met, of: bars.length } };
};

export interface Written {
  readonly json: string;
  readonly page: string;
}

/** The newest report of a scenario takes the place of the one before; what it was compared with stays in its tables. */
export const writeReport = async (
  directory: string,
  report: DrillReport,
  previous: DrillReport | undefined,
): Promise<Written> => {
  await mkdir(directory, { recursive: true });
  const base = path.join(directory, `${report.scenario}-last`);
  await writeFile(`${base}.json`, `${JSON.stringify(report, undefined, 1)}\n`);
  await writeFile(`${base}.md`, drillMarkdown(report, previous));
  await writeFile(`${base}.svg`, `${timelineSvg(report)}\n`);
  await writeFile(`${base}.html`, drillPage(report, previous));
  return { json: `${base}.json`, page: `${base}.html` };
};

export const writeLast = async (directory: string, report: DrillReport): Promise<void> => {
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, LAST_FILE), `${JSON.stringify(lastOf(report), undefined, 2)}\n`);
};
