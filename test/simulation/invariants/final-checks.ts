/** What must hold when nothing is under way: differences are owed or unacknowledged, and in the end there are none. */
import { LOCAL_PREFIX, TABLE_NAMES, type TableName } from '../../../functions/domain/record.ts';
import type { Item } from '../stores/expression.ts';
import type { SimRegion } from '../world/region.ts';
import type { World } from '../world/world.ts';
import type { CycleChecks } from './cycle-checks.ts';
import { isDeleted, type Ledger, textIn } from './ledger.ts';
import { snapshotDefect, sourceItem, strayChunk } from './snapshot-checks.ts';
import type { InvariantName } from './table.ts';
import type { WriteChecks } from './write-checks.ts';

export interface Defect {
  readonly invariant: InvariantName;
  readonly what: string;
}

const isReplicated = (item: Item): boolean =>
  textIn(item, 'v') !== '' && !textIn(item, 'pk').startsWith(LOCAL_PREFIX) && item['expires'] === undefined;

const contentOf = (item: Item): string =>
  [textIn(item, 'v'), textIn(item, 'op'), textIn(item, 'h'), textIn(item, 'data'), isDeleted(item) ? 'del' : ''].join(
    '|',
  );

export interface Checks {
  readonly world: World;
  readonly ledger: Ledger;
  readonly cycles: CycleChecks;
  readonly writes: WriteChecks;
}

interface Pair {
  readonly table: TableName;
  readonly pk: string;
  readonly sk: string;
  readonly items: readonly [Item | undefined, Item | undefined];
}

function* pairsOf(world: World): IterableIterator<Pair> {
  const { primary, secondary } = world;
  for (const table of TABLE_NAMES) {
    for (const item of primary.table(table).items()) {
      const [pk, sk] = [textIn(item, 'pk'), textIn(item, 'sk')];
      if (isReplicated(item)) {
        yield { table, pk, sk, items: [item, secondary.peek(table, pk, sk)] };
      }
    }
    for (const item of secondary.table(table).items()) {
      const [pk, sk] = [textIn(item, 'pk'), textIn(item, 'sk')];
      if (isReplicated(item) && textIn(primary.peek(table, pk, sk), 'v') === '') {
        yield { table, pk, sk, items: [primary.peek(table, pk, sk), item] };
      }
    }
  }
}

/** Undefined where both hold the same, or one has collected what the other still holds. */
const newerSide = ({ ledger, world }: Checks, { table, pk, sk, items }: Pair): SimRegion | undefined => {
  const [left, right] = items.map((item) => textIn(item, 'v'));
  if (left === right) {
    return undefined;
  }
  const newer = (left ?? '') > (right ?? '') ? world.primary : world.secondary;
  const v = textIn(newer.peek(table, pk, sk), 'v');
  return ledger.highest(world.peerOf(newer), table, pk, sk) >= v ? undefined : newer;
};

/** While work is under way elsewhere: every difference has its reason. */
export const unexplainedDifference = (checks: Checks): Defect | undefined => {
  for (const pair of pairsOf(checks.world)) {
    const newer = newerSide(checks, pair);
    const item = newer?.peek(pair.table, pair.pk, pair.sk);
    const run = checks.ledger.runOf(textIn(item, 'v'));
    const isOfUnacknowledged =
      textIn(item, 'v').startsWith('i|') && (run?.acknowledged ?? 0) === 0 && run?.isDeferred !== true;
    if (newer !== undefined && textIn(item, 'owed') === '' && !isOfUnacknowledged) {
      const what = `${newer.name} alone holds ${pair.pk} / ${pair.sk} at ${textIn(item, 'v')}, and owes it to nobody`;
      return { invariant: 'difference-is-owed', what };
    }
  }
  return undefined;
};

/** What either Region would lack if the other were gone now. */
export const missingInSurvivor = ({ world, ledger, cycles }: Checks): Defect | undefined => {
  for (const [key, v] of cycles.required) {
    const [, pk = '', sk = ''] = key.split('|');
    const lacking = world.regions.find((region) => ledger.highest(region, 'graph', pk, sk) < v);
    if (lacking !== undefined) {
      return { invariant: 'survivor', what: `${lacking.name} lacks ${pk} / ${sk} at ${v}, which was acknowledged` };
    }
  }
  return undefined;
};

const sourceDefect = ({ world, ledger }: Checks, source: string): Defect | undefined => {
  const origin = world.origins.get(source);
  if (origin === undefined) {
    return undefined;
  }
  const snapshot = origin.snapshot();
  for (const region of world.regions) {
    const shown = sourceItem(region, source);
    if (!textIn(shown, 'data').includes(snapshot)) {
      return { invariant: 'final-equals-origin', what: `${region.name} does not show the last snapshot of ${source}` };
    }
    const defect =
      snapshotDefect({ ledger, region, source, files: origin.everAt(snapshot) ?? new Map<string, string>() }) ??
      strayChunk(ledger, region, source);
    if (defect !== undefined) {
      return { invariant: 'final-equals-origin', what: defect };
    }
  }
  return undefined;
};

const difference = (checks: Checks): Defect | undefined => {
  for (const pair of pairsOf(checks.world)) {
    const [left, right] = pair.items;
    const isCollected = newerSide(checks, pair) === undefined && (left === undefined || right === undefined);
    const isSame = left !== undefined && right !== undefined && contentOf(left) === contentOf(right);
    if (!isSame && !(isCollected && isDeleted(left ?? right))) {
      const versions = `${textIn(left, 'v')} and ${textIn(right, 'v')}`;
      return { invariant: 'regions-equal', what: `${pair.pk} / ${pair.sk} differs: ${versions}` };
    }
  }
  return undefined;
};

const debtOf = (region: SimRegion): Item | undefined => {
  for (const table of TABLE_NAMES) {
    for (const item of region.table(table).items()) {
      if (textIn(item, 'owed') !== '') {
        return item;
      }
    }
  }
  return undefined;
};

export const owesSomething = (region: SimRegion): boolean => debtOf(region) !== undefined;

const debt = ({ world }: Checks): Defect | undefined => {
  for (const region of world.regions) {
    const item = debtOf(region);
    if (item !== undefined) {
      return { invariant: 'liveness', what: `${region.name} still owes ${textIn(item, 'pk')} / ${textIn(item, 'sk')}` };
    }
  }
  return undefined;
};

/** The first thing that is wrong with a state that should be equal, paid and what the origin holds. */
export const finalDefect = (checks: Checks): Defect | undefined => {
  for (const source of checks.world.origins.keys()) {
    const defect = sourceDefect(checks, source);
    if (defect !== undefined) {
      return defect;
    }
  }
  return difference(checks) ?? missingInSurvivor(checks) ?? checks.writes.finalDefect() ?? debt(checks);
};
