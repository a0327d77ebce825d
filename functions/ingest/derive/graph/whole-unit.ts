/** A unit from its beginning: every file is read, every record is said again, and what is stored beside them is deleted. */
import { GRAPH_VERSION, graphPartitions, unitOfKey } from '../../../graph/stored/graph-keys.ts';
import { RecordSum, type UnitFile, type UnitHead } from '../../../graph/stored/head-record.ts';
import type { LoadedParsers } from '../../../graph/syntax/load-parsers.ts';
import { isDeadEverywhere } from '../../held.ts';
import type { DerivationInput, DeriveStep } from '../derivation.ts';
import { extractUnit, isContextPath } from './extract-unit.ts';
import {
  indexOf,
  type CanonicalPut,
  nodeName,
  type NodeFiles,
  nodePuts,
  storedFacts,
  unitRecords,
} from './unit-records.ts';
import { fileOf, type UnitDocument, type UnitPlace } from './units.ts';

export type Failed = Extract<DeriveStep, { op: 'failed' }>;

/** Deletes what is stored of a unit and not wanted any more. */
export const deleteOthers = async function* (
  input: DerivationInput,
  unit: string,
  wanted: ReadonlySet<string>,
): AsyncGenerator<DeriveStep, void, void> {
  for (const pk of graphPartitions(input.source.id)) {
    const listed = await input.list(pk);
    if (listed.kind === 'failed') {
      yield { op: 'failed', side: listed.side, failure: listed.failure };
      return;
    }
    for (const [sk, pair] of listed.value) {
      if (unitOfKey(sk) === unit && !wanted.has(`${pk}\n${sk}`) && !isDeadEverywhere(pair)) {
        yield { op: 'delete', key: { pk, sk } };
      }
    }
  }
};

const factsByPath = (files: readonly UnitFile[]): ReadonlyMap<string, number> =>
  new Map(files.map(({ path }, at) => [path, at]));

/** Answers with the unit's entry in the head; undefined where a Region could not be read. */
export const wholeUnit = async function* (
  input: DerivationInput,
  place: UnitPlace,
  documents: readonly UnitDocument[],
  openParsers: () => Promise<LoadedParsers>,
): AsyncGenerator<DeriveStep, UnitHead | undefined, void> {
  const { id } = input.source;
  const context = documents.filter(({ path }) => isContextPath(path));
  const others = documents.filter(({ path }) => !isContextPath(path));
  const files = documents.map((document) => fileOf(document));
  const at = factsByPath(files);
  const nodes = new Map<string, NodeFiles>();
  const sum = new RecordSum();
  const wanted = new Set<string>();
  const note = (put: CanonicalPut): CanonicalPut => {
    wanted.add(`${put.key.pk}\n${put.key.sk}`);
    sum.toggle(put.key.sk, put.canonical.h);
    return put;
  };
  for await (const read of extractUnit({ input, place, context, others, withContext: true }, openParsers)) {
    if (read.kind === 'failed') {
      yield { op: 'failed', side: read.side, failure: read.failure };
      return undefined;
    }
    for (const facts of read.value.facts) {
      const file = at.get(facts.path);
      const known = file === undefined ? undefined : files[file];
      const stored = storedFacts(id, place.unit, facts, known?.d);
      if (file !== undefined && known !== undefined) {
        files[file] = { ...known, facts: stored.hash, parts: stored.puts.length };
      }
      for (const { id: node, direction, file: said } of stored.nodes) {
        const name = nodeName(direction, node);
        const entry = nodes.get(name) ?? { id: node, direction, files: [] };
        entry.files.push(said);
        nodes.set(name, entry);
      }
      yield* stored.puts.map((put) => note(put));
    }
  }
  for (const node of nodes.values()) {
    yield* nodePuts(id, place.unit, node).map((put) => note(put));
  }
  const state = { extractor: GRAPH_VERSION, files, index: indexOf(nodes.values(), files), sum };
  const { head, puts } = unitRecords(id, place, state);
  for (const put of puts) {
    wanted.add(`${put.key.pk}\n${put.key.sk}`);
    yield put;
  }
  for await (const step of deleteOthers(input, place.unit, wanted)) {
    yield step;
    if (step.op === 'failed') {
      return undefined;
    }
  }
  return head;
};
