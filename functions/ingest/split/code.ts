/**
 * Ranks the lines of source code and configuration by indentation, brackets at line starts and keywords: top-level
 * declarations first, then members, then what stands apart by blank lines. Comments, annotations and decorators stay with
 * what follows them. Text at an unusual indentation only moves a cut; nothing is parsed, so nothing can fail.
 */
import { type Declaration, declarationIn, keyIn, sectionIn } from './declarations.ts';
import type { LanguageProfile } from './languages.ts';
import { headAt, isBlank, type Lines, tailAt } from './lines.ts';
import { type Marks, RANK_ATOMIC, RANK_BLANK, RANK_CLOSER, RANK_LINE } from './marks.ts';
import { Outline, ROOT } from './outline.ts';

/** By depth; a declaration deeper than this is part of the one around it. */
const DECLARATION_RANKS: readonly number[] = [0, 3, 4, 5];
/** Other lines: where a blank line stands before them, else between any two. */
const GAP_RANKS: readonly number[] = [1, RANK_ATOMIC, RANK_ATOMIC + 2];
const PLAIN_RANKS: readonly number[] = [2, RANK_ATOMIC + 1, RANK_ATOMIC + 3];
const DEEP_GAP_RANK = RANK_ATOMIC + 3;

const TAB_COLUMNS = 4;
const DECORATOR = /^(?:@[\w.]+(?:\(.*\))?\s*$|@[\w.]+\s*\($|@[\w.]+\(.*[({[,]\s*$|#!?\[|\[[A-Z]\w*[^\]]*\]\s*$)/u;
const OPEN_END = /[({[,]\s*$/u;
const TRIPLE_QUOTE = /"""|'''/gu;

interface Lead {
  readonly line: number;
  readonly indent: number;
}

interface Open {
  readonly depth: number;
  readonly node: number;
}

const indentOf = (head: string): number => {
  let columns = 0;
  for (const character of head) {
    if (character !== ' ' && character !== '\t') {
      break;
    }
    columns += character === '\t' ? TAB_COLUMNS : 1;
  }
  return columns;
};

class CodeReader {
  readonly #lines: Lines;
  readonly #language: string;
  readonly #profile: LanguageProfile;
  readonly #ranks: Uint8Array;
  readonly #nodes: Uint32Array;
  readonly #outline = new Outline();
  /** Indentations of the blocks around the current line. */
  readonly #indents: number[] = [];
  readonly #open: Open[] = [];
  /** The text that ends the block comment or docstring that the current line is in. */
  #until: string | undefined;
  /** The first of the comments and annotations above the next line of code. */
  #lead: Lead | undefined;
  /** The indentation of an annotation whose brackets are still open. */
  #openAnnotation: number | undefined;

  constructor(lines: Lines, language: string, profile: LanguageProfile) {
    this.#lines = lines;
    this.#language = language;
    this.#profile = profile;
    this.#ranks = new Uint8Array(lines.count);
    this.#nodes = new Uint32Array(lines.count);
  }

  read(): Marks {
    for (let line = 0; line < this.#lines.count; line += 1) {
      this.#readAt(line);
    }
    const gaps = [...GAP_RANKS, ...PLAIN_RANKS, RANK_LINE, RANK_CLOSER];
    return { ranks: this.#ranks, nodes: this.#nodes, outline: this.#outline, filled: new Set(gaps) };
  }

  #mark(line: number, rank: number): void {
    this.#ranks[line] = rank;
    this.#nodes[line] = this.#open.at(-1)?.node ?? ROOT;
  }

  #readAt(line: number): void {
    if (isBlank(this.#lines, line)) {
      this.#mark(line, RANK_BLANK);
      return;
    }
    const head = headAt(this.#lines, line);
    const text = head.trim();
    const indent = indentOf(head);
    if (this.#until !== undefined) {
      this.#mark(line, this.#followsGap(line) ? DEEP_GAP_RANK : RANK_LINE);
      this.#until = tailAt(this.#lines, line).includes(this.#until) ? undefined : this.#until;
    } else if (this.#isLead(line, text, indent)) {
      this.#mark(line, RANK_LINE);
      this.#lead = this.#lead === undefined || indent < this.#lead.indent ? { line, indent } : this.#lead;
    } else if (this.#profile.continued.test(text)) {
      this.#mark(line, RANK_CLOSER);
      this.#lead = undefined;
    } else {
      this.#readCode(line, text, indent);
    }
  }

  #followsGap(line: number): boolean {
    return line > 0 && this.#ranks[line - 1] === RANK_BLANK;
  }

  /** Comments, annotations, and the further lines of an annotation. Remembers what is left open. */
  #isLead(line: number, text: string, indent: number): boolean {
    if (this.#openAnnotation !== undefined) {
      const ends = indent <= this.#openAnnotation;
      this.#openAnnotation = ends ? undefined : this.#openAnnotation;
      if (!ends || this.#profile.continued.test(text)) {
        return true;
      }
    }
    const { blockComment, comment, style } = this.#profile;
    if (blockComment?.open.test(text) === true) {
      this.#until = tailAt(this.#lines, line).includes(blockComment.close) ? undefined : blockComment.close;
      return true;
    }
    if (style === 'code' && DECORATOR.test(text)) {
      this.#openAnnotation = OPEN_END.test(tailAt(this.#lines, line)) ? indent : undefined;
      return true;
    }
    return comment.test(text);
  }

  #depthOf(indent: number): number {
    while ((this.#indents.at(-1) ?? -1) > indent) {
      this.#indents.pop();
    }
    if ((this.#indents.at(-1) ?? -1) < indent) {
      this.#indents.push(indent);
    }
    return this.#indents.length - 1;
  }

  #declarationAt(text: string, depth: number): Declaration | undefined {
    if (depth >= DECLARATION_RANKS.length) {
      return undefined;
    }
    switch (this.#profile.style) {
      case 'keys': {
        return keyIn(text);
      }
      case 'sections': {
        return depth === 0 ? sectionIn(text) : undefined;
      }
      case 'code': {
        return declarationIn(text, this.#language, depth);
      }
    }
  }

  #readCode(line: number, text: string, indent: number): void {
    // An item of a YAML list may stand at the indentation of its key, and lies under it all the same.
    const depth = this.#depthOf(this.#profile.style === 'keys' && text.startsWith('- ') ? indent + 1 : indent);
    const declaration = this.#declarationAt(text, depth);
    const lead = this.#lead !== undefined && this.#lead.indent <= indent ? this.#lead.line : line;
    if (this.#profile.style !== 'sections' || declaration !== undefined) {
      while ((this.#open.at(-1)?.depth ?? -1) >= depth) {
        this.#open.pop();
      }
    }
    if (declaration?.name !== undefined) {
      this.#open.push({ depth, node: this.#outline.add(this.#open.at(-1)?.node ?? ROOT, declaration.name) });
    }
    this.#mark(line, RANK_LINE);
    for (let above = lead; above < line; above += 1) {
      this.#nodes[above] = this.#nodes[line] ?? ROOT;
    }
    this.#ranks[lead] =
      declaration === undefined ? this.#plainRank(lead, depth) : (DECLARATION_RANKS[depth] ?? RANK_LINE);
    this.#lead = undefined;
    this.#enterDocstring(line);
  }

  #plainRank(line: number, depth: number): number {
    return this.#followsGap(line) ? (GAP_RANKS[depth] ?? DEEP_GAP_RANK) : (PLAIN_RANKS[depth] ?? RANK_LINE);
  }

  #enterDocstring(line: number): void {
    if (this.#profile.docstrings) {
      const quotes = [...headAt(this.#lines, line).matchAll(TRIPLE_QUOTE)].map(([quote]) => quote);
      this.#until = quotes.length % 2 === 1 ? quotes[0] : undefined;
    }
  }
}

/** Comments separated from everything below them belong to what was open when they were met. */
export const markCode = (lines: Lines, language: string, profile: LanguageProfile): Marks =>
  new CodeReader(lines, language, profile).read();
