/**
 * Redacts the documents of one pull, before anything else sees them (DESIGN §4: pull, redact, chunk): what was taken out is counted by
 * kind, and never told; documents that a detector was wanted for and that it did not see are counted, and the first one is told of.
 */
import type { PullEvent } from '../../connectors/connector.ts';
import { LIMITS } from '../../domain/limits.ts';
import type { CycleDependencies } from '../cycle-types.ts';
import { redactionOf } from '../index-name.ts';
import { redactAhead, type RedactedEvent } from './redact-ahead.ts';
import { redactDocument, type RedactedDocument } from './redact-document.ts';

type RedactorOptions = Pick<CycleDependencies, 'source' | 'detector' | 'telemetry' | 'signal' | 'writer'>;

export class SourceRedactor {
  readonly #options: RedactorOptions;
  #isTold = false;

  constructor(options: RedactorOptions) {
    this.#options = options;
  }

  events(events: AsyncIterable<PullEvent>): AsyncIterable<RedactedEvent> {
    const atOnceMax = this.#options.detector === undefined ? 1 : LIMITS.detectDocumentsInFlightMax;
    return redactAhead(events, async (text) => this.#redact(text), atOnceMax);
  }

  async #redact(text: string): Promise<RedactedDocument> {
    const { source, detector, signal, writer, telemetry } = this.#options;
    const { region } = writer.regions.home;
    const redacted = await redactDocument(text, redactionOf(source), detector, signal);
    for (const [kind, count] of Object.entries(redacted.counts)) {
      telemetry.count('Redacted', { Region: region, Kind: kind }, count);
    }
    if (redacted.undetected !== undefined) {
      telemetry.count('RedactionDegraded', { Region: region, Source: source.id }, 1, ['Region']);
      if (!this.#isTold) {
        this.#isTold = true;
        telemetry.log('warn', 'redaction.degraded', { source: source.id, code: redacted.undetected });
      }
    }
    return redacted;
  }
}
