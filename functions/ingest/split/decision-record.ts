/**
 * Tells decision records from other documents, and reads their status: in front matter (MADR 3 and later), as a list item
 * or bold word (MADR 2), under its own heading (Nygard, adr-tools), or in a table.
 */
import type { FrontMatter } from './front-matter.ts';
import { type Dialect, headingAt } from './headings.ts';
import { headAt, isBlank, type Lines } from './lines.ts';

/** A status and the headings of a record stand at its start: more lines than this are not searched. */
const LINES_MAX = 400;
/** Statuses below a `Status` heading: adr-tools appends lines such as `Superseded by [9. ...]`. */
const STATUS_LINES_MAX = 8;

const DECISIONS_FOLDER =
  /(?:^|\/)(?:adrs?|decisions|decision-records?|architecture-decisions?|architectural-decisions?)\//iu;
const NUMBERED_NAME = /(?:^|\/)(?:adr[-_]?)?\d{3,5}[-_][^/]+$/iu;
const TEMPLATE_NAME = /(?:^|\/)[^/]*template[^/]*$/iu;

/** Later ones win: a record that names several was accepted first. */
const STATUSES: readonly (readonly [RegExp, string])[] = [
  [/\bdraft\b/iu, 'Draft'],
  [/\bproposed\b/iu, 'Proposed'],
  [/\b(?:accepted|approved|adopted|decided)\b/iu, 'Accepted'],
  [/\bamended\b/iu, 'Amended'],
  [/\b(?:rejected|declined|withdrawn)\b/iu, 'Rejected'],
  [/\b(?:deprecated|obsolete|retired)\b/iu, 'Deprecated'],
  [/\b(?:superseded|replaced)\b/iu, 'Superseded'],
];

const STRUCK = /~~[^~]*~~/gu;
const INLINE_STATUS =
  /^\s*(?:[-*+][ \t]+|\|[ \t]*)?(?:\*\*|__)?status(?:\*\*|__)?[ \t]*[:|](?:\*\*|__)?(?<value>.*)$/iu;
const STATUS_HEADING = /^(?:\d+\.?\s+)?status\b/iu;
const RECORD_HEADINGS: readonly RegExp[] = [
  /^(?:\d+\.?\s+)?context\b/iu,
  /^(?:\d+\.?\s+)?(?:decision\b|considered (?:options|alternatives))/iu,
  /^(?:\d+\.?\s+)?consequences\b/iu,
];

/** The status that a text names; a list of all of them is a template, not a status. */
export const statusIn = (text: string): string | undefined => {
  const plain = text.replaceAll(STRUCK, ' ');
  const named = STATUSES.filter(([pattern]) => pattern.test(plain));
  return named.length > 3 || /[{<][^}>]*\|/u.test(plain) ? undefined : named.at(-1)?.[1];
};

interface Found {
  readonly status: string | undefined;
  /** How many of the usual headings there are, status included. */
  readonly signs: number;
}

const statusBelow = (lines: Lines, line: number, dialect: Dialect): string | undefined => {
  const texts: string[] = [];
  for (let at = line; at < lines.count && texts.length < STATUS_LINES_MAX; at += 1) {
    if (!isBlank(lines, at)) {
      if (headingAt(lines, at, dialect, false) !== undefined) {
        break;
      }
      texts.push(headAt(lines, at));
    }
  }
  return statusIn(texts.join('\n'));
};

const search = (lines: Lines, dialect: Dialect): Found => {
  let status: string | undefined;
  const signs = new Set<string>();
  for (let line = 0; line < Math.min(lines.count, LINES_MAX); line += 1) {
    const head = headAt(lines, line);
    const inline = INLINE_STATUS.exec(head)?.groups?.['value'];
    const heading = inline === undefined ? headingAt(lines, line, dialect, false) : undefined;
    if (inline !== undefined) {
      signs.add('status');
      status ??= statusIn(inline);
    } else if (heading !== undefined && STATUS_HEADING.test(heading.name)) {
      signs.add('status');
      status ??= statusIn(heading.name) ?? statusBelow(lines, line + heading.lineCount, dialect);
    } else if (heading !== undefined) {
      for (const { source } of RECORD_HEADINGS.filter((pattern) => pattern.test(heading.name))) {
        signs.add(source);
      }
    }
  }
  return { status, signs: signs.size };
};

export type DecisionReading =
  { readonly kind: 'decision'; readonly status: string | undefined } | { readonly kind: 'other' };

/** A record by its place and name, by its name and content, or by content that is unmistakable. */
export const readDecision = (
  path: string,
  lines: Lines,
  dialect: Dialect,
  frontMatter: FrontMatter,
): DecisionReading => {
  if (TEMPLATE_NAME.test(path)) {
    return { kind: 'other' };
  }
  const found = search(lines, dialect);
  const declared = frontMatter.fields.get('status');
  const signs = found.signs + (declared === undefined ? 0 : 1);
  const placed = DECISIONS_FOLDER.test(path);
  const numbered = NUMBERED_NAME.test(path);
  const isDecision = (placed && (numbered || signs >= 2)) || (numbered && signs >= 2) || signs >= 4;
  return isDecision
    ? { kind: 'decision', status: (declared === undefined ? undefined : statusIn(declared)) ?? found.status }
    : { kind: 'other' };
};
