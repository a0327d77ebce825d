/**
 * Many deletions at once are held for a person (facts: a crawl that deletes nine tenths of an index is not recoverable): more
 * than 50 documents and more than a fifth of the source. The plan's name is made of exactly what it would delete, so an
 * approval can't be used for anything else. Pure.
 */
import type { HeldDeletions } from '../domain/corpus.ts';
import { LIMITS } from '../domain/limits.ts';
import { sha256Hex } from '../stores/envelope.ts';

const PLAN_DIGITS = 16;

export const isTooMany = (deletions: number, documents: number): boolean =>
  deletions > Math.max(LIMITS.pruneDocumentsMax, (documents * LIMITS.prunePercentMax) / 100);

export const planOf = (documentIds: readonly string[]): HeldDeletions => ({
  plan: sha256Hex(documentIds.toSorted().join('\n')).slice(0, PLAN_DIGITS),
  documents: documentIds.length,
});
