/**
 * The lexical index of a source as records: units of a few hundred chunks, each one record per bucket of terms and a directory. A
 * cycle that read a few files derives their units anew, whole, from the chunks that home holds; what is already there is not
 * written again. The directory comes last: a posting that no directory names yet is no answer.
 */
import { type DocumentPayload, parseDocumentId } from '../../../domain/corpus.ts';
import { type Directory, parseDirectory } from '../../../lexical/directory.ts';
import { bucketKey, directoryKey, directoryPartition, parseDirectorySk, type UnitName } from '../../../lexical/keys.ts';
import { BUCKETS } from '../../../lexical/term-hash.ts';
import { buildUnit, type IndexedDocument, LEXICAL_FORMAT, partOf, partsFor } from '../../../lexical/unit.ts';
import { isLive } from '../../held.ts';
import type { Derivation, DerivationInput, DeriveStep, SideRead } from '../derivation.ts';

type Failed = Extract<SideRead<unknown>, { kind: 'failed' }>;

const failedStep = ({ side, failure }: Failed): DeriveStep => ({ op: 'failed', side, failure });

const hashOf = (id: string): string => parseDocumentId(id)?.hash ?? '';

/** What is stored of the source: its units by their numbers, those that are dead included, as undefined. */
type Stored = ReadonlyMap<number, Directory | undefined>;

const readStored = async (input: DerivationInput): Promise<SideRead<Stored>> => {
  const { id: source } = input.source;
  const listed = await input.list(directoryPartition(source));
  if (listed.kind === 'failed') {
    return listed;
  }
  const numbers = [...listed.value.keys()].flatMap((sk) => parseDirectorySk(sk) ?? []);
  const live = [...listed.value].flatMap(([sk, pair]) => {
    const part = isLive(pair.home) ? parseDirectorySk(sk) : undefined;
    return part === undefined ? [] : [part];
  });
  const read = await input.readRecords(live.map((part) => directoryKey({ source, part })));
  if (read.kind === 'failed') {
    return read;
  }
  const directories = new Map(read.value.map(({ sk, data }) => [parseDirectorySk(sk), parseDirectory(data)]));
  return { kind: 'read', value: new Map(numbers.map((part) => [part, directories.get(part)])) };
};

const chunksIn = (documents: readonly DocumentPayload[]): number =>
  documents.reduce((sum, { chunks }) => sum + chunks.length, 0);

/** Every bucket that there may be, where nothing says which there are. */
const ALL_BUCKETS: ReadonlySet<number> = new Set(Array.from({ length: BUCKETS }, (_, bucket) => bucket));

const indexed = (
  documents: readonly DocumentPayload[],
  chunksOf: Extract<Awaited<ReturnType<DerivationInput['readChunks']>>, { kind: 'read' }>['value'],
): readonly IndexedDocument[] =>
  documents.flatMap(({ id, title }) => {
    const chunks = chunksOf.get(id);
    // What is damaged can't be found by its words until the document is written anew.
    return chunks === undefined
      ? []
      : [
          {
            hash: hashOf(id),
            title,
            chunks: chunks.map(({ entry, payload }) => ({
              id: entry.c,
              breadcrumb: payload.breadcrumb,
              text: payload.text,
            })),
          },
        ];
  });

interface UnitWork {
  readonly name: UnitName;
  readonly documents: readonly DocumentPayload[];
  readonly parts: number;
  /** Buckets that may be stored. */
  readonly stored: ReadonlySet<number>;
}

async function* deriveUnit(input: DerivationInput, work: UnitWork): AsyncGenerator<DeriveStep, boolean, void> {
  const { name, documents, parts, stored } = work;
  const read = await input.readChunks(documents);
  if (read.kind === 'failed') {
    yield failedStep(read);
    return false;
  }
  const { buckets, directory } = buildUnit(indexed(documents, read.value), parts, name.part);
  for (const [bucket, payload] of buckets) {
    yield { op: 'put', key: bucketKey(name, bucket), payload };
  }
  for (const bucket of stored) {
    if (!buckets.has(bucket)) {
      yield { op: 'delete', key: bucketKey(name, bucket) };
    }
  }
  yield { op: 'put', key: directoryKey(name), payload: directory };
  return true;
}

/** A unit that is no more: its directory goes first, so that nobody looks for what is being taken away. */
function* buryUnit(name: UnitName, stored: ReadonlySet<number>): Generator<DeriveStep, void, void> {
  yield { op: 'delete', key: directoryKey(name) };
  for (const bucket of stored) {
    yield { op: 'delete', key: bucketKey(name, bucket) };
  }
}

const byPart = (
  documents: readonly DocumentPayload[],
  parts: number,
): ReadonlyMap<number, readonly DocumentPayload[]> => Map.groupBy(documents, ({ id }) => partOf(hashOf(id), parts));

/** Which units have to be derived: all of them, or those of the documents that changed. */
const unitsToDerive = (
  input: DerivationInput,
  documents: ReadonlyMap<number, readonly DocumentPayload[]>,
  parts: number,
  isWhole: boolean,
): readonly number[] => {
  const touched = isWhole
    ? documents.keys()
    : [...input.changed, ...input.deleted].map((id) => partOf(hashOf(id), parts));
  return [...new Set(touched)].toSorted((left, right) => left - right);
};

const isIndexed = ({ skipped, chunks }: DocumentPayload): boolean => skipped === undefined && chunks.length > 0;

interface Plan {
  readonly parts: number;
  readonly units: ReadonlyMap<number, readonly DocumentPayload[]>;
  readonly stored: Stored;
  /** Every unit is derived, because that was asked for or because there is another number of them. */
  readonly isWhole: boolean;
}

const planOf = async (input: DerivationInput): Promise<SideRead<Plan>> => {
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
  const isWhole = input.full || parts !== current;
  return { kind: 'read', value: { parts, units: byPart(documents, parts), stored: stored.value, isWhole } };
};

/** Buckets that may be stored of a unit; a dead or damaged directory does not say. */
const bucketsHeld = (stored: Stored, part: number): ReadonlySet<number> =>
  stored.get(part)?.buckets ?? (stored.has(part) ? ALL_BUCKETS : new Set<number>());

async function* derive(input: DerivationInput): AsyncGenerator<DeriveStep, void, void> {
  if (!input.full && input.changed.size === 0 && input.deleted.size === 0) {
    return;
  }
  const plan = await planOf(input);
  if (plan.kind === 'failed') {
    yield failedStep(plan);
    return;
  }
  const { parts, units, stored, isWhole } = plan.value;
  const from = Number(input.from ?? -1);
  for (const part of unitsToDerive(input, units, parts, isWhole).filter((one) => one > from)) {
    const name = { source: input.source.id, part };
    const documents = units.get(part) ?? [];
    if (documents.length > 0) {
      const isDone = yield* deriveUnit(input, { name, documents, parts, stored: bucketsHeld(stored, part) });
      if (!isDone) {
        return;
      }
    } else if (stored.get(part) !== undefined) {
      yield* buryUnit(name, bucketsHeld(stored, part));
    }
    yield { op: 'checkpoint', at: part.toString() };
  }
  for (const [part, directory] of isWhole ? stored : []) {
    if (!units.has(part) && directory !== undefined) {
      yield* buryUnit({ source: input.source.id, part }, directory.buckets);
    }
  }
}

/** Pure but for its readings; the same for every source. */
export const lexicalDerivation: Derivation = { name: `lexical-${LEXICAL_FORMAT}`, derive };
