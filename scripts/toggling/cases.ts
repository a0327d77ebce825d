/**
 * The ways in which two stack files reach two Regions, each with what must come of it. They follow one another in one running
 * pair, as a year of toggles does: every case begins where the one before has ended.
 */
import { type Role, ROLES } from '../../functions/domain/region.ts';
import type { Observed } from './observe.ts';
import type { TogglingStage } from './stage.ts';

export interface Row {
  readonly name: string;
  /** Who must acknowledge the slot; undefined where nobody may. */
  readonly expected: Role | undefined;
  /** Metrics that must be raised, so that somebody is called. */
  readonly alarms: readonly string[];
  readonly observed: Observed;
}

export interface Case {
  readonly id: string;
  /** Brings the files to the Regions and fires slots; answers with one row for each slot. */
  readonly run: (stage: TogglingStage) => Promise<readonly Row[]>;
}

const row = (name: string, expected: Role | undefined, alarms: readonly string[], observed: Observed): Row => ({
  name,
  expected,
  alarms,
  observed,
});

/** From primary active to secondary active. */
const both: Case = {
  id: 'both',
  run: async (stage) => {
    await stage.toggle('secondary');
    await stage.upBoth();
    return [row('both files applied', 'secondary', [], await stage.slot('at once'))];
  },
};

/** To primary; two Regions are active until the other file follows. The newer epoch fires first: see docs/toggling.md. */
const wrongOrder: Case = {
  id: 'wrong-order',
  run: async (stage) => {
    await stage.toggle('primary');
    await stage.up('primary');
    const between = await stage.slot(['primary', 'secondary']);
    const after = await stage.slot('at once');
    await stage.up('secondary');
    return [
      row('only one: the file that says active', 'primary', [], between),
      row('the slot after it', 'primary', ['secondary GateTrouble fenced'], after),
      row('wrong order: the passive file follows', 'primary', [], await stage.slot('at once')),
    ];
  },
};

/** To secondary; nobody is active until the other file follows. */
const rightOrder: Case = {
  id: 'right-order',
  run: async (stage) => {
    await stage.toggle('secondary');
    await stage.up('primary');
    const between = await stage.slot('at once');
    await stage.up('secondary');
    return [
      row('only one: the file that says passive', undefined, [], between),
      row('right order: the active file follows', 'secondary', [], await stage.slot('at once')),
    ];
  },
};

/** The files of the very beginning, in which primary is active, after the work has gone to secondary. */
const oldFile: Case = {
  id: 'old-file',
  run: async (stage) => {
    await stage.upBoth(stage.firstFiles);
    const alarms = ['primary GateTrouble ignored', 'secondary GateTrouble ignored'];
    return [row('old files applied again', 'secondary', alarms, await stage.slot('at once'))];
  },
};

/** To primary by hand, under the epoch that both Regions have seen as secondary's. */
const forgotten: Case = {
  id: 'epoch-forgotten',
  run: async (stage) => {
    await stage.editByHand('primary');
    await stage.upBoth();
    const alarms = ['primary GateTrouble reused', 'secondary GateTrouble reused'];
    return [row('epoch forgotten in both files', undefined, alarms, await stage.slot('at once'))];
  },
};

/** What mends it: the same files under an epoch that nobody has seen. */
const mended: Case = {
  id: 'epoch-mended',
  run: async (stage) => {
    await stage.toggle('primary');
    await stage.upBoth();
    return [row('then twinmap toggle', 'primary', [], await stage.slot('at once'))];
  },
};

export const CASES: readonly Case[] = [both, wrongOrder, rightOrder, oldFile, forgotten, mended];

export interface Judged extends Row {
  readonly problems: readonly string[];
}

/** A cycle that ended like this has changed nothing in any store. */
const HARMLESS: ReadonlySet<string | undefined> = new Set([undefined, 'fenced', 'passive', 'rejected']);

/** Two that acknowledge one slot, or one in the wrong place, is what none of this may ever come to. */
export const judgeRow = (given: Row): Judged => {
  const { expected, alarms, observed } = given;
  const { acknowledged } = observed;
  const wanted = expected === undefined ? [] : [expected];
  const strays = ROLES.filter((role) => role !== expected && !HARMLESS.has(observed.regions[role].cycle));
  const missing = alarms.filter((alarm) => !observed.alarms.includes(alarm));
  return {
    ...given,
    problems: [
      ...(acknowledged.length > 1 ? ['two Regions acknowledged one slot'] : []),
      ...(acknowledged.join() === wanted.join()
        ? []
        : [`acknowledged by ${acknowledged.join(', ') || 'nobody'}, and it must be ${wanted.join() || 'nobody'}`]),
      ...strays.map((role) => `a cycle ran in ${role}`),
      ...missing.map((alarm) => `no metric ${alarm}`),
    ],
  };
};
