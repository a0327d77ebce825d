/**
 * What a ranking is worth: nDCG@10 first, since it asks for the right documents and for their order. As trec_eval has it: a grade is
 * its own gain, the ideal is of everything that was judged (whether the corpus has it or not), and a grade below 0 counts as 0.
 */

export interface Measured {
  readonly ndcg10: number;
  readonly mrr10: number;
  readonly recall10: number;
  readonly recall20: number;
}

/** Grades by document; what is not named is not relevant. */
export type Grades = ReadonlyMap<string, number>;

const CUT = 10;
const DEEP_CUT = 20;

const gain = (grades: readonly number[]): number =>
  grades.slice(0, CUT).reduce((sum, grade, at) => sum + Math.max(0, grade) / Math.log2(at + 2), 0);

const recallAt = (found: readonly string[], grades: Grades, cut: number): number => {
  const relevant = [...grades].filter(([, grade]) => grade > 0).map(([id]) => id);
  const head = new Set(found.slice(0, cut));
  return relevant.length === 0 ? 0 : relevant.filter((id) => head.has(id)).length / relevant.length;
};

export const measure = (found: readonly string[], grades: Grades): Measured => {
  const ideal = gain([...grades.values()].toSorted((left, right) => right - left));
  const first = found.slice(0, CUT).findIndex((id) => (grades.get(id) ?? 0) > 0);
  return {
    ndcg10: ideal === 0 ? 0 : gain(found.map((id) => grades.get(id) ?? 0)) / ideal,
    mrr10: first === -1 ? 0 : 1 / (first + 1),
    recall10: recallAt(found, grades, CUT),
    recall20: recallAt(found, grades, DEEP_CUT),
  };
};

export const meanOf = (all: readonly Measured[]): Measured => {
  const mean = (read: (one: Measured) => number): number =>
    all.length === 0 ? 0 : all.reduce((sum, one) => sum + read(one), 0) / all.length;
  return {
    ndcg10: mean(({ ndcg10 }) => ndcg10),
    mrr10: mean(({ mrr10 }) => mrr10),
    recall10: mean(({ recall10 }) => recall10),
    recall20: mean(({ recall20 }) => recall20),
  };
};
