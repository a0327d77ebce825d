/**
 * The graph of a source as records: facts of each file, the nodes that they speak of, and a head that names them all. A cycle that
 * read a few files writes what those say; a full one compares, and reads a unit again only where its documents, or what is stored
 * of it in any Region, are not what the head says.
 */
import type { DocumentPayload } from '../../../domain/corpus.ts';
import {
  filesKey,
  GRAPH_VERSION,
  graphPartitions,
  headKey,
  indexKey,
  isCounted,
  unitOfKey,
} from '../../../graph/stored/graph-keys.ts';
import {
  basisOf,
  type GraphHead,
  parseHead,
  RecordSum,
  type UnitFile,
  type UnitHead,
} from '../../../graph/stored/head-record.ts';
import type { LoadedParsers } from '../../../graph/syntax/load-parsers.ts';
import { type HeldPair, isEqual, isLive } from '../../held.ts';
import type { Derivation, DerivationInput, DeriveStep, SideRead } from '../derivation.ts';
import { isContextPath } from './extract-unit.ts';
import { readUnitFiles } from './held-unit.ts';
import { partUnit } from './part-unit.ts';
import { changedOf, goneOf, touchedUnits } from './unit-changes.ts';
import { byUnit, fileOf, type UnitDocument, unitOfPath, type UnitPlace, unitsOf } from './units.ts';
import { deleteOthers, wholeUnit } from './whole-unit.ts';

const failedStep = (read: Extract<SideRead<unknown>, { kind: 'failed' }>): DeriveStep => ({
  op: 'failed',
  side: read.side,
  failure: read.failure,
});

const readHead = async (input: DerivationInput): Promise<SideRead<GraphHead | undefined>> => {
  const read = await input.readRecords([headKey(input.source.id)]);
  return read.kind === 'failed' ? read : { kind: 'read', value: parseHead(read.value[0]?.data ?? '') };
};

const headStep = (input: DerivationInput, units: readonly UnitHead[]): DeriveStep => ({
  op: 'put',
  key: headKey(input.source.id),
  payload: {
    extractor: GRAPH_VERSION,
    units: units.toSorted((left, right) => (left.unit < right.unit ? -1 : 1)),
  },
});

type Listed = ReadonlyMap<string, ReadonlyMap<string, HeldPair>>;

const listAll = async (input: DerivationInput): Promise<SideRead<Listed>> => {
  const listed = new Map<string, ReadonlyMap<string, HeldPair>>();
  for (const pk of graphPartitions(input.source.id)) {
    const read = await input.list(pk);
    if (read.kind === 'failed') {
      return read;
    }
    listed.set(pk, read.value);
  }
  return { kind: 'read', value: listed };
};

/** Does every judged Region hold exactly what the head says of this unit? */
const isWhole = (input: DerivationInput, head: UnitHead, listed: Listed): boolean => {
  const sum = new RecordSum();
  for (const pairs of listed.values()) {
    for (const [sk, pair] of pairs) {
      if (unitOfKey(sk) === head.unit) {
        if (!isEqual(pair)) {
          return false;
        }
        if (isLive(pair.home) && isCounted(sk)) {
          sum.toggle(sk, pair.home?.h ?? '');
        }
      }
    }
  }
  const { id } = input.source;
  const parts = [
    ...Array.from({ length: head.files }, (_, part) => filesKey(id, head.unit, part)),
    ...Array.from({ length: head.index }, (_, part) => indexKey(id, head.unit, part)),
  ];
  return sum.toString() === head.sum && parts.every(({ pk, sk }) => isLive(listed.get(pk)?.get(sk)?.home));
};

const isCurrent = (head: UnitHead | undefined, documents: readonly UnitDocument[]): head is UnitHead =>
  head?.basis ===
  basisOf(
    GRAPH_VERSION,
    documents.map((document) => fileOf(document)),
  );

export class GraphDerivation implements Derivation {
  readonly name = GRAPH_VERSION;
  readonly #openParsers: () => Promise<LoadedParsers>;

  constructor(openParsers: () => Promise<LoadedParsers>) {
    this.#openParsers = openParsers;
  }

  async *derive(input: DerivationInput): AsyncGenerator<DeriveStep, void, void> {
    const head = await readHead(input);
    if (head.kind === 'failed') {
      yield failedStep(head);
      return;
    }
    const places = unitsOf(input.source, input.snapshot, input.cursor);
    if (input.full || head.value?.extractor !== GRAPH_VERSION) {
      yield* this.#all(input, places, head.value);
    } else {
      yield* this.#changed(input, places, head.value);
    }
  }

  /** Compares every unit; those that are not what they should be are read from their beginning. */
  async *#all(
    input: DerivationInput,
    places: readonly UnitPlace[],
    head: GraphHead | undefined,
  ): AsyncGenerator<DeriveStep, void, void> {
    const documents = await input.documents();
    if (documents.kind === 'failed') {
      yield failedStep(documents);
      return;
    }
    const listed = await listAll(input);
    if (listed.kind === 'failed') {
      yield failedStep(listed);
      return;
    }
    const grouped = byUnit(places, documents.value);
    const known = new Map((head?.extractor === GRAPH_VERSION ? head.units : []).map((unit) => [unit.unit, unit]));
    const heads = new Map(known);
    for (const place of places) {
      const own = grouped.get(place.unit) ?? [];
      const before = known.get(place.unit);
      if (isCurrent(before, own) && isWhole(input, before, listed.value)) {
        heads.set(place.unit, { ...before, commit: place.commit });
      } else {
        const after = yield* wholeUnit(input, place, own, this.#openParsers);
        if (after === undefined) {
          return;
        }
        yield { op: 'flush' };
        heads.set(place.unit, after);
        yield headStep(input, [...heads.values()]);
        yield { op: 'checkpoint', at: place.unit };
      }
    }
    yield* this.#finish(input, places, heads, listed.value);
  }

  /** Units that the source does not have any more go, then the head says so. */
  async *#finish(
    input: DerivationInput,
    places: readonly UnitPlace[],
    heads: ReadonlyMap<string, UnitHead>,
    listed: Listed,
  ): AsyncGenerator<DeriveStep, void, void> {
    const wanted = new Set(places.map(({ unit }) => unit));
    yield { op: 'flush' };
    yield headStep(
      input,
      [...heads.values()].filter(({ unit }) => wanted.has(unit)),
    );
    yield { op: 'flush' };
    const stored = new Set([...listed.values()].flatMap((pairs) => [...pairs.keys()].map((sk) => unitOfKey(sk) ?? '')));
    for (const unit of [...stored].filter((one) => one !== '' && !wanted.has(one))) {
      yield* deleteOthers(input, unit, new Set());
    }
  }

  /** After a pull of what changed. */
  async *#changed(
    input: DerivationInput,
    places: readonly UnitPlace[],
    head: GraphHead,
  ): AsyncGenerator<DeriveStep, void, void> {
    const known = new Map(head.units.map((unit) => [unit.unit, unit]));
    if (places.some(({ unit }) => !known.has(unit)) || places.length !== known.size) {
      yield* this.#all(input, places, head);
      return;
    }
    const changed = await input.readDocuments([...input.changed]);
    if (changed.kind === 'failed') {
      yield failedStep(changed);
      return;
    }
    const touched = touchedUnits(places, changed.value, input.pathsBefore.values());
    const heads = new Map(known);
    for (const place of places) {
      const before = known.get(place.unit);
      // A unit that no changed document is or was in is not even looked at.
      if (before !== undefined && touched.has(place.unit)) {
        const after = yield* this.#unit(input, { place, places, head: before, changed: changed.value });
        if (after === undefined) {
          return;
        }
        heads.set(place.unit, after);
      }
    }
    if ([...heads].some(([unit, one]) => one !== known.get(unit))) {
      yield { op: 'flush' };
      yield headStep(input, [...heads.values()]);
    }
  }

  async *#unit(
    input: DerivationInput,
    terms: {
      readonly place: UnitPlace;
      readonly places: readonly UnitPlace[];
      readonly head: UnitHead;
      /** All of the source: what was in this unit may be in no unit now. */
      readonly changed: readonly DocumentPayload[];
    },
  ): AsyncGenerator<DeriveStep, UnitHead | undefined, void> {
    const { place, places, head } = terms;
    const read = await readUnitFiles(input, head);
    if (read.kind === 'failed') {
      yield failedStep(read);
      return undefined;
    }
    const known = read.value ?? [];
    const gone = goneOf(place, known, input.deleted, terms.changed);
    const own = byUnit(places, terms.changed).get(place.unit) ?? [];
    const changed = changedOf(known, own);
    if (read.value !== undefined && gone.length + changed.length === 0) {
      return head;
    }
    if (read.value !== undefined && ![...gone, ...changed].some(({ path }) => isContextPath(path))) {
      const context = await this.#context(input, places, known);
      if (context.kind === 'failed') {
        yield failedStep(context);
        return undefined;
      }
      const after = yield* partUnit(
        { input, place, head, known, changed, gone, context: context.value },
        this.#openParsers,
      );
      if (after !== 'incomplete') {
        return after;
      }
    }
    const documents = await input.documents();
    if (documents.kind === 'failed') {
      yield failedStep(documents);
      return undefined;
    }
    const all = byUnit(places, documents.value).get(place.unit) ?? [];
    return yield* wholeUnit(input, place, all, this.#openParsers);
  }

  /** The documents that decide what others of the unit mean. */
  async #context(
    input: DerivationInput,
    places: readonly UnitPlace[],
    known: readonly UnitFile[],
  ): Promise<SideRead<readonly UnitDocument[]>> {
    const ids = known.filter(({ path }) => isContextPath(path)).map(({ d }) => `${input.source.id}~${d}`);
    const read = await input.readDocuments(ids);
    return read.kind === 'failed'
      ? read
      : { kind: 'read', value: read.value.flatMap((document) => unitDocument(places, document)) };
  }
}

const unitDocument = (places: readonly UnitPlace[], document: DocumentPayload): readonly UnitDocument[] => {
  const place = unitOfPath(places, document.path);
  return place === undefined ? [] : [{ document, path: document.path.slice(place.prefix.length) }];
};
