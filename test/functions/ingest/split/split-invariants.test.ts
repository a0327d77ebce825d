/**
 * What splitting promises for any text at all: nothing lost, nothing twice, no chunk too long, not too many of them.
 * Random documents are made of lines that mean something to one of the readers, so that every state of them is met.
 */
import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { chunkContent } from '../../../../functions/domain/corpus.ts';
import { LIMITS } from '../../../../functions/domain/limits.ts';
import { splitDocument, type SplitDocument } from '../../../../functions/ingest/split/split-document.ts';

const MIB = 1024 * 1024;

const PATHS = [
  'docs/guide.md',
  'notes.txt',
  'docs/decisions/0007-choose.md',
  'src/server.ts',
  'tool.py',
  'deploy.yaml',
  'main.tf',
  'a.json',
  'Cargo.toml',
  'page.html',
  'site.css',
];

const LINES = [
  '',
  ' ',
  '\t',
  '---',
  '+++',
  '===',
  'title: A',
  'status: accepted',
  '# One',
  '## Two',
  '###### Six',
  '#',
  '```',
  '```ts',
  '~~~~',
  '<!-- a',
  'b -->',
  '| a | b |',
  '- item',
  '  - item',
  '1. item:',
  'plain words that end here:',
  'word '.repeat(30),
  'x'.repeat(900),
  'y'.repeat(3300),
  `x${'😀'.repeat(1500)}`,
  `xy${'😀'.repeat(1500)}`,
  `a${' '.repeat(4000)}b`,
  'export function first() {',
  '  second(x: number): void {',
  '    return 1;',
  '}',
  '@Decorator({',
  '})',
  '/*',
  '*/',
  '"""',
  'class Third:',
  'resource "a" "b" {',
  '[section]',
  'key: value',
  '  key: value',
  '"key": {',
  '\u2028',
  '\uFEFF',
];

const split = (path: string, text: string): SplitDocument => splitDocument({ sourceName: 'payments', path, text });

const visible = (text: string): string => text.replaceAll(/\s+/gu, '');

const countMax = (chars: number): number => Math.ceil(chars / (LIMITS.chunkCharsTarget / 2)) + 1;

const expectPromises = (path: string, text: string): void => {
  const { chunks } = split(path, text);
  expect(chunks.length).toBeLessThanOrEqual(countMax(text.length));
  expect(visible(chunks.map((chunk) => chunk.text).join(''))).toBe(visible(text));
  let line = 1;
  for (const chunk of chunks) {
    expect(chunkContent(chunk).length).toBeLessThanOrEqual(LIMITS.chunkCharsMax);
    expect(chunk.text).toMatch(/\S/u);
    expect(chunk.text.isWellFormed()).toBe(true);
    expect(chunk.breadcrumb.isWellFormed()).toBe(true);
    expect(chunk.breadcrumb).toMatch(/^payments > [^\n\r]+$/u);
    expect(chunk.startLine).toBeGreaterThanOrEqual(line);
    expect(chunk.endLine).toBeGreaterThanOrEqual(chunk.startLine);
    line = chunk.endLine;
  }
};

/** Every line that a chunk can hold is in exactly one chunk as it stands, at the place that the chunk's numbers say. */
const expectLinesCovered = (path: string, text: string): void => {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const covered = new Map<number, number>();
  for (const chunk of split(path, text).chunks) {
    if (lines.slice(chunk.startLine - 1, chunk.endLine).every((line) => line.length < 2000)) {
      expect(chunk.text).toBe(lines.slice(chunk.startLine - 1, chunk.endLine).join('\n'));
    }
    for (let line = chunk.startLine; line <= chunk.endLine; line += 1) {
      covered.set(line, (covered.get(line) ?? 0) + 1);
    }
  }
  for (const [index, line] of lines.entries()) {
    if (/\S/u.test(line) && line.length < 2000) {
      expect(covered.get(index + 1)).toBe(1);
    }
  }
};

const documents = array(oneof(constantFrom(...LINES), string({ maxLength: 60 })), { maxLength: 120 }).map((lines) =>
  lines.join('\n').replaceAll('\r', ''),
);

const grown = (unit: string): string => unit.repeat(Math.ceil(MIB / unit.length)).slice(0, MIB);

const nested = (): string => {
  let text = '';
  for (let depth = 0; text.length < MIB; depth += 1) {
    text += `${' '.repeat(depth)}if (a) {\n`;
  }
  return text.slice(0, MIB);
};

const HUGE: readonly (readonly [string, string])[] = [
  ['a heading on every line', grown('# a\n')],
  ['one line', grown('x')],
  ['one line of characters that are two code units each', grown('😀')],
  ['one line of words', grown('word ')],
  ['nothing but line ends', grown('\n')],
  ['nothing but spaces', grown(' ')],
  ['blocks nested as deep as they go', nested()],
  ['brackets nested as deep as they go', grown('[')],
  ['a fence that never ends', `\`\`\`\n${grown('a b\n')}`.slice(0, MIB)],
  ['a comment that never ends', `/*\n${grown('x\n')}`.slice(0, MIB)],
  ['pieces that are just too large to be merged', grown(`${'a'.repeat(1599)}\n\nb\n\n`)],
  ['crumbs in a desert', grown(`a${'\n'.repeat(801)}`)],
];

describe('any document', () => {
  it('is split without loss, overlap or excess', () => {
    assert(
      property(constantFrom(...PATHS), documents, (path, text) => {
        expectPromises(path, text);
        expectLinesCovered(path, text);
      }),
      { numRuns: 400 },
    );
  });

  it('gives the same chunks whichever way its lines end', () => {
    assert(
      property(constantFrom(...PATHS), documents, (path, text) => {
        expect(split(path, text.replaceAll('\n', '\r\n'))).toEqual(split(path, text));
      }),
      { numRuns: 100 },
    );
  });

  it('keeps its promises under any path and any source name', () => {
    assert(
      property(string({ maxLength: 1500 }), string({ maxLength: 300 }), documents, (path, sourceName, text) => {
        for (const chunk of splitDocument({ sourceName, path, text }).chunks) {
          expect(chunkContent(chunk).length).toBeLessThanOrEqual(LIMITS.chunkCharsMax);
          expect(chunk.breadcrumb).not.toMatch(/[\n\r]/u);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe.each(HUGE)('a document of 1 MiB: %s', (_name, text) => {
  it.each(['a.md', 'a.py', 'a.yaml'])('keeps the promises as %s', (path) => {
    const { chunks } = split(path, text);
    expect(chunks.length).toBeLessThanOrEqual(Math.min(countMax(text.length), LIMITS.chunksPerDocumentMax));
    expect(Math.max(0, ...chunks.map((chunk) => chunkContent(chunk).length))).toBeLessThanOrEqual(LIMITS.chunkCharsMax);
    expect(visible(chunks.map((chunk) => chunk.text).join('')) === visible(text)).toBe(true);
  });
});
