/** What must hold when a Region calls its peer in sync: at that very moment, no difference is without its reason. */
import { LOCAL_PREFIX, type TableName } from '../../../functions/domain/record.ts';
import type { Item } from '../stores/expression.ts';
import type { ItemChange } from '../stores/sim-table.ts';
import type { SimRegion } from '../world/region.ts';
import type { Watcher } from '../world/world.ts';
import { type Checks, unexplainedDifference } from './final-checks.ts';
import { textIn } from './ledger.ts';

const isInSync = (item: Item | undefined): boolean => textIn(item, 'data').includes('"name":"in-sync"');

export class PeerStateChecks implements Watcher {
  readonly #checks: Checks;

  constructor(checks: Checks) {
    this.#checks = checks;
  }

  onItem(region: SimRegion, _table: TableName, { pk, sk, before, after }: ItemChange): void {
    if (!pk.startsWith(LOCAL_PREFIX) || !sk.startsWith('state/') || isInSync(before) || !isInSync(after)) {
      return;
    }
    const difference = unexplainedDifference(this.#checks);
    if (difference !== undefined) {
      this.#checks.world.violate('in-sync-is-equal', `${region.name} calls its peer in sync: ${difference.what}`);
    }
  }
}
