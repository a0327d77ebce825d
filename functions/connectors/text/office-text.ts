/**
 * Text out of Word, PowerPoint, Excel and PDF files, by libraries. Runs in a worker: these files come from anybody, and a library that
 * loops or grows must not take the sync along. What it can't read has no text; it is never an error of the source.
 */
import { zipSync } from 'fflate';
import { XMLParser } from 'fast-xml-parser';
import mammoth from 'mammoth';
import { extractText, getDocumentProxy } from 'unpdf';

import { openArchive } from './archive.ts';
import type { ExtractedText } from './extractor.ts';
import { htmlToText } from './html-text.ts';

type Extract = (bytes: Uint8Array) => Promise<ExtractedText>;

const text = (value: string): ExtractedText => ({ kind: 'text', text: value });

const decoder = new TextDecoder('utf-8');

interface XmlNode {
  readonly [name: string]: unknown;
}

const parser = new XMLParser({ ignoreAttributes: false, preserveOrder: true, trimValues: false, parseTagValue: false });

const isNode = (value: unknown): value is XmlNode =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const childrenOf = (node: XmlNode): readonly XmlNode[] => {
  for (const [name, value] of Object.entries(node)) {
    if (name !== ':@' && Array.isArray(value)) {
      return value.filter((child) => isNode(child));
    }
  }
  return [];
};

const nameOf = (node: XmlNode): string => Object.keys(node).find((name) => name !== ':@') ?? '';

const attributeOf = (node: XmlNode, name: string): string => {
  const attributes = node[':@'];
  const value = isNode(attributes) ? attributes[`@_${name}`] : undefined;
  return typeof value === 'string' ? value : '';
};

const parseXml = (part: Uint8Array | undefined): readonly XmlNode[] => {
  const parsed: unknown = part === undefined ? [] : parser.parse(decoder.decode(part));
  return Array.isArray(parsed) ? parsed.filter((node) => isNode(node)) : [];
};

/** Every element of that name, in order of the document; the parser bounds how deep it can be. */
const findAll = (nodes: readonly XmlNode[], name: string): readonly XmlNode[] =>
  nodes.flatMap((node) => (nameOf(node) === name ? [node] : findAll(childrenOf(node), name)));

const textIn = (node: XmlNode): string => {
  const own = node['#text'];
  return typeof own === 'string'
    ? own
    : childrenOf(node)
        .map((child) => textIn(child))
        .join('');
};

const withParts = async (
  bytes: Uint8Array,
  wants: (name: string) => boolean,
  use: (parts: ReadonlyMap<string, Uint8Array>) => Promise<string> | string,
): Promise<ExtractedText> => {
  const archive = openArchive(bytes, wants);
  return archive.kind === 'parts'
    ? text(await use(archive.parts))
    : { kind: 'skip', reason: archive.kind === 'too-large' ? 'too-large' : 'undecodable' };
};

/** Packed again from the checked parts, since the library would unpack the original without a bound. */
const wordText: Extract = async (bytes) =>
  withParts(
    bytes,
    (name) => /^(?:\[Content_Types\]\.xml|_rels\/.*|word\/(?!media\/|embeddings\/).*\.(?:xml|rels))$/u.test(name),
    async (parts) => {
      const clean = zipSync(Object.fromEntries(parts), { level: 0 });
      const { value } = await mammoth.convertToHtml({ buffer: Buffer.from(clean) }, { includeDefaultStyleMap: true });
      return htmlToText(value);
    },
  );

const numberIn = (name: string): number => Number(/(?<number>\d+)\.xml$/u.exec(name)?.groups?.['number'] ?? '0');

const slidesText: Extract = async (bytes) =>
  withParts(
    bytes,
    (name) => /^ppt\/slides\/slide\d+\.xml$/u.test(name),
    (parts) =>
      [...parts]
        .toSorted(([left], [right]) => numberIn(left) - numberIn(right))
        .map(([name, part]) => {
          const lines = findAll(parseXml(part), 'a:p').map((paragraph) =>
            findAll([paragraph], 'a:t')
              .map((run) => textIn(run))
              .join('')
              .trim(),
          );
          return [`## Slide ${String(numberIn(name))}`, ...lines.filter((line) => line !== '')].join('\n\n');
        })
        .join('\n\n'),
  );

const cellText = (cell: XmlNode, shared: readonly string[]): string => {
  const value = findAll(childrenOf(cell), 'v')
    .map((node) => textIn(node))
    .join('');
  return attributeOf(cell, 't') === 's'
    ? (shared[Number(value)] ?? '')
    : value ||
        findAll(childrenOf(cell), 't')
          .map((node) => textIn(node))
          .join('');
};

const sheetText = (part: Uint8Array, shared: readonly string[]): string =>
  findAll(parseXml(part), 'row')
    .map((row) =>
      findAll(childrenOf(row), 'c')
        .map((cell) => cellText(cell, shared).replaceAll(/\s+/gu, ' ').trim())
        .join(' | '),
    )
    .filter((line) => /[^ |]/u.test(line))
    .join('\n');

const sheetsText: Extract = async (bytes) =>
  withParts(
    bytes,
    (name) => /^xl\/(?:worksheets\/sheet\d+|sharedStrings|workbook)\.xml$/u.test(name),
    (parts) => {
      const shared = findAll(parseXml(parts.get('xl/sharedStrings.xml')), 'si').map((item) => textIn(item));
      const names = findAll(parseXml(parts.get('xl/workbook.xml')), 'sheet').map((sheet) => attributeOf(sheet, 'name'));
      return [...parts]
        .filter(([name]) => name.includes('/worksheets/'))
        .toSorted(([left], [right]) => numberIn(left) - numberIn(right))
        .map(([, part], at) => `## ${names[at] ?? `Sheet ${String(at + 1)}`}\n\n${sheetText(part, shared)}`)
        .join('\n\n');
    },
  );

const pdfText: Extract = async (bytes) => {
  const pdf = await getDocumentProxy(new Uint8Array(bytes));
  const { text: pages } = await extractText(pdf, { mergePages: false });
  return text(pages.map((page, at) => `## Page ${String(at + 1)}\n\n${page.trim()}`).join('\n\n'));
};

const BY_ENDING: ReadonlyMap<string, Extract> = new Map([
  ['docx', wordText],
  ['pptx', slidesText],
  ['xlsx', sheetsText],
  ['pdf', pdfText],
]);

export const extractOffice = async (name: string, bytes: Uint8Array): Promise<ExtractedText> => {
  const extract = BY_ENDING.get(name.slice(name.lastIndexOf('.') + 1).toLowerCase());
  if (extract === undefined) {
    return { kind: 'skip', reason: 'binary' };
  }
  try {
    return await extract(bytes);
  } catch {
    // A library's complaint may quote the file; that it is damaged is all that matters.
    return { kind: 'skip', reason: 'undecodable' };
  }
};
