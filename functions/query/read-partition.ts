/** All live records of one partition, page after page and with an end. */
import { done, type Result } from '../domain/failure.ts';
import type { QueryOptions, RecordStore, StoredRecord } from '../stores/record-store.ts';

export interface PartitionReading {
  /** Without tombstones, in `sk` order. */
  readonly records: readonly StoredRecord[];
  /** False where there were more than were asked for. */
  readonly isWhole: boolean;
}

export const readPartition = async (
  store: Pick<RecordStore, 'query'>,
  pk: string,
  { recordsMax, ...options }: Omit<QueryOptions, 'after'> & { readonly recordsMax: number },
): Promise<Result<PartitionReading>> => {
  const records: StoredRecord[] = [];
  let after: string | undefined;
  do {
    const page = await store.query(pk, { ...options, ...(after === undefined ? {} : { after }) });
    if (page.kind === 'failed') {
      return page;
    }
    records.push(...page.value.items.filter(({ del }) => del !== true));
    after = page.value.next;
  } while (after !== undefined && records.length < recordsMax);
  return done({ records: records.slice(0, recordsMax), isWhole: after === undefined && records.length <= recordsMax });
};
