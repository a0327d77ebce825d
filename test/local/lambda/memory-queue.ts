/** A FIFO queue in memory, as small as the poller's contract: groups in order, one batch of a group in flight. */
import type { Clock } from '../../../local/lambda/clock.ts';
import type { QueueConsumer, QueueMessage } from '../../../local/lambda/queue-consumer.ts';

interface Entry {
  readonly messageId: string;
  readonly body: string;
  readonly groupId: string;
  receiveCount: number;
  hidden: boolean;
}

export interface MemoryQueue extends QueueConsumer {
  send(groupId: string, body: string): string;
  readonly acknowledged: readonly string[];
  readonly receives: number;
  readonly left: readonly string[];
}

export const createMemoryQueue = (clock: Clock): MemoryQueue => {
  const entries: Entry[] = [];
  const acknowledged: string[] = [];
  const listeners = new Set<() => void>();
  let receives = 0;
  let sent = 0;
  const tell = (): void => {
    for (const listener of listeners) {
      listener();
    }
  };
  const entryOf = ({ messageId }: QueueMessage): Entry | undefined =>
    entries.find((entry) => entry.messageId === messageId);

  return {
    acknowledged,
    get receives() {
      return receives;
    },
    get left() {
      return entries.map(({ body }) => body);
    },
    send: (groupId, body) => {
      sent += 1;
      const messageId = `m${sent}`;
      entries.push({ messageId, body, groupId, receiveCount: 0, hidden: false });
      tell();
      return messageId;
    },
    receive: (_queueArn, itemsMax) => {
      receives += 1;
      const blocked = new Set(entries.filter(({ hidden }) => hidden).map(({ groupId }) => groupId));
      const visible = entries.filter(({ groupId }) => !blocked.has(groupId)).slice(0, itemsMax);
      return visible.map((entry) => {
        entry.hidden = true;
        entry.receiveCount += 1;
        const { messageId, body, groupId, receiveCount } = entry;
        return {
          messageId,
          receiptHandle: `r-${messageId}`,
          body,
          groupId,
          attributes: { SenderId: 'x' },
          receiveCount,
        };
      });
    },
    acknowledge: (message) => {
      const entry = entryOf(message);
      if (entry !== undefined) {
        entries.splice(entries.indexOf(entry), 1);
        acknowledged.push(entry.body);
        tell();
      }
    },
    release: (message, delaySeconds) => {
      clock.after(delaySeconds * 1000, () => {
        const entry = entryOf(message);
        if (entry !== undefined) {
          entry.hidden = false;
          tell();
        }
      });
    },
    onMessage: (_queueArn, listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
};
