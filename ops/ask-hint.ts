/**
 * Four questions of an incident have an answer that is derived and not searched for. Somebody who asks one of them in words gets
 * passages, and beside them the command that answers it with proof.
 */

export interface AskedNames {
  readonly components: readonly string[];
}

const REGION = /(?<![\w-])(?<region>[a-z]{2}(?:-[a-z]+){1,2}-\d)(?![\w-])/iu;
const DEPENDS = /\bdepend(?:s|ents?|encies|ency|ing)?\b|\brel(?:y|ies) on\b/iu;
const ABOUT_PEOPLE = /\bon[ -]?call\b|\bpage[ds]?\b|\bowners?\b|\bowns?\b|\bwho(?:se|m)\b|\bescalat|\bresponsib/iu;
const ABOUT_PAPERS =
  /\bwork-?arounds?\b|\brun-?books?\b|\bmitigat|\bwhat (?:can|do|should) (?:we|i)\b|\bdecisions?\b/iu;
const ABOUT_REACH = /\bblast\b|\bbreaks?\b|\baffect|\bimpact|\bfails?\b|\bis down\b|\bgoes down\b|\bdepend/iu;

const WORDS: readonly (readonly [RegExp, string])[] = [
  [ABOUT_PEOPLE, 'oncall'],
  [ABOUT_PAPERS, 'workaround'],
  [ABOUT_REACH, 'blast-radius'],
];

/** Whole and not as a part of another word; of two that fit, the longer one says more. */
const namedIn = (question: string, names: readonly string[]): string | undefined => {
  const words = new Set(question.toLowerCase().match(/[\w./-]*\w/gu));
  return names
    .filter((name) => words.has(name.toLowerCase()))
    .toSorted((left, right) => right.length - left.length || (left < right ? -1 : 1))[0];
};

/** May the names of the map help with this? They are asked for only then. */
export const isOfIncident = (question: string): boolean =>
  REGION.test(question) || WORDS.some(([pattern]) => pattern.test(question));

/** `oncall checkout-web`: the command that answers this from evidence. */
export const hintFor = (question: string, { components }: AskedNames): string | undefined => {
  const region = REGION.exec(question)?.groups?.['region']?.toLowerCase();
  const component = namedIn(question, components);
  const verb = WORDS.find(([pattern]) => pattern.test(question))?.[1];
  if (component !== undefined && verb !== undefined) {
    return `${verb} ${component}`;
  }
  return region === undefined ? undefined : `${DEPENDS.test(question) ? 'dependents' : 'incident'} ${region}`;
};
