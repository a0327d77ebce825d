/**
 * The vectors of one index in memory, for exact search: one Float32Array, filled from the file at the first query and kept
 * in step with every write after it. The file stays the truth; this is only its cache.
 */
export type DistanceMetric = 'cosine' | 'euclidean';

export interface Hit {
  readonly key: string;
  readonly distance: number;
}

const ROWS_MIN = 64;

const dotProduct = (matrix: Float32Array, offset: number, query: Float32Array): number => {
  const length = query.length;
  const unrolled = length - (length % 4);
  // Four sums of their own: a destructured start makes V8 keep them boxed, which is three times slower.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let position = 0;
  for (; position < unrolled; position += 4) {
    a += (matrix[offset + position] ?? 0) * (query[position] ?? 0);
    b += (matrix[offset + position + 1] ?? 0) * (query[position + 1] ?? 0);
    c += (matrix[offset + position + 2] ?? 0) * (query[position + 2] ?? 0);
    d += (matrix[offset + position + 3] ?? 0) * (query[position + 3] ?? 0);
  }
  for (; position < length; position += 1) {
    a += (matrix[offset + position] ?? 0) * (query[position] ?? 0);
  }
  return a + b + c + d;
};

const squaredDistance = (matrix: Float32Array, offset: number, query: Float32Array): number => {
  let sum = 0;
  for (let position = 0; position < query.length; position += 1) {
    const difference = (matrix[offset + position] ?? 0) - (query[position] ?? 0);
    sum += difference * difference;
  }
  return sum;
};

/** Nearer first; equal distances by key, so that the same data always gives the same list. */
const compareHits = (left: Hit, right: Hit): number => {
  if (left.distance !== right.distance) {
    return left.distance - right.distance;
  }
  return left.key < right.key ? -1 : Number(left.key > right.key);
};

/** Keeps the nearest `size` hits: a binary heap with the farthest of them on top. */
class NearestHits {
  readonly #size: number;
  readonly #heap: Hit[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  offer(key: string, distance: number): void {
    const farthest = this.#heap[0];
    if (this.#heap.length < this.#size) {
      this.#heap.push({ key, distance });
      this.#siftUp(this.#heap.length - 1);
    } else if (farthest !== undefined && distance <= farthest.distance) {
      this.#replaceFarthest({ key, distance }, farthest);
    }
  }

  #replaceFarthest(hit: Hit, farthest: Hit): void {
    if (compareHits(hit, farthest) < 0) {
      this.#heap[0] = hit;
      this.#siftDown(0);
    }
  }

  sorted(): Hit[] {
    return this.#heap.toSorted(compareHits);
  }

  #farther(left: number, right: number): boolean {
    const [one, other] = [this.#heap[left], this.#heap[right]];
    return one !== undefined && (other === undefined || compareHits(one, other) > 0);
  }

  #swap(left: number, right: number): void {
    const [one, other] = [this.#heap[left], this.#heap[right]];
    if (one !== undefined && other !== undefined) {
      this.#heap[left] = other;
      this.#heap[right] = one;
    }
  }

  #siftUp(start: number): void {
    let child = start;
    let parent = Math.floor((child - 1) / 2);
    while (child > 0 && this.#farther(child, parent)) {
      this.#swap(child, parent);
      child = parent;
      parent = Math.floor((child - 1) / 2);
    }
  }

  #siftDown(start: number): void {
    let parent = start;
    for (;;) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      const child = this.#farther(right, left) ? right : left;
      if (!this.#farther(child, parent)) {
        return;
      }
      this.#swap(child, parent);
      parent = child;
    }
  }
}

export class VectorMatrix {
  readonly #dimension: number;
  readonly #metric: DistanceMetric;
  readonly #rowOf = new Map<string, number>();
  readonly #keys: string[] = [];
  #data: Float32Array;
  #norms: Float64Array;

  constructor(dimension: number, metric: DistanceMetric, rowsExpected: number) {
    this.#dimension = dimension;
    this.#metric = metric;
    const rows = Math.max(rowsExpected, ROWS_MIN);
    this.#data = new Float32Array(rows * dimension);
    this.#norms = new Float64Array(rows);
  }

  set(key: string, vector: Float32Array): void {
    const row = this.#rowOf.get(key) ?? this.#append(key);
    this.#data.set(vector, row * this.#dimension);
    this.#norms[row] = Math.sqrt(dotProduct(vector, 0, vector));
  }

  /** The last row takes the place of the deleted one. */
  delete(key: string): void {
    const row = this.#rowOf.get(key);
    if (row === undefined) {
      return;
    }
    this.#rowOf.delete(key);
    const lastKey = this.#keys.pop();
    const last = this.#keys.length;
    if (row !== last && lastKey !== undefined) {
      this.#keys[row] = lastKey;
      this.#rowOf.set(lastKey, row);
      this.#data.copyWithin(row * this.#dimension, last * this.#dimension, (last + 1) * this.#dimension);
      this.#norms[row] = this.#norms[last] ?? 0;
    }
  }

  search(query: Float32Array, topK: number, accepts: ((key: string) => boolean) | undefined): Hit[] {
    const queryNorm = Math.sqrt(dotProduct(query, 0, query));
    const nearest = new NearestHits(topK);
    for (const [row, key] of this.#keys.entries()) {
      if (accepts === undefined || accepts(key)) {
        const distance = this.#distance(row, query, queryNorm);
        // Damaged components can make it NaN, which would break the order of everything else.
        nearest.offer(key, Number.isNaN(distance) ? Infinity : distance);
      }
    }
    return nearest.sorted();
  }

  #distance(row: number, query: Float32Array, queryNorm: number): number {
    const offset = row * this.#dimension;
    if (this.#metric === 'euclidean') {
      return Math.sqrt(squaredDistance(this.#data, offset, query));
    }
    // Rounding gives values like -8.9e-16 for a vector and itself.
    return Math.max(0, 1 - dotProduct(this.#data, offset, query) / ((this.#norms[row] ?? 0) * queryNorm));
  }

  #append(key: string): number {
    const row = this.#keys.push(key) - 1;
    this.#rowOf.set(key, row);
    if (row >= this.#norms.length) {
      const data = new Float32Array(this.#data.length * 2);
      data.set(this.#data);
      this.#data = data;
      const norms = new Float64Array(this.#norms.length * 2);
      norms.set(this.#norms);
      this.#norms = norms;
    }
    return row;
  }
}
