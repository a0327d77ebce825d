/**
 * The bar: BM25 as everybody starts with it. Whole documents with their titles, lower-case runs of letters and digits, k1 1.2,
 * b 0.75; no stemming, no stop words, nothing that knows of code. Shares no line with the product.
 */

const K1 = 1.2;
const B = 0.75;

const tokensOf = (text: string): readonly string[] => text.toLowerCase().match(/[a-z0-9]+/gu) ?? [];

export class PlainBm25 {
  readonly #ids: string[] = [];
  readonly #lengths: number[] = [];
  readonly #postings = new Map<string, Map<number, number>>();

  add(id: string, text: string): void {
    const at = this.#ids.push(id) - 1;
    const tokens = tokensOf(text);
    this.#lengths.push(tokens.length);
    for (const token of tokens) {
      const postings = this.#postings.get(token) ?? new Map<number, number>();
      this.#postings.set(token, postings);
      postings.set(at, (postings.get(at) ?? 0) + 1);
    }
  }

  find(query: string, countMax: number): readonly string[] {
    const count = this.#ids.length;
    const mean = this.#lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, count);
    const scores = new Map<number, number>();
    for (const token of tokensOf(query)) {
      const postings = this.#postings.get(token) ?? new Map<number, number>();
      const idf = Math.log(1 + (count - postings.size + 0.5) / (postings.size + 0.5));
      for (const [at, frequency] of postings) {
        const norm = K1 * (1 - B + (B * (this.#lengths[at] ?? 0)) / mean);
        scores.set(at, (scores.get(at) ?? 0) + (idf * frequency * (K1 + 1)) / (frequency + norm));
      }
    }
    return [...scores]
      .toSorted(([leftAt, left], [rightAt, right]) => right - left || leftAt - rightAt)
      .slice(0, countMax)
      .map(([at]) => this.#ids[at] ?? '');
  }
}
