/** A scenario is data: what goes wrong, in which order, and what the person on call does about it. */
import type { Role } from '../../functions/domain/region.ts';
import type { Drive } from './drive.ts';
import type { Ran } from './operator.ts';
import type { Trouble } from './trouble.ts';
import type { Load } from './world.ts';

export interface Stage {
  readonly trouble: Trouble;
  /** How long it is like this before the next thing happens. */
  readonly holdMs: number;
}

export interface Scenario {
  /** In file names and on the command line. */
  readonly name: string;
  readonly title: string;
  /** What happens, for who reads the report. */
  readonly story: string;
  /** Whose failure it is; active at the beginning. */
  readonly failing: Role;
  readonly stages: readonly Stage[];
  /** Beside `failover --to …`, for instance `--break-glass`. */
  readonly failoverWords?: readonly string[];
  /** What else is wrong when the command runs, for instance in the Region that survives. */
  readonly beforeFailover?: (drive: Drive) => Promise<void>;
  /** People's requests do not fail: it is noticed when a slot ends that nobody could acknowledge. */
  readonly isNoticedBySlot?: boolean;
  /** In place of one command that runs to its end. */
  readonly moveTheWork?: (drive: Drive, words: readonly string[]) => Promise<Ran>;
  /** After the verified move, while the Region is still out. */
  readonly afterFailover?: (drive: Drive) => Promise<void>;
  /** The failing Region runs the previous commit's bundle. */
  readonly hasPreviousBundle?: boolean;
  /** Both Regions' functions reach each other through the wire, so that a partition can be made. */
  readonly isPartitioned?: boolean;
  readonly load?: Partial<Load>;
  /** Through the router, in the whole drill. */
  readonly readsMin?: number;
  /** Of reads through the router; absent where both Regions are out for a while. */
  readonly successMin?: number;
  /** The failing Region answers the operator: nothing is bounded, and its gate is flipped at once. */
  readonly answersOperator?: boolean;
}
