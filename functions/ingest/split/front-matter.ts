/** The block of `key: value` lines between two rules that a document may begin with. Read by line, never executed or expanded. */
import { headAt, type Lines } from './lines.ts';
import { plainName } from './outline.ts';

export interface FrontMatter {
  /** The line (from 0) of the closing rule; -1 where there is no front matter. */
  readonly lastLine: number;
  /** Top-level keys in lower case, with values on the same line. */
  readonly fields: ReadonlyMap<string, string>;
}

/** A rule that is never closed is no front matter; looking further would read a whole document for nothing. */
const LINES_MAX = 400;
const VALUE_CHARS_MAX = 200;

const OPENING = /^(?<rule>---|\+\+\+)[ \t]*$/u;
const FIELD = /^(?<key>[A-Za-z][\w-]*)[ \t]*[:=][ \t]*(?<value>\S.*)$/u;
const QUOTED = /^(?<quote>["'])(?<inner>.*)\k<quote>$/u;

const NONE: FrontMatter = { lastLine: -1, fields: new Map() };

const valueOf = (raw: string): string => {
  const value = raw.trim();
  return plainName(QUOTED.exec(value)?.groups?.['inner'] ?? value, VALUE_CHARS_MAX);
};

export const readFrontMatter = (lines: Lines): FrontMatter => {
  const rule = OPENING.exec(headAt(lines, 0))?.groups?.['rule'];
  if (rule === undefined) {
    return NONE;
  }
  const fields = new Map<string, string>();
  for (let line = 1; line < Math.min(lines.count, LINES_MAX); line += 1) {
    const head = headAt(lines, line);
    if (head.trimEnd() === rule || (rule === '---' && head.trimEnd() === '...')) {
      return { lastLine: line, fields };
    }
    const { key, value } = FIELD.exec(head)?.groups ?? {};
    if (key !== undefined && value !== undefined && !fields.has(key.toLowerCase())) {
      fields.set(key.toLowerCase(), valueOf(value));
    }
  }
  return NONE;
};
