/**
 * `twinmap sync-config`: compares the gate in both stack files with what is in force in both Regions. A failover changes life first
 * and the files after it; where somebody did only one of the two, the next deployment would surprise. `--check` is for CI.
 */
import { type Role, ROLES } from '../functions/domain/region.ts';
import { type Command, type CommandInput, EXIT, UsageError } from './command.ts';
import { observe } from './failover/observe.ts';
import { BEST_EFFORT_BOUNDS, openAccess, OPS_BOUNDS, placeOf, readAddresses } from './failover/open-access.ts';
import { STORES_FILE_HELP } from './pair-stores.ts';
import { readStackPair, type StackPair } from './stack-files/gate-values.ts';
import { writeStackFiles } from './stack-files/write.ts';
import { textOption } from './store-writes.ts';
import { lineChanges } from './toggle-lines.ts';
import { compareGate, type Compared, type LiveGate } from './sync-config/compare.ts';

type Both<T> = Readonly<Record<Role, T>>;

const BOUNDS = { ...OPS_BOUNDS, attemptsMax: BEST_EFFORT_BOUNDS.attemptsMax };

const readLive = async (input: CommandInput): Promise<Both<LiveGate>> => {
  const { addresses } = await readAddresses(placeOf(input));
  const pair = {
    primary: openAccess(addresses.primary, BOUNDS),
    secondary: openAccess(addresses.secondary, BOUNDS),
  };
  const { regions } = await observe(pair, { now: () => Date.now(), standing: false });
  const of = (role: Role): LiveGate => ({ role, region: regions[role].region, decision: regions[role].decision });
  return { primary: of('primary'), secondary: of('secondary') };
};

const fileLines = (role: Role, files: StackPair, live: LiveGate, compared: Compared): readonly string[] => {
  const { file, frozen } = files[role];
  const about = `${file.name} and ${live.region}`;
  const freeze = frozen === undefined ? [] : [`  frozen ${frozen}: nothing is deployed from it until it is lifted`];
  switch (compared.kind) {
    case 'unknown': {
      return [`${about}: nothing to compare with, ${compared.why}`, ...freeze];
    }
    case 'same': {
      return [`${about}: the same`, ...freeze];
    }
    case 'different': {
      const rows = compared.differences.map(({ key, file: said, live: now }) => `  ${key}: file ${said}, live ${now}`);
      return [`${about}: DIFFERENT`, ...rows, ...freeze];
    }
  }
};

/** Code and life differ comes first: that is what CI waits for. */
const exitCodeOf = (compared: readonly Compared[]): number => {
  if (compared.some(({ kind }) => kind === 'different')) {
    return EXIT.drift;
  }
  return compared.some(({ kind }) => kind === 'unknown') ? EXIT.unreachable : EXIT.done;
};

/** Only files whose Region has answered: what the other one holds, nobody can see. */
const writeBoth = async (input: CommandInput, compared: readonly Compared[]): Promise<readonly string[]> => {
  const edits = compared
    .flatMap((one) => (one.kind === 'unknown' ? [] : [one.edit]))
    .filter(({ before, after }) => before.text !== after.text);
  for (const { before, after } of edits) {
    input.say(before.name);
    for (const { line, sign, text } of lineChanges(before.text, after.text)) {
      input.say(`  ${String(line).padStart(4)} ${sign} ${text}`);
    }
  }
  await writeStackFiles(edits);
  const names = edits.map(({ before }) => before.name);
  input.say(names.length === 0 ? 'nothing to write' : `written: ${names.join(', ')}`);
  return names;
};

const nextLine = (files: StackPair, exitCode: number, wrote: boolean): string | undefined => {
  const isFrozen = ROLES.some((role) => files[role].frozen !== undefined);
  if (exitCode === EXIT.drift && !wrote) {
    return 'to make the files say what is in force: twinmap sync-config --write';
  }
  return isFrozen ? 'when nobody is failing over any more: twinmap toggle --unfreeze --yes' : undefined;
};

const OUTCOMES: ReadonlyMap<number, string> = new Map([
  [EXIT.done, 'same'],
  [EXIT.drift, 'different'],
  [EXIT.unreachable, 'unknown'],
]);

const regionFields = ({ role, region }: LiveGate, compared: Compared | undefined): object => {
  const said = compared?.kind === 'unknown' ? { why: compared.why } : { differences: compared?.differences ?? [] };
  return { role, region, state: compared?.kind ?? 'unknown', ...said };
};

const run = async (input: CommandInput): Promise<number> => {
  const wanted = { check: input.options['check'] === true, write: input.options['write'] === true };
  if (wanted.check && wanted.write) {
    throw new UsageError('--check and --write exclude each other: one only looks, the other changes the files');
  }
  const files = await readStackPair(textOption(input, 'directory') ?? '.');
  const live = await readLive(input);
  const compared = ROLES.map((role) => compareGate(files[role], live[role]));
  for (const [at, role] of ROLES.entries()) {
    const one = compared[at];
    for (const line of one === undefined ? [] : fileLines(role, files, live[role], one)) {
      input.say(line);
    }
  }
  const found = exitCodeOf(compared);
  const written = wanted.write ? await writeBoth(input, compared) : [];
  const next = nextLine(files, found, wanted.write);
  if (next !== undefined) {
    input.say(next);
  }
  input.give({
    outcome: wanted.write ? 'written' : OUTCOMES.get(found),
    frozen: ROLES.filter((role) => files[role].frozen !== undefined),
    regions: ROLES.map((role, at) => regionFields(live[role], compared[at])),
    written,
  });
  // Written, the files say what is in force; a Region that was not seen stays told.
  return wanted.write && found === EXIT.drift ? exitCodeOf(compared.filter(({ kind }) => kind === 'unknown')) : found;
};

export const syncConfig: Command = {
  name: 'sync-config',
  arguments: [],
  help: 'compare the gate in both stack files with what is in force; --write makes the files say it',
  options: [
    { flags: '--check', help: 'only look; ends with 2 where code and life differ (the default)' },
    { flags: '--write', help: 'write what is in force into the files; comments, order and the freeze stay' },
    { flags: '--directory <folder>', help: 'where both stack files are', fallback: '.' },
    { flags: '--stores <file>', help: `${STORES_FILE_HELP}; without it the running pair` },
    { flags: '--data <directory>', help: 'the data folder of the running pair', fallback: '.twinmap' },
  ],
  run,
};
