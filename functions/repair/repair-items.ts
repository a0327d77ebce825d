/**
 * What a Region's repair keeps between its runs, as local items: the state of its peer, whether a person has paused it, what a
 * catch-up has done so far, and how far the collection of tombstones has come.
 */
import { z } from 'zod';

import { done, type Result } from '../domain/failure.ts';
import { LOCAL_PREFIX, type RecordKey, TABLE_NAMES } from '../domain/record.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import type { PeerState } from './peer-state.ts';

const REPAIR = `${LOCAL_PREFIX}repair`;

const keyOf = (name: string): RecordKey => ({ pk: REPAIR, sk: name });

/** An item with the order that it was read at: the next one's is higher, so that of two runs at once one is kept. */
export interface Kept<T> {
  readonly value: T;
  readonly order: number;
}

const readItem = async <T>(
  home: RegionStores,
  name: string,
  schema: z.ZodType<T>,
): Promise<Result<Kept<T> | undefined>> => {
  const item = await home.tables.workspaces.getLocal(keyOf(name));
  if (item.kind === 'failed' || item.value === undefined) {
    return item.kind === 'failed' ? item : done(undefined);
  }
  let json: unknown;
  try {
    json = JSON.parse(item.value.data);
  } catch {
    // Damaged bytes read as absent: what is kept here can all be found out again.
    return done(undefined);
  }
  const parsed = schema.safeParse(json);
  return done(parsed.success ? { value: parsed.data, order: item.value.order } : undefined);
};

const keepItem = async (
  home: RegionStores,
  name: string,
  order: number,
  value: unknown,
): Promise<Result<'written' | 'kept'>> =>
  home.tables.workspaces.putLocal({ ...keyOf(name), order, data: JSON.stringify(value) });

const stateSchema = z.object({
  name: z.enum(['in-sync', 'down', 'catching-up']),
  since: z.number(),
  reason: z.string(),
});

export const readPeerState = async (home: RegionStores, peer: string): Promise<Result<Kept<PeerState> | undefined>> =>
  readItem(home, `state/${peer}`, stateSchema);

export const keepPeerState = async (
  home: RegionStores,
  peer: string,
  state: PeerState,
  before: Kept<PeerState> | undefined,
): Promise<Result<'written' | 'kept'>> => keepItem(home, `state/${peer}`, (before?.order ?? 0) + 1, state);

const pausedSchema = z.object({ paused: z.boolean() });

/** Only a person pauses, and only a person resumes. */
export const isRepairPaused = async (home: RegionStores): Promise<Result<boolean>> => {
  const item = await readItem(home, 'paused', pausedSchema);
  return item.kind === 'failed' ? item : done(item.value?.value.paused === true);
};

export const setRepairPaused = async (home: RegionStores, paused: boolean): Promise<Result<'written' | 'kept'>> => {
  const before = await readItem(home, 'paused', pausedSchema);
  return before.kind === 'failed' ? before : keepItem(home, 'paused', (before.value?.order ?? 0) + 1, { paused });
};

const progressSchema = z.object({
  /** When the catch-up began that this counts. */
  since: z.number(),
  drained: z.number(),
  sent: z.number(),
  mended: z.number(),
  waiting: z.number(),
  runs: z.number(),
});

/** What a catch-up has done so far: for people, who wait for its end. */
export type CatchUpProgress = z.infer<typeof progressSchema>;

export const readProgress = async (home: RegionStores): Promise<Result<Kept<CatchUpProgress> | undefined>> =>
  readItem(home, 'progress', progressSchema);

export const keepProgress = async (
  home: RegionStores,
  progress: CatchUpProgress,
  before: Kept<CatchUpProgress> | undefined,
): Promise<Result<'written' | 'kept'>> => keepItem(home, 'progress', (before?.order ?? 0) + 1, progress);

const cursorSchema = z.object({
  table: z.enum(TABLE_NAMES),
  after: z.string().optional(),
  /** When the last pass over all tables ended. */
  passedAt: z.number(),
});

/** How far the collection has come; `passedAt` alone counts between two passes. */
export type CollectCursor = z.infer<typeof cursorSchema>;

export const readCursor = async (home: RegionStores): Promise<Result<Kept<CollectCursor> | undefined>> =>
  readItem(home, 'collect', cursorSchema);

export const keepCursor = async (
  home: RegionStores,
  cursor: CollectCursor,
  before: Kept<CollectCursor> | undefined,
): Promise<Result<'written' | 'kept'>> => keepItem(home, 'collect', (before?.order ?? 0) + 1, cursor);
