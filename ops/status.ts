/**
 * `twinmap status`: both Regions side by side, read straight from their stores, their gates and their APIs. It changes nothing and
 * needs no token.
 */
import { ROLES } from '../functions/domain/region.ts';
import { BEST_EFFORT_BOUNDS, openAccess, OPS_BOUNDS, placeOf, readAddresses } from './failover/open-access.ts';
import { observe } from './failover/observe.ts';
import type { PairAccess } from './failover/region-access.ts';
import type { Command } from './command.ts';
import { STORES_FILE_HELP } from './pair-stores.ts';
import { statusLines, worldFields } from './status-lines.ts';
import { judgeWorld } from './status-verdict.ts';
import type { CommandOption } from './command.ts';

export const PAIR_OPTIONS: readonly CommandOption[] = [
  { flags: '--stores <file>', help: `${STORES_FILE_HELP}; without it the running pair` },
  { flags: '--data <directory>', help: 'the data folder of the running pair', fallback: '.twinmap' },
];

/** Nobody waits for a dead Region longer than for one attempt of a call. */
const STATUS_BOUNDS = { ...OPS_BOUNDS, attemptsMax: BEST_EFFORT_BOUNDS.attemptsMax };

export const status: Command = {
  name: 'status',
  arguments: [],
  help: 'both Regions side by side: gate, epoch, who is active, what is owed, last cycles',
  options: PAIR_OPTIONS,
  run: async (input) => {
    const { addresses } = await readAddresses(placeOf(input));
    const pair: PairAccess = {
      primary: openAccess(addresses.primary, STATUS_BOUNDS),
      secondary: openAccess(addresses.secondary, STATUS_BOUNDS),
    };
    const world = await observe(pair, { now: () => Date.now(), standing: true });
    const judged = judgeWorld(world);
    for (const line of statusLines(world, judged)) {
      input.say(line);
    }
    const active = ROLES.filter((role) => world.regions[role].decision.state === 'active');
    input.give({
      overall: judged.overall,
      active: active.length === 1 ? active[0] : null,
      findings: judged.findings,
      ...worldFields(world),
    });
    return judged.exitCode;
  },
};
