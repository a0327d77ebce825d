/** The words of `failover` and `failback`, read and checked before anything is opened. */
import { userInfo } from 'node:os';

import { type Role, ROLES } from '../../functions/domain/region.ts';
import { ANNOUNCE_OPTIONS } from '../announce/settings.ts';
import { type CommandInput, type CommandOption, UsageError } from '../command.ts';
import { textOption } from '../store-writes.ts';
import type { PairFile } from '../pair-stores.ts';

export const MOVE_OPTIONS: readonly CommandOption[] = [
  { flags: '--to <region>', help: 'which Region works from then on: primary, secondary or its name' },
  {
    flags: '--yes',
    help: 'do it; without it the plan is shown, and on a terminal you are asked for the name of the Region',
  },
  { flags: '--dry-run', help: 'show the plan only (the default where nobody can be asked)' },
  { flags: '--plan <id>', help: 'do it only if the plan is still this one' },
  { flags: '--reason <text>', help: 'why, on one line: it goes into the gates, the files and the announcement' },
  { flags: '--by <name>', help: 'who; without it the user of this machine' },
  { flags: '--resume', help: 'go on with a move that stopped half-way, under its epoch' },
  { flags: '--take-over', help: 'begin a new move although another one has not ended' },
  { flags: '--break-glass', help: "AppConfig's control plane is down in the Region: write its gate record instead" },
  { flags: '--detected-at <time>', help: 'when somebody noticed, for the clocks' },
  { flags: '--decided-at <time>', help: 'when it was decided, for the clocks' },
  { flags: '--began-at <time>', help: 'when the trouble began, for the clocks' },
  { flags: '--directory <folder>', help: 'where both stack files are, to be written and frozen' },
  { flags: '--no-stack-files', help: 'leave the stack files alone' },
  { flags: '--reports <folder>', help: 'where the report is kept on this disk; without it the data folder' },
  { flags: '--drill', help: 'a rehearsal: the announcement says so first' },
  ...ANNOUNCE_OPTIONS,
];

export interface MoveOptions {
  readonly to: Role;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly plan: string | undefined;
  readonly reason: string | undefined;
  readonly by: string;
  readonly resume: boolean;
  readonly takeOver: boolean;
  readonly ungraceful: boolean;
  readonly breakGlass: boolean;
  readonly isDrill: boolean;
  readonly beganAt: number | undefined;
  readonly detectedAt: number | undefined;
  readonly decidedAt: number | undefined;
}

/** As the gate document's own schema has it. */
const SENTENCE = /^\S.{0,199}$/u;

const sentence = (input: CommandInput, name: string): string | undefined => {
  const given = textOption(input, name)?.trim();
  if (given !== undefined && !SENTENCE.test(given)) {
    throw new UsageError(`--${name} takes 1 to 200 characters on one line`);
  }
  return given;
};

const moment = (input: CommandInput, name: string, flag: string): number | undefined => {
  const given = textOption(input, name);
  const at = given === undefined ? undefined : Date.parse(given);
  if (at !== undefined && Number.isNaN(at)) {
    throw new UsageError(`--${flag} takes a moment, for instance 2026-11-21T03:00:00Z`);
  }
  return at;
};

const isOn = ({ options }: CommandInput, name: string): boolean => options[name] === true;

/** A role, or the name of one of the pair's Regions. */
export const readTarget = (input: CommandInput, { regions }: PairFile): Role => {
  const given = textOption(input, 'to');
  const known = regions.map(({ role, region }) => `${role} (${region})`).join(' or ');
  if (given === undefined) {
    throw new UsageError(`say where to: --to ${known}`);
  }
  const found = regions.find(({ role, region }) => role === given || region === given)?.role;
  const role = ROLES.find((one) => one === found);
  if (role === undefined) {
    throw new UsageError(`--to takes ${known}, not ${JSON.stringify(given)}`);
  }
  return role;
};

export const readMoveOptions = (input: CommandInput, file: PairFile): MoveOptions => {
  const options = {
    to: readTarget(input, file),
    yes: isOn(input, 'yes'),
    dryRun: isOn(input, 'dryRun'),
    plan: textOption(input, 'plan'),
    reason: sentence(input, 'reason'),
    by: `operator:${sentence(input, 'by') ?? userInfo().username}`.slice(0, 200),
    resume: isOn(input, 'resume'),
    takeOver: isOn(input, 'takeOver'),
    ungraceful: isOn(input, 'ungraceful'),
    breakGlass: isOn(input, 'breakGlass'),
    isDrill: isOn(input, 'drill'),
    beganAt: moment(input, 'beganAt', 'began-at'),
    detectedAt: moment(input, 'detectedAt', 'detected-at'),
    decidedAt: moment(input, 'decidedAt', 'decided-at'),
  };
  if (options.yes && options.dryRun) {
    throw new UsageError('--yes and --dry-run exclude each other');
  }
  if (options.resume && options.takeOver) {
    throw new UsageError('--resume and --take-over exclude each other');
  }
  return options;
};
