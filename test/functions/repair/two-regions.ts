/** Two Regions in memory with a clock of their own, a corpus in both, and one call for a comparison from start to end. */
import type { Failure } from '../../../functions/domain/failure.ts';
import type { RecordKey, TableName } from '../../../functions/domain/record.ts';
import { encodeFence, ingestVersion } from '../../../functions/domain/version.ts';
import type { RegionStores } from '../../../functions/dual-write/regions.ts';
import { rootsOf } from '../../../functions/repair/comparison-items.ts';
import { showNodes } from '../../../functions/repair/digest-nodes.ts';
import { type Comparison, type ComparedRegions, compareWithPeer } from '../../../functions/repair/peer-compare.ts';
import { PROVEN_STORES, type ProofOptions, proveRegion } from '../../../functions/repair/prove.ts';
import { makeRecord, makeTombstone } from '../../../functions/stores/envelope.ts';
import type { StoredRecord } from '../../../functions/stores/record-store.ts';
import { MemoryRecordStore, MemoryVectorStore } from '../../support/memory-stores.ts';
import { type Act, corpusWrites } from '../stores/corpus-world.ts';
import { DIMENSIONS } from '../stores/embedded-region.ts';
import { valueOf } from '../stores/outcomes.ts';
import { regionNamed } from '../stores/region-named.ts';

export const DAY_MS = 24 * 60 * 60 * 1000;
/** When these tests begin. */
export const START_MS = 1_900_000_000_000;
export const OP = '01J00000000000000000000000';

export type Fault = (operation: string) => Failure | undefined;

export interface MemoryRegion {
  readonly stores: RegionStores;
  readonly tables: Readonly<Record<TableName, MemoryRecordStore>>;
  readonly vectors: MemoryVectorStore;
  fault: Fault;
}

export interface Clock {
  nowMs: number;
}

export const openMemoryRegion = (name: string, clock: Clock): MemoryRegion => {
  const options = {
    pageItemsMax: 4,
    now: () => clock.nowMs,
    fault: (operation: string): Failure | undefined => region.fault(operation),
  };
  const tables = {
    workspaces: new MemoryRecordStore(options),
    audit: new MemoryRecordStore(options),
    graph: new MemoryRecordStore(options),
  };
  const vectors = new MemoryVectorStore(DIMENSIONS, options);
  const region: MemoryRegion = {
    stores: { region: regionNamed(name), tables, vectors },
    tables,
    vectors,
    fault: () => undefined,
  };
  return region;
};

export interface TwoRegions {
  readonly clock: Clock;
  readonly home: MemoryRegion;
  readonly peer: MemoryRegion;
  readonly regions: ComparedRegions;
  readonly swapped: ComparedRegions;
}

export const apply = async (stores: RegionStores, writes: readonly Act[]): Promise<void> => {
  for (const write of writes) {
    await write(stores);
  }
};

export const NAMES = ['deploy', 'rollback', 'on-call', 'pagers', 'ledger', 'search'];

/** With the same corpus in both. */
export const openTwoRegions = async (names: readonly string[] = NAMES): Promise<TwoRegions> => {
  const clock = { nowMs: START_MS };
  const home = openMemoryRegion('us-east-2', clock);
  const peer = openMemoryRegion('us-west-2', clock);
  await apply(home.stores, corpusWrites(names));
  await apply(peer.stores, corpusWrites(names).toReversed());
  return {
    clock,
    home,
    peer,
    regions: { home: home.stores, peer: peer.stores },
    swapped: { home: peer.stores, peer: home.stores },
  };
};

export interface CompareOptions extends Partial<ProofOptions> {
  readonly slot?: number;
  /** Happens after both trees were read, before they are compared. */
  readonly between?: () => Promise<unknown>;
}

/** Proves both Regions, shows the peer's nodes, and compares from home. */
export const compareRegions = async (
  { home, peer }: ComparedRegions,
  { slot = 1, at = START_MS, deep = true, between, ...more }: CompareOptions = {},
): Promise<Comparison> => {
  const options = { at, deep, ...more };
  const shownProof = valueOf(await proveRegion(peer, options));
  valueOf(await showNodes(peer, shownProof, slot, PROVEN_STORES));
  const proof = valueOf(await proveRegion(home, options));
  await between?.();
  const shown = rootsOf(shownProof, { slot, deep, at });
  return valueOf(await compareWithPeer({ home, peer }, { proof, shown, now: () => at }));
};

/** `store key kind standing`, as one line each. */
export const shown = ({ differences }: Comparison): readonly string[] =>
  differences.map(({ store, key, kind, standing }) => `${store} ${key.join('/')} ${kind} ${standing}`);

export const setting = (name: string, v = '1', value: unknown = name): ReturnType<typeof makeRecord> =>
  makeRecord({ pk: 'team', sk: name }, { v, op: OP }, { value });

export const noSetting = (name: string, v = '1'): ReturnType<typeof makeTombstone> =>
  makeTombstone({ pk: 'team', sk: name }, { v, op: OP });

export const fenceOf = (epoch: number, run = 1): string =>
  encodeFence({ epoch, region: regionNamed('us-east-2'), run, op: OP });

export const versionOf = (epoch: number, seq = 1): string => ingestVersion(fenceOf(epoch), seq);

export const readRecord = async (
  { stores }: MemoryRegion,
  table: TableName,
  key: RecordKey,
): Promise<StoredRecord | undefined> => valueOf(await stores.tables[table].get(key));
