/**
 * The end of a full cycle: what the origin no longer lists becomes tombstones, chunk records that nothing lists too, and
 * the counts are taken from the final state. Whatever a run that died left behind in one Region ends here.
 */
import type { Cursor } from '../connectors/connector.ts';
import type { SourceCounts } from '../domain/corpus.ts';
import { LIMITS } from '../domain/limits.ts';
import { batchesOf } from '../stores/vector-batches.ts';
import type { CycleDependencies, CycleStop } from './cycle-types.ts';
import type { KnownDocuments } from './known-documents.ts';
import { isEqual, isLive } from './held.ts';
import type { KnownDocument, Listing } from './listing.ts';
import { documentIdOf } from './plan-document.ts';
import { addCounts, type PullTally } from './pull-changes.ts';
import { type WriteDependencies, writeTombstones } from './write-documents.ts';

interface Cleanup {
  readonly id: string;
  readonly chunkIds: readonly string[];
  readonly document: boolean;
}

const NO_COUNTS: SourceCounts = { documents: 0, chunks: 0, skipped: 0 };

const gone = (known: KnownDocument | undefined): boolean =>
  known !== undefined && (isLive(known.home) || isLive(known.peer) || !isEqual(known));

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

export const reconcileListing = async (
  running: {
    readonly dependencies: CycleDependencies;
    readonly write: WriteDependencies;
    readonly tally: PullTally;
  },
  listing: Listing,
  known: KnownDocuments,
  written: ReadonlyMap<string, SourceCounts>,
  cursor: Cursor,
): Promise<{ readonly kind: 'reconciled' } | CycleStop> => {
  const { dependencies, write, tally } = running;
  const origin = new Set<string>();
  for await (const entry of dependencies.connector.enumerate(dependencies.signal, cursor)) {
    origin.add(documentIdOf(dependencies.source.id, entry.id));
  }
  const cleanup = planCleanup(listing, known, written, origin);
  for (const batch of batchesOf(cleanup, LIMITS.batchDocumentsMax)) {
    const refused = await writeTombstones(write, batch);
    if (refused !== undefined) {
      return refused;
    }
  }
  tally.deleted += cleanup.filter(({ id, document }) => document && isLive(listing.documents.get(id)?.home)).length;
  tally.counts = finalCounts(known, written, origin);
  return { kind: 'reconciled' };
};
