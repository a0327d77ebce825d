/** The port through which connectors get text out of files that are not text. */
import type { SkipReason } from '../connector.ts';

export interface OfficeFile {
  /** Its ending says what it is. */
  readonly name: string;
  readonly bytes: Buffer;
}

export type ExtractedText =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'skip'; readonly reason: SkipReason };

export interface TextExtractor {
  /** Whether the ending is one that text can be taken from. */
  takes(name: string): boolean;
  /** Bounded in time, memory and expansion: what breaks a bound is skipped, never an error of the source. */
  extract(file: OfficeFile, signal: AbortSignal): Promise<ExtractedText>;
  close(): Promise<void>;
}

/** For settings without office files: everything that is not text is reported as binary. */
export const NO_EXTRACTOR: TextExtractor = {
  takes: () => false,
  extract: async () => ({ kind: 'skip', reason: 'binary' }),
  close: async () => undefined,
};
