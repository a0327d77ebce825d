/** One simulated Region: three tables, a vector index, its AppConfig and its queue. Nothing in it knows the other Region. */
import { TABLE_NAMES, type TableName } from '../../../functions/domain/record.ts';
import type { RegionName } from '../../../functions/domain/region.ts';
import type { Item } from '../stores/expression.ts';
import { SimIndex, type VectorChange } from '../stores/sim-index.ts';
import { type ItemChange, SimTable } from '../stores/sim-table.ts';
import { SimAppConfig } from './app-config.ts';
import { DIMENSIONS } from './embedder.ts';

export interface SimRegionOptions {
  readonly name: RegionName;
  readonly now: () => number;
  readonly indexLagMs: () => number;
  readonly pageItemsMax: number;
  readonly onItem: (region: SimRegion, table: TableName, change: ItemChange, by: string) => void;
  readonly onVector: (region: SimRegion, change: VectorChange, by: string) => void;
}

export class SimRegion {
  readonly name: RegionName;
  readonly tables: ReadonlyMap<string, SimTable>;
  readonly index: SimIndex;
  readonly appConfig = new SimAppConfig();
  /** Until then its functions do not run. */
  darkUntilMs = 0;

  constructor(options: SimRegionOptions) {
    this.name = options.name;
    const { now, indexLagMs, pageItemsMax } = options;
    this.tables = new Map(
      TABLE_NAMES.map((table) => [
        table,
        new SimTable({
          now,
          indexLagMs,
          pageItemsMax,
          onChange: (change, by) => {
            options.onItem(this, table, change, by);
          },
        }),
      ]),
    );
    this.index = new SimIndex({
      dimensions: DIMENSIONS,
      pageItemsMax,
      onChange: (change, by) => {
        options.onVector(this, change, by);
      },
    });
  }

  table(name: TableName): SimTable {
    const table = this.tables.get(name);
    if (table === undefined) {
      throw new Error(`there is no simulated table ${name}`);
    }
    return table;
  }

  peek(table: TableName, pk: string, sk: string): Item | undefined {
    return this.table(table).peek(pk, sk);
  }
}
