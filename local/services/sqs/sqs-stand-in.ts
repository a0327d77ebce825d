/**
 * SQS of one local Region: AwsJson1_0 for clients, and an in-process consumer for the event-source poller, which hears of
 * a message when it comes instead of asking for it.
 */
import { ConfigError } from '../../../functions/domain/errors.ts';
import type { QueueSpec } from '../../region/services.ts';
import {
  parseJsonObject,
  partitionOf,
  type Permission,
  type ServiceBackend,
  type ServiceReply,
  type ServiceRequest,
} from '../service.ts';
import { failureReply } from '../wire-errors.ts';
import { QueueDatabase } from './queue-database.ts';
import { type Depth, QueueEngine, queueError, type ReceiptOutcome } from './queue-engine.ts';
import { QueueSignals } from './queue-signals.ts';
import { queueNameOf } from './sqs-input.ts';
import { SQS_OPERATIONS, type SqsContext, systemAttributes } from './sqs-operations.ts';

const BODY_BYTES_MAX = 2 * 1024 * 1024;

export interface SqsOptions {
  readonly region: string;
  readonly accountId: string;
  readonly file: string;
  readonly now: () => number;
  /** Asked when a queue's URL is needed: the port is known only after the gateway listens. */
  readonly endpoint: () => string;
}

/** Amazon declares content-based deduplication on the queue; the shared contract does not name it yet. */
export type DeclaredQueue = QueueSpec & { readonly contentBasedDeduplication?: boolean };

export interface ConsumedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** Empty in a queue without groups. */
  readonly groupId: string;
  /** The queue's own attributes of a message, by their names in the API. */
  readonly attributes: Readonly<Record<string, string>>;
  /** What the sender attached, as SQS sends it, by name. */
  readonly messageAttributes: Readonly<Record<string, unknown>>;
  readonly receiveCount: number;
}

/** A message as it was received, or its receipt handle alone. */
export type Receipt = string | Pick<ConsumedMessage, 'receiptHandle'>;

/** Synchronous, because the queue lives in this process: a poll is a look. */
export interface QueueConsumer {
  receive(queueArn: string, itemsMax: number): readonly ConsumedMessage[];
  acknowledge(receipt: Receipt): ReceiptOutcome;
  /** Shows it again after the delay. */
  release(receipt: Receipt, delaySeconds: number): ReceiptOutcome;
  /** Called whenever the queue may have something to receive, and once at the start; the answer ends it. */
  onMessage(queueArn: string, listener: () => void): () => void;
  depth(queueArn: string): Depth;
  /**
   * For a Region that starts again: whoever held messages died with it, and on one machine nobody waits an hour for their
   * visibility time-out.
   */
  releaseAll(): void;
}

const handleOf = (receipt: Receipt): string => (typeof receipt === 'string' ? receipt : receipt.receiptHandle);

export interface SqsStandIn {
  readonly backend: ServiceBackend;
  readonly consumer: QueueConsumer;
  ensureQueue(spec: DeclaredQueue): Promise<{ url: string; arn: string }>;
  close(): void;
}

const operationOf = (target: string | string[] | undefined): string =>
  typeof target === 'string' ? target.slice(target.indexOf('.') + 1) : 'Unknown';

const nameOfArn = (arn: string): string => arn.split(':').at(-1) ?? '';

/** A batch asks for the permission of its single form. */
const actionOf = (operation: string): string => `sqs:${operation.replace(/Batch$/u, '')}`;

class LocalSqs implements SqsStandIn {
  readonly #options: SqsOptions;
  readonly #database: QueueDatabase;
  readonly #signals = new QueueSignals();
  readonly #engine: QueueEngine;
  readonly #context: SqsContext;

  constructor(options: SqsOptions) {
    this.#options = options;
    this.#database = new QueueDatabase(options.file);
    this.#engine = new QueueEngine(this.#database, this.#signals, options.now);
    this.#context = {
      engine: this.#engine,
      signals: this.#signals,
      accountId: options.accountId,
      urlOf: (queue) => `${options.endpoint()}/${options.accountId}/${queue}`,
      arnOf: (queue) => this.#arnOf(queue),
    };
  }

  get backend(): ServiceBackend {
    return {
      service: 'sqs',
      bodyBytesMax: BODY_BYTES_MAX,
      operationOf: (head) => operationOf(head.headers['x-amz-target']),
      permissionsOf: (operation, request) => this.#permissionsOf(operation, request),
      handle: async (operation, request) => this.#handle(operation, request),
    };
  }

  get consumer(): QueueConsumer {
    return {
      receive: (queueArn, itemsMax) => this.#consume(nameOfArn(queueArn), itemsMax),
      acknowledge: (receipt) => this.#engine.acknowledge(handleOf(receipt)),
      release: (receipt, delaySeconds) => this.#engine.changeVisibility(handleOf(receipt), delaySeconds),
      onMessage: (queueArn, listener) => this.#listen(nameOfArn(queueArn), listener),
      depth: (queueArn) => this.#engine.depth(nameOfArn(queueArn)),
      releaseAll: () => {
        this.#database.showReceived(this.#options.now());
      },
    };
  }

  async ensureQueue(spec: DeclaredQueue): Promise<{ url: string; arn: string }> {
    const existing = this.#database.queue(spec.name);
    this.#check(spec, existing?.fifo);
    this.#database.putQueue({
      name: spec.name,
      fifo: spec.fifo,
      visibilitySeconds: spec.visibilityTimeoutSeconds,
      retentionSeconds: spec.messageRetentionSeconds,
      contentDeduplication: spec.contentBasedDeduplication === true,
      deadLetterQueue: spec.redrive === undefined ? undefined : nameOfArn(spec.redrive.deadLetterQueueArn),
      receivesMax: spec.redrive?.maxReceiveCount,
      createdAt: existing?.createdAt ?? this.#options.now(),
    });
    return { url: this.#context.urlOf(spec.name), arn: this.#arnOf(spec.name) };
  }

  close(): void {
    this.#signals.close();
    this.#database.close();
  }

  #check(spec: DeclaredQueue, existingFifo: boolean | undefined): void {
    if (spec.fifo !== spec.name.endsWith('.fifo')) {
      throw new ConfigError(`Queue ${spec.name}: the name of a FIFO queue ends in .fifo, and of no other.`);
    }
    if (existingFifo !== undefined && existingFifo !== spec.fifo) {
      throw new ConfigError(`Queue ${spec.name} exists as the other kind (FIFO or standard): declare another name.`);
    }
    if (spec.redrive !== undefined) {
      const target = this.#database.queue(nameOfArn(spec.redrive.deadLetterQueueArn));
      if (target === undefined || target.fifo !== spec.fifo) {
        throw new ConfigError(
          `Queue ${spec.name}: its dead-letter queue ${spec.redrive.deadLetterQueueArn} does not exist in this Region or is of the ` +
            'other kind. Declare it first, FIFO for FIFO.',
        );
      }
    }
  }

  #listen(queue: string, listener: () => void): () => void {
    this.#engine.queue(queue);
    const stop = this.#signals.listen(queue, listener);
    // What waited before anybody listened, over a restart for instance, is announced too.
    this.#signals.signal(queue);
    return stop;
  }

  #consume(queue: string, itemsMax: number): readonly ConsumedMessage[] {
    return this.#engine.receive(queue, itemsMax).map((message) => ({
      messageId: message.messageId,
      receiptHandle: message.receipt ?? '',
      body: message.body,
      groupId: message.groupId ?? '',
      attributes: systemAttributes(this.#context, message),
      messageAttributes: parseJsonObject(Buffer.from(message.attributes)) ?? {},
      receiveCount: message.receives,
    }));
  }

  async #handle(operation: string, request: ServiceRequest): Promise<ServiceReply> {
    const input = parseJsonObject(request.body);
    if (input === undefined) {
      throw queueError('InvalidParameterValue', 'The request body is not a JSON object.');
    }
    const run = Object.hasOwn(SQS_OPERATIONS, operation) ? SQS_OPERATIONS[operation] : undefined;
    if (run === undefined) {
      return failureReply('sqs', 'unknown', `The local SQS has no operation ${operation}.`);
    }
    const output = await run(this.#context, input, request.abandoned);
    return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(output) };
  }

  #permissionsOf(operation: string, request: ServiceRequest): readonly Permission[] {
    const input = parseJsonObject(request.body) ?? {};
    const named = input['QueueName'];
    const queue = typeof named === 'string' ? named : queueNameOf(input);
    return [{ action: actionOf(operation), resource: this.#arnOf(queue) }];
  }

  #arnOf(queue: string): string {
    const { region, accountId } = this.#options;
    return `arn:${partitionOf(region)}:sqs:${region}:${accountId}:${queue}`;
  }
}

export const openSqs = (options: SqsOptions): SqsStandIn => new LocalSqs(options);
