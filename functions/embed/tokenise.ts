/**
 * Identifier-aware tokeniser: `HTTPServer`, `dead_letter_queue`, `payments-api` and prose become lower-case words.
 * The embedder and the lexical re-ranking of queries share it, so that both mean the same by a word.
 * Pure and bounded: n characters give O(n) tokens, whatever the script.
 */

/** A run of letters and digits between `.`, `_`, `-` and `'`, with the words that its capitals and digits mark off. */
export interface Segment {
  readonly whole: string;
  /** Empty when the segment is one word, as nearly all prose is. */
  readonly parts: readonly string[];
}

/** One run as it stood in the text (`orders-api.getUser`); a run of several segments has a name of its own too. */
export interface Compound {
  readonly whole: string;
  readonly segments: readonly Segment[];
}

/** A longer run is a key, a digest or encoded bytes: nobody asks for it in full, and its end adds nothing to a meaning. */
const TOKEN_CHARS_MAX = 64;
/** `s3`, `ec2`, `k8s`, `p99` and `v2` are words; taken apart they mean nothing. */
const MIXED_WORD_CHARS_MAX = 4;
/** A run with more letter-digit changes than this is a digest or an id: its pieces are noise. */
const DIGIT_RUNS_MAX = 3;

const NO_PARTS: readonly string[] = [];

const NON_ASCII = /[^\0-\u007F]/u;
const ASCII_COMPOUND = /[A-Za-z0-9]+(?:[._'-][A-Za-z0-9]+)*/gu;
const UNICODE_COMPOUND = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:[._'’-][\p{L}\p{N}][\p{L}\p{M}\p{N}]*)*/gu;

const PLAIN_WORD = /^[A-Z]?[a-z]+$/u;
const POSSESSIVE = /['’]s$/iu;
const APOSTROPHE = /['’]/u;
const APOSTROPHES = /['’]/gu;
const SEPARATORS = /[._-]/u;
const DIGIT_RUNS = /\p{N}+/gu;

/** Scripts that write no spaces between words: their runs become overlapping pairs of characters. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}][\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{M}\u30FC]*/gu;

/**
 * In order of trial: a numeronym (`i18n`, `k8s`), a plural acronym (`APIs`), an acronym with its digits (`HTTP` of
 * `HTTPServer`, `SHA256`), a word with its digits (`Server`, `sha256`), digits, letters without case.
 */
const PIECE =
  /\p{Ll}\p{N}+\p{Ll}(?!\p{Ll})|\p{Lu}{2,}s(?!\p{Ll})|\p{Lu}+(?!\p{Ll})\p{N}*|\p{Lu}?[\p{Ll}\p{M}]+\p{N}*|\p{N}+|[^\p{Lu}\p{Ll}\p{N}]+/gu;

const cut = (word: string): string => (word.length > TOKEN_CHARS_MAX ? word.slice(0, TOKEN_CHARS_MAX) : word);

const hasDigit = (word: string): boolean => /\p{N}/u.test(word);

/** `bucket12` is `bucket` and `12`; `ec2` stays. */
const splitDigits = (piece: string): readonly string[] =>
  piece.length <= MIXED_WORD_CHARS_MAX || !hasDigit(piece) ? [piece] : (piece.match(/\p{N}+|[^\p{N}]+/gu) ?? []);

const isOneWord = (segment: string): boolean =>
  PLAIN_WORD.test(segment) ||
  (segment.length <= MIXED_WORD_CHARS_MAX && hasDigit(segment)) ||
  (segment.match(DIGIT_RUNS)?.length ?? 0) > DIGIT_RUNS_MAX;

const partsOf = (segment: string): readonly string[] => {
  if (isOneWord(segment)) {
    return NO_PARTS;
  }
  const pieces = (segment.match(PIECE) ?? []).flatMap((piece) => splitDigits(piece));
  if (pieces.length < 2) {
    return NO_PARTS;
  }
  // Single letters are what a split leaves over (`o` of `OAuth`); the segment's whole keeps the meaning.
  return pieces.filter((piece) => piece.length > 1).map((piece) => cut(piece.toLowerCase()));
};

const pairsOf = (run: string): readonly string[] => {
  const characters = Array.from(run);
  return characters.slice(1).map((character, index) => `${characters[index] ?? ''}${character}`);
};

const unspacedSegment = (run: string): Segment => {
  const pairs = pairsOf(run);
  return { whole: cut(run), parts: pairs.length < 2 ? NO_PARTS : pairs };
};

const casedSegment = (text: string): Segment => ({ whole: cut(text.toLowerCase()), parts: partsOf(text) });

/** `東京region` holds two ways of writing, so it is two segments. */
const segmentsOf = (text: string): readonly Segment[] => {
  const segments: Segment[] = [];
  let end = 0;
  for (const match of text.matchAll(UNSPACED)) {
    if (match.index > end) {
      segments.push(casedSegment(text.slice(end, match.index)));
    }
    segments.push(unspacedSegment(match[0]));
    end = match.index + match[0].length;
  }
  if (end < text.length) {
    segments.push(casedSegment(text.slice(end)));
  }
  return segments;
};

const compoundOf = (run: string, isAscii: boolean): Compound => {
  const text = APOSTROPHE.test(run) ? run.replace(POSSESSIVE, '').replaceAll(APOSTROPHES, '') : run;
  const segments = text.split(SEPARATORS).flatMap((piece) => (isAscii ? [casedSegment(piece)] : segmentsOf(piece)));
  return { whole: cut(text.toLowerCase()), segments };
};

/** The runs of a text in order. Full-width and other compatibility forms count as their plain letters. */
export const compoundsOf = (text: string): readonly Compound[] => {
  const isAscii = !NON_ASCII.test(text);
  const runs = isAscii ? text.match(ASCII_COMPOUND) : text.normalize('NFKC').match(UNICODE_COMPOUND);
  return (runs ?? []).map((run) => {
    if (PLAIN_WORD.test(run)) {
      const whole = cut(run.toLowerCase());
      return { whole, segments: [{ whole, parts: NO_PARTS }] };
    }
    return compoundOf(run, isAscii);
  });
};

/**
 * The tokens of a text in order, lower-case: the words inside an identifier first, then the identifier itself, so that
 * `getUserById` is found by `user` and by `getuserbyid`.
 */
export const tokenise = (text: string): readonly string[] => {
  const tokens: string[] = [];
  for (const { whole, segments } of compoundsOf(text)) {
    for (const segment of segments) {
      for (const part of segment.parts) {
        tokens.push(part);
      }
      tokens.push(segment.whole);
    }
    if (segments.length > 1) {
      tokens.push(whole);
    }
  }
  return tokens;
};

/** Words that end in `s` and mean one thing. */
const SINGULARS: ReadonlySet<string> = new Set(
  'alias always atlas bias canvas cors devops https kubernetes news postgres series sops windows'.split(' '),
);

/**
 * Folds an English plural (`queues`, `policies`, `batches`). For comparing words, never for showing them: a wrong fold
 * costs nothing as long as both sides fold alike.
 */
export const singularOf = (word: string): string => {
  if (word.length < 4 || !word.endsWith('s') || /(?:ss|us|is)$/u.test(word) || SINGULARS.has(word)) {
    return word;
  }
  if (word.length > 4 && word.endsWith('ies')) {
    return `${word.slice(0, -3)}y`;
  }
  return /(?:ss|x|[nrt]ch|sh|[tr]us)es$/u.test(word) ? word.slice(0, -2) : word.slice(0, -1);
};
