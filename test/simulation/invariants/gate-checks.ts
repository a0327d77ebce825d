/** What must hold of gate decisions, of the `GATE` record, and of claims, which only an established gate allows. */
import { SOURCES_PARTITION } from '../../../functions/domain/corpus.ts';
import type { TableName } from '../../../functions/domain/record.ts';
import { parseFence } from '../../../functions/domain/version.ts';
import type { GateDocument } from '../../../functions/gate/document.ts';
import { GATE_KEY } from '../../../functions/gate/gate.ts';
import { recordedGate } from '../functions/gate-reading.ts';
import type { ItemChange } from '../stores/sim-table.ts';
import type { SimProcess } from '../world/process.ts';
import type { SimRegion } from '../world/region.ts';
import type { GateSeen, Watcher, World } from '../world/world.ts';
import { textIn } from './ledger.ts';

const isSameOrder = (left: GateDocument, right: GateDocument): boolean =>
  left.is_active_for_scheduled_work === right.is_active_for_scheduled_work && left.peer_writes === right.peer_writes;

export class GateChecks implements Watcher {
  readonly #world: World;
  readonly #active = new Map<string, GateDocument>();

  constructor(world: World) {
    this.#world = world;
  }

  onDecision({ before, document, isRecordRead, decision }: GateSeen, by: SimProcess): void {
    if (decision.state !== 'active') {
      return;
    }
    const { inForce } = decision;
    if (inForce === undefined || document !== 'document' || !isRecordRead || !inForce.is_active_for_scheduled_work) {
      this.#world.violate('gate-unknown-is-passive', `${by.name} is active; its document was ${document}`);
      return;
    }
    this.#active.set(by.name, inForce);
    if (before !== undefined && inForce.epoch < before.epoch) {
      const what = `obeys epoch ${inForce.epoch}, although ${by.region} had seen ${before.epoch}`;
      this.#world.violate('gate-epoch-monotone', `${by.name} ${what}`);
    }
    if (before !== undefined && inForce.epoch === before.epoch && !isSameOrder(inForce, before)) {
      this.#world.violate('gate-epoch-not-reused', `${by.name} obeys epoch ${inForce.epoch} in a second meaning`);
    }
    if ((recordedGate(this.#world, by.region)?.epoch ?? 0) < inForce.epoch) {
      this.#world.violate(
        'gate-epoch-monotone',
        `${by.name} works under epoch ${inForce.epoch}, which is not recorded`,
      );
    }
  }

  onItem(region: SimRegion, table: TableName, change: ItemChange, by: SimProcess | undefined): void {
    if (change.pk === GATE_KEY.pk && change.sk === GATE_KEY.sk) {
      const [before, after] = [Number(change.before?.['order']?.N ?? 0), Number(change.after?.['order']?.N ?? 0)];
      if (after < before) {
        this.#world.violate('gate-epoch-monotone', `the GATE record of ${region.name} fell from ${before} to ${after}`);
      }
    }
    const fence = textIn(change.after, 'f');
    if (table === 'graph' && change.pk === SOURCES_PARTITION && fence !== textIn(change.before, 'f')) {
      this.#checkClaim(fence, by);
    }
  }

  #checkClaim(text: string, by: SimProcess | undefined): void {
    const fence = parseFence(text);
    const inForce = this.#active.get(by?.name ?? '');
    if (by === undefined || inForce === undefined) {
      this.#world.violate('gate-unknown-is-passive', `${by?.name ?? 'nobody'} claimed a source without an active gate`);
    } else if (fence?.epoch !== inForce.epoch || fence.region !== by.region) {
      this.#world.violate('gate-epoch-monotone', `${by.name} claimed with ${text} under epoch ${inForce.epoch}`);
    }
  }
}
