/** What is owed and stays owed, whatever clock wrote it; and what a proof of both Regions allows. */
import { describe, expect, it } from 'vitest';

import type { RecordKey } from '../../../functions/domain/record.ts';
import { makeRecord } from '../../../functions/stores/envelope.ts';
import { catchUp } from '../../../ops/failover/catch-up.ts';
import { debtLeft } from '../../../ops/failover/debt-left.ts';
import { judgeProof } from '../../../ops/failover/judge-proof.ts';
import type { PairProof } from '../../../ops/failover/prove.ts';
import { FailoverPair, START_MS } from '../../support/failover-pair.ts';
import { UNREACHABLE } from '../../support/memory-pair.ts';

const HOUR_MS = 3_600_000;

/** Owed by the primary, with the time of whoever wrote it. */
const owe = async (
  pair: FailoverPair,
  sk: string,
  atMs: number,
): Promise<{ readonly key: RecordKey; readonly v: string }> => {
  const { primary, secondary } = pair.regions;
  const key = { pk: 'vote', sk };
  const v = `u|${atMs}000000|us-east-2|A`;
  await primary.memory.workspaces.put(makeRecord(key, { v, op: 'A' }, { sk }), secondary.memory.region);
  return { key, v };
};

const between = async (pair: FailoverPair, sleep = pair.sleep): Promise<unknown> => {
  const { primary, secondary } = pair.access;
  const left = await debtLeft(primary, secondary, sleep);
  return left.kind === 'done' ? left.value : left.failure.code;
};

describe('a debt', () => {
  it.each([
    ['an hour ahead', HOUR_MS],
    ['right', 0],
    ['an hour behind', -HOUR_MS],
  ])('is what is still owed after two seconds, where the clock of its writer was %s', async (_clock, aheadMs) => {
    const pair = await new FailoverPair().open();
    await owe(pair, 'one', START_MS + aheadMs);
    const { primary, secondary } = pair.access;
    expect(await between(pair)).toBe(1);
    expect(pair.now() - START_MS).toBe(2000);
    const { now, sleep } = pair;
    const options = { now, sleep, deadlineMs: Infinity, say: () => undefined, repair: false };
    expect(await catchUp(primary, secondary, options)).toMatchObject({ kind: 'done', value: { owed: 1 } });
  });

  it('is not what is sent meanwhile, however old its writer’s clock makes it, nor what is written after the first look', async () => {
    const pair = await new FailoverPair().open();
    const { key, v } = await owe(pair, 'old', START_MS - HOUR_MS);
    const { workspaces } = pair.regions.primary.memory;
    let looks = 0;
    const left = await between(pair, async (ms) => {
      looks += 1;
      await owe(pair, `later-${looks}`, START_MS);
      await (looks === 2 ? workspaces.clearOwed(key, v) : undefined);
      await pair.sleep(ms);
    });
    expect([left, looks]).toStrictEqual([0, 2]);
  });

  it('is nothing, at once, where nothing is owed', async () => {
    const pair = await new FailoverPair().open();
    expect(await between(pair)).toBe(0);
    expect(pair.now()).toBe(START_MS);
  });

  it('is not known where it can’t be read', async () => {
    const pair = await new FailoverPair().open();
    pair.regions.primary.memory.down(UNREACHABLE);
    expect(await between(pair)).toBe('ECONNREFUSED');
  });
});

const different = (standing: 'drift' | 'owed' | 'unacknowledged'): PairProof['differences'][number] => ({
  store: 'graph',
  key: ['a', 'b'],
  kind: 'stale-left',
  standing,
});

const unequal = (...differences: PairProof['differences'][number][]): PairProof => ({
  equal: false,
  roots: [],
  differences,
});

describe('a proof that is not equal', () => {
  it('names how many keys differ, and how', () => {
    const found = judgeProof(unequal(different('drift'), different('owed'), different('owed')), undefined);
    expect(found).toMatchObject({ outcome: 'failed', isDrift: true });
    expect(found.detail).toContain('3 keys differ (1 drift, 2 owed); so nothing is moved');
  });

  it('without a key that differs says why nothing is moved, and does not call it drift', () => {
    const found = judgeProof(unequal(), undefined);
    expect(found).toMatchObject({ outcome: 'failed', isDrift: false });
    expect(found.detail).toContain('the roots were never equal');
    expect(found.detail).toContain('--resume');
    expect(found.detail).not.toContain('0 keys');
  });

  it('is accepted with a reason, and stays as a debt', () => {
    const found = judgeProof(unequal(different('drift')), 'known since Monday');
    expect(found).toMatchObject({ outcome: 'left-open', opens: [{ id: 'drift' }] });
    expect(judgeProof(unequal(), 'known since Monday').detail).not.toContain('0 keys');
  });
});
