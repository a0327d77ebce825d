/** Which vectors of an index no document record lists. A vector's key begins with its document's id, and that with its source's. */
import { parseDocumentId } from '../domain/corpus.ts';
import type { Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { VectorStore } from '../stores/vector-store.ts';
import { isEqual, isLive } from './held.ts';
import type { KnownDocument } from './listing.ts';

export const documentOf = (vector: string): string => vector.slice(0, Math.max(0, vector.indexOf('#')));

/** Whether a listed vector is in no record. Where the Regions differ, or a record is damaged, it is not said today. */
const isOrphan = (documents: ReadonlyMap<string, KnownDocument>, vector: string): boolean => {
  const known = documents.get(documentOf(vector));
  if (known === undefined) {
    return true;
  }
  if (!isEqual(known)) {
    return false;
  }
  return !isLive(known.home) || (known.payload?.chunks.every(({ k }) => k !== vector) ?? false);
};

/** The orphans of a source in one segment of one Region's index. */
export const orphansIn = async (
  vectors: VectorStore,
  sourceId: string,
  segment: number,
  documents: ReadonlyMap<string, KnownDocument>,
): Promise<Result<readonly string[]>> => {
  const found: string[] = [];
  let after: string | undefined;
  do {
    const page = await vectors.listHashes({
      segment,
      segments: LIMITS.sweepSegmentsMax,
      ...(after === undefined ? {} : { after }),
    });
    if (page.kind === 'failed') {
      return page;
    }
    found.push(
      ...page.value.items
        .map(({ key }) => key)
        .filter((key) => parseDocumentId(documentOf(key))?.source === sourceId && isOrphan(documents, key)),
    );
    after = page.value.next;
  } while (after !== undefined);
  return { kind: 'done', value: found };
};
