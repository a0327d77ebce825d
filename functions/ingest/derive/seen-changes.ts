/**
 * What one invocation of a cycle has changed, and the texts of it as far as memory allows: derivations read them back without
 * asking the store for what was written a moment ago.
 */
import type { DocumentPayload } from '../../domain/corpus.ts';
import { LIMITS } from '../../domain/limits.ts';
import { isLive } from '../held.ts';
import type { KnownDocument } from '../listing.ts';
import type { PlannedText } from '../plan-document.ts';
import type { HeldChunk } from './derivation.ts';

/** Texts by document; the oldest stay, so that what is forgotten is read from the store. */
export class KeptTexts {
  readonly #texts = new Map<string, readonly PlannedText[]>();
  #charsLeft: number;

  constructor(charsMax: number = LIMITS.derivedTextCharsMax) {
    this.#charsLeft = charsMax;
  }

  keep(id: string, texts: readonly PlannedText[]): void {
    this.forget(id);
    const chars = charsOf(texts);
    if (chars <= this.#charsLeft) {
      this.#charsLeft -= chars;
      this.#texts.set(id, texts);
    }
  }

  forget(id: string): void {
    this.#charsLeft += charsOf(this.#texts.get(id) ?? []);
    this.#texts.delete(id);
  }

  /** Undefined where they are not those that the record lists. */
  get({ id, chunks }: DocumentPayload): readonly HeldChunk[] | undefined {
    const texts = this.#texts.get(id);
    return texts?.length === chunks.length && chunks.every(({ c }, at) => texts[at]?.chunkId === c)
      ? chunks.flatMap((entry, at) => {
          const payload = texts[at]?.payload;
          return payload === undefined ? [] : [{ entry, payload }];
        })
      : undefined;
  }
}

const charsOf = (texts: readonly PlannedText[]): number =>
  texts.reduce((sum, { payload }) => sum + payload.text.length, 0);

export interface SeenChanges {
  readonly written: Map<string, DocumentPayload>;
  readonly deleted: Set<string>;
  /** Where they were before; undefined where the record could not be read. What is new was nowhere. */
  readonly pathsBefore: Map<string, string | undefined>;
  readonly texts: KeptTexts;
  /** In a full cycle: what home held when it was listed. */
  listed: ReadonlyMap<string, DocumentPayload> | undefined;
}

export const nothingSeen = (): SeenChanges => ({
  written: new Map(),
  deleted: new Set(),
  pathsBefore: new Map(),
  texts: new KeptTexts(),
  listed: undefined,
});

/** Of what is changed twice, the first: that is what was derived. */
const noteBefore = ({ pathsBefore }: SeenChanges, id: string, before: KnownDocument | undefined): void => {
  if (isLive(before?.home) && !pathsBefore.has(id)) {
    pathsBefore.set(id, before?.payload?.path);
  }
};

export const noteWritten = (seen: SeenChanges, payload: DocumentPayload, before: KnownDocument | undefined): void => {
  noteBefore(seen, payload.id, before);
  seen.deleted.delete(payload.id);
  seen.written.set(payload.id, payload);
};

export const noteDeleted = (seen: SeenChanges, id: string, before: KnownDocument | undefined): void => {
  noteBefore(seen, id, before);
  seen.written.delete(id);
  seen.deleted.add(id);
};

export const hasSeenChanges = ({ written, deleted }: SeenChanges): boolean => written.size + deleted.size > 0;
