/** What one record of the graph table says about the corpus: the proof counts and the vectors that matter come from it. */
import { documentPrefix, parseDocumentPayload } from '../domain/corpus.ts';
import type { StoredRecord } from '../stores/record-store.ts';

export interface ListedContent {
  readonly documents: number;
  readonly chunks: number;
  readonly vectors: readonly string[];
}

const NOTHING: ListedContent = { documents: 0, chunks: 0, vectors: [] };

export const listedVectorKeys = (record: StoredRecord): ListedContent => {
  if (!record.sk.startsWith(documentPrefix) || record.del === true) {
    return NOTHING;
  }
  const payload = parseDocumentPayload(record.data);
  return payload === undefined || payload.skipped !== undefined
    ? NOTHING
    : { documents: 1, chunks: payload.chunks.length, vectors: payload.chunks.map(({ k }) => k) };
};
