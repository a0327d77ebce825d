/** The sentences of `twinmap toggle`. Pure: the difference of the files, line by line, and the commands that deploy it. */
import type { FileEdit } from './stack-files/write.ts';
import type { Planned, TogglePlan } from './toggle-plan.ts';

export interface LineChange {
  readonly line: number;
  readonly sign: '-' | '+';
  readonly text: string;
}

/** Longest common subsequence by length, for every pair of ends: stack files have a hundred lines, not a hundred thousand. */
const commonLengths = (left: readonly string[], right: readonly string[]): readonly (readonly number[])[] => {
  const table = Array.from({ length: left.length + 1 }, () => Array.from({ length: right.length + 1 }, () => 0));
  for (let row = left.length - 1; row >= 0; row -= 1) {
    for (let column = right.length - 1; column >= 0; column -= 1) {
      const here = table[row];
      if (here !== undefined) {
        const below = table[row + 1]?.[column] ?? 0;
        const beside = here[column + 1] ?? 0;
        here[column] = left[row] === right[column] ? 1 + (table[row + 1]?.[column + 1] ?? 0) : Math.max(below, beside);
      }
    }
  }
  return table;
};

export const lineChanges = (before: string, after: string): readonly LineChange[] => {
  const [left, right] = [before.split(/\r?\n/u), after.split(/\r?\n/u)];
  const common = commonLengths(left, right);
  const changes: LineChange[] = [];
  let [row, column] = [0, 0];
  while (row < left.length || column < right.length) {
    if (row < left.length && column < right.length && left[row] === right[column]) {
      row += 1;
      column += 1;
    } else if (
      column >= right.length ||
      (row < left.length && (common[row + 1]?.[column] ?? 0) >= (common[row]?.[column + 1] ?? 0))
    ) {
      changes.push({ line: row + 1, sign: '-', text: left[row] ?? '' });
      row += 1;
    } else {
      changes.push({ line: column + 1, sign: '+', text: right[column] ?? '' });
      column += 1;
    }
  }
  return changes;
};

const diffLines = ({ before, after }: FileEdit): readonly string[] => [
  before.name,
  ...lineChanges(before.text, after.text).map(
    ({ line, sign, text }) => `  ${String(line).padStart(4)} ${sign} ${text}`,
  ),
];

export interface NextCommands {
  readonly pulumi: readonly string[];
  readonly local: readonly string[];
}

export const nextCommands = (plan: Planned): NextCommands => {
  const order = plan.kind === 'toggle' ? plan.deployOrder : [];
  return {
    pulumi: order.map((role) => `pulumi up --stack ${role}`),
    local: order.map((role) => `npm run local:up -- ${role}`),
  };
};

const nextLines = (plan: TogglePlan): readonly string[] => {
  const { pulumi, local } = nextCommands(plan);
  const [passive = '', active = ''] = plan.deployOrder;
  return [
    plan.peerWrites === 'deferred'
      ? `next, ${active} alone if ${passive} is out (${passive} follows when it is back), else in this order:`
      : `next, in this order (${passive} stops, then ${active} starts; the other way round both would be active for a while):`,
    ...pulumi.map((command) => `  ${command}`),
    'or, for the local Regions of npm start:',
    ...local.map((command) => `  ${command}`),
  ];
};

export const planLines = (plan: Planned): readonly string[] => {
  switch (plan.kind) {
    case 'nothing': {
      return [`nothing to change: ${plan.why}`];
    }
    case 'unfreeze': {
      return [
        'lifts the freeze; the gates stay as the files have them',
        ...plan.edits.flatMap((edit) => diffLines(edit)),
      ];
    }
    case 'toggle': {
      return [
        `${plan.active} (${plan.activeRegion}) becomes active under epoch ${plan.epoch}, peer writes ${plan.peerWrites}`,
        ...plan.warnings.map((warning) => `  ! ${warning}`),
        ...plan.edits.flatMap((edit) => diffLines(edit)),
      ];
    }
  }
};

export const writtenLines = (plan: Planned): readonly string[] => {
  switch (plan.kind) {
    case 'nothing': {
      return [];
    }
    case 'unfreeze': {
      return ['written. A pulumi up of either stack now deploys what its file says; twinmap toggle changes that first'];
    }
    case 'toggle': {
      return ['both files are written', ...nextLines(plan)];
    }
  }
};

export const notWrittenLines = (plan: Planned): readonly string[] =>
  plan.kind === 'nothing' ? [] : ['nothing was written; --yes writes it'];
