/** A drill's report for a repository and for a pager. Pure. */
import type { DrillReport } from './drill-report.ts';
import { headLines, type Table, tablesOf } from './tables.ts';

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ');

const tableText = ({ title, head, rows }: Table): readonly string[] => [
  `## ${title}`,
  '',
  `| ${head.map((text) => cell(text)).join(' | ')} |`,
  `| ${head.map(() => '---').join(' | ')} |`,
  ...rows.map((row) => `| ${row.map((text) => cell(text)).join(' | ')} |`),
  '',
];

export const drillMarkdown = (report: DrillReport, previous: DrillReport | undefined): string =>
  `${[
    `# Drill: ${report.title}`,
    '',
    ...headLines(report).flatMap((line) => [line, '']),
    ...tablesOf(report, previous).flatMap((table) => tableText(table)),
  ]
    .join('\n')
    .trimEnd()}\n`;
