/** Whether a removed source still has something in this Region. */
import { sourceKey } from '../domain/corpus.ts';
import type { RecordStore } from '../stores/record-store.ts';
import { isLeft } from '../stores/source-left.ts';

/** A store that does not answer is no reason to believe that nothing is left. */
export const isSourceLeft = async (graph: Pick<RecordStore, 'readSource'>, source: string): Promise<boolean> => {
  const read = await graph.readSource(sourceKey(source));
  return read.kind === 'failed' || isLeft(read.value);
};
