/** Names what made the stored vectors and chunks. Another name means that every document is redacted, split and embedded again. */
import type { SourceDefinition } from '../domain/source-definition.ts';
import type { Embedder } from '../embed/embedder.ts';
import type { PersonalDataDetector } from './redact/detector.ts';
import { isDetected } from './redact/redact-document.ts';
import { REDACTION_VERSION } from './redact/rules.ts';

/** Raised whenever the splitter cuts the same text differently. */
const SPLITTER_VERSION = 2;

export const redactionOf = ({ redaction }: Pick<SourceDefinition, 'redaction'>): NonNullable<typeof redaction> =>
  redaction ?? 'credentials';

interface Making {
  readonly embedder: Pick<Embedder, 'model' | 'dimensions'>;
  readonly source: Pick<SourceDefinition, 'redaction'>;
  readonly detector?: Pick<PersonalDataDetector, 'name'>;
}

export const indexName = ({ embedder, source, detector }: Making): string => {
  const mode = redactionOf(source);
  const detected = detector !== undefined && isDetected(mode) ? `+${detector.name}` : '';
  return `${embedder.model}/${embedder.dimensions}/split-${SPLITTER_VERSION}/redact-${REDACTION_VERSION}-${mode}${detected}`;
};

/** Of a document that the detector did not see: no name that a cycle asks for, so the next comparison reads it again. */
export const undetectedIndexName = (making: Making): string => `${indexName(making)}/undetected`;
