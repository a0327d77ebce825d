/** What functions said, as facts: which cycles ran where and how they ended, and which metrics an alarm would have seen. Pure. */
import type { Role } from '../../functions/domain/region.ts';
import type { Line } from './pair.ts';

export interface Cycle {
  readonly at: number;
  readonly role: Role;
  readonly source: string;
  readonly outcome: string;
}

/** Ended like this, a cycle has changed nothing in any store. */
export const HARMLESS: ReadonlySet<string> = new Set(['fenced', 'passive', 'rejected']);
/** The Region has taken what it read: in both, or in one with a debt. */
export const TAKEN: ReadonlySet<string> = new Set(['acknowledged', 'deferred']);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export const cyclesSince = (lines: readonly Line[], sinceMs: number): readonly Cycle[] =>
  lines
    .filter(({ at, fields }) => at >= sinceMs && fields['event'] === 'cycle.finished')
    .map(({ at, role, fields }) => ({
      at,
      role,
      source: textOf(fields['source']),
      outcome: textOf(fields['outcome']),
    }));

/** A sync that read its origin, or wrote: what a fenced Region must not have done. */
export const workSince = (lines: readonly Line[], role: Role, sinceMs: number): readonly string[] => [
  ...cyclesSince(lines, sinceMs)
    .filter((cycle) => cycle.role === role && !HARMLESS.has(cycle.outcome) && cycle.outcome !== 'not-acknowledged')
    .map(({ source, outcome }) => `a cycle of ${source} ended ${outcome}`),
  ...lines
    .filter(
      ({ at, role: said, fields }) =>
        at >= sinceMs &&
        said === role &&
        (fields['event'] === 'source.progress' || fields['event'] === 'cycle.progress'),
    )
    .map(({ fields }) => `${textOf(fields['event'])} of ${textOf(fields['source'])}`),
];

/** What the Region's own alarms see: the gate's troubles, and a cycle that the other Region's fence has stopped. */
export const alarmsSince = (lines: readonly Line[], role: Role, sinceMs: number): readonly string[] => {
  const own = lines.filter(({ at, role: said }) => at >= sinceMs && said === role);
  const gate = own
    .filter(({ fields }) => fields['GateTrouble'] === 1)
    .map(({ fields }) => `gate ${textOf(fields['Trouble'])}`);
  const fenced = own
    .filter(({ fields }) => fields['Cycle'] === 1 && fields['Outcome'] === 'fenced')
    .map(() => 'cycle fenced');
  return [...new Set([...gate, ...fenced])];
};
