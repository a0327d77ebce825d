/** Whether a removed source still has something in this Region: its record is the last thing that a purge takes. */
import { sourceKey } from '../domain/corpus.ts';
import type { RecordStore } from '../stores/record-store.ts';

/** A store that does not answer is no reason to believe that nothing is left. A claim without a commit may have written. */
export const isSourceLeft = async (graph: Pick<RecordStore, 'readSource'>, source: string): Promise<boolean> => {
  const read = await graph.readSource(sourceKey(source));
  if (read.kind === 'failed') {
    return true;
  }
  const { f, record } = read.value;
  return record === undefined ? f !== undefined : record.del !== true;
};
