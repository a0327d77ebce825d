/**
 * The vector contract: one index of one Region. Vectors are immutable (DESIGN §3.7): the same key always means the same
 * bytes, so a late or repeated put changes nothing. Backends split what is over the service's batch limits.
 */
import type { Result } from '../domain/failure.ts';
import type { Page } from './record-store.ts';

export interface VectorMetadata {
  /** Source id: what a reader may see is filtered by it. */
  readonly src: string;
  /** Document id. */
  readonly doc: string;
  /** Chunk id within the document: SHA-256 prefix of breadcrumb and text. */
  readonly chunk: string;
  /** SHA-256 (hex) of the float32 bytes (little endian) and the other metadata. Not filterable. */
  readonly h: string;
}

export interface StoredVector {
  readonly key: string;
  readonly data: Float32Array;
  readonly metadata: VectorMetadata;
}

/** What a comparison needs of a vector: `h` as its metadata has it, and no numbers. */
export interface VectorDigest {
  readonly key: string;
  readonly h: string;
}

export interface VectorHit {
  readonly key: string;
  /** Cosine distance, 0 = same direction. */
  readonly distance: number;
  readonly metadata: VectorMetadata;
}

export interface VectorQuery {
  readonly vector: Float32Array;
  readonly topK: number;
  /** Only these sources; absent means all. */
  readonly sources?: readonly string[];
}

export interface VectorListOptions {
  readonly segment: number;
  readonly segments: number;
  readonly after?: string;
}

export interface VectorStore {
  put(vectors: readonly StoredVector[]): Promise<Result<void>>;
  /** Missing keys are left out of the answer. */
  get(keys: readonly string[]): Promise<Result<readonly StoredVector[]>>;
  /** The same without numbers: little to carry between Regions. */
  getHashes(keys: readonly string[]): Promise<Result<readonly VectorDigest[]>>;
  delete(keys: readonly string[]): Promise<Result<void>>;
  /** Strongly consistent, with data and metadata. */
  list(options: VectorListOptions): Promise<Result<Page<StoredVector>>>;
  /** The same without numbers: a page holds a thousand, where numbers fill it with eighty. */
  listHashes(options: VectorListOptions): Promise<Result<Page<VectorDigest>>>;
  query(query: VectorQuery): Promise<Result<readonly VectorHit[]>>;
}
