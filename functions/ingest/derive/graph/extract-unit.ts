/**
 * Reads the files of a unit with the real extractors, in batches that fit in memory: the files that decide what others mean are
 * there each time, and every other file depends only on itself and on those.
 */
import { LIMITS } from '../../../domain/limits.ts';
import { languageOfPath } from '../../../graph/code/languages.ts';
import type { FileFacts } from '../../../graph/facts/vocabulary.ts';
import { extractRepository, isContextPath } from '../../../graph/repository/extract-repository.ts';
import type { LoadedParsers } from '../../../graph/syntax/load-parsers.ts';
import type { Grammar } from '../../../graph/syntax/parsers.ts';
import { isTerraformPath } from '../../../graph/terraform/extract.ts';
import type { DerivationInput, SideRead } from '../derivation.ts';
import type { UnitDocument, UnitPlace } from './units.ts';
import { readTexts, type UnitTexts } from './unit-text.ts';

const grammarsOf = (paths: readonly string[]): readonly Grammar[] => [
  ...new Set(
    paths.flatMap((path): readonly Grammar[] =>
      isTerraformPath(path) ? ['hcl'] : [languageOfPath(path)?.grammar ?? []].flat(),
    ),
  ),
];

interface Divided {
  readonly batches: readonly (readonly UnitDocument[])[];
  readonly over: readonly UnitDocument[];
}

/** Batches of at most so many characters; what is beyond the whole's bound is left over. */
const divide = (documents: readonly UnitDocument[], batchMax: number, wholeMax: number): Divided => {
  const batches: UnitDocument[][] = [[]];
  const over: UnitDocument[] = [];
  let whole = 0;
  let batch = 0;
  for (const one of documents) {
    const { chars } = one.document;
    if (whole + chars > wholeMax) {
      over.push(one);
    } else {
      if (batch + chars > batchMax) {
        batches.push([]);
        batch = 0;
      }
      batches.at(-1)?.push(one);
      whole += chars;
      batch += chars;
    }
  }
  return { batches, over };
};

const TOO_MUCH = 'the repository has more text than is read at once';

const byPath = (left: UnitDocument, right: UnitDocument): number => (left.path < right.path ? -1 : 1);

export interface UnitBatch {
  readonly facts: readonly FileFacts[];
}

export interface ExtractTerms {
  readonly input: DerivationInput;
  readonly place: UnitPlace;
  readonly context: readonly UnitDocument[];
  /** Read beside the context. */
  readonly others: readonly UnitDocument[];
  /** Whether the facts of the context files are wanted too. */
  readonly withContext: boolean;
}

/** Facts without a commit and a time: those are the unit's, and would make every cycle write everything. */
const extract = (
  { input, place, withContext }: ExtractTerms,
  parsers: LoadedParsers,
  texts: { readonly context: UnitTexts; readonly own: UnitTexts; readonly isFirst: boolean },
): readonly FileFacts[] => {
  const { context, own, isFirst } = texts;
  const wanted = new Set([...own.files, ...own.skipped].map(({ path }) => path));
  const facts = extractRepository(
    {
      source: input.source.id,
      repository: place.repository,
      commit: '',
      asOf: 0,
      files: [...context.files, ...own.files],
      skipped: [...context.skipped, ...own.skipped],
    },
    parsers,
  );
  return isFirst && withContext ? facts : facts.filter(({ path }) => wanted.has(path));
};

/** Facts by batches; ends early where a Region could not be read. */
export const extractUnit = async function* (
  terms: ExtractTerms,
  openParsers: () => Promise<LoadedParsers>,
): AsyncGenerator<SideRead<UnitBatch>, void, void> {
  const { input } = terms;
  const context = divide(terms.context.toSorted(byPath), Infinity, LIMITS.graphContextCharsMax);
  const others = divide(terms.others.toSorted(byPath), LIMITS.graphBatchCharsMax, LIMITS.graphUnitCharsMax);
  const contextTexts = await readTexts(input, context.batches.flat());
  if (contextTexts.kind === 'failed') {
    yield contextTexts;
    return;
  }
  const over = [...context.over, ...others.over].map(({ path }) => ({ path, reason: TOO_MUCH }));
  const parsers = await openParsers();
  for (const [at, batch] of others.batches.entries()) {
    const own = await readTexts(input, batch);
    if (own.kind === 'failed') {
      yield own;
      return;
    }
    await parsers.load(grammarsOf([...contextTexts.value.files, ...own.value.files].map(({ path }) => path)));
    const skipped = at === 0 ? [...own.value.skipped, ...over] : own.value.skipped;
    const texts = { context: contextTexts.value, own: { files: own.value.files, skipped }, isFirst: at === 0 };
    yield { kind: 'read', value: { facts: extract(terms, parsers, texts) } };
  }
};

export { isContextPath };
