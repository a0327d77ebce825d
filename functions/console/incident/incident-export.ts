/** An incident as Markdown, for a chat or a ticket, and as CSV, for a spreadsheet. What comes from outside stays text in both. */
import { csvTable, type CsvValue } from '../csv.ts';
import { moment, plain } from '../words.ts';
import { type Impact, IMPACTS } from '../../graph/answers/impact.ts';
import { type Incident, IMPACT_WORDS, lacksOf, placeOf, type Row, type Said } from './incident-data.ts';

export interface ExportOptions {
  readonly region: string;
  /** What was chosen of its rows, in words; undefined where all of them were. */
  readonly choice: string | undefined;
  /** Which Region answered. */
  readonly answeredBy: string;
  readonly now: number;
}

/** What Markdown and HTML would read as markup; a table's row also ends with its line. */
export const markdownText = (text: string): string =>
  plain(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\`*_{}[\]()#+!|~>-]/gu, String.raw`\$&`)
    .trim();

const withMore = (name: string, more: readonly (string | undefined)[]): string => {
  const said = more.filter((part) => part !== undefined && part !== '');
  return said.length === 0 ? name : `${name} (${said.join(', ')})`;
};

const names = (all: readonly Said[]): string =>
  all
    .map(({ name, asOf, attributes: { service, email, shift } }) =>
      withMore(name, [service, email, shift, `as of ${moment(asOf)}`]),
    )
    .join('; ');

const proofsOf = ({ path }: Row): string =>
  path.flatMap(({ evidence }) => evidence.slice(0, 1).map((one) => placeOf(one))).join('; ');

/** With its status: a record that was replaced must not be followed, and in a ticket nothing else says so. */
const papersOf = ({ runbooks, decisions }: Row): string =>
  [...runbooks, ...decisions].map(({ name, attributes: { status, url } }) => withMore(name, [status, url])).join('; ');

const alternatesOf = ({ ties }: Row): string =>
  [...new Set(ties.flatMap(({ alternates }) => alternates ?? []))].join('; ');

const COLUMNS: readonly (readonly [string, (row: Row) => CsvValue])[] = [
  ['impact', ({ impact }) => impact],
  ['component', ({ name }) => name],
  ['tier', ({ tier }) => tier],
  ['takes along', ({ reach }) => reach],
  ['owner', ({ owner }) => (owner === undefined ? undefined : withMore(owner.name, [owner.attributes['email']]))],
  ['on call', ({ onCall }) => names(onCall)],
  ['runbooks and decisions', (row) => papersOf(row)],
  ['copies in', (row) => alternatesOf(row)],
  ['proof', (row) => proofsOf(row)],
  ['as of', ({ asOf }) => moment(asOf)],
];

export const incidentCsv = (incident: Incident): string =>
  csvTable(
    COLUMNS.map(([name]) => name),
    incident.rows.map((row) => COLUMNS.map(([, value]) => value(row))),
    lacksOf(incident),
  );

const markdownRow = (row: Row): string =>
  `| ${COLUMNS.slice(1)
    .map(([, value]) => markdownText((value(row) ?? '').toString()))
    .join(' | ')} |`;

const section = (impact: Impact, incident: Incident): readonly string[] => {
  const rows = incident.rows.filter((row) => row.impact === impact);
  const hidden = incident.restricted[impact];
  return [
    `## ${impact} (${incident.counts[impact]})`,
    '',
    `${IMPACT_WORDS[impact]}.${hidden === 0 ? '' : ` ${hidden} of them are not named to you.`}`,
    '',
    ...(rows.length === 0
      ? ['None is named.']
      : [
          `| ${COLUMNS.slice(1)
            .map(([name]) => name)
            .join(' | ')} |`,
          `|${COLUMNS.slice(1)
            .map(() => ' --- ')
            .join('|')}|`,
          ...rows.map((row) => markdownRow(row)),
        ]),
    '',
  ];
};

export const incidentMarkdown = (incident: Incident, { region, choice, answeredBy, now }: ExportOptions): string =>
  [
    `# If ${region} fails`,
    '',
    [
      `Answered by ${answeredBy} at ${moment(now)}, from the map alone.`,
      ...(choice === undefined ? [] : [`Only a choice of its rows, ${markdownText(choice)}; the counts are of all.`]),
      ...lacksOf(incident),
    ].join(' '),
    '',
    ...IMPACTS.flatMap((impact) => section(impact, incident)),
  ].join('\n');
