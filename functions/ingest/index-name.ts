/** Names what made the stored vectors and chunks. Another name means that every document is redacted, split and embedded again. */
import type { SourceDefinition } from '../domain/corpus.ts';
import type { Embedder } from '../embed/embedder.ts';
import { REDACTION_VERSION } from './redact/rules.ts';

/** Raised whenever the splitter cuts the same text differently. */
const SPLITTER_VERSION = 1;

export const redactionOf = ({ redaction }: Pick<SourceDefinition, 'redaction'>): NonNullable<typeof redaction> =>
  redaction ?? 'credentials';

export const indexName = (embedder: Embedder, source: Pick<SourceDefinition, 'redaction'>): string =>
  `${embedder.model}/${embedder.dimensions}/split-${SPLITTER_VERSION}/redact-${REDACTION_VERSION}-${redactionOf(source)}`;
