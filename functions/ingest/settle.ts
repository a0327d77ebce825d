/**
 * Settling (DESIGN §4.3): before a cycle compares anything, what the source owes in either Region is sent, and before it
 * commits, nothing may be owed. What can't be sent (a vector that it lists is gone) does not stop a cycle at the beginning,
 * because the cycle writes it anew; it does at the end.
 */
import type { SourcePayload } from '../domain/corpus.ts';
import type { Failure } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { isMutant } from '../domain/mutants.ts';
import type { RegionName, Side } from '../domain/region.ts';
import { type DebtScope, readSourceDebts, settleSource } from '../repair/source-debts.ts';
import { type CycleDependencies, type CycleStop, stopAt } from './cycle-types.ts';

export interface Settled {
  readonly kind: 'settled';
  /** Something was owed: a run wrote what no acknowledged cycle has judged, so everything has to be compared. */
  readonly found: boolean;
}

const NOTHING_FOUND: Settled = { kind: 'settled', found: false };

/**
 * Buckets of the lexical index are owed only by runs of a declared outage, which was an earlier epoch. None of those lives longer
 * than the overlap after the first comparison of this epoch; where a cycle has looked since, and found nothing, none is left. Read
 * off the last commit: a comparison that has to be repeated because of such runs dates itself back to nearly an interval ago.
 */
export const debtScope = (
  committed: SourcePayload | undefined,
  { epoch, region, now }: { readonly epoch: number; readonly region: RegionName; readonly now: number },
): DebtScope => {
  if (
    committed === undefined ||
    committed.deferred !== undefined ||
    committed.uncompared !== undefined ||
    committed.cycle.epoch !== epoch ||
    committed.cycle.region !== region
  ) {
    return 'all';
  }
  const { lastFullAt, cycle } = committed;
  const looked = cycle.finishedAt - lastFullAt;
  const settledMs = 2 * LIMITS.overlapMs;
  const isNear = (ms: number): boolean => ms <= settledMs || ms >= LIMITS.fullCycleIntervalMs - settledMs;
  return isNear(looked) || isNear(now - lastFullAt) ? 'all' : 'without-buckets';
};

/** After a claim. In a declared outage nothing can be settled, and in a single-Region install nothing is owed. */
export const settleDebts = async (
  { writer, source, telemetry }: CycleDependencies,
  scope: DebtScope = 'all',
): Promise<Settled | CycleStop> => {
  if (writer.owed !== undefined || writer.regions.peer === undefined || isMutant('no-settling')) {
    return NOTHING_FOUND;
  }
  const outcome = await settleSource(writer.regions, source.id, scope);
  switch (outcome.kind) {
    case 'settled': {
      if (outcome.found > 0) {
        telemetry.log('info', 'cycle.settled', { source: source.id, sent: outcome.found });
      }
      return { kind: 'settled', found: outcome.found > 0 };
    }
    case 'left': {
      telemetry.log('warn', 'cycle.settled', { source: source.id, left: outcome.keys.length });
      return { kind: 'settled', found: true };
    }
    case 'failed': {
      return stopAt('settle', outcome.side, outcome.failure);
    }
  }
};

const stillOwed = (count: number): Failure => ({
  reason: 'unknown',
  code: 'StillOwed',
  message: `${count} records of the source are owed again; the next run settles them`,
});

/** Right before a commit: strong reads of both Regions. Whatever is owed now came from a run that this one has not judged. */
export const proveSettled = async ({ writer, source }: CycleDependencies): Promise<CycleStop | undefined> => {
  const { home, peer } = writer.regions;
  if (writer.owed !== undefined || peer === undefined || isMutant('no-settling')) {
    return undefined;
  }
  const [ofPeer, ofHome] = await Promise.all([
    readSourceDebts(peer, home.region, source.id),
    readSourceDebts(home, peer.region, source.id),
  ]);
  const sides: readonly (readonly [Side, typeof ofPeer])[] = [
    ['peer', ofPeer],
    ['home', ofHome],
  ];
  for (const [side, debts] of sides) {
    if (debts.kind === 'failed') {
      return stopAt('settle', side, debts.failure);
    }
    if (debts.value.length > 0) {
      return stopAt('settle', side, stillOwed(debts.value.length));
    }
  }
  return undefined;
};
