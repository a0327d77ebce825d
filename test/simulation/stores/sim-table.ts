/**
 * One DynamoDB table in memory: single items, conditions, pages of at most 1 MB, strong reads, and a sparse index that lags
 * behind. Every call decides and applies in one step; who calls, and whether the answer arrives, is the network's business.
 */
import {
  ConditionalCheckFailedException,
  type DeleteItemCommandInput,
  type GetItemCommandInput,
  type KeysAndAttributes,
  type PutItemCommandInput,
  type QueryCommandInput,
  type ScanCommandInput,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';

import { hashText } from '../kernel/random.ts';
import { type Bindings, type Item, parseCondition, parseProjection, parseUpdate } from './expression.ts';

export interface ItemChange {
  readonly pk: string;
  readonly sk: string;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

export interface SimTableOptions {
  readonly now: () => number;
  /** How long the next change takes to reach the index, in ms. */
  readonly indexLagMs: () => number;
  readonly onChange: (change: ItemChange, by: string) => void;
  readonly pageItemsMax: number;
}

export interface TablePage {
  readonly Items: Item[];
  readonly LastEvaluatedKey?: Item;
}

const PAGE_BYTES = 1_048_576;
const INDEX = { name: 'owed', hash: 'owedShard', range: 'v' } as const;
const NO_ITEM: Item = {};
const METADATA = { $metadata: {} } as const;

const textOf = (item: Item | undefined, name: string): string => item?.[name]?.S ?? '';

const bindingsOf = (input: {
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: Item | undefined;
}): Bindings => ({
  names: input.ExpressionAttributeNames ?? {},
  values: input.ExpressionAttributeValues ?? {},
});

const byCodeUnit = (left: string, right: string): number => (left < right ? -1 : Number(left > right));

const sizeOf = (item: Item): number => 300 + textOf(item, 'data').length;

interface IndexChange {
  readonly visibleAt: number;
  readonly name: string;
  readonly entry: Item | undefined;
}

export class SimTable {
  readonly #partitions = new Map<string, Map<string, Item>>();
  readonly #sorted = new Map<string, readonly string[]>();
  readonly #index = new Map<string, Item>();
  #lagging: IndexChange[] = [];
  readonly #options: SimTableOptions;

  constructor(options: SimTableOptions) {
    this.#options = options;
  }

  /** For checkers: what is stored, without a call. */
  peek(pk: string, sk: string): Item | undefined {
    return this.#partitions.get(pk)?.get(sk);
  }

  *items(): IterableIterator<Item> {
    for (const partition of this.#partitions.values()) {
      yield* partition.values();
    }
  }

  *itemsOf(pk: string): IterableIterator<Item> {
    yield* this.#partitions.get(pk)?.values() ?? [];
  }

  get(input: GetItemCommandInput): { Item?: Item } {
    SimTable.#refuseUnless(input.ConsistentRead === true, 'a read that is not strong');
    const found = this.peek(textOf(input.Key, 'pk'), textOf(input.Key, 'sk'));
    return found === undefined ? {} : { Item: found };
  }

  batchGet(input: KeysAndAttributes): Item[] {
    const keys = input.Keys ?? [];
    const refusal = 'a batch read that is not strong, or of more than 100 keys';
    SimTable.#refuseUnless(input.ConsistentRead === true && keys.length > 0 && keys.length <= 100, refusal);
    const names = keys.map((key) => `${textOf(key, 'pk')}\0${textOf(key, 'sk')}`);
    SimTable.#refuseUnless(new Set(names).size === names.length, 'a batch read that names a key twice');
    const found = keys
      .map((key) => this.peek(textOf(key, 'pk'), textOf(key, 'sk')))
      .filter((item) => item !== undefined);
    const project = input.ProjectionExpression === undefined ? undefined : parseProjection(input.ProjectionExpression);
    return project === undefined ? found : found.map((item) => project(item, bindingsOf(input)));
  }

  put(input: PutItemCommandInput, by: string): object {
    const item = { ...input.Item };
    this.#check(item, input.ConditionExpression, bindingsOf(input));
    this.#store(item, item, by);
    return {};
  }

  update(input: UpdateItemCommandInput, by: string): object {
    const key: Item = { ...input.Key };
    const bindings = bindingsOf(input);
    const before = this.#check(key, input.ConditionExpression, bindings);
    this.#store(key, parseUpdate(input.UpdateExpression ?? '')({ ...before, ...key }, bindings), by);
    return {};
  }

  delete(input: DeleteItemCommandInput, by: string): object {
    const key: Item = { ...input.Key };
    this.#check(key, input.ConditionExpression, bindingsOf(input));
    this.#store(key, undefined, by);
    return {};
  }

  /** What the service does by itself, days late and one Region at a time: it drops what has expired. */
  expire(): void {
    const nowSeconds = this.#options.now() / 1000;
    for (const item of this.items()) {
      if (Number(item['expires']?.N ?? Infinity) < nowSeconds) {
        this.#store(item, undefined, 'the table');
      }
    }
  }

  query(input: QueryCommandInput): TablePage {
    const bindings = bindingsOf(input);
    const matches = parseCondition(input.KeyConditionExpression ?? '');
    if (input.IndexName !== undefined) {
      SimTable.#refuseUnless(input.IndexName === INDEX.name && input.ConsistentRead !== true, 'this read of an index');
      const found = this.#indexEntries().filter((entry) => matches(entry, bindings));
      return this.#page(SimTable.#behind(found, input.ExclusiveStartKey, ['v', 'pk', 'sk']), input, bindings);
    }
    const name = /^pk = (?<name>:\w+)/u.exec(input.KeyConditionExpression ?? '')?.groups?.['name'] ?? '';
    const pk = bindings.values[name]?.S ?? '';
    // Words only find a passage: whether it is shown is decided by a strong read of its document.
    SimTable.#refuseUnless(input.ConsistentRead === true || pk.startsWith('lex#'), 'a read that is not strong');
    const found = this.#partitionItems(pk).filter((item) => matches(item, bindings));
    return this.#page(SimTable.#behind(found, input.ExclusiveStartKey, ['sk']), input, bindings);
  }

  scan(input: ScanCommandInput): TablePage {
    SimTable.#refuseUnless(input.ConsistentRead === true, 'a read that is not strong');
    const { Segment: segment = 0, TotalSegments: segments = 1 } = input;
    const found = [...this.#partitions.keys()]
      .filter((pk) => hashText(pk) % segments === segment)
      .toSorted(byCodeUnit)
      .flatMap((pk) => this.#partitionItems(pk));
    return this.#page(SimTable.#behind(found, input.ExclusiveStartKey, ['pk', 'sk']), input, bindingsOf(input));
  }

  static #refuseUnless(allowed: boolean, what: string): void {
    if (!allowed) {
      throw new Error(`the simulated table refuses ${what}`);
    }
  }

  static #behind(items: readonly Item[], start: Item | undefined, order: readonly string[]): readonly Item[] {
    if (start === undefined) {
      return items;
    }
    const isBehind = (item: Item): boolean => {
      const first = order.find((name) => textOf(item, name) !== textOf(start, name));
      return first !== undefined && textOf(item, first) > textOf(start, first);
    };
    return items.filter((item) => isBehind(item));
  }

  /** Full by what was read, also where a filter drops all of it. */
  #page(
    found: readonly Item[],
    input: {
      Limit?: number | undefined;
      FilterExpression?: string | undefined;
      ProjectionExpression?: string | undefined;
    },
    bindings: Bindings,
  ): TablePage {
    const itemsMax = Math.min(input.Limit ?? Infinity, this.#options.pageItemsMax);
    let bytes = 0;
    let count = 0;
    while (count < found.length && count < itemsMax && bytes < PAGE_BYTES) {
      bytes += sizeOf(found[count] ?? NO_ITEM);
      count += 1;
    }
    const read = found.slice(0, count);
    const filter = input.FilterExpression === undefined ? undefined : parseCondition(input.FilterExpression);
    const project = input.ProjectionExpression === undefined ? undefined : parseProjection(input.ProjectionExpression);
    const kept = filter === undefined ? read : read.filter((item) => filter(item, bindings));
    const items = project === undefined ? kept : kept.map((item) => project(item, bindings));
    const last = read.at(-1);
    return found.length > count && last !== undefined
      ? { Items: [...items], LastEvaluatedKey: SimTable.#keysOf(last) }
      : { Items: [...items] };
  }

  static #keysOf(item: Item): Item {
    return Object.fromEntries(
      ['pk', 'sk', INDEX.hash, INDEX.range].flatMap((name) => {
        const value = item[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
  }

  #partitionItems(pk: string): readonly Item[] {
    const partition = this.#partitions.get(pk);
    if (partition === undefined) {
      return [];
    }
    let order = this.#sorted.get(pk);
    if (order === undefined) {
      order = [...partition.keys()].toSorted(byCodeUnit);
      this.#sorted.set(pk, order);
    }
    return order.map((sk) => partition.get(sk) ?? NO_ITEM);
  }

  /** The stored item where the condition holds; otherwise the error that the service throws. */
  #check(key: Item, condition: string | undefined, bindings: Bindings): Item | undefined {
    SimTable.#refuseUnless(condition !== undefined, 'a write without a condition');
    const stored = this.peek(textOf(key, 'pk'), textOf(key, 'sk'));
    if (!parseCondition(condition ?? '')(stored ?? NO_ITEM, bindings)) {
      throw new ConditionalCheckFailedException({ message: 'The conditional request failed', ...METADATA });
    }
    return stored;
  }

  #store(key: Item, after: Item | undefined, by: string): void {
    const [pk, sk] = [textOf(key, 'pk'), textOf(key, 'sk')];
    const partition = this.#partitions.get(pk) ?? new Map<string, Item>();
    this.#partitions.set(pk, partition);
    const before = partition.get(sk);
    if (after === undefined) {
      partition.delete(sk);
    } else {
      partition.set(sk, after);
    }
    if (before === undefined || after === undefined) {
      this.#sorted.delete(pk);
    }
    this.#reindex(`${pk}\0${sk}`, before, after);
    this.#options.onChange({ pk, sk, before, after }, by);
  }

  #reindex(name: string, before: Item | undefined, after: Item | undefined): void {
    if (before?.[INDEX.hash] === undefined && after?.[INDEX.hash] === undefined) {
      return;
    }
    const entry = after?.[INDEX.hash] === undefined ? undefined : SimTable.#keysOf(after);
    const soonest = this.#options.now() + this.#options.indexLagMs();
    // Never before an older change of the same item: the index may lag, but it does not go back.
    const older = this.#lagging.findLast((change) => change.name === name)?.visibleAt ?? 0;
    this.#lagging.push({ visibleAt: Math.max(soonest, older), name, entry });
  }

  #indexEntries(): readonly Item[] {
    const now = this.#options.now();
    const later: IndexChange[] = [];
    for (const change of this.#lagging) {
      if (change.visibleAt > now) {
        later.push(change);
      } else if (change.entry === undefined) {
        this.#index.delete(change.name);
      } else {
        this.#index.set(change.name, change.entry);
      }
    }
    this.#lagging = later;
    return [...this.#index.values()].toSorted(
      (left, right) =>
        byCodeUnit(textOf(left, INDEX.hash), textOf(right, INDEX.hash)) ||
        byCodeUnit(textOf(left, 'v'), textOf(right, 'v')) ||
        byCodeUnit(textOf(left, 'pk'), textOf(right, 'pk')) ||
        byCodeUnit(textOf(left, 'sk'), textOf(right, 'sk')),
    );
  }
}
