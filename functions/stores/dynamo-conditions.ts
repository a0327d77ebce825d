/** The conditions that keep versions and fences rising (DESIGN §3): what every replicated write, claim and commit depends on. */
import { isMutant } from '../domain/mutants.ts';
import type { ReplicatedRecord } from '../domain/record.ts';
import type { Condition } from './dynamo-table.ts';

/** Merge-max: the condition of every replicated write. */
export const newerThanStored = ({ v }: ReplicatedRecord): Condition => ({
  expression: isMutant('blind-put') ? 'NOT pk = :v' : 'attribute_not_exists(v) OR v < :v',
  values: { ':v': { S: v } },
});

/** Above every fence that the store has seen; the same one is the caller's own claim, repeated. */
export const claimCondition = (): string => {
  if (isMutant('no-fence')) {
    return 'NOT pk = :f';
  }
  return isMutant('claim-with-equal') ? 'attribute_not_exists(f) OR f <= :f' : 'attribute_not_exists(f) OR f < :f';
};

/** Under the fence that the store has seen last, and above what is committed. */
export const commitCondition = (): string => {
  if (isMutant('no-fence')) {
    return 'attribute_not_exists(v) OR v < :v';
  }
  return isMutant('commit-without-version') ? 'f = :f' : 'f = :f AND (attribute_not_exists(v) OR v < :v)';
};

export const NOTHING_STORED: Condition = { expression: 'attribute_not_exists(v)' };
