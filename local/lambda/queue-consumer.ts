/** What the poller needs of a queue. Synchronous, because the queue lives in the same process and a poll is a look. */

export interface QueueMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** Empty in a queue without groups. */
  readonly groupId: string;
  /** The queue's own attributes of a message, by their names in the API: `SentTimestamp`, `SequenceNumber`, … */
  readonly attributes: Readonly<Record<string, string>>;
  readonly receiveCount: number;
}

export interface QueueConsumer {
  /** Messages that are visible now, in order, hidden from others from now on; none of a group that has one in flight. */
  receive(queueArn: string, itemsMax: number): readonly QueueMessage[];
  /** It is done: delete it. One whose visibility timeout has passed meanwhile is left alone, as are unknown ones. */
  acknowledge(message: QueueMessage): void;
  /** It is not done: show it again after the delay. */
  release(message: QueueMessage, delaySeconds: number): void;
  /** Told whenever a message may have become visible: sent, released, or its visibility timeout has passed. */
  onMessage(queueArn: string, listener: () => void): () => void;
}
