/** What the stages of the bench share: how long they take, whom they compare, and medians of rows of figures. */
import type { Anchor } from './anchors.ts';
import { median } from './paced-load.ts';

export interface StageOptions {
  readonly rounds: number;
  readonly folder: string;
  readonly anchors: readonly Anchor[];
  readonly say: (line: string) => void;
}

/** Of each figure its median, whichever row it is from. */
export const medianRow = <Name extends string>(
  rows: readonly Readonly<Record<Name, number>>[],
  names: readonly Name[],
): Record<Name, number> =>
  Object.fromEntries(names.map((name) => [name, median(rows.map((row) => row[name]))])) as Record<Name, number>;
