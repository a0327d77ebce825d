/**
 * `twinmap failover`: moves the scheduled work to a Region, with or without the other one. Shows a plan, and does it with `--yes` or
 * when somebody types the name of the Region. Required calls go to that Region alone.
 */
import type { Claim } from './failover/claim.ts';
import { MOVE_OPTIONS, type MoveOptions, readMoveOptions } from './failover/move-options.ts';
import { observe } from './failover/observe.ts';
import { placeOf, readAddresses } from './failover/open-access.ts';
import { openMove, pairOf } from './failover/open-move.ts';
import { type Planned, planFailover } from './failover/plan.ts';
import { showAndRun } from './failover/run-move.ts';
import { findStackPair } from './failover/stack-edits.ts';
import { openClaims, type World } from './failover/world.ts';
import { type Command, type CommandInput, type CommandOption, EXIT } from './command.ts';
import { PAIR_OPTIONS } from './status.ts';
import { worldFields } from './status-lines.ts';
import { textOption } from './store-writes.ts';

export interface StackPlace {
  readonly directory: string | undefined;
  readonly epochs: readonly number[];
}

/** A local pair leaves the files of the checkout alone, unless somebody names their folder. */
export const findStackFiles = async (input: CommandInput): Promise<StackPlace> => {
  const named = textOption(input, 'directory');
  const isLocal = textOption(input, 'stores') === undefined;
  if (input.options['stackFiles'] === false || (isLocal && named === undefined)) {
    return { directory: undefined, epochs: [] };
  }
  const directory = named ?? '.';
  const pair = await findStackPair(directory);
  return pair === undefined
    ? { directory: undefined, epochs: [] }
    : { directory, epochs: [pair.primary.epoch, pair.secondary.epoch] };
};

/** The move of this kind that has not ended, as the Regions know it: a failback goes on as a failback. */
export const claimToResume = (
  world: World,
  move: Claim['move'],
  { resume, to }: Pick<MoveOptions, 'resume' | 'to'>,
): Claim | undefined =>
  resume ? openClaims(world).find((claim) => claim.move === move && claim.to === to) : undefined;

/** Who wants to go on with something must not begin something else by it. */
export const nothingToResume = (options: MoveOptions, resume: Claim | undefined): Planned | undefined =>
  options.resume && resume === undefined
    ? {
        kind: 'refused',
        because: 'in-progress',
        why: `there is no unfinished move to ${options.to} to go on with; without --resume a new one is planned`,
      }
    : undefined;

export const tellNoPlan = (
  input: CommandInput,
  world: World,
  planned: Exclude<Planned, { kind: 'planned' }>,
): number => {
  input.say(planned.kind === 'nothing' ? `Nothing to do: ${planned.why}.` : `REFUSED: ${planned.why}`);
  input.give({ plan: null, outcome: planned.kind, why: planned.why, ...worldFields(world) });
  if (planned.kind === 'nothing') {
    return EXIT.done;
  }
  return planned.because === 'target-unreachable' ? EXIT.unreachable : EXIT.error;
};

const OPTIONS: readonly CommandOption[] = [
  ...MOVE_OPTIONS,
  { flags: '--ungraceful', help: 'treat the other Region as gone, whatever it answers' },
  ...PAIR_OPTIONS,
];

export const failover: Command = {
  name: 'failover',
  arguments: [],
  help: 'move the scheduled work to a Region; shows the plan, and does it with --yes',
  options: OPTIONS,
  run: async (input) => {
    const startedAt = Date.now();
    const opened = await readAddresses(placeOf(input));
    const options = readMoveOptions(input, opened.file);
    const files = await findStackFiles(input);
    const open = openMove(opened, options.to);
    const world = await observe(pairOf(open.target, open.bounded), { now: () => Date.now(), standing: false });
    const resume = claimToResume(world, 'failover', options);
    const wanted = planFailover(world, {
      move: 'failover',
      to: options.to,
      ungraceful: options.ungraceful,
      breakGlass: options.breakGlass,
      stackFiles: files.directory !== undefined,
      fileEpochs: files.epochs,
      resume,
      takeOver: options.takeOver,
    });
    const planned = (wanted.kind === 'planned' ? nothingToResume(options, resume) : undefined) ?? wanted;
    if (planned.kind !== 'planned') {
      return tellNoPlan(input, world, planned);
    }
    return showAndRun({
      input,
      options,
      opened,
      open,
      world,
      plan: planned.plan,
      resume,
      directory: files.directory,
      startedAt,
      flags: OPTIONS,
    });
  },
};
