/** A drain whose peer is away asks again until it is back or the next drain begins. */
import { beforeEach, describe, expect, it } from 'vitest';

import { LIMITS } from '../../../functions/domain/limits.ts';
import { interactiveVersion } from '../../../functions/domain/version.ts';
import type { DrainReport } from '../../../functions/repair/drain.ts';
import { drainPatiently } from '../../../functions/repair/patient-drain.ts';
import { makeRecord } from '../../../functions/stores/envelope.ts';
import { MemoryRegion, SILENT } from '../../support/memory-pair.ts';

const KEY = { pk: 'settings', sk: 'name' };
const OP = '01KAMQYG00000000000000000A';

let from: MemoryRegion;
let to: MemoryRegion;
let nowMs = 0;

beforeEach(() => {
  from = new MemoryRegion('us-east-2');
  to = new MemoryRegion('us-west-2');
  nowMs = 0;
});

const owe = async (): Promise<void> => {
  const v = interactiveVersion({ ms: 1, counter: 0 }, from.region, OP);
  await from.workspaces.put(makeRecord(KEY, { v, op: OP }, { value: 1 }), to.region);
};

const drain = async (backAtMs: number): Promise<DrainReport> =>
  drainPatiently({
    direction: { from: from.stores, to: to.stores },
    telemetry: SILENT,
    now: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
      if (nowMs >= backAtMs) {
        to.up();
      }
    },
    deadlineMs: 300_000,
  });

describe('a drain', () => {
  it('pays within one pause after the peer is back', async () => {
    await owe();
    to.down();
    expect(await drain(12_000)).toMatchObject({ kind: 'drained', sent: 1 });
    expect(nowMs).toBe(15_000);
    expect(await to.workspaces.get(KEY)).toMatchObject({ kind: 'done', value: { op: OP } });
  });

  it('ends before the next one begins, and says what is left', async () => {
    await owe();
    to.down();
    expect(await drain(Infinity)).toMatchObject({ kind: 'stopped', sent: 0, failure: { at: 'to' } });
    expect(nowMs).toBe(LIMITS.drainPatienceMs);
  });

  it('that owes nothing does not wait for anybody', async () => {
    to.down();
    expect(await drain(Infinity)).toMatchObject({ kind: 'drained', sent: 0 });
    expect(nowMs).toBe(0);
  });
});
