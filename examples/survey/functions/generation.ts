/** Which generation of a survey is in force here, and in which one a vote counts. */
import { done, type Result } from '../../../functions/domain/failure.ts';
import type { RecordStore } from '../../../functions/stores/record-store.ts';
import { FIRST_GENERATION, generationKey } from './records.ts';

/** Strongly consistent: a vote must not slip into a generation that this Region has ended. */
export const readGeneration = async (records: Pick<RecordStore, 'get'>, survey: string): Promise<Result<string>> => {
  const read = await records.get(generationKey(survey));
  return read.kind === 'failed' ? read : done(read.value?.v ?? FIRST_GENERATION);
};

/** For what is shown with its time: half the price, and possibly a moment old. */
export const readShownGeneration = async (
  records: Pick<RecordStore, 'query'>,
  survey: string,
): Promise<Result<string>> => {
  const { pk, sk } = generationKey(survey);
  const read = await records.query(pk, { skPrefix: sk, isEventual: true });
  return read.kind === 'failed' ? read : done(read.value.items[0]?.v ?? FIRST_GENERATION);
};

/**
 * The generation in which a vote counts, from what the voter had in sight and what this Region knows; undefined where the survey
 * was reset since. A voter may have seen, in the other Region, a reset that is still on its way here: that vote belongs to the
 * newer generation, and counts as soon as the reset arrives.
 */
export const generationOfVote = (seen: string | undefined, known: string): string | undefined =>
  seen === undefined || seen === known ? known : seen > known ? seen : undefined;
