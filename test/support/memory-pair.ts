/** Two Regions in memory behind the store contracts, each store of each Region with faults and a count of its calls. */
import type { Failure } from '../../functions/domain/failure.ts';
import { parseRegion, type RegionName } from '../../functions/domain/region.ts';
import type { RegionStores } from '../../functions/dual-write/regions.ts';
import type { Telemetry } from '../../functions/telemetry/telemetry.ts';
import { MemoryRecordStore, MemoryVectorStore } from './memory-stores.ts';

export const regionOf = (name: string): RegionName => {
  const region = parseRegion(name);
  if (region === undefined) {
    throw new Error(`${name} is no Region`);
  }
  return region;
};

export const UNREACHABLE: Failure = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'refused' };

export const SILENT: Telemetry = {
  log: () => undefined,
  write: () => undefined,
  count: () => undefined,
  flush: () => undefined,
};

export class MemoryRegion {
  readonly region: RegionName;
  readonly workspaces: MemoryRecordStore;
  readonly audit: MemoryRecordStore;
  readonly graph: MemoryRecordStore;
  readonly vectors: MemoryVectorStore;
  readonly stores: RegionStores;
  /** Operations in their order, for instance `put` or `vectors.put`. */
  readonly operations: string[] = [];
  /** Asked before each operation; a failure that it answers with is what the caller gets. */
  fault: (operation: string) => Failure | undefined = () => undefined;

  constructor(name: string, options: { readonly now?: () => number; readonly dimensions?: number } = {}) {
    const now = options.now ?? ((): number => 0);
    const faultOf =
      (prefix: string) =>
      (operation: string): Failure | undefined => {
        this.operations.push(prefix + operation);
        return this.fault(prefix + operation);
      };
    const table = (): MemoryRecordStore => new MemoryRecordStore({ fault: faultOf(''), now });
    this.region = regionOf(name);
    this.workspaces = table();
    this.audit = table();
    this.graph = table();
    this.vectors = new MemoryVectorStore(options.dimensions ?? 4, { fault: faultOf('vectors.') });
    this.stores = {
      region: this.region,
      tables: { workspaces: this.workspaces, audit: this.audit, graph: this.graph },
      vectors: this.vectors,
    };
  }

  /** Every store fails from now on; `up` ends it. */
  down(failure: Failure = UNREACHABLE): void {
    this.fault = () => failure;
  }

  up(): void {
    this.fault = () => undefined;
  }
}
