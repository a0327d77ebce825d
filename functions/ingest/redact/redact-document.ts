/**
 * Redacts one document: by the built-in rules always, and by a detector where the source's mode and the stack want it. The rules come
 * first, so that no credential leaves the function, and what the detector can't do is told, never passed over.
 */
import type { RedactionMode } from '../../domain/corpus.ts';
import type { DetectedSpan, PersonalDataDetector } from './detector.ts';
import { markFor, redact, type Redacted } from './redact.ts';

export interface RedactedDocument extends Redacted {
  /** Why a detector that was wanted did not look: the built-in rules alone were applied. */
  readonly undetected?: string;
}

const MARK = /\[redacted:[a-z-]+\]/gu;

/** Where marks stand: nothing is looked for inside of one. */
const marksIn = (text: string): readonly (readonly [number, number])[] =>
  [...text.matchAll(MARK)].map(({ 0: mark, index }) => [index, index + mark.length] as const);

/** In order, without those that touch one before them or a mark. */
const separate = (spans: readonly DetectedSpan[], text: string): readonly DetectedSpan[] => {
  const marks = marksIn(text);
  const kept: DetectedSpan[] = [];
  for (const span of spans.toSorted((left, right) => left.start - right.start)) {
    const isSound = span.start >= 0 && span.end <= text.length && span.end > span.start;
    const isFree = marks.every(([start, end]) => span.end <= start || span.start >= end);
    if (isSound && isFree && span.start >= (kept.at(-1)?.end ?? 0)) {
      kept.push(span);
    }
  }
  return kept;
};

const takeOut = ({ text, counts }: Redacted, spans: readonly DetectedSpan[]): Redacted => {
  const found: Record<string, number> = { ...counts };
  const parts: string[] = [];
  let from = 0;
  for (const { start, end, kind } of separate(spans, text)) {
    found[kind] = (found[kind] ?? 0) + 1;
    parts.push(text.slice(from, start), markFor(kind, text.slice(start, end)));
    from = end;
  }
  return { text: parts.join('') + text.slice(from), counts: found };
};

/** Whether a detector looks at the texts of this mode at all. */
export const isDetected = (mode: RedactionMode): boolean => mode === 'credentials-and-personal';

export const redactDocument = async (
  text: string,
  mode: RedactionMode,
  detector: PersonalDataDetector | undefined,
  signal: AbortSignal,
): Promise<RedactedDocument> => {
  const redacted = redact(text, mode);
  if (detector === undefined || !isDetected(mode) || redacted.text.trim() === '') {
    return redacted;
  }
  const detection = await detector.detect(redacted.text, signal);
  return detection.kind === 'found' ? takeOut(redacted, detection.spans) : { ...redacted, undetected: detection.code };
};
