/**
 * Seals a Region's own events into its chain, each minute. Idempotent: an event is marked as sealed only after its link is
 * stored, and a link that a crashed run left behind is adopted, with its marks, before anything new is sealed. Late events
 * (written at the peer while home was down) are found by a sweep over the days behind.
 */
import { done, type Failure, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { chainPartition, chainPositionKey, numberText } from './keys.ts';
import { type AuditPair, type AuditRegion, NumberedLog, type Tip } from './numbered-log.ts';
import { type LinkPayload, parseLink, type SealedEvent } from './payloads.ts';
import { chooseDays, findUnsealed, finishSweep, markSealed } from './unsealed-events.ts';

export interface SealDependencies {
  readonly pair: AuditPair;
  /** The highest epoch that the Region has seen. */
  readonly epoch: number;
  readonly now: () => number;
  readonly newOp: () => string;
}

export type SealOutcome =
  | {
      readonly kind: 'sealed';
      readonly tip: Tip;
      readonly links: number;
      readonly events: number;
      /** Events that this run had no room for; the next one seals them. */
      readonly left: number;
      readonly replication: 'both' | 'owed';
    }
  | { readonly kind: 'waiting'; readonly why: string }
  /** The chain is not what this Region wrote: nothing more is sealed, and a person must look. */
  | { readonly kind: 'damaged'; readonly why: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

export const openChain = (pair: AuditPair, newOp: () => string): NumberedLog =>
  new NumberedLog({
    pair,
    partition: chainPartition(pair.home.region),
    position: chainPositionKey,
    newOp,
    settle: async (record) => markSealed(pair.home, record.data),
    prevOf: (data) => {
      const link = parseLink(data);
      return link.kind === 'valid' ? link.value.prev : undefined;
    },
  });

/** The epoch of the last link: a Region that forgot its `GATE` record must not label a link with an older one. */
const lastEpoch = async (home: AuditRegion, tip: Tip): Promise<Result<number>> => {
  if (tip.n === 0) {
    return done(0);
  }
  const last = await home.records.get({ pk: chainPartition(home.region), sk: numberText(tip.n) });
  if (last.kind === 'failed') {
    return last;
  }
  const link = last.value === undefined ? undefined : parseLink(last.value.data);
  return done(link?.kind === 'valid' ? link.value.epoch : 0);
};

const batchesOf = (events: readonly SealedEvent[]): readonly (readonly SealedEvent[])[] =>
  Array.from({ length: Math.ceil(events.length / LIMITS.auditLinkEventsMax) }, (_, at) =>
    events.slice(at * LIMITS.auditLinkEventsMax, (at + 1) * LIMITS.auditLinkEventsMax),
  );

interface Sealing {
  tip: Tip;
  links: number;
  events: number;
  replication: 'both' | 'owed';
}

/** Appends links until nothing is left, the run is full, or somebody else seals too. */
const appendLinks = async (
  { pair, epoch, now }: SealDependencies,
  chain: NumberedLog,
  start: Tip,
  events: readonly SealedEvent[],
): Promise<SealOutcome> => {
  const sealing: Sealing = { tip: start, links: 0, events: 0, replication: 'both' };
  for (const batch of batchesOf(events).slice(0, LIMITS.auditLinksPerRunMax)) {
    const { region } = pair.home;
    const at = now();
    const link: LinkPayload = { n: sealing.tip.n + 1, prev: sealing.tip.h, region, epoch, at, events: batch };
    const appended = await chain.append(sealing.tip, at, link);
    if (appended.kind === 'failed') {
      return appended;
    }
    if (appended.kind === 'conflict') {
      return { kind: 'damaged', why: appended.why };
    }
    if (appended.kind === 'taken') {
      break;
    }
    sealing.tip = appended.tip;
    sealing.links += 1;
    sealing.events += batch.length;
    sealing.replication = appended.replication === 'owed' ? 'owed' : sealing.replication;
  }
  return { kind: 'sealed', ...sealing, left: events.length - sealing.events };
};

export const sealEvents = async (dependencies: SealDependencies): Promise<SealOutcome> => {
  const { pair, now, newOp } = dependencies;
  const chain = openChain(pair, newOp);
  const found = await chain.tip();
  if (found.kind !== 'tip') {
    return found;
  }
  const nowMs = now();
  const sweep = await chooseDays(pair.home, nowMs);
  if (sweep.kind === 'failed') {
    return sweep;
  }
  const unsealed = await findUnsealed(pair.home, sweep.value.days);
  if (unsealed.kind === 'failed') {
    return unsealed;
  }
  const before = unsealed.value.length === 0 ? done(0) : await lastEpoch(pair.home, found.tip);
  if (before.kind === 'failed') {
    return before;
  }
  const epoch = Math.max(dependencies.epoch, before.value);
  const sealed = await appendLinks({ ...dependencies, epoch }, chain, found.tip, unsealed.value);
  if (sealed.kind !== 'sealed' || sealed.left > 0 || !sweep.value.whole) {
    return sealed;
  }
  const finished = await finishSweep(pair.home, nowMs);
  return finished.kind === 'failed' ? finished : sealed;
};
