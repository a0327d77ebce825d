/**
 * `twinmap failback`: settles the debts of an outage, catches up, proves that both Regions are equal, and moves the work back with
 * both Regions taking part. With the Region that works already as its target it does all of that but the last.
 */
import { failbackActions } from './failover/failback-actions.ts';
import { MOVE_OPTIONS, readMoveOptions } from './failover/move-options.ts';
import { observe } from './failover/observe.ts';
import { placeOf, readAddresses } from './failover/open-access.ts';
import { openMove, pairOf } from './failover/open-move.ts';
import { healDocuments, planFailback } from './failover/plan-failback.ts';
import { showAndRun } from './failover/run-move.ts';
import { type Command, type CommandInput, type CommandOption, UsageError } from './command.ts';
import { claimToResume, findStackFiles, nothingToResume, tellNoPlan } from './failover.ts';
import { PAIR_OPTIONS } from './status.ts';
import { textOption } from './store-writes.ts';

const STABILITY_SECONDS_DEFAULT = 60;
const STABILITY_SECONDS_MAX = 86_400;
const CATCH_UP_MS = 30 * 60 * 1000;

const stabilityOf = (input: CommandInput): number => {
  const seconds = Number(textOption(input, 'stability') ?? STABILITY_SECONDS_DEFAULT);
  if (!Number.isFinite(seconds) || seconds < 0 || seconds > STABILITY_SECONDS_MAX) {
    throw new UsageError(`--stability takes seconds up to ${STABILITY_SECONDS_MAX}`);
  }
  return seconds * 1000;
};

/** Not those of a failover that can't be: a failback needs both Regions. */
const OPTIONS: readonly CommandOption[] = [
  ...MOVE_OPTIONS.filter(({ flags }) => flags !== '--break-glass'),
  { flags: '--accept-drift <reason>', help: 'move although the Regions differ, and say why' },
  {
    flags: '--stability <seconds>',
    help: 'how long the Region has to answer before the work goes there',
    fallback: String(STABILITY_SECONDS_DEFAULT),
  },
  ...PAIR_OPTIONS,
];

export const failback: Command = {
  name: 'failback',
  arguments: [],
  help: 'settle debts, catch up, prove equal roots, then move the work back; shows the plan, and does it with --yes',
  options: OPTIONS,
  run: async (input) => {
    const startedAt = Date.now();
    const opened = await readAddresses(placeOf(input));
    const options = readMoveOptions(input, opened.file);
    const stabilityMs = stabilityOf(input);
    const acceptDrift = textOption(input, 'acceptDrift');
    const files = await findStackFiles(input);
    const open = openMove(opened, options.to);
    const world = await observe(pairOf(open.target, open.patient), { now: () => Date.now(), standing: true });
    const resume = claimToResume(world, 'failback', options);
    const wanted = planFailback(world, {
      move: 'failback',
      to: options.to,
      ungraceful: false,
      breakGlass: false,
      stackFiles: files.directory !== undefined,
      fileEpochs: files.epochs,
      resume,
      takeOver: options.takeOver,
      stabilityMs,
      acceptDrift,
    });
    const refused = wanted.kind === 'planned' ? nothingToResume(options, resume) : undefined;
    if (refused !== undefined && refused.kind !== 'planned') {
      return tellNoPlan(input, world, refused);
    }
    if (wanted.kind !== 'planned') {
      return tellNoPlan(input, world, wanted);
    }
    const { plan } = wanted;
    const healing = healDocuments(plan, {
      changed_at: new Date(startedAt).toISOString().replace(/\.\d{3}Z$/u, 'Z'),
      changed_by: options.by,
      reason: options.reason ?? `${plan.otherRegion} and ${plan.region} come together again`,
    });
    return showAndRun({
      input,
      options,
      opened,
      open,
      world,
      plan,
      resume,
      directory: files.directory,
      startedAt,
      flags: OPTIONS,
      actions: failbackActions({ plan, healing, stabilityMs, acceptDrift, catchUpMs: CATCH_UP_MS }),
    });
  },
};
