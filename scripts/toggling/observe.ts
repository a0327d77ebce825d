/** What both Regions said during one slot: their gates, their cycles, and the metrics that alarms watch. Pure: lines in, facts out. */
import { type Role, ROLES } from '../../functions/domain/region.ts';

export interface SaidLine {
  readonly role: Role;
  readonly text: string;
}

export interface RegionSaid {
  /** `active (document-active)`, as dispatch read the gate. */
  readonly gate: string;
  readonly epoch: number | undefined;
  /** How the Region's cycle ended; undefined where it began none. */
  readonly cycle: string | undefined;
}

export interface Observed {
  readonly regions: Readonly<Record<Role, RegionSaid>>;
  /** Regions whose cycle was acknowledged. */
  readonly acknowledged: readonly Role[];
  /** `primary GateTrouble reused`: metrics above zero that an alarm watches. */
  readonly alarms: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

const parse = (text: string): Fields | undefined => {
  if (!text.startsWith('{')) {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    // Half a line of a function that was ended: it says nothing.
    return undefined;
  }
};

const textOf = (fields: Fields | undefined, name: string): string => {
  const value = fields?.[name];
  return typeof value === 'string' ? value : '';
};

/** A metric in CloudWatch's embedded format that says what an alarm waits for: the gate's troubles, each 0 or 1. */
const alarmOf = (fields: Fields): string | undefined =>
  fields['GateTrouble'] === 1 ? `GateTrouble ${textOf(fields, 'Trouble')}` : undefined;

const regionSaid = (lines: readonly Fields[]): RegionSaid => {
  const decided = lines.find((line) => line['event'] === 'gate.decided' && line['function'] === 'dispatch');
  const finished = lines.find((line) => line['event'] === 'cycle.finished');
  const epoch = decided?.['epoch'];
  return {
    gate: decided === undefined ? 'silent' : `${textOf(decided, 'state')} (${textOf(decided, 'reason')})`,
    epoch: typeof epoch === 'number' ? epoch : undefined,
    cycle: finished === undefined ? undefined : textOf(finished, 'outcome'),
  };
};

export const observe = (said: readonly SaidLine[]): Observed => {
  const linesOf = (role: Role): readonly Fields[] =>
    said.filter((line) => line.role === role).map(({ text }) => parse(text) ?? {});
  const regions = { primary: regionSaid(linesOf('primary')), secondary: regionSaid(linesOf('secondary')) };
  const alarms = ROLES.flatMap((role) =>
    linesOf(role)
      .map((line) => alarmOf(line))
      .filter((alarm) => alarm !== undefined)
      .map((alarm) => `${role} ${alarm}`),
  );
  return {
    regions,
    acknowledged: ROLES.filter((role) => regions[role].cycle === 'acknowledged'),
    alarms: [...new Set(alarms)],
  };
};
