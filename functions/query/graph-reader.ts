/**
 * The graph as the home Region holds it, for one answer: a few batched reads for each hop, and only of records that are there. What
 * a node's record says is believed where the head lists that very reading of the file; anything else (a cycle is under way, or
 * died) is looked up in the file's own facts, and dropped where they do not say it any more.
 */
import { TwinmapError } from '../domain/errors.ts';
import { documentId } from '../domain/corpus.ts';
import type { Failure } from '../domain/failure.ts';
import type { RecordKey } from '../domain/record.ts';
import type { EdgeView, GraphReader, NodeView, Origin } from '../graph/answers/reader.ts';
import { listsEdge } from '../graph/facts/derived.ts';
import { type FactsPart, joinFacts, parseFactsPart } from '../graph/facts/facts-record.ts';
import { type EdgeType, type FileFacts, isRegionId } from '../graph/facts/vocabulary.ts';
import { type Direction, factsKey, hashOf, nodeKey } from '../graph/stored/graph-keys.ts';
import { type NodeFile, type NodePart, parseNodePart } from '../graph/stored/node-record.ts';
import { hashesIn, outDirections } from '../graph/stored/stored-entries.ts';
import { batchesOf } from '../stores/vector-batches.ts';
import type { StoredRecord } from '../stores/record-store.ts';
import type { CallBudget } from './call-budget.ts';
import type { GraphDirectory, GraphRecords, GraphUnit } from './graph-index.ts';

const READ_ITEMS = 100;
const READS_AT_ONCE = 8;

/** The home store did not answer: then no answer is given, and never a part of one. */
export class GraphUnavailableError extends TwinmapError {
  readonly code = 'TM_REGION_UNAVAILABLE';
  readonly audience = 'operator';
  override readonly name = 'GraphUnavailableError';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

export interface StoreGraphReaderOptions {
  readonly records: GraphRecords;
  readonly directory: GraphDirectory;
  /** When each source was read last, in ms since 1970. */
  readonly readAt: ReadonlyMap<string, number>;
  /** What is beyond it stays unread, and is not there for whoever asks; absent where an answer must be whole. */
  readonly calls?: CallBudget;
  /** Sources of which anything is read at all; absent where what may not be shown is counted. */
  readonly isRead?: (source: string) => boolean;
}

interface Found {
  readonly unit: GraphUnit;
  readonly file: NodeFile;
}

interface Wanted {
  /** Absent where only its hash is known. */
  readonly id?: string;
  readonly hash: string;
  readonly unit: GraphUnit;
  readonly key: RecordKey;
}

const keyOfNode = ({ source, head }: GraphUnit, direction: Direction, hash: string, part: number): RecordKey =>
  nodeKey(source, head.unit, { direction, hash, part });

const keyText = ({ pk, sk }: RecordKey): string => `${pk}\n${sk}`;

export class StoreGraphReader implements GraphReader {
  readonly #options: StoreGraphReaderOptions;
  readonly #found = new Map<string, readonly Found[]>();
  readonly #hashes = new Map<string, string>();
  readonly #facts = new Map<string, FileFacts | undefined>();
  /** Calls to the store, and bytes of what they brought. */
  readonly cost = { calls: 0, bytes: 0, records: 0 };

  constructor(options: StoreGraphReaderOptions) {
    this.#options = options;
  }

  async nodes(ids: readonly string[]): Promise<ReadonlyMap<string, readonly NodeView[]>> {
    const found = await this.#read('node', ids);
    return new Map(
      ids.map((id) => [
        id,
        (found.get(id) ?? []).flatMap(({ unit, file }) => {
          const said = { origin: this.#originOf(unit, file) };
          return file.nodes.map((node): NodeView => Object.assign({}, node, said));
        }),
      ]),
    );
  }

  async outOf(ids: readonly string[], types: readonly EdgeType[]): Promise<ReadonlyMap<string, readonly EdgeView[]>> {
    const read = await Promise.all(outDirections(types).map(async (direction) => this.#edges(direction, ids, types)));
    return new Map(ids.map((id) => [id, read.flatMap((edges) => edges.get(id) ?? [])]));
  }

  async into(ids: readonly string[], types: readonly EdgeType[]): Promise<ReadonlyMap<string, readonly EdgeView[]>> {
    const edges = await this.#edges('in', ids, types);
    const regions = types.includes('inRegion') ? ids.filter((id) => isRegionId(id)) : [];
    if (regions.length === 0) {
      return edges;
    }
    const named = await this.#namesTiedTo(regions);
    return new Map(ids.map((id) => [id, [...(edges.get(id) ?? []), ...(named.get(id) ?? [])]]));
  }

  /** Ties of names to these Regions, from the names' own records: of those that something depends on, and of no others. */
  async #namesTiedTo(regions: readonly string[]): Promise<ReadonlyMap<string, readonly EdgeView[]>> {
    const hashes = new Set(
      regions.flatMap((region) => (this.#found.get(`in ${region}`) ?? []).flatMap(({ file }) => hashesIn(file.names))),
    );
    const used = [...hashes].filter((hash) => this.#unitsOf('in', hash).length > 0);
    const wanted = used.flatMap((hash) =>
      this.#unitsOf('out', hash).map((unit) => ({ unit, hash, key: keyOfNode(unit, 'out', hash, 0) })),
    );
    const confirmed = await this.#confirm('out', await this.#parts('out', wanted));
    for (const [id, found] of Map.groupBy(confirmed, (one) => one.id)) {
      this.#found.set(`out ${id}`, found);
    }
    const ties = confirmed.flatMap(({ unit, file }) => {
      const said = { origin: this.#originOf(unit, file) };
      return file.edges
        .filter(({ type }) => type === 'inRegion')
        .map((edge): EdgeView => Object.assign({}, edge, said));
    });
    return Map.groupBy(ties, ({ to }) => to);
  }

  async #edges(
    direction: 'in' | 'out' | 'use',
    ids: readonly string[],
    types: readonly EdgeType[],
  ): Promise<ReadonlyMap<string, readonly EdgeView[]>> {
    const found = await this.#read(direction, ids);
    return new Map(
      ids.map((id) => [
        id,
        (found.get(id) ?? []).flatMap(({ unit, file }) => {
          const said = { origin: this.#originOf(unit, file) };
          return file.edges
            .filter(({ type }) => types.includes(type))
            .map((edge): EdgeView => Object.assign({}, edge, said));
        }),
      ]),
    );
  }

  #originOf({ source, head }: GraphUnit, { path, d }: NodeFile): Origin {
    const { repository, commit } = head;
    const document =
      d === undefined ? {} : { document: documentId(source, d), isOfPath: d.startsWith(this.#hashOf(path)) };
    return { source, repository, commit, path, ...document, asOf: this.#options.readAt.get(source) ?? 0 };
  }

  #unitsOf(direction: Direction, hash: string): readonly GraphUnit[] {
    const { directory, isRead } = this.#options;
    const units = directory.unitsOf(direction, hash);
    return isRead === undefined ? units : units.filter(({ source }) => isRead(source));
  }

  #hashOf(text: string): string {
    const known = this.#hashes.get(text) ?? hashOf(text);
    this.#hashes.set(text, known);
    return known;
  }

  /** By id; read once for an answer. */
  async #read(direction: Direction, ids: readonly string[]): Promise<ReadonlyMap<string, readonly Found[]>> {
    const nameOf = (id: string): string => `${direction} ${id}`;
    const unread = [...new Set(ids)].filter((id) => !this.#found.has(nameOf(id)));
    const wanted = unread.flatMap((id): readonly Wanted[] => {
      const hash = this.#hashOf(id);
      const units = this.#unitsOf(direction, hash);
      return units.map((unit) => ({ id, hash, unit, key: keyOfNode(unit, direction, hash, 0) }));
    });
    const parts = await this.#parts(direction, wanted);
    const confirmed = await this.#confirm(direction, parts);
    const byId = Map.groupBy(confirmed, ({ id }) => id);
    for (const id of unread) {
      this.#found.set(nameOf(id), byId.get(id) ?? []);
    }
    return new Map(ids.map((id) => [id, this.#found.get(nameOf(id)) ?? []]));
  }

  async #parts(
    direction: Direction,
    wanted: readonly Wanted[],
  ): Promise<readonly { readonly unit: GraphUnit; readonly part: NodePart }[]> {
    const first = await this.#records(
      wanted.map(({ key }) => key),
      true,
    );
    const parts = wanted.flatMap(({ unit, key, id }) => {
      const record = first.get(keyText(key));
      const part = record === undefined ? undefined : parseNodePart(record.data);
      // Half a hash may be shared; the whole id is in the record.
      return part === undefined || (id !== undefined && part.id !== id) ? [] : [{ unit, part }];
    });
    const more = parts.flatMap(({ unit, part }) =>
      Array.from({ length: part.parts - 1 }, (_, at) => ({
        unit,
        key: nodeKey(unit.source, unit.head.unit, { direction, hash: this.#hashOf(part.id), part: at + 1 }),
      })),
    );
    const rest = await this.#records(
      more.map(({ key }) => key),
      false,
    );
    return [
      ...parts,
      ...more.flatMap(({ unit, key }) => {
        const record = rest.get(keyText(key));
        const part = record === undefined ? undefined : parseNodePart(record.data);
        return part === undefined ? [] : [{ unit, part }];
      }),
    ];
  }

  /** Only what the file still says. */
  async #confirm(
    direction: Direction,
    parts: readonly { readonly unit: GraphUnit; readonly part: NodePart }[],
  ): Promise<readonly (Found & { readonly id: string })[]> {
    const all = parts.flatMap(({ unit, part }) => part.files.map((file) => ({ id: part.id, unit, file })));
    const doubted = all.filter(({ unit, file }) => unit.index.files.get(this.#hashOf(file.path)) !== file.facts);
    if (doubted.length === 0) {
      return all;
    }
    await this.#readFacts(doubted);
    const isDoubted = new Set<object>(doubted);
    return all.flatMap((one) => {
      if (!isDoubted.has(one)) {
        return [one];
      }
      const facts = this.#facts.get(factsName(one));
      const edges = facts === undefined ? [] : one.file.edges.filter((edge) => listsEdge(facts, edge));
      const nodes = facts === undefined || direction !== 'node' ? [] : facts.nodes.filter(({ id }) => id === one.id);
      return [{ ...one, file: { ...one.file, edges, nodes } }];
    });
  }

  async #readFacts(doubted: readonly Found[]): Promise<void> {
    const unread = [...new Map(doubted.map((one) => [factsName(one), one])).entries()].filter(
      ([name]) => !this.#facts.has(name),
    );
    const keyOf = ({ unit, file }: Found, part: number): RecordKey =>
      factsKey(unit.source, unit.head.unit, file.path, part);
    const first = await this.#records(
      unread.map(([, one]) => keyOf(one, 0)),
      false,
    );
    const heads = unread.map(([name, one]) => ({ name, one, part: factsPartOf(first.get(keyText(keyOf(one, 0)))) }));
    const more = heads.flatMap(({ one, part }) =>
      Array.from({ length: (part?.parts ?? 1) - 1 }, (_, at) => keyOf(one, at + 1)),
    );
    const rest = await this.#records(more, false);
    for (const { name, one, part } of heads) {
      const others = Array.from({ length: (part?.parts ?? 1) - 1 }, (_, at) =>
        factsPartOf(rest.get(keyText(keyOf(one, at + 1)))),
      );
      const held = [part, ...others].filter((each): each is FactsPart => each !== undefined);
      this.#facts.set(name, joinFacts(held));
    }
  }

  async #records(keys: readonly RecordKey[], areSmall: boolean): Promise<ReadonlyMap<string, StoredRecord>> {
    const found = new Map<string, StoredRecord>();
    const size = areSmall ? READ_ITEMS : READ_ITEMS / 4;
    const batches = batchesOf(keys, size).filter(() => this.#options.calls?.take() ?? true);
    for (const group of batchesOf(batches, READS_AT_ONCE)) {
      const reads = await Promise.all(
        group.map(async (batch) => this.#options.records.getMany(batch, areSmall ? { batchItemsMax: READ_ITEMS } : {})),
      );
      for (const read of reads) {
        if (read.kind === 'failed') {
          throw new GraphUnavailableError(read.failure);
        }
        this.cost.calls += 1;
        for (const record of read.value.filter(({ del }) => del !== true)) {
          this.cost.bytes += record.data.length;
          this.cost.records += 1;
          found.set(keyText(record), record);
        }
      }
    }
    return found;
  }
}

const factsName = ({ unit, file }: Found): string => `${unit.source}\n${unit.head.unit}\n${file.path}`;

const factsPartOf = (record: StoredRecord | undefined): FactsPart | undefined =>
  record === undefined ? undefined : parseFactsPart(record.data);
