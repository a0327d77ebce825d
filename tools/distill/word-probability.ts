/**
 * How frequent a word is, from the source model's own vocabulary: every piece there has a log probability, and a word is as
 * probable as its best split into pieces. No word-frequency list (and no licence of one) is needed.
 */

const WORD_START = '\u2581';
const PIECE_CHARS_MAX = 16;
/** A letter that no piece holds, in nats: rarer than the rarest piece. */
const UNKNOWN_LOG_PROBABILITY = -20;

export type PieceScores = ReadonlyMap<string, number>;

export const piecesFrom = (vocabulary: unknown): PieceScores => {
  if (!Array.isArray(vocabulary)) {
    throw new TypeError('vocab.json of the source model is not a list of [piece, log probability].');
  }
  return new Map(vocabulary as readonly (readonly [string, number])[]);
};

export const wordProbability = (pieces: PieceScores, word: string): number => {
  const text = `${WORD_START}${word}`;
  const best = new Float64Array(text.length + 1).fill(-Infinity);
  best[0] = 0;
  for (let start = 0; start < text.length; start += 1) {
    const here = best[start] ?? -Infinity;
    for (let end = start + 1; end <= Math.min(text.length, start + PIECE_CHARS_MAX); end += 1) {
      const known = pieces.get(text.slice(start, end));
      const score = known ?? (end === start + 1 ? UNKNOWN_LOG_PROBABILITY : -Infinity);
      best[end] = Math.max(best[end] ?? -Infinity, here + score);
    }
  }
  return Math.exp(best[text.length] ?? -Infinity);
};
