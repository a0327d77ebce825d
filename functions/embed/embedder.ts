/** The embedder contract. Embedded once, the same float32 bytes go to both Regions. */
import type { Result } from '../domain/failure.ts';

export interface Embedder {
  /** Names model and version: part of a vector's identity, shown in `/v1/status`. */
  readonly model: string;
  readonly dimensions: number;
  /**
   * One vector per text, in order, unit length, every value a float32. A text without any known word gets a
   * deterministic vector too, never a zero vector (the index refuses those for cosine).
   */
  embed(texts: readonly string[], signal: AbortSignal): Promise<Result<readonly Float32Array[]>>;
}
