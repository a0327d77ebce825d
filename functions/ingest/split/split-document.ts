/**
 * Splits one document into chunks: the units that are embedded, searched and cited. Pure and linear. Nothing overlaps and
 * nothing is lost: every non-blank line is in exactly one chunk, and only a line that no chunk can hold is divided.
 * A text of up to `LIMITS.fileBytesMax` characters never has more than `LIMITS.chunksPerDocumentMax` chunks.
 */
import type { DocumentKind } from '../../domain/corpus.ts';
import { LIMITS } from '../../domain/limits.ts';
import { breadcrumbOf } from './breadcrumb.ts';
import { markCode } from './code.ts';
import { readDecision } from './decision-record.ts';
import { type FrontMatter, readFrontMatter } from './front-matter.ts';
import { type Dialect, headingAt } from './headings.ts';
import { baseName, endingOf, languageOf, profileOf } from './languages.ts';
import { headAt, isBlank, type Lines, readLines } from './lines.ts';
import type { Marks } from './marks.ts';
import { plainName } from './outline.ts';
import { pack, type PackedText } from './pack.ts';
import { markProse } from './prose.ts';

export interface SplitInput {
  /** Names the source in every breadcrumb; may be empty. */
  readonly sourceName: string;
  readonly path: string;
  readonly text: string;
}

export interface SplitChunk {
  /** `source > path > heading > heading`, one line. */
  readonly breadcrumb: string;
  /** The last part of the breadcrumb: what the chunk lies under, or the names of the few parts that it holds. */
  readonly heading?: string;
  readonly text: string;
  /** From 1. */
  readonly startLine: number;
  readonly endLine: number;
}

export interface SplitDocument {
  readonly kind: DocumentKind;
  readonly title: string;
  /** Of a decision record: `Accepted`, `Superseded`, ... */
  readonly status?: string;
  readonly language?: string;
  readonly chunks: readonly SplitChunk[];
}

interface Reading {
  readonly kind: DocumentKind;
  readonly title: string | undefined;
  readonly status?: string;
  readonly language?: string;
  readonly marks: Marks;
}

const MARKDOWN_ENDINGS: ReadonlySet<string> = new Set([
  'md',
  'markdown',
  'mdown',
  'mkd',
  'mdx',
  'mdc',
  'docx',
  'pptx',
  'xlsx',
  'pdf',
]);
const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ['adoc', 'asciidoc'],
  ['asciidoc', 'asciidoc'],
  ['asc', 'asciidoc'],
  ['rst', 'restructuredtext'],
  ['rest', 'restructuredtext'],
]);
/** A title further down names a part, not the document. */
const TITLE_LINES_MAX = 200;

/** The first heading of the highest level that its dialect has. */
const titleIn = (lines: Lines, from: number, dialect: Dialect): string | undefined => {
  for (let line = from; line < Math.min(lines.count, from + TITLE_LINES_MAX); line += 1) {
    const afterText = line > from && !isBlank(lines, line - 1);
    const heading = isBlank(lines, line) ? undefined : headingAt(lines, line, dialect, afterText);
    if (heading?.level === 1 && heading.name !== '') {
      return heading.name;
    }
  }
  return undefined;
};

const dialectOf = (path: string): Dialect =>
  MARKDOWN_ENDINGS.has(endingOf(path)) ? 'markdown' : (DIALECTS.get(endingOf(path)) ?? 'text');

const kindOf = (dialect: Dialect): DocumentKind => (dialect === 'markdown' ? 'markdown' : 'text');

const readProse = (path: string, lines: Lines, dialect: Dialect): Reading => {
  const frontMatter: FrontMatter = readFrontMatter(lines);
  const decision = readDecision(path, lines, dialect, frontMatter);
  const status = decision.kind === 'decision' ? decision.status : undefined;
  return {
    kind: decision.kind === 'decision' ? 'decision' : kindOf(dialect),
    title: frontMatter.fields.get('title') ?? titleIn(lines, frontMatter.lastLine + 1, dialect),
    ...(status === undefined ? {} : { status }),
    marks: markProse(lines, dialect, frontMatter.lastLine),
  };
};

const read = (path: string, lines: Lines): Reading => {
  const dialect = dialectOf(path);
  const language = dialect === 'text' ? languageOf(path, headAt(lines, 0)) : undefined;
  return language === undefined
    ? readProse(path, lines, dialect)
    : { kind: 'code', title: undefined, language, marks: markCode(lines, language, profileOf(language)) };
};

/** The outline nodes of the lines of a chunk, each named once where it stands in a row. */
const nodesOf = (marks: Marks, chunk: PackedText): readonly number[] => {
  const nodes: number[] = [];
  for (let line = chunk.firstLine; line <= chunk.lastLine; line += 1) {
    const node = marks.nodes[line] ?? 0;
    if (nodes.at(-1) !== node) {
      nodes.push(node);
    }
  }
  return nodes;
};

export const splitDocument = ({ sourceName, path, text }: SplitInput): SplitDocument => {
  const lines = readLines(text);
  const { marks, title, ...reading } = read(path, lines);
  const chunks = pack(lines, marks).map((chunk): SplitChunk => {
    const headings = marks.outline.headingsOf(nodesOf(marks, chunk));
    const heading = headings.at(-1);
    const place = {
      breadcrumb: breadcrumbOf(sourceName, path, headings),
      text: chunk.text,
      startLine: chunk.firstLine + 1,
      endLine: chunk.lastLine + 1,
    };
    return heading === undefined ? place : Object.assign(place, { heading });
  });
  return { ...reading, title: plainName(title ?? baseName(path), LIMITS.titleCharsMax), chunks };
};
