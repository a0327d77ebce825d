/**
 * Where in the stored graph a node is: for each direction one sorted list of (print of the node, unit that has a record of it), made of
 * the indexes of all units. It is kept between answers and is never older than the stores: every answer first compares the heads,
 * strongly, and reads again what has another version.
 */
import { done, type Failure, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RecordKey } from '../domain/record.ts';
import { DIRECTIONS, type Direction, hashOf, headKey, indexKey } from '../graph/stored/graph-keys.ts';
import { parseHead, type UnitHead } from '../graph/stored/head-record.ts';
import { parseIndex, printOf, type UnitIndex } from '../graph/stored/index-record.ts';
import type { RecordStore, StoredRecord } from '../stores/record-store.ts';
import { batchesOf } from '../stores/vector-batches.ts';

export type GraphRecords = Pick<RecordStore, 'getMany' | 'getDigests'>;

/** One repository of one source. */
export interface GraphUnit {
  readonly source: string;
  readonly head: UnitHead;
  readonly index: UnitIndex;
}

interface KeptSource {
  readonly v: string;
  readonly units: readonly GraphUnit[];
}

/** Units are numbered in sixteen bits, beside the thirty-six of a print: together a number is exact up to fifty-three. */
const UNITS_MAX = 65_536;
const PRINT_DIGITS_KEPT = 9;
const READS_AT_ONCE = 8;

const packed = (print: string, unit: number): number =>
  Number.parseInt(print.slice(0, PRINT_DIGITS_KEPT), 16) * UNITS_MAX + unit;

const lowerBound = (numbers: Float64Array, wanted: number): number => {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((numbers[middle] ?? Infinity) < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
};

/** What one answer looks things up in. */
export class GraphDirectory {
  readonly units: readonly GraphUnit[];
  readonly #sorted: Readonly<Record<Direction, Float64Array>>;

  constructor(units: readonly GraphUnit[]) {
    this.units = units.slice(0, UNITS_MAX);
    const sorted = DIRECTIONS.map((direction) =>
      Float64Array.from(
        this.units.flatMap(({ index }, at) => index.prints[direction].map((print) => packed(print, at))),
      ).toSorted(),
    );
    const [into, out, use, node] = sorted;
    const none = new Float64Array();
    this.#sorted = { in: into ?? none, out: out ?? none, use: use ?? none, node: node ?? none };
  }

  /** The units that have a record of this node; very rarely one more. */
  unitsOf(direction: Direction, hash: string): readonly GraphUnit[] {
    const numbers = this.#sorted[direction];
    const from = packed(printOf(hash), 0);
    const found: GraphUnit[] = [];
    for (let at = lowerBound(numbers, from); at < numbers.length && (numbers[at] ?? 0) < from + UNITS_MAX; at += 1) {
      const unit = this.units[(numbers[at] ?? 0) - from];
      if (unit !== undefined) {
        found.push(unit);
      }
    }
    return found;
  }

  has(direction: Direction, id: string): boolean {
    return this.unitsOf(direction, hashOf(id)).length > 0;
  }
}

const inBatches = async (
  records: GraphRecords,
  keys: readonly RecordKey[],
): Promise<Result<readonly StoredRecord[]>> => {
  const found: StoredRecord[] = [];
  for (const group of batchesOf(batchesOf(keys, LIMITS.recordGetItemsMax), READS_AT_ONCE)) {
    for (const read of await Promise.all(group.map(async (batch) => records.getMany(batch)))) {
      if (read.kind === 'failed') {
        return read;
      }
      found.push(...read.value.filter(({ del }) => del !== true));
    }
  }
  return done(found);
};

export class GraphIndexCache {
  readonly #records: GraphRecords;
  readonly #kept = new Map<string, KeptSource>();
  #directory: GraphDirectory = new GraphDirectory([]);
  #order: readonly string[] = [];

  constructor(records: GraphRecords) {
    this.#records = records;
  }

  /** As it was when it was compared last, without asking the store; empty where it never was. */
  peek(): GraphDirectory {
    return this.#directory;
  }

  /** The directory of these sources as the home Region holds them now. */
  async directory(sources: readonly string[]): Promise<Result<GraphDirectory>> {
    const keys = sources.map((source) => ({ source, key: headKey(source) }));
    const digests = await this.#records.getDigests(keys.map(({ key }) => key));
    if (digests.kind === 'failed') {
      return digests;
    }
    const live = new Map(digests.value.filter(({ del }) => del !== true).map(({ pk, v }) => [pk, v]));
    const stale = keys.filter(({ source, key }) => this.#kept.get(source)?.v !== live.get(key.pk));
    const failure = await this.#refresh(stale, live);
    if (failure !== undefined) {
      return { kind: 'failed', failure };
    }
    const order = sources.filter((source) => this.#kept.has(source)).toSorted();
    if (stale.length > 0 || order.join('\n') !== this.#order.join('\n')) {
      this.#order = order;
      this.#directory = new GraphDirectory(order.flatMap((source) => this.#kept.get(source)?.units ?? []));
    }
    return done(this.#directory);
  }

  async #refresh(
    stale: readonly { readonly source: string; readonly key: RecordKey }[],
    live: ReadonlyMap<string, string>,
  ): Promise<Failure | undefined> {
    for (const { source, key } of stale) {
      if (!live.has(key.pk)) {
        this.#kept.delete(source);
      }
    }
    const wanted = stale.filter(({ key }) => live.has(key.pk));
    if (wanted.length === 0) {
      return undefined;
    }
    const heads = await inBatches(
      this.#records,
      wanted.map(({ key }) => key),
    );
    if (heads.kind === 'failed') {
      return heads.failure;
    }
    const byPartition = new Map(heads.value.map((record) => [record.pk, record]));
    const found = wanted.flatMap(({ source, key }) => {
      const record = byPartition.get(key.pk);
      const head = record === undefined ? undefined : parseHead(record.data);
      return record === undefined || head === undefined ? [] : [{ source, v: record.v, head }];
    });
    const units = found.flatMap(({ source, head }) => head.units.map((unit) => ({ source, unit })));
    const indexes = await this.#indexes(units);
    if (indexes.kind === 'failed') {
      return indexes.failure;
    }
    for (const { source, v, head } of found) {
      const own = head.units.flatMap((unit): readonly GraphUnit[] => {
        const index = indexes.value.get(`${source}\n${unit.unit}`);
        return index === undefined ? [] : [{ source, head: unit, index }];
      });
      this.#kept.set(source, { v, units: own });
    }
    return undefined;
  }

  /** Of these units; those whose index did not change are not read again. */
  async #indexes(
    units: readonly { readonly source: string; readonly unit: UnitHead }[],
  ): Promise<Result<ReadonlyMap<string, UnitIndex>>> {
    const found = new Map<string, UnitIndex>();
    const unread: (typeof units)[number][] = [];
    for (const one of units) {
      const before = this.#kept
        .get(one.source)
        ?.units.find(({ head }) => head.unit === one.unit.unit && head.indexHash === one.unit.indexHash);
      if (before === undefined) {
        unread.push(one);
      } else {
        found.set(`${one.source}\n${one.unit.unit}`, before.index);
      }
    }
    const keysOf = ({ source, unit }: (typeof units)[number]): readonly RecordKey[] =>
      Array.from({ length: unit.index }, (_, part) => indexKey(source, unit.unit, part));
    const read = await inBatches(
      this.#records,
      unread.flatMap((one) => keysOf(one)),
    );
    if (read.kind === 'failed') {
      return read;
    }
    const byKey = new Map(read.value.map(({ pk, sk, data }) => [`${pk}\n${sk}`, data]));
    for (const one of unread) {
      const index = parseIndex(keysOf(one).flatMap(({ pk, sk }) => byKey.get(`${pk}\n${sk}`) ?? []));
      if (index !== undefined) {
        found.set(`${one.source}\n${one.unit.unit}`, index);
      }
    }
    return done(found);
  }
}
