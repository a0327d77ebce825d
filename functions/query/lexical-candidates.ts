/** What the postings name, as chunks of documents: the directories of the units say whose each slot is. */
import { documentId } from '../domain/corpus.ts';
import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { findSlots } from '../lexical/directory.ts';
import { directoryKey, parseDirectorySk, type UnitName } from '../lexical/keys.ts';
import type { LexicalHit } from '../lexical/score.ts';
import type { RecordStore } from '../stores/record-store.ts';

export interface LexicalCandidate {
  readonly document: string;
  /** The first four hexadecimal digits of its chunk's id. */
  readonly handle: string;
  readonly score: number;
  /** Another chunk has the same handle and length: only its text tells whether it is meant. */
  readonly isAmbiguous: boolean;
}

const HEX = 16;
const HANDLE_DIGITS = 4;

const handleText = (handle: number): string => handle.toString(HEX).padStart(HANDLE_DIGITS, '0');

const unitText = ({ source, part }: UnitName): string => `${source}#${part}`;

export interface ResolvedHits {
  readonly candidates: readonly LexicalCandidate[];
  /** Some are of a directory that this code can't read: of a later version, or damaged. */
  readonly isPartial: boolean;
}

/** Whose chunks these are. A slot that no directory lists is of a chunk that is gone, or of a unit that is being written. */
export const resolveHits = async (
  records: Pick<RecordStore, 'getMany'>,
  hits: readonly LexicalHit[],
): Promise<Result<ResolvedHits>> => {
  const units = new Map(hits.map(({ unit }) => [unitText(unit), unit]));
  const keys = [...units.values()].map((unit) => directoryKey(unit));
  const read = await records.getMany(keys, { batchItemsMax: LIMITS.searchGetItemsMax });
  if (read.kind === 'failed') {
    return read;
  }
  const hitsOf = Map.groupBy(hits, ({ unit }) => unitText(unit));
  const documents = new Map<string, readonly string[]>();
  let isPartial = false;
  for (const { pk, sk, del, data } of read.value) {
    const unit = { source: pk.slice(pk.indexOf('#') + 1), part: parseDirectorySk(sk) ?? -1 };
    const wanted = new Set((hitsOf.get(unitText(unit)) ?? []).map(({ slot }) => slot));
    const found = del === true ? [] : findSlots(data, wanted);
    isPartial ||= found === undefined;
    for (const { slot, hash } of found ?? []) {
      const name = `${unitText(unit)}#${slot}`;
      documents.set(name, [...(documents.get(name) ?? []), documentId(unit.source, hash)]);
    }
  }
  return done({
    isPartial,
    candidates: hits.flatMap(({ unit, slot, handle, score }) => {
      const found = documents.get(`${unitText(unit)}#${slot}`) ?? [];
      return found.map((document) => ({
        document,
        handle: handleText(handle),
        score,
        isAmbiguous: found.length > 1,
      }));
    }),
  });
};
