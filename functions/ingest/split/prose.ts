/**
 * Ranks the lines of Markdown, AsciiDoc, reStructuredText and plain text: sections first, then paragraphs and lists; fences, tables, front matter and
 * HTML comments are whole blocks that are cut only where no chunk can hold them. A heading stays with what follows it.
 */
import { type Dialect, type Heading, headingAt } from './headings.ts';
import { headAt, isBlank, type Lines, tailAt } from './lines.ts';
import { type Marks, RANK_BLANK, RANK_LINE } from './marks.ts';
import { Outline, ROOT } from './outline.ts';

/** Headings take ranks 0 to 5. */
const RANK_PARAGRAPH = 6;
/** A block that the line before it announces (`for instance:`), or an item of a list. */
const RANK_ANNOUNCED = 7;
/** The first block after a heading: the two are cut apart only when nothing else helps. */
const RANK_UNDER_HEADING = 9;
/** Inside a block: after a blank line, else between any two lines. */
const RANK_INSIDE_GAP = 10;
const RANK_INSIDE_LINE = 11;

const FENCE = /^\s*(?<marks>`{3,}|~{3,})(?<info>[^`]*)$/u;
const COMMENT_OPEN = /^\s*<!--/u;
/** `|` of all dialects, and the rules of a grid table in reStructuredText. */
const TABLE_ROW = /^\s*(?:\||\+[-=]{2,}[-=+]*\+\s*$)/u;
/** Listing, literal, example, sidebar, quote, open block, and a table of AsciiDoc: closed by the same line. */
const DELIMITER = /^(?:-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|\/{4,}|--|[|,:!]={3,})\s*$/u;
/** What belongs to these lines of reStructuredText is indented below them. */
const DIRECTIVE = /^\s*\.\.\s+(?:[\w:.+-]+::|\||\[|_)/u;
const LITERAL_FOLLOWS = /::\s*$/u;
const LIST_ITEM = /^\s{0,3}(?:[-*+]|\d{1,9}[.)])[ \t]/u;
const INDENTED = /^(?: {2}|\t)/u;

type Block =
  | { readonly kind: 'fence'; readonly mark: string; readonly length: number }
  | { readonly kind: 'comment' }
  /** Until the same line comes again. */
  | { readonly kind: 'delimited'; readonly by: string }
  /** As long as lines are indented more than this. */
  | { readonly kind: 'indented'; readonly columns: number }
  | { readonly kind: 'front-matter'; readonly lastLine: number };

type Last = 'start' | 'blank' | 'heading' | 'text' | 'table';

const columnsOf = (head: string): number => head.length - head.trimStart().length;

const openedBy = (lines: Lines, line: number, head: string, dialect: Dialect): Block | undefined => {
  if (dialect === 'asciidoc' && DELIMITER.test(head)) {
    return { kind: 'delimited', by: head.trim() };
  }
  if (dialect === 'restructuredtext' && (DIRECTIVE.test(head) || LITERAL_FOLLOWS.test(tailAt(lines, line)))) {
    return { kind: 'indented', columns: columnsOf(head) };
  }
  const marks = FENCE.exec(head)?.groups?.['marks'];
  if (marks !== undefined) {
    return { kind: 'fence', mark: marks.charAt(0), length: marks.length };
  }
  if (COMMENT_OPEN.test(head) && !tailAt(lines, line).includes('-->')) {
    return { kind: 'comment' };
  }
  return undefined;
};

const closes = (lines: Lines, line: number, block: Block): boolean => {
  if (block.kind === 'front-matter') {
    return line >= block.lastLine;
  }
  if (block.kind === 'delimited') {
    return headAt(lines, line).trim() === block.by;
  }
  if (block.kind === 'indented') {
    return false;
  }
  if (block.kind === 'comment') {
    return tailAt(lines, line).includes('-->');
  }
  const text = headAt(lines, line).trim();
  return text.length >= block.length && text === block.mark.repeat(text.length);
};

class ProseReader {
  readonly #lines: Lines;
  readonly #dialect: Dialect;
  readonly #ranks: Uint8Array;
  readonly #nodes: Uint32Array;
  readonly #outline = new Outline();
  readonly #sections: { readonly level: number; readonly node: number }[] = [];
  #block: Block | undefined;
  #last: Last = 'start';
  #underHeading = false;
  #announced = false;

  constructor(lines: Lines, dialect: Dialect, frontMatterLastLine: number) {
    this.#lines = lines;
    this.#dialect = dialect;
    this.#ranks = new Uint8Array(lines.count);
    this.#nodes = new Uint32Array(lines.count);
    this.#block = frontMatterLastLine < 0 ? undefined : { kind: 'front-matter', lastLine: frontMatterLastLine };
  }

  read(): Marks {
    for (let line = 0; line < this.#lines.count;) {
      line += this.#readAt(line);
    }
    const filled = new Set([RANK_PARAGRAPH, RANK_ANNOUNCED, RANK_UNDER_HEADING, RANK_INSIDE_GAP, RANK_INSIDE_LINE]);
    return { ranks: this.#ranks, nodes: this.#nodes, outline: this.#outline, filled };
  }

  /** Reads what begins at a line; answers how many lines it took. */
  #readAt(line: number): number {
    if (isBlank(this.#lines, line)) {
      this.#mark(line, RANK_BLANK);
      this.#last = this.#last === 'start' ? 'start' : 'blank';
      return 1;
    }
    const head = headAt(this.#lines, line);
    if (this.#block?.kind === 'indented' && columnsOf(head) <= this.#block.columns) {
      this.#block = undefined;
    }
    if (this.#block !== undefined) {
      this.#readInside(line, this.#block);
      return 1;
    }
    this.#block = openedBy(this.#lines, line, head, this.#dialect);
    const afterText = this.#last === 'text' || this.#last === 'table';
    const heading = this.#block === undefined ? headingAt(this.#lines, line, this.#dialect, afterText) : undefined;
    if (heading !== undefined) {
      this.#readHeading(line, heading);
      return heading.lineCount;
    }
    this.#readText(line, head);
    return 1;
  }

  #mark(line: number, rank: number): void {
    this.#ranks[line] = rank;
    this.#nodes[line] = this.#sections.at(-1)?.node ?? ROOT;
  }

  #readInside(line: number, block: Block): void {
    this.#mark(line, this.#last === 'blank' ? RANK_INSIDE_GAP : RANK_INSIDE_LINE);
    this.#last = 'text';
    if (closes(this.#lines, line, block)) {
      this.#block = undefined;
      this.#announced = false;
    }
  }

  #readHeading(line: number, heading: Heading): void {
    while ((this.#sections.at(-1)?.level ?? 0) >= heading.level) {
      this.#sections.pop();
    }
    const node = this.#outline.add(this.#sections.at(-1)?.node ?? ROOT, heading.name);
    this.#sections.push({ level: heading.level, node });
    this.#mark(line, heading.level - 1);
    for (let more = 1; more < heading.lineCount; more += 1) {
      this.#mark(line + more, RANK_LINE);
    }
    this.#last = 'heading';
    this.#underHeading = true;
    this.#announced = false;
  }

  #readText(line: number, head: string): void {
    const isRow = TABLE_ROW.test(head);
    this.#mark(line, this.#rankOf(head, isRow));
    this.#last = isRow ? 'table' : 'text';
    this.#underHeading = false;
    this.#announced = tailAt(this.#lines, line).endsWith(':');
  }

  #rankOf(head: string, isRow: boolean): number {
    if (this.#underHeading) {
      return RANK_UNDER_HEADING;
    }
    const isItem = LIST_ITEM.test(head);
    const changesTable = isRow !== (this.#last === 'table');
    const begins = this.#last === 'blank' || changesTable || this.#block !== undefined;
    if (!begins) {
      return isItem ? RANK_ANNOUNCED : RANK_INSIDE_LINE;
    }
    return this.#announced || isItem || INDENTED.test(head) ? RANK_ANNOUNCED : RANK_PARAGRAPH;
  }
}

/** `frontMatterLastLine`: the line (from 0) that ends the front matter; -1 where there is none. */
export const markProse = (lines: Lines, dialect: Dialect, frontMatterLastLine: number): Marks =>
  new ProseReader(lines, dialect, frontMatterLastLine).read();
