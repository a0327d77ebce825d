/** A plan and its end as a person reads them at night. Pure. */
import pc from 'picocolors';

import type { Clocks } from './clocks.ts';
import type { RunResult } from './execute.ts';
import type { Plan } from './plan.ts';

/** For whoever has said yes already: what is special about it; the steps follow as they are done. */
export const briefLines = (plan: Plan): readonly string[] => [
  pc.bold(`PLAN ${plan.id}: ${plan.kind} ${plan.move} to ${plan.region} (${plan.to}), epoch ${plan.epoch}`),
  ...plan.warnings.map((warning) => pc.yellow(`! ${warning}`)),
];

export const planLines = (plan: Plan): readonly string[] => [
  pc.bold(`PLAN ${plan.id}: ${plan.kind} ${plan.move} to ${plan.region} (${plan.to}), epoch ${plan.epoch}`),
  ...plan.warnings.map((warning) => pc.yellow(`! ${warning}`)),
  '',
  ...plan.steps.flatMap(({ title, does, verifies, undoes, requires }, at) => [
    `${String(at + 1).padStart(2)}. ${pc.bold(title)}${requires === 'best-effort' ? ' (best effort)' : ''}`,
    `      does      ${does}`,
    `      verifies  ${verifies}`,
    `      undoes    ${undoes}`,
  ]),
  ...(plan.debts.length === 0
    ? []
    : [
        '',
        'Stays open afterwards:',
        ...plan.debts.map(({ what, settledBy }) => `  - ${what}; settled by: ${settledBy}`),
      ]),
];

export const dryRunLines = (command: string): readonly string[] => [
  '',
  'Nothing was changed. To do it:',
  `  ${command}`,
];

/** The command that was given, with all its options. */
export interface NextCommands {
  readonly again: string;
  readonly resume: string;
  readonly takeOver: string;
}

/** Once the epoch is claimed, nobody but who goes on with the move is let in. */
const afterChange = ({ steps }: RunResult, { again, resume, takeOver }: NextCommands): readonly string[] =>
  steps.some(({ id }) => id === 'claim')
    ? [`Next: ${resume}`, `If that is refused, because somebody else has a higher epoch: ${takeOver}`]
    : [`Next: ${again}`];

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export const clockLine = ({ detectMs, decideMs, executeMs, totalMs, simulated }: Clocks): string => {
  const mark = (name: 'detect' | 'decide'): string => (simulated.includes(name) ? ' (simulated)' : '');
  return (
    `detect ${seconds(detectMs)}${mark('detect')}, decide ${seconds(decideMs)}${mark('decide')}, ` +
    `execute ${seconds(executeMs)}, total ${seconds(totalMs)}`
  );
};

export interface EndWords {
  readonly endpoint: string | undefined;
  readonly next: NextCommands;
}

export const endLines = (plan: Plan, result: RunResult, { endpoint, next }: EndWords): readonly string[] => {
  const { end, debts } = result;
  const use = endpoint === undefined ? [] : [`Use ${endpoint}`];
  const open = debts.map(({ what, settledBy }) => `  - ${what}; settled by: ${settledBy}`);
  const left = open.length === 0 ? [] : ['Stays open:', ...open];
  switch (end.kind) {
    case 'done': {
      return [pc.green(`DONE: ${plan.region} does the scheduled work under epoch ${plan.epoch}`), ...use, ...left];
    }
    case 'unverified': {
      return [
        pc.red(
          `UNVERIFIED: ${plan.region} was made active under epoch ${plan.epoch}, and not everything could be proven`,
        ),
        ...use,
        ...left,
        'Next: npx twinmap status',
      ];
    }
    case 'changed': {
      return [
        pc.red('STOPPED: the world has changed since the plan was made'),
        ...end.changes.map((change) => `  - ${change}`),
        ...afterChange(result, next),
      ];
    }
    case 'refused': {
      return [pc.red('REFUSED: somebody else moves the work'), `  ${end.why}`, 'Next: npx twinmap status'];
    }
    case 'failed': {
      return [pc.red(`FAILED at the step "${end.step}": ${end.why}`), `Next: mend that, then ${next.resume}`, ...left];
    }
  }
};
