/** The Regions that a stack declares, as a writer holds them: its own, and the peer where there is one. */
import type { TableName } from '../domain/record.ts';
import type { RegionName } from '../domain/region.ts';
import type { RecordStore } from '../stores/record-store.ts';
import type { VectorStore } from '../stores/vector-store.ts';

export interface RegionStores {
  readonly region: RegionName;
  readonly tables: Readonly<Record<TableName, RecordStore>>;
  readonly vectors: VectorStore;
}

export interface RegionPair {
  readonly home: RegionStores;
  /** Absent in a single-Region install: the second write does not exist. */
  readonly peer?: RegionStores;
}
