/**
 * Which units of a source's lexical index have to be derived, and from which documents. A cycle that read a few documents looks at
 * the units of these alone: their directories say which other documents they hold, so that its cost is that of the change. A whole
 * one looks at all documents and at everything that is stored.
 */
import { documentId, type DocumentPayload, parseDocumentId } from '../../../domain/corpus.ts';
import { type Directory, parseDirectory } from '../../../lexical/directory.ts';
import { directoryKey, directoryPartition, parseDirectorySk } from '../../../lexical/keys.ts';
import { BUCKETS } from '../../../lexical/term-hash.ts';
import { partOf, partsFor } from '../../../lexical/unit.ts';
import { isLive } from '../../held.ts';
import type { DerivationInput, SideRead } from '../derivation.ts';

/** What is stored of the source: units by their numbers; undefined where a directory is dead, or can't be read. */
export type StoredUnits = ReadonlyMap<number, Directory | undefined>;

export interface LexicalPlan {
  readonly parts: number;
  /** What is to be derived, by its number and in this order: the documents that each unit is made of now, or none. */
  readonly units: ReadonlyMap<number, readonly DocumentPayload[]>;
  readonly stored: StoredUnits;
  /** Everything is looked at, because that was asked for or because the source has to be divided anew. */
  readonly isWhole: boolean;
}

export const hashOf = (id: string): string => parseDocumentId(id)?.hash ?? '';

/** Whoever asks for the first unit learns how many there are: it is there although no document is in it. */
export const isFirstOfMany = (part: number, parts: number): boolean => part === 0 && parts > 1;

/** Every bucket that there may be. */
const ALL_BUCKETS: ReadonlySet<number> = new Set(Array.from({ length: BUCKETS }, (_, bucket) => bucket));

/**
 * Buckets that may be stored of a unit. What a directory says is all that there is, until a run dies between the two, or puts one late:
 * a whole derivation looks for every one that there may be.
 */
export const bucketsHeld = ({ isWhole, stored }: LexicalPlan, part: number): ReadonlySet<number> =>
  isWhole ? ALL_BUCKETS : (stored.get(part)?.buckets ?? new Set<number>());

const chunksIn = (documents: readonly DocumentPayload[]): number =>
  documents.reduce((sum, { chunks }) => sum + chunks.length, 0);

const isIndexed = ({ skipped, chunks }: DocumentPayload): boolean => skipped === undefined && chunks.length > 0;

const inUnits = (
  numbers: Iterable<number>,
  documents: readonly DocumentPayload[],
  parts: number,
): LexicalPlan['units'] => {
  const grouped = Map.groupBy(documents, ({ id }) => partOf(hashOf(id), parts));
  const sorted = [...new Set(numbers)].toSorted((left, right) => left - right);
  return new Map(sorted.map((part) => [part, grouped.get(part) ?? []]));
};

/** By their numbers, those that are there; undefined where one can't be read. */
const readDirectories = async (input: DerivationInput, parts: Iterable<number>): Promise<SideRead<StoredUnits>> => {
  const { id: source } = input.source;
  const read = await input.readRecords([...parts].map((part) => directoryKey({ source, part })));
  return read.kind === 'failed'
    ? read
    : {
        kind: 'read',
        value: new Map(read.value.map(({ sk, data }) => [parseDirectorySk(sk) ?? -1, parseDirectory(data)])),
      };
};

const readStored = async (input: DerivationInput): Promise<SideRead<StoredUnits>> => {
  const listed = await input.list(directoryPartition(input.source.id));
  if (listed.kind === 'failed') {
    return listed;
  }
  const units = [...listed.value].flatMap(([sk, pair]) => {
    const part = parseDirectorySk(sk);
    return part === undefined ? [] : [{ part, isThere: isLive(pair.home) }];
  });
  const live = units.filter(({ isThere }) => isThere).map(({ part }) => part);
  const read = await readDirectories(input, live);
  return read.kind === 'failed'
    ? read
    : { kind: 'read', value: new Map(units.map(({ part }) => [part, read.value.get(part)])) };
};

const planWhole = async (input: DerivationInput): Promise<SideRead<LexicalPlan>> => {
  const [listed, stored] = await Promise.all([input.documents(), readStored(input)]);
  if (listed.kind === 'failed') {
    return listed;
  }
  if (stored.kind === 'failed') {
    return stored;
  }
  const documents = listed.value.filter((document) => isIndexed(document));
  const current = [...stored.value.values()].find((directory) => directory !== undefined)?.parts;
  const parts = partsFor(chunksIn(documents), current);
  const numbers = [
    ...documents.map(({ id }) => partOf(hashOf(id), parts)),
    ...stored.value.keys(),
    ...(parts > 1 ? [0] : []),
  ];
  const units = inUnits(numbers, documents, parts);
  return { kind: 'read', value: { parts, units, stored: stored.value, isWhole: true } };
};

/** Undefined where the source has to be divided anew, or where what is stored can't be gone on from. */
const planChanged = async (input: DerivationInput): Promise<SideRead<LexicalPlan | undefined>> => {
  const first = await readDirectories(input, [0]);
  if (first.kind === 'failed') {
    return first;
  }
  const parts = first.value.get(0)?.parts;
  if (parts === undefined || partsFor(input.chunks, parts) !== parts) {
    return { kind: 'read', value: undefined };
  }
  const numbers = new Set([...input.changed, ...input.deleted].map((id) => partOf(hashOf(id), parts)));
  const stored = await readDirectories(input, numbers);
  if (stored.kind === 'failed') {
    return stored;
  }
  const units = [...stored.value.values()];
  if (units.includes(undefined)) {
    return { kind: 'read', value: undefined };
  }
  const known = units.flatMap((unit) => (unit?.documents ?? []).map(({ hash }) => documentId(input.source.id, hash)));
  const read = await input.readDocuments([...new Set([...known, ...input.changed])]);
  if (read.kind === 'failed') {
    return read;
  }
  const documents = read.value.filter((document) => isIndexed(document));
  const touched = inUnits(numbers, documents, parts);
  return { kind: 'read', value: { parts, units: touched, stored: stored.value, isWhole: false } };
};

export const planOf = async (input: DerivationInput): Promise<SideRead<LexicalPlan>> => {
  const changed: SideRead<LexicalPlan | undefined> = input.full
    ? { kind: 'read', value: undefined }
    : await planChanged(input);
  if (changed.kind === 'failed') {
    return changed;
  }
  return changed.value === undefined ? planWhole(input) : { kind: 'read', value: changed.value };
};
