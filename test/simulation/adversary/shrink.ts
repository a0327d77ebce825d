/** Takes actions out of a plan for as long as the rest still shows the defect: the shortest story that was found in time. */

export interface ShrinkOptions<T> {
  readonly actions: readonly T[];
  /** Whether a plan of these actions alone still fails in the same way. */
  readonly fails: (actions: readonly T[]) => Promise<boolean>;
  /** Time left, in ms; it stops when there is none. */
  readonly remainingMs: () => number;
}

const without = <T>(actions: readonly T[], from: number, count: number): readonly T[] => [
  ...actions.slice(0, from),
  ...actions.slice(from + count),
];

/** Removes slices of one length wherever that keeps the failure; answers with what is left. */
const pass = async <T>(options: ShrinkOptions<T>, actions: readonly T[], size: number): Promise<readonly T[]> => {
  let kept = actions;
  let at = Math.max(0, kept.length - size);
  for (;;) {
    if (options.remainingMs() <= 0) {
      return kept;
    }
    const fewer = without(kept, at, size);
    if (fewer.length < kept.length && (await options.fails(fewer))) {
      kept = fewer;
    }
    if (at === 0) {
      return kept;
    }
    at = Math.max(0, Math.min(at, kept.length) - size);
  }
};

/** The input has to fail; so does what it answers with. From the end, because what comes last is mostly not needed. */
export const shrink = async <T>(options: ShrinkOptions<T>): Promise<readonly T[]> => {
  let { actions } = options;
  let size = Math.ceil(actions.length / 2);
  while (size >= 1 && options.remainingMs() > 0) {
    const fewer = await pass(options, actions, size);
    const isShorter = fewer.length < actions.length;
    actions = fewer;
    size = size === 1 && isShorter ? 1 : Math.floor(size / 2);
  }
  return actions;
};
