/**
 * What the graph table stores of a corpus: sources, documents and chunks, as payloads of replicated records, and their keys.
 * A document record lists its chunks and is the truth about them; it is always written after them.
 */
import type { RecordKey } from './record.ts';

export const REDACTION_MODES = ['credentials', 'credentials-and-personal', 'none'] as const;

/** `credentials` is the default. `none` is for sources whose every word is wanted and public. */
export type RedactionMode = (typeof REDACTION_MODES)[number];

export type DocumentKind = 'markdown' | 'text' | 'decision' | 'code';

export interface SourceCounts {
  readonly documents: number;
  readonly chunks: number;
  readonly skipped: number;
}

/** Deletions that wait for a person, under the name of exactly these documents. */
export interface HeldDeletions {
  readonly plan: string;
  readonly documents: number;
}

/** A document, or a part such as a repository, that could not be read; what is indexed of it stays. */
export interface ListedFailure {
  readonly id: string;
  readonly scope: 'document' | 'part';
  readonly reason: string;
  readonly retryable: boolean;
  /** For people: names no content and no credentials. */
  readonly message: string;
  /** In ms since 1970: when it failed first, and how often since. */
  readonly since: number;
  readonly tries: number;
  /** In ms since 1970; absent where the next cycle tries, or a change of the document. */
  readonly nextTryAt?: number;
}

export interface SourceFailures {
  /** Of all of them; the list may be shorter. */
  readonly count: number;
  readonly listed: readonly ListedFailure[];
}

export interface SourcePayload {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  /** For display, without credentials. */
  readonly url: string;
  /** What the source was at when it was last committed: for git the commit. */
  readonly snapshot: string;
  /** How far it was read; the connector's own words. */
  readonly cursor: Readonly<Record<string, unknown>> | null;
  readonly counts: SourceCounts;
  /** When the origin was last compared whole, in ms since 1970. */
  readonly lastFullAt: number;
  /** Names embedder and splitter: another one makes other vectors. */
  readonly index: string;
  /** Names what was derived of it, and by which versions. */
  readonly derived?: string;
  /** Names what it was told to read. */
  readonly definition?: string;
  /** What could not be read; absent where everything was. */
  readonly failures?: SourceFailures;
  /** Why the last full cycle did not compare, and so made no deletions; absent where it did. */
  readonly uncompared?: string;
  /** Set by a cycle of a declared peer outage: the version of the last acknowledged commit, empty where there was none. */
  readonly deferred?: { readonly since: string };
  /** Gone from the origin and still here: too many at once to go without a person's word. */
  readonly held?: HeldDeletions;
  readonly cycle: {
    readonly op: string;
    readonly epoch: number;
    readonly region: string;
    /** In ms since 1970. */
    readonly finishedAt: number;
    readonly changed: number;
    readonly deleted: number;
  };
}

export interface ChunkEntry {
  /** Chunk id: SHA-256 prefix of breadcrumb and text, 32 hex digits. */
  readonly c: string;
  /** Key of its vector, the same in every Region. */
  readonly k: string;
  /** First and last line in the document, from 1. */
  readonly l: readonly [number, number];
}

export interface DocumentPayload {
  readonly id: string;
  readonly src: string;
  readonly path: string;
  /** Changes whenever the content does: for git the blob id. */
  readonly rev: string;
  readonly index: string;
  readonly kind: string;
  readonly title: string;
  readonly status?: string;
  readonly language?: string;
  readonly chars: number;
  readonly chunks: readonly ChunkEntry[];
  /** Why it has no text here; such a document has no chunks. */
  readonly skipped?: string;
}

export interface ChunkPayload {
  readonly doc: string;
  readonly src: string;
  readonly breadcrumb: string;
  readonly heading?: string;
  readonly text: string;
}

const HEX_DIGITS: readonly string[] = Array.from({ length: 16 }, (_, digit) => digit.toString(16));
const DOCUMENT_HASH_DIGITS = 20;

/** All source records share one partition: they are few, and listing them needs no scan. */
export const SOURCES_PARTITION = 'sources';

export const sourceKey = (sourceId: string): RecordKey => ({ pk: SOURCES_PARTITION, sk: sourceId });

/** Stable for one origin path, whatever characters and length it has. */
export const documentId = (sourceId: string, nativeIdSha256Hex: string): string =>
  `${sourceId}~${nativeIdSha256Hex.slice(0, DOCUMENT_HASH_DIGITS)}`;

const DOCUMENT_ID_PATTERN = /^(?<source>[^~#\s\p{C}]{1,64})~(?<hash>[0-9a-f]{20})$/u;

/** The two parts of a document id that came from outside; undefined where the text is none. */
export const parseDocumentId = (text: string): { readonly source: string; readonly hash: string } | undefined => {
  const { source, hash } = DOCUMENT_ID_PATTERN.exec(text)?.groups ?? {};
  return source === undefined || hash === undefined ? undefined : { source, hash };
};

export const sourceDocumentsPartition = (sourceId: string): string => `source#${sourceId}`;

export const documentPrefix = 'document#';

export const documentKey = (sourceId: string, id: string): RecordKey => ({
  pk: sourceDocumentsPartition(sourceId),
  sk: `${documentPrefix}${id}`,
});

/** Chunks of one source spread over sixteen partitions, so that a large ingest does not heat one. */
export const chunkPartition = (sourceId: string, id: string): string =>
  `chunks#${sourceId}#${id.slice(id.lastIndexOf('~') + 1).charAt(0)}`;

export const chunkPartitions = (sourceId: string): readonly string[] =>
  HEX_DIGITS.map((digit) => `chunks#${sourceId}#${digit}`);

export const chunkPrefix = (id: string): string => `${id}#`;

export const chunkKey = (sourceId: string, id: string, chunkId: string): RecordKey => ({
  pk: chunkPartition(sourceId, id),
  sk: `${chunkPrefix(id)}${chunkId}`,
});

/** The parts of a chunk record's sort key. */
export const parseChunkKey = (sk: string): { readonly documentId: string; readonly chunkId: string } => {
  const at = sk.lastIndexOf('#');
  return { documentId: sk.slice(0, at), chunkId: sk.slice(at + 1) };
};

/** What is embedded, hashed and ranked for a chunk: where it stands, then what it says. */
export const chunkContent = (chunk: { readonly breadcrumb: string; readonly text: string }): string =>
  `${chunk.breadcrumb}\n\n${chunk.text}`;

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parseFields = (text: string): Fields | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    // Damaged bytes read as absent; the proof of equality is what names them.
    return undefined;
  }
};

const areTexts = (fields: Fields, names: readonly string[]): boolean =>
  names.every((name) => typeof fields[name] === 'string');

const areTextsOrAbsent = (fields: Fields, names: readonly string[]): boolean =>
  names.every((name) => fields[name] === undefined || typeof fields[name] === 'string');

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

const areCounts = (fields: Fields, names: readonly string[]): boolean => names.every((name) => isCount(fields[name]));

const isChunkEntry = (value: unknown): value is ChunkEntry =>
  isFields(value) &&
  areTexts(value, ['c', 'k']) &&
  Array.isArray(value['l']) &&
  value['l'].length === 2 &&
  value['l'].every((line) => isCount(line));

const isDocumentPayload = (fields: Fields): fields is Fields & DocumentPayload =>
  areTexts(fields, ['id', 'src', 'path', 'rev', 'index', 'kind', 'title']) &&
  areTextsOrAbsent(fields, ['status', 'language', 'skipped']) &&
  isCount(fields['chars']) &&
  Array.isArray(fields['chunks']) &&
  fields['chunks'].every((entry) => isChunkEntry(entry));

const isDeferral = (value: unknown): boolean => value === undefined || (isFields(value) && areTexts(value, ['since']));

const isHeldDeletions = (value: unknown): boolean =>
  value === undefined || (isFields(value) && areTexts(value, ['plan']) && isCount(value['documents']));

const isListedFailure = (value: unknown): value is ListedFailure =>
  isFields(value) &&
  areTexts(value, ['id', 'reason', 'message']) &&
  (value['scope'] === 'document' || value['scope'] === 'part') &&
  typeof value['retryable'] === 'boolean' &&
  areCounts(value, ['since', 'tries']) &&
  (value['nextTryAt'] === undefined || isCount(value['nextTryAt']));

const isFailures = (value: unknown): boolean =>
  value === undefined ||
  (isFields(value) &&
    isCount(value['count']) &&
    Array.isArray(value['listed']) &&
    value['listed'].every((one) => isListedFailure(one)));

const isSourcePayload = (fields: Fields): fields is Fields & SourcePayload =>
  areTexts(fields, ['id', 'kind', 'name', 'url', 'snapshot', 'index']) &&
  (fields['cursor'] === null || isFields(fields['cursor'])) &&
  isCount(fields['lastFullAt']) &&
  isFields(fields['counts']) &&
  areCounts(fields['counts'], ['documents', 'chunks', 'skipped']) &&
  areTextsOrAbsent(fields, ['derived', 'definition', 'uncompared']) &&
  isFailures(fields['failures']) &&
  isDeferral(fields['deferred']) &&
  isHeldDeletions(fields['held']) &&
  isFields(fields['cycle']) &&
  areTexts(fields['cycle'], ['op', 'region']) &&
  areCounts(fields['cycle'], ['epoch', 'finishedAt', 'changed', 'deleted']);

const isChunkPayload = (fields: Fields): fields is Fields & ChunkPayload =>
  areTexts(fields, ['doc', 'src', 'breadcrumb', 'text']) && areTextsOrAbsent(fields, ['heading']);

/** Undefined where the text is not such a payload: callers treat that as "not held". */
export const parseDocumentPayload = (data: string): DocumentPayload | undefined => {
  const fields = parseFields(data);
  return fields !== undefined && isDocumentPayload(fields) ? fields : undefined;
};

export const parseSourcePayload = (data: string): SourcePayload | undefined => {
  const fields = parseFields(data);
  return fields !== undefined && isSourcePayload(fields) ? fields : undefined;
};

export const parseChunkPayload = (data: string): ChunkPayload | undefined => {
  const fields = parseFields(data);
  return fields !== undefined && isChunkPayload(fields) ? fields : undefined;
};
