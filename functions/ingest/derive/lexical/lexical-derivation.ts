/**
 * The lexical index of a source as records: units of a few hundred chunks, each one record per bucket of terms and a directory. A
 * cycle that read a few files derives their units anew, whole, from the chunks that home holds; what is already there is not
 * written again. A directory comes before its unit's buckets: whoever settles, proves or purges finds them by it, and a posting of
 * a chunk that it does not list is no answer.
 */
import type { DocumentPayload } from '../../../domain/corpus.ts';
import { bucketKey, directoryKey, type UnitName } from '../../../lexical/keys.ts';
import { buildUnit, type IndexedDocument, LEXICAL_FORMAT } from '../../../lexical/unit.ts';
import type { Derivation, DerivationInput, DeriveStep, SideRead } from '../derivation.ts';
import { bucketsHeld, hashOf, isFirstOfMany, type LexicalPlan, planOf } from './lexical-plan.ts';

type Failed = Extract<SideRead<unknown>, { kind: 'failed' }>;

const failedStep = ({ side, failure }: Failed): DeriveStep => ({ op: 'failed', side, failure });

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

async function* deriveUnit(
  input: DerivationInput,
  plan: LexicalPlan,
  name: UnitName,
): AsyncGenerator<DeriveStep, boolean, void> {
  const read = await input.readChunks(plan.units.get(name.part) ?? []);
  if (read.kind === 'failed') {
    yield failedStep(read);
    return false;
  }
  const documents = indexed(plan.units.get(name.part) ?? [], read.value);
  const { buckets, directory } = buildUnit(documents, plan.parts, name.part);
  yield { op: 'put', key: directoryKey(name), payload: directory };
  if (!plan.stored.has(name.part)) {
    // Buckets are found by their directories alone: none may be there of a unit that has none.
    yield { op: 'flush' };
  }
  for (const [bucket, payload] of buckets) {
    yield { op: 'put', key: bucketKey(name, bucket), payload };
  }
  for (const bucket of bucketsHeld(plan, name.part)) {
    if (!buckets.has(bucket)) {
      yield { op: 'delete', key: bucketKey(name, bucket) };
    }
  }
  return true;
}

/** A unit that is no more: its directory goes first, so that nobody looks for what is being taken away. */
function* buryUnit(plan: LexicalPlan, name: UnitName): Generator<DeriveStep, void, void> {
  yield { op: 'delete', key: directoryKey(name) };
  for (const bucket of bucketsHeld(plan, name.part)) {
    yield { op: 'delete', key: bucketKey(name, bucket) };
  }
}

async function* derive(input: DerivationInput): AsyncGenerator<DeriveStep, void, void> {
  if (!input.full && input.changed.size === 0 && input.deleted.size === 0) {
    return;
  }
  const planned = await planOf(input);
  if (planned.kind === 'failed') {
    yield failedStep(planned);
    return;
  }
  const plan = planned.value;
  const from = Number(input.from ?? -1);
  for (const [part, documents] of [...plan.units].filter(([one]) => one > from)) {
    const name = { source: input.source.id, part };
    if (documents.length > 0 || isFirstOfMany(part, plan.parts)) {
      const isDone = yield* deriveUnit(input, plan, name);
      if (!isDone) {
        return;
      }
    } else if (plan.stored.has(part)) {
      yield* buryUnit(plan, name);
    }
    yield { op: 'checkpoint', at: part.toString() };
  }
}

/** Pure but for its readings; the same for every source. */
export const lexicalDerivation: Derivation = { name: `lexical-${LEXICAL_FORMAT}`, derive };
