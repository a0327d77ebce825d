/** The queue contract on an SQS FIFO queue. */
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

import { boundedCall, clientOptions, type ClientTarget } from '../aws/client-options.ts';
import { DONE, type Result } from '../domain/failure.ts';
import { sha256Hex } from './envelope.ts';
import type { SyncQueue } from './sync-queue.ts';

export class SqsSyncQueue implements SyncQueue {
  readonly #client: SQSClient;
  readonly #queueUrl: string;
  readonly #callTimeoutMs: number;

  constructor(target: ClientTarget, queueUrl: string) {
    this.#client = new SQSClient(clientOptions(target));
    this.#queueUrl = queueUrl;
    this.#callTimeoutMs = target.bounds.callTimeoutMs;
  }

  async send(message: {
    readonly group: string;
    readonly dedupe: string;
    readonly body: string;
  }): Promise<Result<void>> {
    const sent = await boundedCall(this.#callTimeoutMs, (bound) =>
      this.#client.send(
        new SendMessageCommand({
          QueueUrl: this.#queueUrl,
          MessageGroupId: message.group,
          // Ids may hold characters and lengths that SQS refuses; their hash does not.
          MessageDeduplicationId: sha256Hex(message.dedupe),
          MessageBody: message.body,
        }),
        bound,
      ),
    );
    return sent.kind === 'failed' ? sent : DONE;
  }
}
