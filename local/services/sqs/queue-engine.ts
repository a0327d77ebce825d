/**
 * What a queue does: FIFO groups with one batch in flight each, five minutes of deduplication, visibility time-outs,
 * retention, and the move to the dead-letter queue after too many receives. Time comes in as a clock.
 */
import { createHash, randomUUID } from 'node:crypto';

import { WireError } from '../service.ts';
import type { MessageRow, QueueDatabase, QueueRow, SentMessage } from './queue-database.ts';
import type { QueueSignals } from './queue-signals.ts';

const DEDUPLICATION_MS = 5 * 60 * 1000;
const SQS = 'com.amazonaws.sqs#';

export interface Outgoing {
  readonly body: string;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly delaySeconds: number | undefined;
  /** Message attributes as JSON text. */
  readonly attributes: string;
}

export interface Depth {
  readonly visible: number;
  /** Received and not yet acknowledged, or waiting for a later try. */
  readonly inFlight: number;
  readonly deadLetters: number;
}

/** `expired`: the visibility time-out ran out, and somebody else may have the message by now. */
export type ReceiptOutcome = { readonly kind: 'done' } | { readonly kind: 'expired' };

const DONE: ReceiptOutcome = { kind: 'done' };
const EXPIRED: ReceiptOutcome = { kind: 'expired' };

export const queueError = (type: string, message: string): WireError => new WireError(400, `${SQS}${type}`, message);

const missing = (name: string): WireError =>
  queueError('MissingParameter', `The request must contain the parameter ${name}.`);

const createReceipt = (id: number): string => Buffer.from(JSON.stringify([id, randomUUID()])).toString('base64url');

const messageIdOf = (receipt: string): number => {
  try {
    const value: unknown = JSON.parse(Buffer.from(receipt, 'base64url').toString('utf8'));
    if (Array.isArray(value) && typeof value[0] === 'number') {
      return value[0];
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
  }
  throw queueError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.');
};

export class QueueEngine {
  readonly #database: QueueDatabase;
  readonly #signals: QueueSignals;
  readonly #now: () => number;

  constructor(database: QueueDatabase, signals: QueueSignals, now: () => number) {
    this.#database = database;
    this.#signals = signals;
    this.#now = now;
  }

  queue(name: string): QueueRow {
    const queue = this.#database.queue(name);
    if (queue === undefined) {
      throw queueError('QueueDoesNotExist', 'The specified queue does not exist.');
    }
    return queue;
  }

  send(name: string, message: Outgoing): SentMessage {
    const queue = this.queue(name);
    const now = this.#now();
    const deduplicationId = this.#deduplicationId(queue, message);
    const sent = this.#database.transaction(() => {
      this.#database.forgetDuplicates(now);
      const duplicate =
        deduplicationId === undefined ? undefined : this.#database.duplicate(name, deduplicationId, now);
      return duplicate ?? this.#insert(queue, { ...message, deduplicationId }, now);
    });
    this.#wake(name);
    return sent;
  }

  receive(name: string, limit: number, visibilitySeconds?: number): readonly MessageRow[] {
    const queue = this.queue(name);
    const now = this.#now();
    this.#settle(queue, now);
    const visibleAt = now + (visibilitySeconds ?? queue.visibilitySeconds) * 1000;
    const received = this.#database.transaction(() =>
      this.#database
        .receivable(queue, now, limit)
        .map((message) => this.#database.markReceived(message, createReceipt(message.id), now, visibleAt)),
    );
    this.#wakeAtNextVisible(name, now);
    return received;
  }

  acknowledge(receipt: string): ReceiptOutcome {
    const message = this.#database.message(messageIdOf(receipt));
    if (message === undefined) {
      return DONE;
    }
    if (!this.#isHeld(message, receipt)) {
      return EXPIRED;
    }
    this.#database.deleteMessage(message.id);
    this.#wake(message.queue);
    return DONE;
  }

  /** Gives it back for a later try, or keeps it for longer: both are a new visibility time-out. */
  changeVisibility(receipt: string, seconds: number): ReceiptOutcome {
    const message = this.#database.message(messageIdOf(receipt));
    if (message === undefined || !this.#isHeld(message, receipt)) {
      return EXPIRED;
    }
    const now = this.#now();
    this.#database.setVisibility(message.id, now + seconds * 1000, seconds === 0 ? null : receipt);
    this.#wake(message.queue);
    return DONE;
  }

  purge(name: string): void {
    this.#database.purge(this.queue(name).name);
  }

  depth(name: string): Depth {
    const queue = this.queue(name);
    const now = this.#now();
    this.#settle(queue, now);
    const { deadLetterQueue } = queue;
    const dead = deadLetterQueue === undefined ? undefined : this.#database.count(deadLetterQueue, now);
    return { ...this.#database.count(name, now), deadLetters: (dead?.visible ?? 0) + (dead?.inFlight ?? 0) };
  }

  /** A receipt of a standard queue stays good until somebody else receives the message; of a FIFO queue, until it expires. */
  #isHeld(message: MessageRow, receipt: string): boolean {
    const current = message.visibleAt > this.#now() || !this.queue(message.queue).fifo;
    return message.receipt === receipt && current;
  }

  #deduplicationId(queue: QueueRow, message: Outgoing): string | undefined {
    if (!queue.fifo) {
      return undefined;
    }
    if (message.groupId === undefined) {
      throw missing('MessageGroupId');
    }
    if (message.delaySeconds !== undefined && message.delaySeconds !== 0) {
      throw queueError('InvalidParameterValue', 'DelaySeconds is not valid for a message of a FIFO queue.');
    }
    if (message.deduplicationId === undefined && !queue.contentDeduplication) {
      throw queueError(
        'InvalidParameterValue',
        'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
      );
    }
    return message.deduplicationId ?? createHash('sha256').update(message.body).digest('hex');
  }

  #insert(queue: QueueRow, message: Outgoing, now: number): SentMessage {
    const messageId = randomUUID();
    const sequence = this.#database.insertMessage({
      queue: queue.name,
      messageId,
      groupId: message.groupId,
      deduplicationId: message.deduplicationId,
      body: message.body,
      attributes: message.attributes,
      sentAt: now,
      visibleAt: now + (message.delaySeconds ?? 0) * 1000,
      sourceQueue: undefined,
    });
    const sent = { messageId, sequence };
    if (message.deduplicationId !== undefined) {
      this.#database.rememberDuplicate(queue.name, message.deduplicationId, sent, now + DEDUPLICATION_MS);
    }
    return sent;
  }

  /** Drops what is over its retention and moves what was received too often. */
  #settle(queue: QueueRow, now: number): void {
    this.#database.deleteSentBefore(queue.name, now - queue.retentionSeconds * 1000);
    const { deadLetterQueue, receivesMax } = queue;
    if (deadLetterQueue === undefined || receivesMax === undefined) {
      return;
    }
    const dead = this.#database.receivedOut(queue.name, receivesMax, now);
    if (dead.length > 0) {
      this.#database.transaction(() => {
        for (const message of dead) {
          this.#database.insertMessage({ ...message, queue: deadLetterQueue, visibleAt: now, sourceQueue: queue.name });
          this.#database.deleteMessage(message.id);
        }
      });
      this.#signals.signal(deadLetterQueue);
    }
  }

  #wake(name: string): void {
    this.#signals.signal(name);
    this.#wakeAtNextVisible(name, this.#now());
  }

  #wakeAtNextVisible(name: string, now: number): void {
    const next = this.#database.nextVisibleAt(name, now);
    if (next !== undefined) {
      this.#signals.signalIn(name, next - now);
    }
  }
}
