/**
 * What the two Regions of a comparison show each other besides the nodes: the roots of a Region's newest proof, that its nodes
 * are all written, and its verdict. Three local items under keys of their own, each with its slot as order, so that an older
 * run never replaces a newer one's.
 */
import { z } from 'zod';

import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { LOCAL_PREFIX, type RecordKey } from '../domain/record.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import type { LocalItem } from '../stores/record-store.ts';
import { short } from './digest-nodes.ts';
import { PROVEN_STORES, type ProvenStore, type RegionProof } from './prove.ts';

const storeRoots = z.object({ root: z.string(), children: z.array(z.string()).length(16) });

const rootsSchema = z.object({
  slot: z.number().int(),
  deep: z.boolean(),
  /** When its Region began to read, in ms since 1970 by its own clock. */
  at: z.number(),
  root: z.string(),
  /** `children`: the truncated hashes of the first level. */
  stores: z.object({ workspaces: storeRoots, audit: storeRoots, graph: storeRoots, vectors: storeRoots }),
});

/** One proof as the other Region sees it first. */
export type ShownRoots = z.infer<typeof rootsSchema>;

const readySchema = z.object({ slot: z.number().int() });

const verdictSchema = z.object({
  slot: z.number().int(),
  deep: z.boolean(),
  verdict: z.enum(['identical', 'owed-only', 'drift']),
  recheckedLeaves: z.number(),
  counts: z.object({ owed: z.number(), unacknowledged: z.number(), drift: z.number() }),
  roots: z.record(z.string(), z.string()),
  by: z.string(),
  startedAt: z.number(),
});

/** The outcome of a slot, as a Region keeps it. `roots` by the names of the Regions, `by`: the Region that compared. */
export type SlotVerdict = z.infer<typeof verdictSchema>;

/** What one Region shows of its newest proof. */
export interface SideView {
  readonly roots: ShownRoots | undefined;
  /** Its nodes for that slot are all there. */
  readonly isReady: boolean;
  readonly verdict: SlotVerdict | undefined;
}

const DIGESTS = `${LOCAL_PREFIX}digests`;

type ItemName = 'roots' | 'ready' | 'verdict';

const keyOf = (name: ItemName): RecordKey => ({ pk: DIGESTS, sk: name });

const parseItem = <T>(items: readonly LocalItem[], name: ItemName, schema: z.ZodType<T>): T | undefined => {
  const data = items.find(({ sk }) => sk === name)?.data;
  try {
    // An item of another program version is no proof; the next slot's replaces it.
    return data === undefined ? undefined : schema.safeParse(JSON.parse(data)).data;
  } catch {
    // Damaged bytes are no proof either.
    return undefined;
  }
};

/** One strongly consistent read of a Region; from the peer it is also the sign of life. */
export const readSide = async (stores: RegionStores): Promise<Result<SideView>> => {
  const items = await stores.tables.workspaces.getLocals([keyOf('roots'), keyOf('ready'), keyOf('verdict')]);
  if (items.kind === 'failed') {
    return items;
  }
  const roots = parseItem(items.value, 'roots', rootsSchema);
  return done({
    roots,
    isReady: roots !== undefined && parseItem(items.value, 'ready', readySchema)?.slot === roots.slot,
    verdict: parseItem(items.value, 'verdict', verdictSchema),
  });
};

/** The newest verdict alone, for whoever shows it. */
export const readVerdict = async (stores: RegionStores): Promise<Result<SlotVerdict | undefined>> => {
  const side = await readSide(stores);
  return side.kind === 'failed' ? side : done(side.value.verdict);
};

const keep = async (
  home: RegionStores,
  name: ItemName,
  item: { readonly slot: number },
): Promise<Result<'written' | 'kept'>> =>
  home.tables.workspaces.putLocal({ ...keyOf(name), order: item.slot, data: JSON.stringify(item) });

export const rootsOf = (proof: RegionProof, about: { slot: number; deep: boolean; at: number }): ShownRoots => {
  const brief = (store: ProvenStore): { root: string; children: string[] } => ({
    root: proof.trees[store].root,
    children: proof.trees[store].children('').map((hash) => short(hash)),
  });
  return {
    ...about,
    root: proof.root,
    stores: {
      workspaces: brief('workspaces'),
      audit: brief('audit'),
      graph: brief('graph'),
      vectors: brief('vectors'),
    },
  };
};

/** `kept`: another run has proven this slot, or a later one. */
export const showRoots = async (home: RegionStores, roots: ShownRoots): Promise<Result<'written' | 'kept'>> =>
  keep(home, 'roots', roots);

/** After the last node was written. */
export const showReady = async (home: RegionStores, slot: number): Promise<Result<'written' | 'kept'>> =>
  keep(home, 'ready', { slot });

export const keepVerdict = async (home: RegionStores, verdict: SlotVerdict): Promise<Result<'written' | 'kept'>> =>
  keep(home, 'verdict', verdict);

/** The stores whose roots differ: the ones whose nodes the other Region needs to see. */
export const differingStores = (left: ShownRoots, right: ShownRoots): readonly ProvenStore[] =>
  PROVEN_STORES.filter((store) => left.stores[store].root !== right.stores[store].root);

export const slotOf = (nowMs: number): number => Math.floor(nowMs / LIMITS.proofSlotMs);

/** What both Regions of a comparison leave out: whatever people wrote after its slot began. */
export const watermarkOf = (slot: number): number => slot * LIMITS.proofSlotMs;
