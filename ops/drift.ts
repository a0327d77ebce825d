/**
 * `twinmap drift | repair`: proves that both Regions hold the same, names every key that they don't, and with `repair --yes` sends what
 * is owed and mends what differs, both ways.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Failure } from '../functions/domain/failure.ts';
import type { JudgedDifference } from '../functions/repair/judge.ts';
import { type CaughtUp, catchUp } from './failover/catch-up.ts';
import { openAccess, OPS_BOUNDS, placeOf, readAddresses } from './failover/open-access.ts';
import { countOf } from './failover/prove.ts';
import { shortly } from './failover/world.ts';
import { type Command, type CommandInput, EXIT } from './command.ts';
import { PAIR_OPTIONS } from './status.ts';

const REPAIR_MS = 30 * 60 * 1000;
const SHOWN_MAX = 20;
const GIVEN_MAX = 1000;

const KINDS: Readonly<Record<JudgedDifference['kind'], (primary: string, secondary: string) => string>> = {
  'missing-left': (primary) => `missing in ${primary}`,
  'missing-right': (_primary, secondary) => `missing in ${secondary}`,
  'stale-left': (primary) => `older in ${primary}`,
  'stale-right': (_primary, secondary) => `older in ${secondary}`,
  'different-bytes': () => 'one version, different bytes',
};

interface Compared {
  readonly regions: readonly [primary: string, secondary: string];
  readonly caught: CaughtUp;
}

type Outcome = 'equal' | 'owed' | 'unacknowledged' | 'drift';

const outcomeOf = ({ proof }: CaughtUp): Outcome => {
  if (proof.equal || proof.differences.length === 0) {
    return 'equal';
  }
  const worst = (['drift', 'unacknowledged'] as const).find((one) => countOf(proof.differences, one) > 0);
  return worst ?? 'owed';
};

const HEADS: Readonly<Record<Outcome, string>> = {
  equal: 'EQUAL: both Regions hold the same',
  owed: 'OWED: what differs is on its way',
  unacknowledged: 'UNACKNOWLEDGED: what differs was left by a cycle that did not end; the next one redoes it',
  drift: 'DRIFT: the Regions differ, and nothing is on its way',
};

const tell = ({ say }: CommandInput, { regions, caught }: Compared): void => {
  const { proof, owed } = caught;
  say(HEADS[outcomeOf(caught)]);
  for (const { region, root, documents, chunks, vectors } of proof.roots) {
    say(`  ${region}  root ${root.slice(0, 16)}…  ${documents} documents, ${chunks} chunks, ${vectors} vectors`);
  }
  say(
    `  owed: ${owed} records; unacknowledged: ${countOf(proof.differences, 'unacknowledged')}; drift: ${countOf(proof.differences, 'drift')}`,
  );
  for (const { store, key, kind, standing } of proof.differences.slice(0, SHOWN_MAX)) {
    say(`  ${standing}  ${store}  ${key.join(' / ')}  ${KINDS[kind](...regions)}`);
  }
  if (proof.differences.length > SHOWN_MAX) {
    say(`  … and ${proof.differences.length - SHOWN_MAX} more`);
  }
};

const fieldsOf = ({ caught }: Compared): object => {
  const { proof, ...counts } = caught;
  return {
    outcome: outcomeOf(caught),
    ...counts,
    equal: proof.equal,
    roots: proof.roots,
    unacknowledged: countOf(proof.differences, 'unacknowledged'),
    drift: countOf(proof.differences, 'drift'),
    differences: proof.differences.slice(0, GIVEN_MAX),
    differencesTotal: proof.differences.length,
  };
};

const unreachable = ({ say, give }: CommandInput, failure: Failure): number => {
  const { code, message } = failure;
  const why = shortly(failure) === code ? `${message} (${code})` : `a Region ${shortly(failure)}`;
  say(`Not compared: ${why}. Next: npx twinmap status`);
  give({ outcome: 'unreachable', error: message, code });
  return EXIT.unreachable;
};

const compare = async (
  input: CommandInput,
  repair: boolean,
): Promise<
  { readonly kind: 'compared'; readonly value: Compared } | { readonly kind: 'failed'; readonly failure: Failure }
> => {
  const { addresses } = await readAddresses(placeOf(input));
  const [primary, secondary] = [openAccess(addresses.primary, OPS_BOUNDS), openAccess(addresses.secondary, OPS_BOUNDS)];
  const caught = await catchUp(primary, secondary, {
    now: () => Date.now(),
    sleep: async (ms) => {
      await sleep(ms);
    },
    deadlineMs: Date.now() + REPAIR_MS,
    say: input.say,
    repair,
  });
  return caught.kind === 'failed'
    ? caught
    : { kind: 'compared', value: { regions: [primary.region, secondary.region], caught: caught.value } };
};

const isEqual = ({ caught }: Compared): boolean => outcomeOf(caught) === 'equal';

export const drift: Command = {
  name: 'drift',
  arguments: [],
  help: 'prove from the stored bytes that both Regions hold the same; names what differs',
  options: PAIR_OPTIONS,
  run: async (input) => {
    const compared = await compare(input, false);
    if (compared.kind === 'failed') {
      return unreachable(input, compared.failure);
    }
    tell(input, compared.value);
    if (!isEqual(compared.value)) {
      input.say('Next: npx twinmap repair --yes');
    }
    input.give(fieldsOf(compared.value));
    return isEqual(compared.value) && compared.value.caught.owed === 0 ? EXIT.done : EXIT.drift;
  },
};

export const repair: Command = {
  name: 'repair',
  arguments: [],
  help: 'send what is owed and mend what differs, both ways by merge-max; shows it, and does it with --yes',
  options: [{ flags: '--yes', help: 'do it' }, ...PAIR_OPTIONS],
  run: async (input) => {
    const isDone = input.options['yes'] === true;
    const compared = await compare(input, isDone);
    if (compared.kind === 'failed') {
      return unreachable(input, compared.failure);
    }
    const { caught } = compared.value;
    tell(input, compared.value);
    const isLeft = !isEqual(compared.value) || caught.owed > 0;
    input.say(
      isDone
        ? `${caught.sent} records were sent, ${caught.repaired} repaired`
        : isLeft
          ? 'Nothing was changed; --yes does it'
          : 'There is nothing to repair',
    );
    input.give({ ...fieldsOf(compared.value), executed: isDone });
    return isLeft ? EXIT.drift : EXIT.done;
  },
};
