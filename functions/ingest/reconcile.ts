/**
 * The end of a full cycle: what the origin no longer lists becomes tombstones (unless that is too much to go without a
 * person's word), chunk records that nothing lists too, and the counts are taken from the final state. Whatever a run that died left behind in one Region ends here.
 */
import type { Cursor } from '../connectors/connector.ts';
import { PartTrouble, SourceTrouble } from '../connectors/source-trouble.ts';
import type { HeldDeletions, SourceCounts } from '../domain/corpus.ts';
import { LIMITS } from '../domain/limits.ts';
import { batchesOf } from '../stores/vector-batches.ts';
import type { CycleDependencies, CycleStop } from './cycle-types.ts';
import type { SeenChanges } from './derive/seen-changes.ts';
import type { KnownDocuments } from './known-documents.ts';
import { isDeadEverywhere, isEqual, isLive } from './held.ts';
import type { KnownDocument, Listing } from './listing.ts';
import { documentIdOf } from './plan-document.ts';
import { isTooMany, planOf } from './prune-guard.ts';
import { addCounts, type PullTally } from './pull-changes.ts';
import { type WriteDependencies, writeTombstones } from './write-documents.ts';

interface Cleanup {
  readonly id: string;
  readonly chunkIds: readonly string[];
  readonly document: boolean;
}

const NO_COUNTS: SourceCounts = { documents: 0, chunks: 0, skipped: 0 };

const gone = (known: KnownDocument | undefined): boolean => known !== undefined && !isDeadEverywhere(known);

/** What has to become tombstones, given the final listing of the origin. Pure. */
export const planCleanup = (
  listing: Listing,
  known: KnownDocuments,
  written: ReadonlyMap<string, SourceCounts>,
  origin: ReadonlySet<string>,
): readonly Cleanup[] => {
  const ids = new Set([...listing.documents.keys(), ...listing.chunks.keys()]);
  return [...ids].flatMap((id) => {
    if (written.has(id)) {
      // Its stale chunks were buried together with the write.
      return [];
    }
    const kept = origin.has(id);
    const wanted = kept ? new Set(known.get(id)?.payload?.chunks.map(({ c }) => c)) : new Set<string>();
    const chunkIds = known.staleChunks(id, wanted);
    const document = !kept && gone(known.get(id));
    return chunkIds.length > 0 || document ? [{ id, chunkIds, document }] : [];
  });
};

const sum = (left: SourceCounts, right: SourceCounts): SourceCounts => ({
  documents: left.documents + right.documents,
  chunks: left.chunks + right.chunks,
  skipped: left.skipped + right.skipped,
});

const finalCounts = (
  known: KnownDocuments,
  written: ReadonlyMap<string, SourceCounts>,
  origin: ReadonlySet<string>,
): SourceCounts => {
  let counts = NO_COUNTS;
  for (const id of origin) {
    const now = written.get(id);
    counts = now === undefined ? addCounts(counts, known.get(id)?.payload, 1) : sum(counts, now);
  }
  return counts;
};

export interface Reconciled {
  readonly kind: 'reconciled';
  /** Set where a person has to approve the deletions first. */
  readonly held: HeldDeletions | undefined;
  /** Why nothing was taken for gone: a part of the origin could not be read. */
  readonly uncompared: string | undefined;
}

const isShown = (known: KnownDocument | undefined): boolean =>
  known !== undefined && (isLive(known.home) || isLive(known.peer));

/** The documents that stay, where too many would go at once and nobody has approved exactly these. */
const heldOf = async (
  { readApprovedPlan }: CycleDependencies,
  listing: Listing,
  cleanup: readonly Cleanup[],
): Promise<{ readonly ids: readonly string[]; readonly plan: HeldDeletions } | undefined> => {
  const ids = cleanup.filter(({ id, document }) => document && isShown(listing.documents.get(id))).map(({ id }) => id);
  const documents = [...listing.documents.values()].filter((known) => isShown(known)).length;
  if (!isTooMany(ids.length, documents)) {
    return undefined;
  }
  const plan = planOf(ids);
  return plan.plan === (await readApprovedPlan?.()) ? undefined : { ids, plan };
};

type OriginListing =
  | { readonly kind: 'total'; readonly ids: ReadonlySet<string> }
  /** A part is missing from it: what is not listed may be there all the same. */
  | { readonly kind: 'partial'; readonly why: string };

const listOrigin = async (
  { dependencies, tally }: { readonly dependencies: CycleDependencies; readonly tally: PullTally },
  cursor: Cursor,
): Promise<OriginListing> => {
  const [missing] = tally.failures.parts();
  if (missing !== undefined) {
    return { kind: 'partial', why: `${missing.id} could not be read: ${missing.message}` };
  }
  const ids = new Set<string>();
  try {
    for await (const entry of dependencies.connector.enumerate(dependencies.signal, cursor)) {
      ids.add(documentIdOf(dependencies.source.id, entry.id));
    }
  } catch (error) {
    if (error instanceof PartTrouble) {
      return { kind: 'partial', why: `${error.part} could not be listed: ${error.message}` };
    }
    throw error;
  }
  return { kind: 'total', ids };
};

/**
 * Everything that is held counts as there. That is an end of a cycle only where both Regions hold the same of it: what a run that
 * died has left in one of them, and this one could not read again, is not acknowledged.
 */
const heldIds = (
  { documents }: Listing,
  written: ReadonlyMap<string, SourceCounts>,
  why: string,
): ReadonlySet<string> => {
  const shown = [...documents].filter(([, known]) => isShown(known));
  if (shown.some(([id, known]) => !written.has(id) && !isEqual(known))) {
    throw new SourceTrouble('incomplete', `${why} Some of it differs between the Regions until it can be read.`);
  }
  return new Set([...shown.map(([id]) => id), ...written.keys()]);
};

export const reconcileListing = async (
  running: {
    readonly dependencies: CycleDependencies;
    readonly write: WriteDependencies;
    readonly tally: PullTally;
    readonly seen: Pick<SeenChanges, 'deleted'>;
  },
  listing: Listing,
  known: KnownDocuments,
  written: ReadonlyMap<string, SourceCounts>,
  cursor: Cursor,
): Promise<Reconciled | CycleStop> => {
  const { dependencies, write, tally, seen } = running;
  const listed = await listOrigin(running, cursor);
  const origin = listed.kind === 'total' ? listed.ids : heldIds(listing, written, listed.why);
  const cleanup = planCleanup(listing, known, written, origin);
  const held = await heldOf(dependencies, listing, cleanup);
  const kept = new Set(held?.ids);
  const buried = cleanup.filter(({ id }) => !kept.has(id));
  for (const batch of batchesOf(buried, LIMITS.batchDocumentsMax)) {
    const refused = await writeTombstones(write, batch);
    if (refused !== undefined) {
      return refused;
    }
  }
  for (const { id } of buried.filter(({ document }) => document)) {
    seen.deleted.add(id);
  }
  tally.deleted += buried.filter(({ id, document }) => document && isLive(listing.documents.get(id)?.home)).length;
  tally.counts = finalCounts(known, written, new Set([...origin, ...kept]));
  return { kind: 'reconciled', held: held?.plan, uncompared: listed.kind === 'total' ? undefined : listed.why };
};
