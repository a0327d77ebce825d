/** Which source a key of the graph table belongs to, and which document a vector does: repair works source by source. */
import { documentKey, parseDocumentId, SOURCES_PARTITION } from '../domain/corpus.ts';
import type { RecordKey } from '../domain/record.ts';
import { sourceOfLexicalKey } from '../lexical/keys.ts';

const SOURCE_PARTITIONS = [
  /^source#(?<id>[^#]+)$/u,
  /^chunks#(?<id>[^#]+)#[0-9a-f]$/u,
  /** What is derived of it. */
  /^graph#(?<id>[^#]+)#[0-9a-f]$/u,
] as const;

/** Undefined where the key belongs to no source. */
export const sourceOfKey = (key: RecordKey): string | undefined => {
  const { pk, sk } = key;
  if (pk === SOURCES_PARTITION) {
    return sk;
  }
  for (const pattern of SOURCE_PARTITIONS) {
    const id = pattern.exec(pk)?.groups?.['id'];
    if (id !== undefined) {
      return id;
    }
  }
  return sourceOfLexicalKey(key);
};

/** The parts of a vector's key, `<document>#<hash>#<run>`; undefined where it is none. */
export const parseVectorKey = (key: string): { readonly document: string; readonly h: string } | undefined => {
  const [document, h, run, ...more] = key.split('#');
  return document === undefined || h === undefined || run === undefined || more.length > 0
    ? undefined
    : { document, h };
};

/** The record that lists a vector; undefined where the key names no document. */
export const documentOfVector = (key: string): RecordKey | undefined => {
  const document = parseVectorKey(key)?.document;
  const source = document === undefined ? undefined : parseDocumentId(document)?.source;
  return document === undefined || source === undefined ? undefined : documentKey(source, document);
};
