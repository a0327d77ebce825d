/**
 * Folds English word forms (Porter's algorithm, 1980), so that "retries", "retried" and "retrying" are one term. For comparing
 * words, never for showing them; whatever is no plain English word comes back as it is. Pure and bounded by the word's length.
 */

const PLAIN = /^[a-z]{3,32}$/u;
const VOWELS = /[aeiouy]/u;
const CONSONANT = '[^aeiou]';
const VOWEL = '[aeiouy]';
const RUN_C = `${CONSONANT}[^aeiouy]*`;
const RUN_V = `${VOWEL}[aeiou]*`;

/** How many vowel-consonant sequences a stem has: more than zero, exactly one, more than one. */
const HAS_ONE_OR_MORE = new RegExp(`^(?:${RUN_C})?${RUN_V}${RUN_C}`, 'u');
const HAS_EXACTLY_ONE = new RegExp(`^(?:${RUN_C})?${RUN_V}${RUN_C}(?:${RUN_V})?$`, 'u');
const HAS_TWO_OR_MORE = new RegExp(`^(?:${RUN_C})?${RUN_V}${RUN_C}${RUN_V}${RUN_C}`, 'u');
const HAS_VOWEL = new RegExp(`^(?:${RUN_C})?${VOWEL}`, 'u');
const IS_SHORT = new RegExp(`^${RUN_C}${VOWEL}[^aeiouwxy]$`, 'u');
const DOUBLED = /(?<last>[^aeioulsz])\k<last>$/u;

const STEP_2: Readonly<Record<string, string>> = {
  ational: 'ate',
  tional: 'tion',
  enci: 'ence',
  anci: 'ance',
  izer: 'ize',
  bli: 'ble',
  alli: 'al',
  entli: 'ent',
  eli: 'e',
  ousli: 'ous',
  ization: 'ize',
  ation: 'ate',
  ator: 'ate',
  alism: 'al',
  iveness: 'ive',
  fulness: 'ful',
  ousness: 'ous',
  aliti: 'al',
  iviti: 'ive',
  biliti: 'ble',
  logi: 'log',
};
const STEP_3: Readonly<Record<string, string>> = {
  icate: 'ic',
  ative: '',
  alize: 'al',
  iciti: 'ic',
  ical: 'ic',
  ful: '',
  ness: '',
};
const SUFFIX_2 =
  /^(?<stem>.+?)(?<suffix>ational|tional|enci|anci|izer|bli|alli|entli|eli|ousli|ization|ation|ator|alism|iveness|fulness|ousness|aliti|iviti|biliti|logi)$/u;
const SUFFIX_3 = /^(?<stem>.+?)(?<suffix>icate|ative|alize|iciti|ical|ful|ness)$/u;
const SUFFIX_4 = /^(?<stem>.+?)(?:al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|ou|ism|ate|iti|ous|ive|ize)$/u;
const SUFFIX_4_ION = /^(?<stem>.+?[st])ion$/u;

/** Plurals. */
const step1a = (word: string): string => {
  if (!word.endsWith('s')) {
    return word;
  }
  if (word.endsWith('sses') || word.endsWith('ies')) {
    return word.slice(0, -2);
  }
  return word.endsWith('ss') ? word : word.slice(0, -1);
};

const afterCut = (stem: string): string => {
  if (/(?:at|bl|iz)$/u.test(stem)) {
    return `${stem}e`;
  }
  if (DOUBLED.test(stem)) {
    return stem.slice(0, -1);
  }
  return IS_SHORT.test(stem) ? `${stem}e` : stem;
};

/** Past and running forms. */
const step1b = (word: string): string => {
  if (word.endsWith('eed')) {
    return HAS_ONE_OR_MORE.test(word.slice(0, -3)) ? word.slice(0, -1) : word;
  }
  const cut = /(?:ed|ing)$/u.exec(word)?.[0];
  if (cut === undefined) {
    return word;
  }
  const stem = word.slice(0, -cut.length);
  return VOWELS.test(stem) && HAS_VOWEL.test(stem) ? afterCut(stem) : word;
};

const step1c = (word: string): string =>
  word.endsWith('y') && HAS_VOWEL.test(word.slice(0, -1)) ? `${word.slice(0, -1)}i` : word;

const mapped = (word: string, pattern: RegExp, endings: Readonly<Record<string, string>>): string => {
  const { stem, suffix } = pattern.exec(word)?.groups ?? {};
  return stem !== undefined && suffix !== undefined && HAS_ONE_OR_MORE.test(stem)
    ? `${stem}${endings[suffix] ?? ''}`
    : word;
};

const step4 = (word: string): string => {
  const stem = SUFFIX_4.exec(word)?.groups?.['stem'] ?? SUFFIX_4_ION.exec(word)?.groups?.['stem'];
  return stem !== undefined && HAS_TWO_OR_MORE.test(stem) ? stem : word;
};

const step5 = (word: string): string => {
  const stem = word.endsWith('e') ? word.slice(0, -1) : undefined;
  const shorter =
    stem !== undefined && (HAS_TWO_OR_MORE.test(stem) || (HAS_EXACTLY_ONE.test(stem) && !IS_SHORT.test(stem)))
      ? stem
      : word;
  return shorter.endsWith('ll') && HAS_TWO_OR_MORE.test(shorter) ? shorter.slice(0, -1) : shorter;
};

/** The algorithm leaves `queue` and `queued` apart, which here are one thing. */
const withoutQueue = (stem: string): string => (stem.endsWith('eue') ? stem.slice(0, -1) : stem);

export const stemOf = (word: string): string =>
  PLAIN.test(word)
    ? withoutQueue(step5(step4(mapped(mapped(step1c(step1b(step1a(word))), SUFFIX_2, STEP_2), SUFFIX_3, STEP_3))))
    : word;
