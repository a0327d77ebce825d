/** What home holds of a unit, read back for a cycle that goes on from it; undefined where that is not whole. */
import type { RecordKey } from '../../../domain/record.ts';
import { type FactsPart, joinFacts, parseFactsPart } from '../../../graph/facts/facts-record.ts';
import type { FileFacts } from '../../../graph/facts/vocabulary.ts';
import { type Direction, factsKey, filesKey, hashOf, indexKey, nodeKey } from '../../../graph/stored/graph-keys.ts';
import { parseFiles, type UnitFile, type UnitHead } from '../../../graph/stored/head-record.ts';
import { parseIndex, type UnitIndex } from '../../../graph/stored/index-record.ts';
import { type NodePart, parseNodePart } from '../../../graph/stored/node-record.ts';
import type { StoredRecord } from '../../../stores/record-store.ts';
import type { DerivationInput, SideRead } from '../derivation.ts';
import { nodeName, type NodeFiles } from './unit-records.ts';

const partKeys = (count: number, keyOf: (part: number) => RecordKey): readonly RecordKey[] =>
  Array.from({ length: count }, (_, part) => keyOf(part));

/** In the order of the keys; undefined where one is missing. */
const inOrder = (keys: readonly RecordKey[], records: readonly StoredRecord[]): readonly StoredRecord[] | undefined => {
  const bySk = new Map(records.map((record) => [record.sk, record]));
  const found = keys.flatMap(({ sk }) => bySk.get(sk) ?? []);
  return found.length === keys.length ? found : undefined;
};

/** What a unit was made from, as home holds it; undefined where that is not whole. */
export const readUnitFiles = async (
  input: DerivationInput,
  head: UnitHead,
): Promise<SideRead<readonly UnitFile[] | undefined>> => {
  const keys = partKeys(head.files, (part) => filesKey(input.source.id, head.unit, part));
  const read = await input.readRecords(keys);
  if (read.kind === 'failed') {
    return read;
  }
  const parts = inOrder(keys, read.value)?.map(({ data }) => parseFiles(data));
  const isWhole = parts !== undefined && parts.every((part) => part !== undefined);
  return { kind: 'read', value: isWhole ? parts.flatMap((part) => part ?? []) : undefined };
};

export const readIndex = async (input: DerivationInput, head: UnitHead): Promise<SideRead<UnitIndex | undefined>> => {
  const keys = partKeys(head.index, (part) => indexKey(input.source.id, head.unit, part));
  const read = await input.readRecords(keys);
  if (read.kind === 'failed') {
    return read;
  }
  const records = inOrder(keys, read.value);
  return { kind: 'read', value: records === undefined ? undefined : parseIndex(records.map(({ data }) => data)) };
};

export interface OldFacts {
  readonly records: readonly StoredRecord[];
  readonly facts: readonly FileFacts[];
}

const isPart = (part: FactsPart | undefined): part is FactsPart => part !== undefined;

export const readFacts = async (
  input: DerivationInput,
  unit: string,
  files: readonly UnitFile[],
): Promise<SideRead<OldFacts | undefined>> => {
  const keys = files.flatMap(({ path, parts }) =>
    partKeys(parts, (part) => factsKey(input.source.id, unit, path, part)),
  );
  const read = await input.readRecords(keys);
  if (read.kind === 'failed') {
    return read;
  }
  const records = inOrder(keys, read.value);
  const parts = (records ?? []).map(({ data }) => parseFactsPart(data)).filter(isPart);
  const facts = files
    .filter((file) => file.parts > 0)
    .map(({ path }) => joinFacts(parts.filter((part) => part.path === path)));
  const isWhole = records !== undefined && facts.every((one) => one !== undefined);
  return {
    kind: 'read',
    value: isWhole ? { records, facts: facts.flatMap((one) => one ?? []) } : undefined,
  };
};

export interface OldNodes {
  readonly records: readonly StoredRecord[];
  readonly nodes: ReadonlyMap<string, NodeFiles>;
}

export interface NodeRef {
  readonly id: string;
  readonly direction: Direction;
}

export const readNodes = async (
  input: DerivationInput,
  unit: string,
  wanted: readonly NodeRef[],
): Promise<SideRead<OldNodes | undefined>> => {
  const { id: source } = input.source;
  const first = await input.readRecords(
    wanted.map(({ id, direction }) => nodeKey(source, unit, { direction, hash: hashOf(id), part: 0 })),
  );
  if (first.kind === 'failed') {
    return first;
  }
  const heads = first.value.map(({ data }) => parseNodePart(data));
  const rest = await input.readRecords(
    heads.flatMap((head) =>
      head === undefined
        ? []
        : partKeys(head.parts - 1, (part) =>
            nodeKey(source, unit, { direction: head.direction, hash: hashOf(head.id), part: part + 1 }),
          ),
    ),
  );
  if (rest.kind === 'failed') {
    return rest;
  }
  const records = [...first.value, ...rest.value];
  const parts = [...heads, ...rest.value.map(({ data }) => parseNodePart(data))];
  return { kind: 'read', value: joinNodes(records, parts) };
};

const joinNodes = (
  records: readonly StoredRecord[],
  parts: readonly (NodePart | undefined)[],
): OldNodes | undefined => {
  const nodes = new Map<string, NodeFiles>();
  const counted = new Map<string, number>();
  for (const part of parts) {
    if (part === undefined) {
      return undefined;
    }
    const name = nodeName(part.direction, part.id);
    const known = nodes.get(name) ?? { id: part.id, direction: part.direction, files: [] };
    known.files.push(...part.files);
    nodes.set(name, known);
    counted.set(name, (counted.get(name) ?? part.parts) - 1);
  }
  return [...counted.values()].every((left) => left === 0) ? { records, nodes } : undefined;
};
