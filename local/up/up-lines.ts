/** The sentences of `npm run local:up`. Pure: what an `up` did, as a person reads it. */
import type { UpReport } from './control-messages.ts';

type Change = UpReport['changes'][number];

const SIGNS = { create: '+', update: '~', delete: '-' } as const;

const EFFECTS = { now: 'applied', later: 'applied', nothing: 'nothing on one machine acts on it' } as const;

const shortType = (type: string): string => type.split(':').at(-1) ?? type;

const changeLine = ({ action, type, name, properties, how, why }: Change, applied: boolean): string => {
  const what = `  ${SIGNS[action]} ${name} (${shortType(type)})${properties.length === 0 ? '' : ` ${properties.join(', ')}`}`;
  if (how === 'refused') {
    return `${what}: refused, it ${why ?? 'can not be changed'}`;
  }
  return applied ? `${what}: ${EFFECTS[how]}` : what;
};

const headline = ({ role, region, outcome, changes, unchanged }: UpReport): string => {
  switch (outcome) {
    case 'unchanged': {
      return `${role} (${region}): nothing has changed, nothing was deployed (${unchanged} resources)`;
    }
    case 'refused': {
      const refused = changes.filter(({ how }) => how === 'refused').length;
      return `${role} (${region}): nothing was deployed, because ${refused} of ${changes.length} changes can't be made while it runs`;
    }
    case 'applied': {
      return `${role} (${region}): ${changes.length} resources changed, ${unchanged} unchanged`;
    }
  }
};

const GATE = 'gate-deployment';

const gateLines = ({ outcome, changes, active, epoch }: UpReport): readonly string[] =>
  outcome === 'applied' && changes.some(({ name }) => name === GATE)
    ? [
        `  the gate document now says: ${active ? 'active' : 'passive'}, epoch ${epoch}; the next run of the schedule obeys it, or says why not`,
      ]
    : [];

export const upLines = (up: UpReport): readonly string[] => [
  headline(up),
  ...up.changes.map((change) => changeLine(change, up.outcome === 'applied')),
  ...gateLines(up),
  ...up.notUsed.map(({ key, why }) => `  ! ${key} was changed, and has no effect here: ${why}`),
];
