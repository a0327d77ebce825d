/** What must hold of every change of a record, whoever made it and however late it arrived. */
import { isLocalKey, type TableName } from '../../../functions/domain/record.ts';
import { SOURCES_PARTITION } from '../../../functions/domain/corpus.ts';
import { fenceOfVersion } from '../../../functions/domain/version.ts';
import type { Item } from '../stores/expression.ts';
import type { ItemChange } from '../stores/sim-table.ts';
import type { SimRegion } from '../world/region.ts';
import type { Watcher, World } from '../world/world.ts';
import { isDeleted, isLive, type Ledger, sourceOf, textIn } from './ledger.ts';

const KEPT_MS = 7 * 24 * 3_600_000;
/** Two clocks of five minutes each may shorten what a Region takes for seven days. */
const SKEW_MS = 11 * 60_000;

const bytesOf = (item: Item): string =>
  [textIn(item, 'h'), textIn(item, 'data'), isDeleted(item) ? 'del' : ''].join('|');

export class RecordChecks implements Watcher {
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #bytes = new Map<string, string>();
  readonly #tombstones = new Map<string, string>();
  /** When each Region got a tombstone. */
  readonly #received = new Map<string, number>();

  constructor(world: World, ledger: Ledger) {
    this.#world = world;
    this.#ledger = ledger;
  }

  onItem(region: SimRegion, table: TableName, change: ItemChange): void {
    if (isLocalKey(change)) {
      return;
    }
    const key = `${table}|${change.pk}|${change.sk}`;
    const [before, after] = [textIn(change.before, 'v'), textIn(change.after, 'v')];
    if (change.after === undefined) {
      this.#checkRemoval(region, table, change);
    } else if (after < before) {
      this.#world.violate('versions-never-fall', `${region.name} ${key} fell from ${before} to ${after}`);
    }
    if (change.pk === SOURCES_PARTITION) {
      this.#checkFence(region, change);
    }
    if (after !== '' && change.after !== undefined) {
      this.#checkBytes(key, after, change.after);
      if (after !== before) {
        this.#checkTombstone(region, key, after, change.after);
      }
    }
    this.#checkDebt(region, table, change);
  }

  #checkFence(region: SimRegion, change: ItemChange): void {
    const [before, after] = [textIn(change.before, 'f'), textIn(change.after, 'f')];
    if (after < before) {
      this.#world.violate('fence-never-falls', `${region.name} ${change.sk}: ${before} became ${after || 'nothing'}`);
    }
  }

  #checkBytes(key: string, v: string, item: Item): void {
    const name = `${key}|${v}`;
    const bytes = bytesOf(item);
    const known = this.#bytes.get(name);
    if (known !== undefined && known !== bytes) {
      this.#world.violate('same-version-same-bytes', `${key} has two contents under ${v}`);
    }
    this.#bytes.set(name, bytes);
  }

  #checkTombstone(region: SimRegion, key: string, v: string, item: Item): void {
    const name = `${region.name}|${key}`;
    const tombstone = this.#tombstones.get(name) ?? '';
    if (isDeleted(item)) {
      this.#tombstones.set(name, v > tombstone ? v : tombstone);
      this.#received.set(`${name}|${v}`, this.#world.kernel.nowMs);
    } else if (v < tombstone) {
      this.#world.violate(
        'never-resurrected',
        `${region.name} ${key} is alive at ${v}, older than its tombstone ${tombstone}`,
      );
    }
  }

  /** A debt ends only when the other Region holds what was owed, or something newer. */
  #checkDebt(region: SimRegion, table: TableName, { pk, sk, before, after }: ItemChange): void {
    const [owedBefore, v] = [textIn(before, 'owed'), textIn(before, 'v')];
    const hasExpired = after === undefined && before?.['expires'] !== undefined;
    if (owedBefore === '' || hasExpired || (textIn(after, 'owed') !== '' && textIn(after, 'v') === v)) {
      return;
    }
    if (textIn(after, 'owed') !== '') {
      // A newer version took over the debt; the older one is covered by it.
      return;
    }
    // What a run wrote that never committed, a newer run writes anew: in the one Region first, then in the other.
    const isAbandoned = textIn(after, 'v') > v && this.#ledger.runOf(v)?.isCommitted === false;
    const peer = this.#world.peerOf(region);
    if (!isAbandoned && this.#ledger.highest(peer, table, pk, sk) < v) {
      this.#world.violate(
        'owed-is-marked',
        `${region.name} no longer owes ${pk} / ${sk} at ${v}, and ${peer.name} lacks it`,
      );
    }
  }

  #checkRemoval(region: SimRegion, table: TableName, { pk, sk, before }: ItemChange): void {
    const v = textIn(before, 'v');
    if (v === '' || before?.['expires'] !== undefined) {
      return;
    }
    const why = this.#whyNotRemovable(region, table, pk, sk, before ?? {});
    if (why !== undefined) {
      this.#world.violate('collected-legally', `${region.name} removed ${pk} / ${sk} at ${v}: ${why}`);
    }
  }

  #whyNotRemovable(region: SimRegion, table: TableName, pk: string, sk: string, item: Item): string | undefined {
    const v = textIn(item, 'v');
    const peer = this.#world.peerOf(region);
    const held = peer.peek(table, pk, sk);
    if (isLive(item)) {
      return 'it was alive';
    }
    if (textIn(item, 'owed') !== '' || (textIn(held, 'owed') !== '' && textIn(held, 'v') <= v)) {
      return 'it was owed';
    }
    if (this.#ledger.highest(peer, table, pk, sk) < v) {
      return `${peer.name} never had it`;
    }
    const name = `${table}|${pk}|${sk}|${v}`;
    // When the peer got what it has replaced since, nobody can know.
    const isReplaced = textIn(held, 'v') > v;
    const received = (isReplaced ? [region] : [region, peer]).map(
      (one) => this.#received.get(`${one.name}|${name}`) ?? 0,
    );
    if (this.#world.kernel.nowMs - Math.max(...received) < KEPT_MS - SKEW_MS) {
      return 'it was younger than 7 days';
    }
    const source = table === 'graph' ? sourceOf(pk, sk) : undefined;
    const fence = fenceOfVersion(v) ?? '';
    const low = [region, peer].find(
      (one) => source !== undefined && textIn(one.peek('graph', SOURCES_PARTITION, source), 'f') < fence,
    );
    return low === undefined ? undefined : `the fence of ${low.name} is below it`;
  }
}
