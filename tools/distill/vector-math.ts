/** The few vector operations that distilling needs; each adds in a fixed order, so that results repeat bit by bit. */

export type Vector = Float64Array;

export const lengthOf = (vector: Vector): number => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));

export const dot = (left: Vector, right: Vector): number =>
  left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);

export const scaled = (vector: Vector, factor: number): Vector => vector.map((value) => value * factor);

export const minus = (left: Vector, right: Vector): Vector => left.map((value, index) => value - (right[index] ?? 0));

/** Adds `factor` times `vector` to `sum`, in place. */
export const add = (sum: Vector, vector: Vector, factor = 1): void => {
  for (const [index, value] of vector.entries()) {
    sum[index] = (sum[index] ?? 0) + factor * value;
  }
};

export const unit = (vector: Vector): Vector => {
  const length = lengthOf(vector);
  return length === 0 ? vector : scaled(vector, 1 / length);
};

export const meanOf = (vectors: readonly Vector[]): Vector => {
  const mean = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    add(mean, vector, 1 / vectors.length);
  }
  return mean;
};

export const meanLengthOf = (vectors: readonly Vector[]): number =>
  vectors.reduce((sum, vector) => sum + lengthOf(vector) / vectors.length, 0);
