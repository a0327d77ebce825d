/**
 * The poller between a FIFO queue and its function. It looks when the queue says that there may be something, never in a
 * loop; one group has one batch at a time, and different groups run side by side up to the function's concurrency.
 */
import type { EventSourceSpec } from '../region/services.ts';
import type { Clock } from './clock.ts';
import { sleep, systemClock } from './clock.ts';
import type { Invoke, InvokeOutcome } from './outcome.ts';
import type { QueueConsumer, QueueMessage } from './queue-consumer.ts';
import { failedMessageIds, toSqsEvent } from './sqs-event.ts';

const THROTTLE_DELAY_MS_MIN = 100;
const THROTTLE_DELAY_MS_MAX = 5000;
/** A batch that was held back this long counts as failed: its messages' visibility timeout must not pass unseen. */
const THROTTLE_WAIT_MS_MAX = 60_000;
const CLOSE_GRACE_MS = 5000;

export interface BatchReport {
  readonly functionName: string;
  readonly messageIds: readonly string[];
  readonly failedIds: readonly string[];
  readonly outcome: InvokeOutcome;
}

export interface EventSourceOptions {
  readonly spec: EventSourceSpec;
  readonly region: string;
  readonly consumer: QueueConsumer;
  readonly invoke: Invoke;
  readonly concurrencyMax: () => number;
  readonly clock?: Clock | undefined;
  /** After a failure; without it the message shows again when its visibility timeout passes, as at AWS. */
  readonly failureDelaySeconds?: number | undefined;
  readonly onBatch?: ((report: BatchReport) => void) | undefined;
}

export interface EventSource {
  /** Resolves when no message is being handled and none is visible. One that waits to be shown again does not count. */
  idle(): Promise<void>;
  /** A message is being handled. */
  readonly busy: boolean;
  /** Takes no more messages, and waits a while for those that are being handled. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** One batch a group; when there are fewer places than groups, the last place takes the rest. Order within a group is kept. */
const intoBatches = (messages: readonly QueueMessage[], batchesMax: number): readonly (readonly QueueMessage[])[] => {
  const groups = [...Map.groupBy(messages, ({ groupId }) => groupId).values()];
  const rest = groups.slice(batchesMax - 1).flat();
  return [...groups.slice(0, batchesMax - 1), rest].filter((batch) => batch.length > 0);
};

class Poller implements EventSource {
  readonly #options: EventSourceOptions;
  readonly #clock: Clock;
  readonly #active = new Set<Promise<void>>();
  readonly #stopListening: () => void;
  #looking = false;
  #closed = false;

  constructor(options: EventSourceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#stopListening = options.consumer.onMessage(options.spec.queueArn, () => {
      this.#lookSoon();
    });
    this.#lookSoon();
  }

  get busy(): boolean {
    return this.#active.size > 0;
  }

  async idle(): Promise<void> {
    this.#look();
    while (this.#active.size > 0) {
      await Promise.all(this.#active);
      this.#look();
    }
  }

  async close({ graceMs = CLOSE_GRACE_MS }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closed = true;
    this.#stopListening();
    const grace = Promise.withResolvers<void>();
    const timer = setTimeout(grace.resolve, graceMs);
    await Promise.race([Promise.all(this.#active), grace.promise]);
    clearTimeout(timer);
  }

  /** After the queue's own work, and once for many messages: the queue tells in the middle of a send. */
  #lookSoon(): void {
    if (!this.#looking) {
      this.#looking = true;
      queueMicrotask(() => {
        this.#looking = false;
        this.#look();
      });
    }
  }

  #look(): void {
    const { spec, consumer, concurrencyMax } = this.#options;
    for (let free = concurrencyMax() - this.#active.size; !this.#closed && free > 0;) {
      const messages = consumer.receive(spec.queueArn, spec.batchSize);
      if (messages.length === 0) {
        return;
      }
      for (const batch of intoBatches(messages, free)) {
        this.#start(batch);
      }
      free = concurrencyMax() - this.#active.size;
    }
  }

  #start(batch: readonly QueueMessage[]): void {
    const handled = this.#handle(batch).finally(() => {
      this.#active.delete(handled);
      this.#lookSoon();
    });
    this.#active.add(handled);
  }

  async #handle(batch: readonly QueueMessage[]): Promise<void> {
    const { spec, consumer, failureDelaySeconds, onBatch } = this.#options;
    const outcome = await this.#invoke(batch);
    const everything = new Set(batch.map(({ messageId }) => messageId));
    const failed = outcome.kind === 'returned' ? failedMessageIds(outcome.payload, batch) : everything;
    // Nobody worked on a batch that the close of the Region cut off: whoever starts next may have it at once.
    const delaySeconds = outcome.kind === 'aborted' ? 0 : failureDelaySeconds;
    for (const message of batch) {
      if (!failed.has(message.messageId)) {
        consumer.acknowledge(message);
      } else if (delaySeconds !== undefined) {
        consumer.release(message, delaySeconds);
      }
    }
    onBatch?.({ functionName: spec.functionName, messageIds: [...everything], failedIds: [...failed], outcome });
  }

  /** Throttled, it keeps the messages in hand: handing them back would count as a receive, and bring them to the dead letters. */
  async #invoke(batch: readonly QueueMessage[]): Promise<InvokeOutcome> {
    const { spec, region, invoke } = this.#options;
    const event = toSqsEvent(batch, spec.queueArn, region);
    const untilMs = this.#clock.now() + THROTTLE_WAIT_MS_MAX;
    let delayMs = THROTTLE_DELAY_MS_MIN;
    let outcome = await invoke(spec.functionName, event);
    while (outcome.kind === 'throttled' && !this.#closed && this.#clock.now() + delayMs <= untilMs) {
      await sleep(this.#clock, delayMs);
      delayMs = Math.min(delayMs * 2, THROTTLE_DELAY_MS_MAX);
      outcome = await invoke(spec.functionName, event);
    }
    return outcome;
  }
}

export const createEventSource = (options: EventSourceOptions): EventSource => new Poller(options);
