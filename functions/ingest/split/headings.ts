/** Recognises the headings of Markdown, AsciiDoc and reStructuredText, line by line. */
import { headAt, isBlank, type Lines } from './lines.ts';

export interface Heading {
  /** 1 is the highest. */
  readonly level: number;
  readonly name: string;
  /** Lines that the heading takes, underlines included. */
  readonly lineCount: number;
}

/** `text` is anything else: it may be either of the two before it. */
export type Dialect = 'markdown' | 'asciidoc' | 'restructuredtext' | 'text';

const ATX = /^ {0,3}(?<marks>#{1,6})(?:[ \t]|$)/u;
const ADOC = /^(?<marks>={1,6})[ \t]+\S/u;
const CLOSING_MARKS = /[ \t]+[#=]+[ \t]*$/u;
const MARKDOWN_UNDERLINE = /^ {0,3}(?:={2,}|-{2,})[ \t]*$/u;
const TEXT_UNDERLINE = /^(?<mark>[=\-~^"*+#])\k<mark>{2,}[ \t]*$/u;
/** In reStructuredText any order is allowed; this is the usual one. */
const UNDERLINE_LEVELS = '=-~^"*';
/** What can't be the text of an underlined heading. */
const OTHER_BLOCK = /^\s*(?:[|>]|[-*+][ \t]|\d{1,9}[.)][ \t]|```|~~~|<)|^(?: {4}|\t)/u;

const INLINE_LINK = /!?\[(?<label>[^\]]*)\]\([^)]*\)/gu;
/** A role of reStructuredText: :func:`name`. */
const ROLE = /:[\w-]{1,40}:(?=`)/gu;
const HTML_TAG = /<[^<>]{0,200}>/gu;
const EMPHASIS = /(?<mark>\*\*|__|`)(?<inner>[^*_`]+)\k<mark>/gu;

const MARKUP = /[[<`*_:]/u;

/** The text of a heading without its markup. */
export const headingName = (raw: string): string =>
  MARKUP.test(raw)
    ? raw
        .replaceAll(INLINE_LINK, '$<label>')
        .replaceAll(HTML_TAG, '')
        .replaceAll(ROLE, '')
        .replaceAll(EMPHASIS, '$<inner>')
        .trim()
    : raw.trim();

const marked = (head: string, pattern: RegExp): Heading | undefined => {
  const marks = pattern.exec(head)?.groups?.['marks'];
  if (marks === undefined) {
    return undefined;
  }
  const text = head.trim().slice(marks.length).replace(CLOSING_MARKS, '');
  return { level: marks.length, name: headingName(/^[#=]+$/u.test(text.trim()) ? '' : text), lineCount: 1 };
};

/** In AsciiDoc such a line opens or closes a block. */
const isUnderline = (lines: Lines, line: number, dialect: Dialect): boolean =>
  line < lines.count &&
  dialect !== 'asciidoc' &&
  (dialect === 'markdown' ? MARKDOWN_UNDERLINE : TEXT_UNDERLINE).test(headAt(lines, line));

const levelOf = (underline: string): number => {
  const at = UNDERLINE_LEVELS.indexOf(underline.trim().charAt(0));
  return at === -1 ? UNDERLINE_LEVELS.length : at + 1;
};

const isHeadingText = (lines: Lines, line: number): boolean =>
  line < lines.count && !isBlank(lines, line) && !OTHER_BLOCK.test(headAt(lines, line));

/** A line with a rule below it, and in plain text one above it too. `afterText`: the line goes on with a paragraph. */
const underlined = (lines: Lines, line: number, dialect: Dialect, afterText: boolean): Heading | undefined => {
  if (afterText) {
    return undefined;
  }
  const head = headAt(lines, line);
  if (isUnderline(lines, line + 1, dialect) && isHeadingText(lines, line) && !isUnderline(lines, line, dialect)) {
    return { level: levelOf(headAt(lines, line + 1)), name: headingName(head), lineCount: 2 };
  }
  const overlined =
    dialect !== 'markdown' &&
    isUnderline(lines, line, dialect) &&
    isHeadingText(lines, line + 1) &&
    headAt(lines, line + 2).trimEnd() === head.trimEnd();
  return overlined
    ? { level: levelOf(head), name: headingName(headAt(lines, line + 1).trim()), lineCount: 3 }
    : undefined;
};

/** The heading that begins at this line, if one does. */
export const headingAt = (lines: Lines, line: number, dialect: Dialect, afterText: boolean): Heading | undefined => {
  const head = headAt(lines, line);
  return (
    (dialect === 'restructuredtext' ? undefined : marked(head, ATX)) ??
    (dialect === 'text' || dialect === 'asciidoc' ? marked(head, ADOC) : undefined) ??
    underlined(lines, line, dialect, afterText)
  );
};
