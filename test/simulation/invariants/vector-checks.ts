/** What must hold of vectors: lists name only what is there, keys are never reused, and sweeps are careful. */
import {
  chunkKey,
  documentPrefix,
  parseDocumentPayload,
  type DocumentPayload,
} from '../../../functions/domain/corpus.ts';
import { LOCAL_PREFIX, type TableName } from '../../../functions/domain/record.ts';
import type { Item } from '../stores/expression.ts';
import type { SimVector, VectorChange } from '../stores/sim-index.ts';
import type { ItemChange } from '../stores/sim-table.ts';
import type { SimProcess } from '../world/process.ts';
import type { SimRegion } from '../world/region.ts';
import type { Watcher, World } from '../world/world.ts';
import { isLive, type Ledger, textIn } from './ledger.ts';

const MARKED_MS = 24 * 3_600_000;
const SKEW_MS = 11 * 60_000;

const payloads = new WeakMap<Item, DocumentPayload>();

/** The payload of a live document record; undefined for everything else. Parsed once for each stored item. */
export const documentOf = (item: Item | undefined): DocumentPayload | undefined => {
  if (!isLive(item) || !textIn(item, 'sk').startsWith(documentPrefix)) {
    return undefined;
  }
  const known = payloads.get(item);
  if (known !== undefined) {
    return known;
  }
  const payload = parseDocumentPayload(textIn(item, 'data'));
  if (payload !== undefined) {
    payloads.set(item, payload);
  }
  return payload;
};

const listedBy = (item: Item | undefined): readonly string[] => documentOf(item)?.chunks.map(({ k }) => k) ?? [];

const bytesOf = ({ data, metadata }: SimVector): string => JSON.stringify([data, metadata]);

export class VectorChecks implements Watcher {
  readonly #world: World;
  readonly #ledger: Ledger;
  /** How many records of a Region list a vector. */
  readonly #listed = new Map<string, number>();
  /** By Region and key: when a vector was last marked as an orphan. Kept after the mark is gone: a delete may arrive late. */
  readonly #marked = new Map<string, number>();
  readonly #bytes = new Map<string, string>();

  constructor(world: World, ledger: Ledger) {
    this.#world = world;
    this.#ledger = ledger;
  }

  onItem(region: SimRegion, table: TableName, { pk, sk, before, after }: ItemChange, by: SimProcess | undefined): void {
    if (pk.startsWith(LOCAL_PREFIX)) {
      this.#noteMark(region, sk, before, after);
      return;
    }
    if (table !== 'graph' || !sk.startsWith(documentPrefix)) {
      return;
    }
    for (const key of listedBy(before)) {
      this.#list(region, key, -1);
    }
    for (const key of listedBy(after)) {
      this.#list(region, key, 1);
      if (region.index.peek(key) === undefined) {
        this.#world.violate('lists-only-held-vectors', `${region.name} ${sk} lists ${key}, which is not there`);
      }
    }
    // What a drain copies comes in the order in which the lagging index shows it; a reader drops what is not there yet.
    if (this.#ledger.isOfItsRun(textIn(after, 'v'), by)) {
      this.#checkChunks(region, after);
    }
  }

  onVector(region: SimRegion, change: VectorChange, by: SimProcess | undefined): void {
    const { key } = change.kind === 'put' ? change.after : change.before;
    if (change.kind === 'deleted') {
      this.#checkDelete(region, key, by);
      return;
    }
    const bytes = bytesOf(change.after);
    const known = this.#bytes.get(key);
    if (known !== undefined && known !== bytes) {
      this.#world.violate('same-key-same-vector', `${key} has two contents`);
    }
    this.#bytes.set(key, bytes);
  }

  #list(region: SimRegion, key: string, by: 1 | -1): void {
    const name = `${region.name}|${key}`;
    this.#listed.set(name, (this.#listed.get(name) ?? 0) + by);
  }

  /** A reader goes from the document to its chunks: they are there before it, unless somebody superseded buried them. */
  #checkChunks(region: SimRegion, item: Item | undefined): void {
    const document = documentOf(item);
    for (const { c } of document?.chunks ?? []) {
      const { pk, sk } = chunkKey(document?.src ?? '', document?.id ?? '', c);
      const isStray = this.#ledger.applied(region, 'graph', pk, sk)?.isStray === true;
      if (!isStray && !isLive(region.peek('graph', pk, sk))) {
        const what = `${document?.path ?? ''} lists chunk ${sk}, which is not there`;
        this.#world.violate('lists-only-held-chunks', `${region.name} ${what}`);
        return;
      }
    }
  }

  /** A local item under a vector's own key is its mark. */
  #noteMark(region: SimRegion, sk: string, before: Item | undefined, after: Item | undefined): void {
    if (before === undefined && after !== undefined) {
      this.#marked.set(`${region.name}|${sk}`, this.#world.kernel.nowMs);
    }
  }

  #checkDelete(region: SimRegion, key: string, by: SimProcess | undefined): void {
    const unread = this.#world.regions.find(({ name }) => by?.hasRead.has(name) !== true);
    if (unread !== undefined) {
      this.#world.violate('swept-legally', `${by?.name ?? ''} deleted ${key} without a look at ${unread.name}`);
      return;
    }
    if ((this.#listed.get(`${region.name}|${key}`) ?? 0) > 0) {
      this.#world.violate('lists-only-held-vectors', `${region.name} lost ${key}, which a record lists`);
      return;
    }
    const peer = this.#world.peerOf(region);
    if ((this.#listed.get(`${peer.name}|${key}`) ?? 0) > 0) {
      this.#world.violate('swept-legally', `${region.name} deleted ${key}, which a record of ${peer.name} lists`);
      return;
    }
    const markedMs = Math.min(...this.#world.regions.map(({ name }) => this.#marked.get(`${name}|${key}`) ?? Infinity));
    if (this.#world.kernel.nowMs - markedMs < MARKED_MS - SKEW_MS) {
      this.#world.violate('swept-legally', `${region.name} deleted ${key} within 24 hours of its mark`);
    }
  }
}
