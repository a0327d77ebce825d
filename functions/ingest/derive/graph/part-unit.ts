/**
 * A unit of which a few files changed, none of them one that decides what others mean: only those are read, and only the nodes that
 * they spoke of, or speak of now, are written. Goes on from what home holds; where that is not whole, the unit is read from its
 * beginning.
 */
import type { FileFacts } from '../../../graph/facts/vocabulary.ts';
import {
  DIRECTIONS,
  type Direction,
  filesKey,
  GRAPH_VERSION,
  hashOf,
  indexKey,
} from '../../../graph/stored/graph-keys.ts';
import { RecordSum, type UnitFile, type UnitHead } from '../../../graph/stored/head-record.ts';
import { isAskedFor, printOf, type UnitIndex } from '../../../graph/stored/index-record.ts';
import { storedEntries } from '../../../graph/stored/stored-entries.ts';
import type { LoadedParsers } from '../../../graph/syntax/load-parsers.ts';
import type { StoredRecord } from '../../../stores/record-store.ts';
import type { DerivationInput, DeriveStep } from '../derivation.ts';
import { extractUnit } from './extract-unit.ts';
import { type NodeRef, type OldNodes, readFacts, readIndex, readNodes } from './held-unit.ts';
import {
  type CanonicalPut,
  filesWithFacts,
  nodeName,
  type NodeFiles,
  nodePuts,
  sortedPrints,
  type StoredFacts,
  storedFacts,
  unitRecords,
} from './unit-records.ts';
import { fileOf, hashPartOf, type UnitDocument, type UnitPlace } from './units.ts';

const refsOf = (facts: readonly FileFacts[]): readonly NodeRef[] =>
  facts.flatMap((file) => storedEntries(file).map(({ id, direction }) => ({ id, direction })));

const distinct = (refs: readonly NodeRef[]): readonly NodeRef[] => [
  ...new Map(refs.map((ref) => [nodeName(ref.direction, ref.id), ref])).values(),
];

const indexAfter = (index: UnitIndex, touched: readonly NodeFiles[], files: readonly UnitFile[]): UnitIndex => {
  const prints: Record<Direction, Set<string>> = { in: new Set(), out: new Set(), use: new Set(), node: new Set() };
  for (const direction of DIRECTIONS) {
    prints[direction] = new Set(index.prints[direction]);
  }
  const names = new Set(index.names);
  for (const { id, direction, files: said } of touched) {
    const print = printOf(hashOf(id));
    const isSaid = said.length > 0;
    prints[direction][isSaid ? 'add' : 'delete'](print);
    if (isAskedFor(direction, id)) {
      names[isSaid ? 'add' : 'delete'](id);
    }
  }
  return {
    prints: sortedPrints(prints),
    files: filesWithFacts(files),
    names: [...names].toSorted(),
  };
};

export interface PartTerms {
  readonly input: DerivationInput;
  readonly place: UnitPlace;
  readonly head: UnitHead;
  readonly known: readonly UnitFile[];
  /** Documents that changed, and files that are gone. */
  readonly changed: readonly UnitDocument[];
  readonly gone: readonly UnitFile[];
  readonly context: readonly UnitDocument[];
}

/** Answers with the unit's entry in the head; `incomplete` where what home holds is not whole. */
export const partUnit = async function* (
  terms: PartTerms,
  openParsers: () => Promise<LoadedParsers>,
): AsyncGenerator<DeriveStep, UnitHead | 'incomplete' | undefined, void> {
  const { input, place, head, known, changed, gone, context } = terms;
  const ids = new Map([...context, ...changed].map(({ path, document }) => [path, hashPartOf(document.id)]));
  const fresh: StoredFacts[] = [];
  const nowSaid: NodeRef[] = [];
  for await (const read of extractUnit({ input, place, context, others: changed, withContext: false }, openParsers)) {
    if (read.kind === 'failed') {
      yield { op: 'failed', side: read.side, failure: read.failure };
      return undefined;
    }
    nowSaid.push(...refsOf(read.value.facts));
    fresh.push(
      ...read.value.facts.map((facts) => storedFacts(input.source.id, place.unit, facts, ids.get(facts.path))),
    );
  }
  // Each file once, also where a document takes the path that another one leaves: facts that are read twice look damaged.
  const replacedPaths = new Set([...gone, ...changed].map(({ path }) => path));
  const before = known.filter(({ path }) => replacedPaths.has(path));
  const facts = await readFacts(input, place.unit, before);
  const index = facts.kind === 'failed' ? facts : await readIndex(input, head);
  const oldFacts = facts.kind === 'failed' ? undefined : facts.value;
  const touched = distinct([...refsOf(oldFacts?.facts ?? []), ...nowSaid]);
  const nodes = index.kind === 'failed' ? index : await readNodes(input, place.unit, touched);
  if (facts.kind === 'failed' || index.kind === 'failed' || nodes.kind === 'failed') {
    const failed = [facts, index, nodes].find((read) => read.kind === 'failed');
    if (failed?.kind === 'failed') {
      yield { op: 'failed', side: failed.side, failure: failed.failure };
    }
    return undefined;
  }
  if (oldFacts === undefined || index.value === undefined || nodes.value === undefined) {
    return 'incomplete';
  }
  return yield* replaceFiles(terms, {
    fresh,
    old: [...oldFacts.records, ...nodes.value.records],
    touched: replacedNodes(touched, nodes.value, before, fresh),
    index: index.value,
  });
};

/** The touched nodes as they are from now on. */
const replacedNodes = (
  touched: readonly NodeRef[],
  { nodes }: OldNodes,
  before: readonly UnitFile[],
  fresh: readonly StoredFacts[],
): readonly NodeFiles[] => {
  const replaced = new Set([...before, ...fresh].map(({ path }) => path));
  const said = Map.groupBy(
    fresh.flatMap((file) => file.nodes),
    ({ id, direction }) => nodeName(direction, id),
  );
  return touched.map(({ id, direction }) => {
    const name = nodeName(direction, id);
    const kept = (nodes.get(name)?.files ?? []).filter(({ path }) => !replaced.has(path));
    return { id, direction, files: [...kept, ...(said.get(name) ?? []).map(({ file }) => file)] };
  });
};

interface Replacement {
  readonly fresh: readonly StoredFacts[];
  /** Facts and nodes that are replaced. */
  readonly old: readonly StoredRecord[];
  readonly touched: readonly NodeFiles[];
  readonly index: UnitIndex;
}

const replaceFiles = async function* (
  { input, place, head, known, changed, gone }: PartTerms,
  { fresh, old, touched, index }: Replacement,
): AsyncGenerator<DeriveStep, UnitHead, void> {
  const sum = new RecordSum(head.sum);
  const stale = new Map(old.map((record) => [`${record.pk}\n${record.sk}`, record]));
  old.forEach(({ sk, h }) => {
    sum.toggle(sk, h);
  });
  const puts: readonly CanonicalPut[] = [
    ...fresh.flatMap((file) => file.puts),
    ...touched.filter(({ files }) => files.length > 0).flatMap((node) => nodePuts(input.source.id, place.unit, node)),
  ];
  for (const put of puts) {
    stale.delete(`${put.key.pk}\n${put.key.sk}`);
    sum.toggle(put.key.sk, put.canonical.h);
    yield put;
  }
  const replaced = new Set([...gone, ...changed].map(({ path }) => path));
  const stored = new Map(fresh.map((file) => [file.path, file]));
  const files = [
    ...known.filter(({ path }) => !replaced.has(path)),
    ...changed.map((document): UnitFile => {
      const file = stored.get(document.path);
      return { ...fileOf(document), ...(file === undefined ? {} : { facts: file.hash, parts: file.puts.length }) };
    }),
  ];
  const state = { extractor: GRAPH_VERSION, files, index: indexAfter(index, touched, files), sum };
  const records = unitRecords(input.source.id, place, state);
  yield* records.puts;
  yield* [...stale.values()].map(({ pk, sk }): DeriveStep => ({ op: 'delete', key: { pk, sk } }));
  // Fewer parts than before: those beyond are of nobody.
  for (let part = records.head.files; part < head.files; part += 1) {
    yield { op: 'delete', key: filesKey(input.source.id, place.unit, part) };
  }
  for (let part = records.head.index; part < head.index; part += 1) {
    yield { op: 'delete', key: indexKey(input.source.id, place.unit, part) };
  }
  return records.head;
};
