/**
 * Reads a group of documents and turns each into one event. A batch that fails is read one by one, so that one poisoned
 * document does not take its neighbours along; and where one after the other fails, it is the source that is in trouble.
 */
import { LIMITS } from '../../domain/limits.ts';
import type { DocumentFailure, FailureReason, PullEvent } from '../connector.ts';
import { SourceTrouble } from '../source-trouble.ts';
import type { Feed, FeedContent, FeedItem } from './feed.ts';

type ReadOutcome =
  | { readonly kind: 'content'; readonly item: FeedItem; readonly content: FeedContent }
  | { readonly kind: 'failure'; readonly item: FeedItem; readonly failure: DocumentFailure };

const REASONS: Partial<Record<SourceTrouble['trouble'], FailureReason>> = {
  refused: 'refused',
  missing: 'missing',
  expired: 'missing',
  unavailable: 'unavailable',
  unexpected: 'unexpected',
};

const failureOf = (item: FeedItem, reason: FailureReason, message: string): ReadOutcome => ({
  kind: 'failure',
  item,
  failure: { id: item.id, scope: 'document', reason, retryable: reason !== 'missing', message },
});

/** A credential that is refused, and a service that asks for patience, are about the whole source. */
const isAboutSource = (error: SourceTrouble): boolean => error.status === 401 || error.trouble === 'throttled';

const cleanText = (text: string): string => text.replaceAll('\0', '').toWellFormed();

const contentEvent = (item: FeedItem, content: FeedContent): PullEvent => {
  const { id, rev, path } = item;
  if (content.kind === 'skip') {
    return { op: 'skip', entry: { id, rev }, path, reason: content.reason };
  }
  const text = cleanText(content.text);
  return Buffer.byteLength(text) > LIMITS.fileBytesMax
    ? { op: 'skip', entry: { id, rev }, path, reason: 'too-large' }
    : { op: 'upsert', document: { id, rev, path, text, ...(item.url === undefined ? {} : { url: item.url }) } };
};

export class GroupReader {
  readonly #feed: Feed;
  readonly #readsMax: number;
  #failedInRow = 0;

  constructor(feed: Feed, readsMax: number) {
    this.#feed = feed;
    this.#readsMax = readsMax;
  }

  /** One event for each item, in order. */
  async events(items: readonly FeedItem[], signal: AbortSignal): Promise<readonly (readonly [FeedItem, PullEvent])[]> {
    const outcomes: ReadOutcome[] = [];
    const unread = items.filter(({ content }) => content === undefined);
    const size = Math.max(1, Math.min(this.#feed.readItemsMax, this.#readsMax));
    const batches = Array.from({ length: Math.ceil(unread.length / size) }, (_, at) =>
      unread.slice(at * size, (at + 1) * size),
    );
    for (let at = 0; at < batches.length; at += LIMITS.sourceReadsInFlightMax) {
      const some = batches.slice(at, at + LIMITS.sourceReadsInFlightMax);
      outcomes.push(...(await Promise.all(some.map(async (batch) => this.#readBatch(batch, signal)))).flat());
    }
    const byId = new Map(outcomes.map((outcome) => [outcome.item.id, outcome]));
    return items.flatMap((item) => {
      const content = item.content;
      const outcome: ReadOutcome | undefined =
        content === undefined ? byId.get(item.id) : { kind: 'content', item, content };
      return outcome === undefined ? [] : [[item, this.#eventOf(outcome)] as const];
    });
  }

  #eventOf(outcome: ReadOutcome): PullEvent {
    return outcome.kind === 'content'
      ? contentEvent(outcome.item, outcome.content)
      : { op: 'failure', failure: outcome.failure };
  }

  async #readBatch(batch: readonly FeedItem[], signal: AbortSignal): Promise<readonly ReadOutcome[]> {
    try {
      const contents = await this.#feed.read(batch, signal);
      this.#failedInRow = 0;
      return batch.map((item) => {
        const content = contents.get(item.id);
        return content === undefined
          ? failureOf(item, 'missing', `${this.#feed.display} lists "${item.id}", but does not give it out.`)
          : { kind: 'content', item, content };
      });
    } catch (error) {
      const reason = error instanceof SourceTrouble && !isAboutSource(error) ? REASONS[error.trouble] : undefined;
      if (!(error instanceof SourceTrouble) || (reason === undefined && error.trouble !== 'too-large')) {
        throw error;
      }
      const [only] = batch;
      if (only === undefined || batch.length > 1) {
        return this.#readSingly(batch, signal);
      }
      if (reason === undefined) {
        return [{ kind: 'content', item: only, content: { kind: 'skip', reason: 'too-large' } }];
      }
      this.#failedInRow += reason === 'unavailable' ? 1 : 0;
      if (this.#failedInRow >= LIMITS.failuresInRowMax) {
        throw error;
      }
      return [failureOf(only, reason, error.message)];
    }
  }

  async #readSingly(batch: readonly FeedItem[], signal: AbortSignal): Promise<readonly ReadOutcome[]> {
    const outcomes: ReadOutcome[] = [];
    for (const item of batch) {
      outcomes.push(...(await this.#readBatch([item], signal)));
    }
    return outcomes;
  }
}
