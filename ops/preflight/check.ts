/** One line of a preflight: a boolean that was written before the night in which it counts. */
import type { RegionName } from '../../functions/domain/region.ts';

export interface Check {
  readonly name: string;
  readonly region?: RegionName;
  /** Null where it could not be found out, or was not asked for. */
  readonly ok: boolean | null;
  /** Whether a `false` stands in the way; the others are told and no more. */
  readonly required: boolean;
  /** One sentence: what was found. */
  readonly detail: string;
}

export type Verdict = 'READY' | 'NOT READY' | 'SPLIT BRAIN';

export const isInTheWay = ({ ok, required }: Check): boolean => required && ok !== true;
