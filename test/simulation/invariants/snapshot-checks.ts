/** Does a Region hold what the origin held at a snapshot: each document at its revision, its chunks, and their vectors? */
import {
  chunkContent,
  chunkKey,
  type ChunkPayload,
  type DocumentPayload,
  documentKey,
  parseChunkPayload,
  SOURCES_PARTITION,
} from '../../../functions/domain/corpus.ts';
import { documentIdOf } from '../../../functions/ingest/plan-document.ts';
import { splitDocument } from '../../../functions/ingest/split/split-document.ts';
import type { Item } from '../stores/expression.ts';
import { vectorOf } from '../world/embedder.ts';
import { BINARY, type Files, revOf } from '../world/origin.ts';
import type { SimRegion } from '../world/region.ts';
import { isLive, type Ledger, type Run, textIn } from './ledger.ts';
import { documentOf } from './vector-checks.ts';

const chunks = new WeakMap<Item, ChunkPayload>();

export const chunkOf = (item: Item | undefined): ChunkPayload | undefined => {
  if (!isLive(item)) {
    return undefined;
  }
  const known = chunks.get(item) ?? parseChunkPayload(textIn(item, 'data'));
  if (known !== undefined) {
    chunks.set(item, known);
  }
  return known;
};

const expectedContents = new Map<string, readonly string[]>();

/** What is embedded of a file, chunk by chunk, in order. */
const contentsOf = (source: string, path: string, text: string): readonly string[] => {
  const name = `${source}|${path}|${text}`;
  const known =
    expectedContents.get(name) ??
    (text === BINARY
      ? []
      : splitDocument({ path, text, sourceName: source }).chunks.map((chunk) => chunkContent(chunk)));
  expectedContents.set(name, known);
  return known;
};

const isSameVector = (region: SimRegion, key: string, content: string): boolean => {
  const stored = region.index.peek(key);
  const expected = vectorOf(content);
  return stored !== undefined && stored.data.every((value, at) => value === expected[at]);
};

export interface SnapshotOptions {
  readonly ledger: Ledger;
  readonly region: SimRegion;
  readonly source: string;
  readonly files: Files;
  /** What other runs wrote after its claim is not this run's; absent means that everything has to be right. */
  readonly run?: Run;
}

const isExcused = ({ ledger, region, run }: SnapshotOptions, pk: string, sk: string): boolean =>
  run !== undefined && ledger.isForeign(region, pk, sk, run);

const chunkDefect = (
  options: SnapshotOptions,
  path: string,
  document: DocumentPayload,
  at: number,
  content: string,
): string | undefined => {
  const { region, source } = options;
  const entry = document.chunks[at];
  if (entry === undefined) {
    return `${path} has no chunk ${at + 1}`;
  }
  const key = chunkKey(source, document.id, entry.c);
  const chunk = chunkOf(region.peek('graph', key.pk, key.sk));
  if (chunk === undefined || chunkContent(chunk) !== content) {
    return isExcused(options, key.pk, key.sk) ? undefined : `${path} lists chunk ${entry.c}, which is not its text`;
  }
  return isSameVector(region, entry.k, content) ? undefined : `${path} lists the vector ${entry.k}, which is not there`;
};

const fileDefect = (options: SnapshotOptions, path: string, text: string): string | undefined => {
  const { region, source } = options;
  const key = documentKey(source, documentIdOf(source, path));
  const document = documentOf(region.peek('graph', key.pk, key.sk));
  if (document?.rev !== revOf(text)) {
    return isExcused(options, key.pk, key.sk)
      ? undefined
      : `${path} is ${document === undefined ? 'not there' : 'not at the revision of the snapshot'}`;
  }
  const contents = contentsOf(source, path, text);
  if (contents.length !== document.chunks.length) {
    return `${path} has ${document.chunks.length} chunks, not ${contents.length}`;
  }
  for (const [at, content] of contents.entries()) {
    const defect = chunkDefect(options, path, document, at, content);
    if (defect !== undefined) {
      return defect;
    }
  }
  return undefined;
};

/** The first thing that is wrong; undefined where nothing is. */
export const snapshotDefect = (options: SnapshotOptions): string | undefined => {
  const { region, source, files } = options;
  for (const [path, text] of files) {
    const defect = fileDefect(options, path, text);
    if (defect !== undefined) {
      return `${region.name}: ${defect}`;
    }
  }
  const expected = new Set([...files.keys()].map((path) => documentIdOf(source, path)));
  for (const item of region.table('graph').itemsOf(documentKey(source, '').pk)) {
    const document = documentOf(item);
    if (
      document !== undefined &&
      !expected.has(document.id) &&
      !isExcused(options, textIn(item, 'pk'), textIn(item, 'sk'))
    ) {
      return `${region.name}: ${document.path} is there, and not in the snapshot`;
    }
  }
  return undefined;
};

/** Live chunks that no live document lists; only where nothing is under way is that a defect. */
export const strayChunk = (ledger: Ledger, region: SimRegion, source: string): string | undefined => {
  const listed = new Set<string>();
  for (const item of region.table('graph').itemsOf(documentKey(source, '').pk)) {
    const document = documentOf(item);
    for (const { c } of document?.chunks ?? []) {
      listed.add(chunkKey(source, document?.id ?? '', c).sk);
    }
  }
  for (const item of ledger.itemsOfSource(region, source)) {
    const sk = textIn(item, 'sk');
    if (textIn(item, 'pk').startsWith('chunks#') && isLive(item) && !listed.has(sk)) {
      return `${region.name}: chunk ${sk} is alive, and no document lists it`;
    }
  }
  return undefined;
};

export const sourceItem = (region: SimRegion, source: string): Item | undefined =>
  region.peek('graph', SOURCES_PARTITION, source);
