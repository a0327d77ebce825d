/** Answers of the graph as lines that somebody can read at three in the morning: worst first, whom to page, and one proof each. */
import pc from 'picocolors';
import { z } from 'zod';

import { IMPACTS } from '../functions/graph/answers/impact.ts';
import {
  countedShape,
  dependentShape,
  type evidenceShape,
  rowShape,
  saidShape,
  stepShape,
  toldShape,
} from '../functions/query/graph-shapes.ts';

const told = { region: z.string(), role: z.string(), ...toldShape };

const counted = { ...countedShape, isCut: z.boolean(), truncated: z.boolean() };

export const incidentSchema = z.object({ ...told, ...counted, asked: z.string(), rows: z.array(rowShape) });

export const radiusSchema = z.object({ ...told, ...counted, component: z.string(), rows: z.array(rowShape) });

export const dependentsSchema = z.object({
  ...told,
  ...counted,
  asked: z.string(),
  dependents: z.array(dependentShape),
});

export const onCallSchema = z.object({
  ...told,
  component: z.string(),
  owner: saidShape.nullable(),
  onCall: z.array(saidShape),
});

export const workaroundsSchema = z.object({
  ...told,
  component: z.string(),
  runbooks: z.array(saidShape),
  decisions: z.array(saidShape),
  alternates: z.array(stepShape),
});

type Step = z.infer<typeof stepShape>;
type Said = z.infer<typeof saidShape>;
type Row = z.infer<typeof rowShape>;
type Told = Pick<z.infer<typeof incidentSchema>, 'region' | 'role' | 'rules' | 'freshness' | 'missing'>;
type Counted = Pick<z.infer<typeof incidentSchema>, 'counts' | 'restricted' | 'isCut' | 'truncated'>;
type Evidence = z.infer<typeof evidenceShape>;

const COMMIT_DIGITS = 8;
const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;
const DAY_HOURS = 24;

const PAINT: Readonly<Record<string, (text: string) => string>> = {
  DOWN: pc.red,
  DEGRADED: pc.yellow,
  'CONTROL-PLANE': pc.cyan,
  UNKNOWN: pc.magenta,
};

const MEANING: Readonly<Record<string, string>> = {
  DOWN: 'running traffic needs it, and no copy elsewhere is known',
  DEGRADED: 'a copy elsewhere is known, or the copy is what failed',
  'CONTROL-PLANE': 'traffic runs on; changes and deployments do not',
  UNKNOWN: 'nobody could say where something of it is',
};

const ageOf = (asOf: number, now: number): string => {
  const minutes = Math.max(0, Math.round((now - asOf) / MINUTE_MS));
  if (minutes < HOUR_MINUTES * 2) {
    return `${minutes} min`;
  }
  const hours = Math.round(minutes / HOUR_MINUTES);
  return hours < DAY_HOURS * 2 ? `${hours} h` : `${Math.round(hours / DAY_HOURS)} days`;
};

/** As people say it: what a catalog or a template names is told by that name. */
const plain = (id: string): string =>
  id.replace(/^(?:resource:(?:catalog|name)\/|(?:component|region|resource|group|user|runbook|decision):)/u, '');

const placeOf = ({ repository, path, line, commit }: Evidence): string =>
  `${repository}/${path}:${line} @${commit.slice(0, COMMIT_DIGITS)}`;

const proofOf = (evidence: readonly Evidence[]): string => evidence.map((one) => placeOf(one)).join(', ');

const stepLine = (step: Step): string => {
  const how = [
    step.level,
    step.environment === undefined ? '' : `in ${step.environment}`,
    step.rule === undefined ? '' : `rule ${step.rule}`,
    step.alternates === undefined ? '' : `also in ${step.alternates.join(', ')}`,
    step.expression === undefined ? '' : `stopped at ${step.expression}`,
  ].filter((part) => part !== '');
  const through = step.via === undefined ? '' : ` by ${plain(step.via)}`;
  const proof = step.evidence.length === 0 ? '' : `  ${pc.dim(proofOf(step.evidence))}`;
  return `${plain(step.from)} ${step.type} ${plain(step.to)}${through} (${how.join('; ')})${proof}`;
};

const saidName = ({ name, attributes }: Said): string => {
  const { service, email, shift } = attributes;
  const more = [service, email, shift].filter((part) => part !== undefined && part !== '');
  return more.length === 0 ? name : `${name} (${more.join(', ')})`;
};

/** A shift is of whom is paged, also where it is the owner who has it. */
const ownerName = (owner: Said): string => saidName({ ...owner, attributes: { ...owner.attributes, shift: '' } });

/** When somebody last said who it is: the document's own date, else when it was read. */
const onCallAge = (onCall: readonly Said[], now: number): string => {
  const dated = onCall.map(({ attributes }) => attributes['asOf']).find((asOf) => asOf !== undefined);
  const read = onCall.map(({ asOf }) => asOf);
  return dated ?? `${ageOf(Math.min(...read), now)} ago`;
};

/** A record that was replaced must not be followed: its status stands beside its name. */
const paperName = ({ name, attributes }: Said): string => {
  const { status, section, sectionLine, url } = attributes;
  const more = [status, url].filter((part) => part !== undefined).join(', ');
  const part = section === undefined || sectionLine === undefined ? '' : ` · line ${sectionLine}: ${section}`;
  return `${name}${more === '' ? '' : ` (${more})`}${section === name ? '' : part}`;
};

const paperLine = (kind: string, paper: Said): string =>
  `    ${kind} ${paperName(paper)}  ${pc.dim(proofOf(paper.evidence))}`;

const headLines = (answer: Told, now: number): readonly string[] => {
  const [oldest] = answer.freshness;
  const fresh = oldest === undefined ? '' : `; oldest source ${oldest.name}, read ${ageOf(oldest.asOf, now)} ago`;
  const missing =
    answer.missing.length === 0
      ? []
      : [pc.yellow(`not in the map yet: ${answer.missing.join(', ')} (they were not synced since it is drawn)`)];
  return [pc.dim(`answered by ${answer.region} (${answer.role}); rules ${answer.rules}${fresh}`), ...missing];
};

const sumOf = (counts: Counted['counts']): number => IMPACTS.reduce((sum, impact) => sum + counts[impact], 0);

const countLine = ({ counts, restricted }: Counted): string => {
  const parts = IMPACTS.map((impact) => `${counts[impact]} ${impact}`);
  const hidden = sumOf(restricted);
  return `${parts.join(', ')}${hidden === 0 ? '' : `; ${hidden} of them restricted: counted, not named`}`;
};

const cutLines = ({ isCut, truncated }: Counted): readonly string[] =>
  isCut || truncated
    ? [pc.yellow('More was there than one answer takes; the counts are of all that was reached.')]
    : [];

const rowLines = (row: Row, now: number): readonly string[] => {
  const facts = [
    row.tier === undefined ? '' : `tier ${row.tier}`,
    row.reach === 0 ? '' : `drags along ${row.reach}`,
    row.owner === undefined ? 'nobody is named as its owner' : `owner ${ownerName(row.owner)}`,
    row.onCall.length === 0
      ? 'no on-call is named'
      : `page ${row.onCall.map((one) => saidName(one)).join(', ')}, as of ${onCallAge(row.onCall, now)}`,
    row.environments.length === 0 ? '' : `in ${row.environments.join(', ')}`,
    row.unknowns === 0 ? '' : `${row.unknowns} unknown beside it`,
  ].filter((part) => part !== '');
  const papers = [
    ...row.runbooks.map((one) => paperLine('runbook ', one)),
    ...row.decisions.map((one) => paperLine('decision', one)),
  ];
  return [
    `  ${pc.bold(row.name)}  ${facts.join(' · ')}`,
    ...row.path.map((step) => `    ${stepLine(step)}`),
    ...papers,
  ];
};

const groupLines = (rows: readonly Row[], now: number): readonly string[] =>
  IMPACTS.flatMap((impact) => {
    const own = rows.filter((row) => row.impact === impact);
    const paint = PAINT[impact] ?? ((text: string): string => text);
    const lines = own.flatMap((row) => rowLines(row, now));
    return own.length === 0 ? [] : ['', `${paint(pc.bold(impact))}  ${pc.dim(MEANING[impact] ?? '')}`].concat(lines);
  });

export const incidentLines = (answer: z.infer<typeof incidentSchema>, now: number): readonly string[] => [
  pc.bold(`If ${answer.asked} fails: ${countLine(answer)}`),
  ...headLines(answer, now),
  ...groupLines(answer.rows, now),
  ...cutLines(answer),
];

export const radiusLines = (answer: z.infer<typeof radiusSchema>, now: number): readonly string[] => [
  pc.bold(
    `If ${plain(answer.component)} fails: ${sumOf(answer.counts) === 0 ? 'nothing else does' : countLine(answer)}`,
  ),
  ...headLines(answer, now),
  ...groupLines(answer.rows, now),
  ...cutLines(answer),
];

export const dependentsLines = (answer: z.infer<typeof dependentsSchema>, now: number): readonly string[] => {
  const width = Math.max(4, ...answer.dependents.map(({ name }) => name.length));
  return [
    pc.bold(`${sumOf(answer.counts)} components depend on ${answer.asked}: ${countLine(answer)}`),
    ...headLines(answer, now),
    ...answer.dependents.map(({ name, impact, hops, path }) => {
      const paint = PAINT[impact] ?? ((text: string): string => text);
      const last = path.at(-1);
      return `  ${name.padEnd(width)}  ${paint(impact.padEnd(13))}  ${hops} ${hops === 1 ? 'step ' : 'steps'}  ${
        last === undefined ? '' : pc.dim(proofOf(last.evidence))
      }`;
    }),
    ...cutLines(answer),
  ];
};

const NAMES: Readonly<Record<string, (one: Said) => string>> = { owner: ownerName, page: saidName };

const saidLines = (title: string, all: readonly Said[], now: number): readonly string[] =>
  all.map((one) => {
    const nameOf = NAMES[title] ?? paperName;
    return `  ${title.padEnd(10)} ${nameOf(one)}  ${pc.dim(
      `${one.from}, as of ${one.attributes['asOf'] ?? `${ageOf(one.asOf, now)} ago`}, ${proofOf(one.evidence)}`,
    )}`;
  });

export const onCallLines = (answer: z.infer<typeof onCallSchema>, now: number): readonly string[] => [
  pc.bold(plain(answer.component)),
  ...headLines(answer, now),
  ...(answer.owner === null ? ['  nobody is named as its owner'] : saidLines('owner', [answer.owner], now)),
  ...(answer.onCall.length === 0 ? ['  no on-call is named'] : saidLines('page', answer.onCall, now)),
];

export const workaroundLines = (answer: z.infer<typeof workaroundsSchema>, now: number): readonly string[] => {
  const nothing = answer.runbooks.length + answer.decisions.length + answer.alternates.length === 0;
  return [
    pc.bold(plain(answer.component)),
    ...headLines(answer, now),
    ...saidLines('runbook', answer.runbooks, now),
    ...saidLines('decision', answer.decisions, now),
    ...answer.alternates.map((step) => `  ${'elsewhere'.padEnd(10)} ${stepLine(step)}`),
    ...(nothing ? ['  nothing is written down, and no copy elsewhere is known'] : []),
  ];
};
