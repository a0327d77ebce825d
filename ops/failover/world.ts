/** What was seen of both Regions at one moment, as plain values: a plan is made of it, and of nothing else. */
import type { Failure } from '../../functions/domain/failure.ts';
import type { RegionName, Role } from '../../functions/domain/region.ts';
import type { DocumentReading, GateDecision, RecordReading } from '../../functions/gate/decide.ts';
import type { GateDocument } from '../../functions/gate/document.ts';
import type { SlotVerdict } from '../../functions/repair/comparison-items.ts';
import type { OwedDebt } from '../../functions/repair/owed-debt.ts';
import type { PeerState } from '../../functions/repair/peer-state.ts';
import type { Claim } from './claim.ts';

export type Answering = { readonly kind: 'answers' } | { readonly kind: 'silent'; readonly failure: Failure };

const WORDS: Readonly<Record<string, string>> = {
  AbortError: 'timed out',
  TimeoutError: 'timed out',
  ETIMEDOUT: 'timed out',
  ENOTFOUND: 'its name has no address',
  ENODATA: 'its name has no address',
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'reset the connection',
};

/** A failure in two words: at night a code is one more thing to look up. */
export const shortly = ({ code }: Failure): string => WORDS[code] ?? code;

export interface SourceWorld {
  readonly id: string;
  readonly name: string;
  /** Who has claimed it last in this Region. */
  readonly fence?: { readonly epoch: number; readonly region: string; readonly run: number; readonly op: string };
  readonly committed: {
    readonly epoch: number;
    readonly region: string;
    /** In ms since 1970. */
    readonly finishedAt: number;
    readonly isDeferred: boolean;
  };
  /** Claimed since its last commit: a cycle is under way, or one died. */
  readonly isOpen: boolean;
}

/** Only where somebody asked for it: it costs a few dozen reads. */
export interface Standing {
  readonly owed?: OwedDebt;
  readonly peer?: PeerState;
  readonly verdict?: SlotVerdict;
}

export interface RegionWorld {
  readonly role: Role;
  readonly region: RegionName;
  readonly endpoint?: string;
  readonly records: Answering;
  readonly vectors: Answering;
  readonly document: DocumentReading;
  readonly record: RecordReading;
  readonly decision: GateDecision;
  readonly claim?: Claim;
  readonly sources: readonly SourceWorld[];
  readonly api?: { readonly answering: Answering; readonly durationMs?: number; readonly skewMs?: number };
  readonly standing?: Standing;
}

export interface World {
  /** In ms since 1970, by this machine's clock. */
  readonly at: number;
  readonly regions: Readonly<Record<Role, RegionWorld>>;
}

export const answers = (one: Answering | undefined): boolean => one?.kind === 'answers';

export const isActive = ({ decision }: RegionWorld): boolean => decision.state === 'active';

/** A drain runs every minute: what waits longer is a debt, what waits less is on its way. */
export const OWED_SOON_MS = 2 * 60 * 1000;

/** Both stores and the gate: a Region that takes part in a graceful move has all three. */
export const isWhole = ({ records, vectors, document }: RegionWorld): boolean =>
  answers(records) && answers(vectors) && document.kind !== 'unreadable';

const epochOfReading = (reading: DocumentReading | RecordReading): number =>
  'document' in reading ? reading.document.epoch : 0;

/** The highest epoch that stands anywhere in the Region; undefined where its own stores did not answer. */
export const seenEpochOf = ({ records, document, record, claim, sources }: RegionWorld): number | undefined =>
  answers(records)
    ? Math.max(
        epochOfReading(document),
        epochOfReading(record),
        claim?.epoch ?? 0,
        ...sources.map(({ fence, committed }) => Math.max(fence?.epoch ?? 0, committed.epoch)),
      )
    : undefined;

/**
 * Whose moves have not ended, the latest first. A claim that has ended in the other Region, or that stands below a later one there, is
 * only what its Region did not hear of. An ungraceful move retires its claim in the Region that it leaves while it goes on: its end
 * is what the Region says that it goes to.
 */
export const openClaims = ({ regions }: World): readonly Claim[] => {
  const all = Object.values(regions).flatMap(({ role, claim }) => (claim === undefined ? [] : [{ role, claim }]));
  const isOver = ({ id, epoch }: Claim): boolean =>
    all.some(
      ({ role, claim: other }) =>
        other.epoch > epoch ||
        (other.id === id && other.state === 'ended' && (other.kind === 'graceful' || other.to === role)),
    );
  const open = all.map(({ claim }) => claim).filter((claim) => claim.state === 'running' && !isOver(claim));
  return [...new Map(open.map((claim) => [claim.id, claim])).values()].toSorted(
    (left, right) => right.epoch - left.epoch,
  );
};

/** A fact in words, with the epoch that it carries: what carries a plan's own epoch was done by that plan. */
export interface Fact {
  readonly text: string;
  readonly epoch: number;
}

const documentText = ({ epoch, is_active_for_scheduled_work: active, peer_writes: peer }: GateDocument): string =>
  `epoch ${epoch}, ${active ? 'active' : 'passive'}, peer writes ${peer}`;

const readingFact = (reading: DocumentReading | RecordReading): Fact | undefined => {
  switch (reading.kind) {
    case 'unreadable': {
      return undefined;
    }
    case 'none': {
      return { text: 'nothing', epoch: 0 };
    }
    case 'invalid': {
      return { text: `invalid (${reading.why})`, epoch: 0 };
    }
    case 'document':
    case 'recorded':
    case 'raised': {
      const raised = reading.kind === 'raised' ? ', raised by a fence' : '';
      return { text: documentText(reading.document) + raised, epoch: reading.document.epoch };
    }
  }
};

const fenceFact = (sources: readonly SourceWorld[]): Fact => {
  const [highest] = sources
    .flatMap(({ fence }) => (fence === undefined ? [] : [fence]))
    .toSorted((left, right) => right.epoch - left.epoch || (left.region < right.region ? 1 : -1));
  return highest === undefined
    ? { text: 'none', epoch: 0 }
    : { text: `epoch ${highest.epoch}, ${highest.region}`, epoch: highest.epoch };
};

const regionFacts = (one: RegionWorld): Readonly<Record<string, Fact | undefined>> => {
  const known = answers(one.records);
  const { claim } = one;
  return {
    document: readingFact(one.document),
    record: known ? readingFact(one.record) : undefined,
    claim: known ? { text: claim === undefined ? 'none' : claimText(claim), epoch: claim?.epoch ?? 0 } : undefined,
    fence: known ? fenceFact(one.sources) : undefined,
  };
};

const claimText = ({ epoch, id, state }: Claim): string => `epoch ${epoch}, ${id}, ${state}`;

/** Everything that a plan depends on, by name; what could not be read is left out. */
export const factsOf = ({ regions }: World): Readonly<Record<string, Fact>> =>
  Object.fromEntries(
    Object.values(regions).flatMap((one) =>
      Object.entries(regionFacts(one)).flatMap(([name, fact]) =>
        fact === undefined ? [] : [[`${one.role}.${name}`, fact] as const],
      ),
    ),
  );

/** The highest epoch that anybody saw anywhere: also in the document of a Region whose stores are silent. */
export const highestSeen = (world: World): number =>
  Math.max(
    ...Object.values(factsOf(world)).map(({ epoch }) => epoch),
    ...Object.values(world.regions).map((one) => seenEpochOf(one) ?? 0),
  );
