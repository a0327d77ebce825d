/** What a state means, and the exit code that a script sees. */
import { describe, expect, it } from 'vitest';

import { judgeWorld } from '../../ops/status-verdict.ts';
import { statusLines, worldFields } from '../../ops/status-lines.ts';
import { documentFor, FailoverPair } from '../support/failover-pair.ts';

const judged = async (change: (pair: FailoverPair) => void | Promise<void>): Promise<ReturnType<typeof judgeWorld>> => {
  const pair = await new FailoverPair().open();
  await change(pair);
  return judgeWorld(await pair.observe(true));
};

describe('status', () => {
  it.each([
    ['healthy', 0, () => undefined],
    [
      'split-brain',
      3,
      ({ regions }: FailoverPair) => {
        regions.secondary.document = documentFor(true, 2);
      },
    ],
    [
      'none-active',
      5,
      ({ regions }: FailoverPair) => {
        regions.primary.document = documentFor(false, 2);
      },
    ],
    [
      'unreachable',
      4,
      ({ regions }: FailoverPair) => {
        regions.secondary.down();
      },
    ],
    [
      'unreachable',
      4,
      ({ regions }: FailoverPair) => {
        regions.primary.dataPlane = { reason: 'unreachable', code: 'ETIMEDOUT', message: 'no answer' };
      },
    ],
    [
      'debt',
      2,
      ({ regions }: FailoverPair) => {
        regions.primary.document = documentFor(true, 2, { peer_writes: 'deferred' });
      },
    ],
  ] as const)('is %s, and ends with %i', async (overall, exitCode, change) => {
    const found = await judged(change);
    expect([found.overall, found.exitCode]).toStrictEqual([overall, exitCode]);
    expect(found.findings.length > 0).toBe(exitCode !== 0);
  });

  it('does not call a Region passive whose gate nobody could read', async () => {
    const pair = await new FailoverPair().open();
    pair.regions.primary.down();
    const world = await pair.observe(true);
    const text = statusLines(world, judgeWorld(world)).join('\n');
    expect(text).toContain('NOT KNOWN');
    expect(worldFields(world)).toMatchObject({ regions: { primary: { state: 'unknown' } } });
  });

  it('names the next command with every finding that has one', async () => {
    const { findings } = await judged(({ regions }) => {
      regions.secondary.document = documentFor(true, 2);
    });
    expect(findings[0]?.sentence).toContain('npx twinmap failover --to');
  });
});
