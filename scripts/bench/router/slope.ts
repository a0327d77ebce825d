/** Is a series flat? A line through it by least squares, and how much of its rise could be chance. */

export interface Slope {
  /** Change over the whole series. */
  readonly rise: number;
  readonly mean: number;
  /** Half the width of the 95 % interval of the rise. */
  readonly error: number;
}

const Z_95 = 1.96;

/** The values are taken at equal distances. */
export const slopeOf = (values: readonly number[]): Slope => {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const middle = (count - 1) / 2;
  let spread = 0;
  let shared = 0;
  for (const [at, value] of values.entries()) {
    spread += (at - middle) ** 2;
    shared += (at - middle) * (value - mean);
  }
  const perStep = shared / spread;
  const left = values.reduce((sum, value, at) => sum + (value - mean - perStep * (at - middle)) ** 2, 0);
  const deviation = Math.sqrt(left / Math.max(1, count - 2) / spread);
  return { rise: perStep * (count - 1), mean, error: Z_95 * deviation * (count - 1) };
};
