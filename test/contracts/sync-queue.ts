/**
 * What every sync queue must do: one source has one message in work, in the order of sending, and a message that is sent
 * twice is one. A run brings an empty queue, a consumer of it, and a clock that a test moves.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { SyncQueue } from '../../functions/stores/sync-queue.ts';

export interface TakenMessage {
  readonly group: string;
  readonly body: string;
  acknowledge(): void;
}

export interface SyncQueueWorld {
  readonly queue: SyncQueue;
  /** What a consumer gets now; it stays in work until it is acknowledged. */
  take(itemsMax: number): readonly TakenMessage[];
  advance(ms: number): void;
  close(): Promise<void>;
}

const DONE = { kind: 'done', value: undefined };
const DEDUPLICATION_MS = 5 * 60 * 1000;
const TAKEN_MAX = 10;

export const syncQueueContract = (name: string, open: () => Promise<SyncQueueWorld>): void => {
  describe(`${name} keeps the contract`, () => {
    let world: SyncQueueWorld;

    const send = async (group: string, body: string, dedupe = `${group}/${body}`): Promise<unknown> =>
      world.queue.send({ group, dedupe, body });

    /** Takes and acknowledges one message after the other, as a consumer does that handles one at a time. */
    const drain = (): readonly string[] => {
      const bodies: string[] = [];
      for (let [message] = world.take(1); message !== undefined; [message] = world.take(1)) {
        bodies.push(`${message.group}:${message.body}`);
        message.acknowledge();
      }
      return bodies;
    };

    beforeEach(async () => {
      world = await open();
    });

    afterEach(async () => {
      await world.close();
    });

    it('gives the messages of a group in the order of sending', async () => {
      const bodies = Array.from({ length: 12 }, (_, at) => `step ${at}`);
      for (const body of bodies) {
        expect(await send('handbook', body)).toEqual(DONE);
      }
      expect(drain()).toEqual(bodies.map((body) => `handbook:${body}`));
    });

    it('gives nothing of a group while a message of it is in work, and lets other groups go on', async () => {
      await send('handbook', 'first');
      await send('handbook', 'second');
      await send('runbooks', 'other');
      const [first] = world.take(1);
      expect(first?.body).toBe('first');
      expect(world.take(TAKEN_MAX).map(({ body }) => body)).toEqual(['other']);
      first?.acknowledge();
      expect(world.take(TAKEN_MAX).map(({ body }) => body)).toEqual(['second']);
    });

    it('takes the same text twice within five minutes as one message, also after it was handled', async () => {
      await send('handbook', 'one', 'tick 1');
      expect(await send('handbook', 'again', 'tick 1')).toEqual(DONE);
      expect(drain()).toEqual(['handbook:one']);
      world.advance(DEDUPLICATION_MS - 1000);
      await send('handbook', 'late', 'tick 1');
      expect(drain()).toEqual([]);
    });

    it('takes the same text after five minutes as a new message', async () => {
      await send('handbook', 'one', 'tick 1');
      drain();
      world.advance(DEDUPLICATION_MS + 1000);
      await send('handbook', 'two', 'tick 1');
      expect(drain()).toEqual(['handbook:two']);
    });

    it('compares that text over all groups, so that a caller has to put the source into it', async () => {
      await send('handbook', 'a', 'tick 1');
      await send('runbooks', 'b', 'tick 1');
      expect(drain()).toEqual(['handbook:a']);
    });

    it('compares texts of any length and alphabet to their last character', async () => {
      const long = `Übersicht / тест / \u{1F5FA} ${'x'.repeat(3000)}`;
      for (const end of ['1', '2', '1']) {
        expect(await send('handbook', end, `${long}${end}`)).toEqual(DONE);
      }
      expect(drain()).toEqual(['handbook:1', 'handbook:2']);
    });

    it('hands a body over as it was, also a long one', async () => {
      const body = JSON.stringify({ checkpoint: `"ü" \u{1F5FA}\n${'x'.repeat(200_000)}` });
      expect(await send('handbook', body, 'long')).toEqual(DONE);
      expect(world.take(1)[0]?.body).toBe(body);
    });

    it('answers with a failure where the queue refuses a message, and does not throw', async () => {
      const refused = await world.queue.send({ group: 'g'.repeat(129), dedupe: 'd', body: 'b' });
      expect(refused).toMatchObject({ kind: 'failed', failure: { reason: 'refused' } });
    });
  });
};
