/** Names what made the stored vectors and chunks. Another name means that every document is split and embedded again. */
import type { Embedder } from '../embed/embedder.ts';

/** Raised whenever the splitter cuts the same text differently. */
const SPLITTER_VERSION = 1;

export const indexName = (embedder: Embedder): string =>
  `${embedder.model}/${embedder.dimensions}/split-${SPLITTER_VERSION}`;
