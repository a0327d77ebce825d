/**
 * The epoch of the next gate document: above everything that the stack files and the Regions have seen. A Region that is
 * known and does not answer may hold a higher one than anybody can see, so the epoch then is at least the minutes since 2025.
 */
import { readSeenEpoch } from '../functions/audit/seen-epoch.ts';
import { SOURCES_PARTITION } from '../functions/domain/corpus.ts';
import { done, type Result } from '../functions/domain/failure.ts';
import type { RegionName } from '../functions/domain/region.ts';
import { parseFence } from '../functions/domain/version.ts';
import type { RegionStores } from '../functions/dual-write/regions.ts';
import { openPair } from './pair-stores.ts';
import { NotRunningError } from './running-pair.ts';

const EPOCH_START_MS = Date.UTC(2025, 0, 1);
const MINUTE_MS = 60_000;

export interface LiveEpoch {
  readonly region: RegionName;
  /** Undefined where the Region did not answer. */
  readonly epoch: number | undefined;
}

/** Empty where nobody said where the Regions are. */
export type LiveEpochs = readonly LiveEpoch[];

const fencesIn = async ({ tables }: RegionStores): Promise<Result<number>> => {
  let highest = 0;
  let after: string | undefined;
  do {
    const page = await tables.graph.query(SOURCES_PARTITION, after === undefined ? {} : { after });
    if (page.kind === 'failed') {
      return page;
    }
    const epochs = page.value.items.map(({ f }) => (f === undefined ? 0 : (parseFence(f)?.epoch ?? 0)));
    highest = Math.max(highest, ...epochs);
    after = page.value.next;
  } while (after !== undefined);
  return done(highest);
};

const readOne = async (stores: RegionStores): Promise<LiveEpoch> => {
  const [gate, fences] = await Promise.all([readSeenEpoch(stores.tables.workspaces), fencesIn(stores)]);
  const epoch = gate.kind === 'done' && fences.kind === 'done' ? Math.max(gate.value, fences.value) : undefined;
  return { region: stores.region, epoch };
};

export interface LivePlace {
  /** `--stores`. */
  readonly file: string | undefined;
  readonly dataDirectory: string;
}

/** Each Region is opened as a home: both are as near, and one that is gone costs its own bound only. */
export const readLiveEpochs = async (place: LivePlace): Promise<LiveEpochs> => {
  try {
    const { home, peer } = (await openPair({ ...place, region: undefined })).regions;
    const regions = [home];
    if (peer !== undefined) {
      regions.push((await openPair({ ...place, region: peer.region })).regions.home);
    }
    return await Promise.all(regions.map(async (region) => readOne(region)));
  } catch (error) {
    if (error instanceof NotRunningError) {
      return [];
    }
    throw error;
  }
};

export const nextEpoch = (inFiles: readonly number[], live: LiveEpochs, nowMs: number): number => {
  const seen = [...inFiles, ...live.map(({ epoch }) => epoch ?? 0)];
  const isBlind = live.some(({ epoch }) => epoch === undefined);
  const floor = isBlind ? Math.floor((nowMs - EPOCH_START_MS) / MINUTE_MS) : 0;
  return Math.max(1 + Math.max(...seen), floor);
};
