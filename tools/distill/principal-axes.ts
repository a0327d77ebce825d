/** Principal axes of a set of vectors by cyclic Jacobi rotations: plain arithmetic in a fixed order, hence repeatable. */

export interface Axis {
  readonly variance: number;
  readonly direction: Float64Array;
}

const SWEEPS_MAX = 12;
const OFF_DIAGONAL_SHARE_MAX = 1e-18;

const covarianceOf = (rows: readonly Float64Array[], size: number): Float64Array => {
  const matrix = new Float64Array(size * size);
  for (const row of rows) {
    for (let a = 0; a < size; a += 1) {
      const left = row[a] ?? 0;
      for (let b = a; b < size; b += 1) {
        const at = a * size + b;
        matrix[at] = (matrix[at] ?? 0) + (left * (row[b] ?? 0)) / rows.length;
      }
    }
  }
  for (let a = 0; a < size; a += 1) {
    for (let b = 0; b < a; b += 1) {
      matrix[a * size + b] = matrix[b * size + a] ?? 0;
    }
  }
  return matrix;
};

const offDiagonalShare = (matrix: Float64Array, size: number): number => {
  let off = 0;
  let all = 0;
  for (let at = 0; at < matrix.length; at += 1) {
    const square = (matrix[at] ?? 0) ** 2;
    all += square;
    off += Math.floor(at / size) === at % size ? 0 : square;
  }
  return all === 0 ? 0 : off / all;
};

/** Turns `count` pairs of values, the first at (`p`, `q`), by the angle with the given cosine and sine. */
const rotate = (
  values: Float64Array,
  pairs: { readonly p: number; readonly q: number; readonly step: number; readonly count: number },
  cosine: number,
  sine: number,
): void => {
  for (let turn = 0; turn < pairs.count; turn += 1) {
    const first = pairs.p + turn * pairs.step;
    const second = pairs.q + turn * pairs.step;
    const left = values[first] ?? 0;
    const right = values[second] ?? 0;
    values[first] = cosine * left - sine * right;
    values[second] = sine * left + cosine * right;
  }
};

const rotatePair = (matrix: Float64Array, axes: Float64Array, size: number, p: number, q: number): void => {
  const coupling = matrix[p * size + q] ?? 0;
  if (Math.abs(coupling) < Number.MIN_VALUE * 1e8) {
    return;
  }
  const theta = ((matrix[q * size + q] ?? 0) - (matrix[p * size + p] ?? 0)) / (2 * coupling);
  const tangent = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  rotate(matrix, { p, q, step: size, count: size }, cosine, sine);
  const rowPairs = { p: p * size, q: q * size, step: 1, count: size };
  rotate(matrix, rowPairs, cosine, sine);
  rotate(axes, rowPairs, cosine, sine);
};

/** An axis and its negative are the same axis; one of them is chosen, so that two runs agree. */
const withFixedSign = (direction: Float64Array): Float64Array => {
  let largest = 0;
  for (const value of direction) {
    largest = Math.abs(value) > Math.abs(largest) ? value : largest;
  }
  return largest < 0 ? direction.map((value) => -value) : direction;
};

/** The `count` axes with the largest variance around zero, largest first. Rows are centred by the caller. */
export const principalAxes = (rows: readonly Float64Array[], count: number): readonly Axis[] => {
  const size = rows[0]?.length ?? 0;
  const matrix = covarianceOf(rows, size);
  const axes = new Float64Array(size * size);
  for (let index = 0; index < size; index += 1) {
    axes[index * size + index] = 1;
  }
  for (let sweep = 0; sweep < SWEEPS_MAX && offDiagonalShare(matrix, size) > OFF_DIAGONAL_SHARE_MAX; sweep += 1) {
    for (let p = 0; p < size; p += 1) {
      for (let q = p + 1; q < size; q += 1) {
        rotatePair(matrix, axes, size, p, q);
      }
    }
  }
  return Array.from({ length: size }, (_, index) => ({
    variance: matrix[index * size + index] ?? 0,
    direction: withFixedSign(axes.slice(index * size, (index + 1) * size)),
  }))
    .toSorted((left, right) => right.variance - left.variance)
    .slice(0, count);
};
