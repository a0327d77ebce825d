/** A text as lines, by offset: a million lines cost eight megabytes and no copies. */

export interface Lines {
  readonly text: string;
  readonly count: number;
  /** Offset of each line's first character. */
  readonly starts: Uint32Array;
  /** Offset after each line's last character, the line end not included. */
  readonly ends: Uint32Array;
}

const BYTE_ORDER_MARK = '\uFEFF';

/** Line ends become `\n`, and a byte order mark goes: neither is part of what a document says. */
const normalise = (text: string): string =>
  (text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text).replaceAll('\r\n', '\n');

const countLines = (text: string): number => {
  let count = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    count += 1;
  }
  return count;
};

export const readLines = (raw: string): Lines => {
  const text = normalise(raw);
  const count = countLines(text);
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  let start = 0;
  for (let line = 0; line < count; line += 1) {
    const end = text.indexOf('\n', start);
    starts[line] = start;
    ends[line] = end === -1 ? text.length : end;
    start = (ends[line] ?? 0) + 1;
  }
  return { text, count, starts, ends };
};

export const lineAt = (lines: Lines, line: number): string =>
  lines.text.slice(lines.starts[line] ?? 0, lines.ends[line] ?? 0);

/** What patterns look at: they must stay quick on a line of a megabyte. */
const HEAD_CHARS_MAX = 300;

/** The start of a line; empty for lines outside the text. */
export const headAt = (lines: Lines, line: number): string => {
  const start = lines.starts[line] ?? 0;
  return lines.text.slice(start, Math.min(lines.ends[line] ?? 0, start + HEAD_CHARS_MAX));
};

/** The last characters of a line, without the space after them. */
export const tailAt = (lines: Lines, line: number): string => {
  const end = lines.ends[line] ?? 0;
  return lines.text.slice(Math.max(lines.starts[line] ?? 0, end - HEAD_CHARS_MAX), end).trimEnd();
};

const VISIBLE = /\S/u;

export const isBlank = (lines: Lines, line: number): boolean => !VISIBLE.test(lineAt(lines, line));
