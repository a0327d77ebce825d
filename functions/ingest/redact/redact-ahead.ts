/**
 * Redacts what a pull brings, some documents at once and in their order: a detector takes its time for each, and a walk of ten thousand
 * documents would wait for it ten thousand times.
 */
import type { PullEvent } from '../../connectors/connector.ts';
import type { RedactedDocument } from './redact-document.ts';

export interface RedactedEvent {
  /** A document in it is redacted. */
  readonly event: PullEvent;
  /** Of a document that wants another look. */
  readonly undetected?: string;
}

export async function* redactAhead(
  events: AsyncIterable<PullEvent>,
  redactText: (text: string) => Promise<RedactedDocument>,
  atOnceMax: number,
): AsyncGenerator<RedactedEvent, void, void> {
  let pending: Promise<RedactedEvent>[] = [];
  for await (const event of events) {
    if (event.op === 'upsert') {
      pending.push(redactEvent(event, redactText));
    }
    if (event.op !== 'upsert' || pending.length >= atOnceMax) {
      // In order: a checkpoint covers everything before it.
      yield* await Promise.all(pending);
      pending = [];
    }
    if (event.op !== 'upsert') {
      yield { event };
    }
  }
  yield* await Promise.all(pending);
}

const redactEvent = async (
  { document }: Extract<PullEvent, { op: 'upsert' }>,
  redactText: (text: string) => Promise<RedactedDocument>,
): Promise<RedactedEvent> => {
  const { text, undetected } = await redactText(document.text);
  const event: PullEvent = { op: 'upsert', document: { ...document, text } };
  return undetected === undefined ? { event } : { event, undetected };
};
