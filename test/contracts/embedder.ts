/** What every embedder keeps, whatever computes its vectors. A backend's test calls this with a way to make one. */
import { describe, expect, it } from 'vitest';
import type { Embedder } from '../../functions/embed/embedder.ts';

const STRANGE_TEXTS = [
  '',
  ' \n\t ',
  '...---...',
  'qzxvkj wqpzzt',
  '障害対応手順',
  '서비스 장애',
  '🔥💥🚒',
  '\uD800',
  'a',
  '0',
  'x'.repeat(5000),
];

const PROSE_TEXTS = [
  'How do I fail over the orders database to the second Region?',
  'class PaymentGateway { charge(orderId: string): Promise<Receipt>; }',
  'The dead_letter_queue grows when consumers are stuck.',
];

const notAborted = (): AbortSignal => new AbortController().signal;

export const vectorsOf = async (embedder: Embedder, texts: readonly string[]): Promise<readonly Float32Array[]> => {
  const result = await embedder.embed(texts, notAborted());
  if (result.kind === 'failed') {
    throw new Error(`embedding failed: ${result.failure.code}`);
  }
  return result.value;
};

const lengthOf = (vector: Float32Array): number => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));

export const embedderContract = (name: string, make: () => Embedder | Promise<Embedder>): void => {
  describe(`${name} keeps the embedder contract`, () => {
    it('names its model and its dimensions', async () => {
      const embedder = await make();
      expect(embedder.model).toMatch(/^[\w.:/@-]{3,128}$/u);
      expect(embedder.dimensions).toBeGreaterThan(0);
    });

    it('gives no vectors for no texts', async () => {
      expect(await vectorsOf(await make(), [])).toEqual([]);
    });

    it('gives one vector per text, in the order of the texts', async () => {
      const embedder = await make();
      const together = await vectorsOf(embedder, PROSE_TEXTS);
      const alone = await Promise.all(PROSE_TEXTS.map(async (text) => vectorsOf(embedder, [text])));
      expect(together).toEqual(alone.flat());
      expect(new Set(together.map((vector) => vector.join())).size).toBe(PROSE_TEXTS.length);
    });

    it.for([...PROSE_TEXTS, ...STRANGE_TEXTS])('gives %j a unit vector of float32 values', async (text) => {
      const embedder = await make();
      const [vector = new Float32Array()] = await vectorsOf(embedder, [text]);
      expect(vector).toBeInstanceOf(Float32Array);
      expect(vector).toHaveLength(embedder.dimensions);
      expect([...vector].every((value) => Number.isFinite(value))).toBe(true);
      expect(lengthOf(vector)).toBeCloseTo(1, 5);
    });

    it('gives values that survive JSON and float32 unchanged', async () => {
      const [vector = new Float32Array()] = await vectorsOf(await make(), PROSE_TEXTS.slice(0, 1));
      const copy = Float32Array.from(JSON.parse(JSON.stringify([...vector])) as number[]);
      expect(copy).toEqual(vector);
    });

    it('gives the same bytes from two instances, call after call', async () => {
      const texts = [...PROSE_TEXTS, ...STRANGE_TEXTS];
      const [first, second] = [await make(), await make()];
      const expected = await vectorsOf(first, texts);
      expect(await vectorsOf(second, texts)).toEqual(expected);
      expect(await vectorsOf(first, texts.toReversed())).toEqual(expected.toReversed());
    });

    it('gives the same text the same vector whatever else is asked with it', async () => {
      const embedder = await make();
      const [alone] = await vectorsOf(embedder, ['restore the backup']);
      const among = await vectorsOf(embedder, ['page the owner', 'restore the backup', '']);
      expect(among[1]).toEqual(alone);
    });

    it('returns an aborted call as a failure, not as an exception', async () => {
      const result = await (await make()).embed(PROSE_TEXTS, AbortSignal.abort());
      expect(result).toMatchObject({ kind: 'failed', failure: { reason: 'unreachable', code: 'AbortError' } });
    });
  });
};
