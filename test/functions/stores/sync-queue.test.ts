/** The sync queue on SQS FIFO keeps its contract. */
import { afterAll, beforeAll } from 'vitest';

import { SqsSyncQueue } from '../../../functions/stores/sqs-sync-queue.ts';
import { syncQueueContract } from '../../contracts/sync-queue.ts';
import { CALM, type EmbeddedRegion, openEmbeddedRegion } from './embedded-region.ts';

let region: EmbeddedRegion;
let queues = 0;
let now = 1_760_000_000_000;

beforeAll(async () => {
  region = await openEmbeddedRegion('us-east-2', { now: () => now });
});

afterAll(async () => {
  await region.close();
});

syncQueueContract('the sync queue on SQS', async () => {
  queues += 1;
  const { queues: declared, consumer } = region.services;
  const { url, arn } = await declared.ensureQueue({
    name: `sync-${queues}.fifo`,
    fifo: true,
    visibilityTimeoutSeconds: 3600,
    messageRetentionSeconds: 4 * 24 * 3600,
  });
  return {
    queue: new SqsSyncQueue(region.target(CALM, 'sqs'), url),
    take: (itemsMax) =>
      consumer.receive(arn, itemsMax).map((message) => ({
        group: message.groupId,
        body: message.body,
        acknowledge: () => {
          consumer.acknowledge(message);
        },
      })),
    advance: (ms) => {
      now += ms;
    },
    close: async () => undefined,
  };
});
