/**
 * The bar: BM25 as everybody starts with it. Whole documents with their titles, lower-case runs of letters and digits, k1 1.2,
 * b 0.75; no stemming, no stop words, nothing that knows of code. Shares no line with the product.
 */

export interface Bm25Terms {
  readonly k1: number;
  readonly b: number;
  tokensOf(text: string): Iterable<string>;
}

export const PLAIN_TERMS: Bm25Terms = {
  k1: 1.2,
  b: 0.75,
  tokensOf: (text) => text.toLowerCase().match(/[a-z0-9]+/gu) ?? [],
};

/** Grows by doubling: a hundred thousand documents have tens of millions of postings. */
class Numbers {
  #values = new Uint32Array(4);
  length = 0;

  add(value: number): void {
    if (this.length === this.#values.length) {
      const grown = new Uint32Array(2 * this.length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length] = value;
    this.length += 1;
  }

  at(index: number): number {
    return this.#values[index] ?? 0;
  }
}

export class Bm25 {
  readonly #terms: Bm25Terms;
  readonly #ids: string[] = [];
  readonly #lengths = new Numbers();
  #words = 0;
  /** Of each token its documents and, after each, how often it has the token. */
  readonly #postings = new Map<string, Numbers>();

  constructor(terms: Bm25Terms = PLAIN_TERMS) {
    this.#terms = terms;
  }

  add(id: string, text: string): void {
    const at = this.#ids.push(id) - 1;
    const counts = new Map<string, number>();
    let length = 0;
    for (const token of this.#terms.tokensOf(text)) {
      counts.set(token, (counts.get(token) ?? 0) + 1);
      length += 1;
    }
    this.#lengths.add(length);
    this.#words += length;
    for (const [token, count] of counts) {
      const postings = this.#postings.get(token) ?? new Numbers();
      this.#postings.set(token, postings);
      postings.add(at);
      postings.add(count);
    }
  }

  find(query: string, countMax: number): readonly string[] {
    const count = this.#ids.length;
    const { k1, b } = this.#terms;
    const mean = Math.max(1, this.#words) / Math.max(1, count);
    const scores = new Float64Array(count);
    const touched = new Set<number>();
    for (const token of this.#terms.tokensOf(query)) {
      const postings = this.#postings.get(token) ?? new Numbers();
      const holding = postings.length / 2;
      const idf = Math.log(1 + (count - holding + 0.5) / (holding + 0.5));
      for (let at = 0, end = 2 * holding; at < end; at += 2) {
        const document = postings.at(at);
        const frequency = postings.at(at + 1);
        const norm = k1 * (1 - b + (b * this.#lengths.at(document)) / mean);
        scores[document] = (scores[document] ?? 0) + (idf * frequency * (k1 + 1)) / (frequency + norm);
        touched.add(document);
      }
    }
    return best(scores, touched, countMax).map((at) => this.#ids[at] ?? '');
  }
}

/** Equal scores in the order of the corpus. */
const best = (scores: Float64Array, touched: Iterable<number>, countMax: number): readonly number[] => {
  const order = (left: number, right: number): number => (scores[right] ?? 0) - (scores[left] ?? 0) || left - right;
  let kept: number[] = [];
  for (const at of touched) {
    kept.push(at);
    if (kept.length >= 64 * countMax) {
      kept = kept.toSorted(order).slice(0, countMax);
    }
  }
  return kept.toSorted(order).slice(0, countMax);
};
