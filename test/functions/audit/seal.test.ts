/** Sealing: every event exactly once, whatever dies in between, and the same bytes in both Regions. */
import { beforeEach, describe, expect, it } from 'vitest';

import { parseLink } from '../../../functions/audit/payloads.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { AuditWorld, type AuditRegionWorld, busyWorld, HOUR_MS, MINUTE_MS } from './audit-world.ts';

let world: AuditWorld;

beforeEach(() => {
  world = new AuditWorld();
});

const linksOf = (
  home: AuditRegionWorld,
  of: AuditRegionWorld = home,
): readonly { n: number; events: number; epoch: number }[] =>
  world
    .records(home)
    .filter(({ pk }) => pk === `chain#${of.region}`)
    .map(({ data }) => {
      const link = parseLink(data);
      return link.kind === 'valid'
        ? { n: link.value.n, events: link.value.events.length, epoch: link.value.epoch }
        : { n: 0, events: 0, epoch: 0 };
    });

const expectWhole = async (): Promise<void> => {
  const { findings } = await world.verify();
  expect(findings.map(({ sentence }) => sentence)).toStrictEqual([]);
};

describe('sealing', () => {
  it('puts the events of a minute into one link, in both Regions', async () => {
    await world.record(world.ohio);
    await world.record(world.ohio);
    const run = await world.run(world.ohio);
    expect(run.seal).toMatchObject({ kind: 'sealed', links: 1, events: 2, left: 0, replication: 'both' });
    expect(linksOf(world.ohio)).toStrictEqual([{ n: 1, events: 2, epoch: 1 }]);
    expect(linksOf(world.oregon, world.ohio)).toStrictEqual(linksOf(world.ohio));
    await expectWhole();
  });

  it('writes nothing where nothing is new', async () => {
    await world.record(world.ohio);
    await world.run(world.ohio);
    const run = await world.run(world.ohio);
    expect(run.seal).toMatchObject({ kind: 'sealed', links: 0, events: 0 });
    expect(linksOf(world.ohio)).toHaveLength(1);
  });

  it('leaves the events of the other Region to that Region', async () => {
    await world.record(world.oregon);
    const run = await world.run(world.ohio);
    expect(run.seal).toMatchObject({ kind: 'sealed', events: 0 });
  });

  it('keeps one number line over epochs, and an epoch never goes back', async () => {
    await world.record(world.ohio);
    await world.minute();
    world.ohio.epoch = 7;
    await world.record(world.ohio);
    await world.minute();
    world.ohio.epoch = 0;
    await world.record(world.ohio);
    await world.minute();
    expect(linksOf(world.ohio).map(({ epoch }) => epoch)).toStrictEqual([1, 7, 7]);
    await expectWhole();
  });

  it('seals more events than a link holds into several links', async () => {
    for (let count = 0; count <= LIMITS.auditLinkEventsMax; count += 1) {
      await world.record(world.ohio);
    }
    const run = await world.run(world.ohio);
    expect(run.seal).toMatchObject({ kind: 'sealed', links: 2, events: LIMITS.auditLinkEventsMax + 1 });
    const sizes = world
      .records(world.ohio)
      .filter(({ pk }) => pk.startsWith('chain#'))
      .map(({ data }) => data.length);
    expect(Math.max(...sizes)).toBeLessThan(LIMITS.recordBytesMax / 4);
    await expectWhole();
  });
});

describe('sealing under trouble', () => {
  it('owes the link to a peer that is down, and a drain brings the same bytes', async () => {
    await world.record(world.ohio);
    await world.run(world.ohio);
    world.oregon.down = true;
    await world.record(world.ohio);
    const run = await world.run(world.ohio);
    expect(run.seal).toMatchObject({ kind: 'sealed', links: 1, replication: 'owed' });
    world.oregon.down = false;
    const { findings, counts } = await world.verify();
    expect(findings).toStrictEqual([]);
    expect(counts.owed).toBeGreaterThan(0);
    await world.drain();
    expect(linksOf(world.oregon, world.ohio)).toStrictEqual(linksOf(world.ohio));
    await expectWhole();
  });

  it('seals an event that its Region wrote at the peer while its own store was down', async () => {
    world.ohio.down = true;
    const outcome = await world.record(world.ohio);
    expect(outcome).toMatchObject({ kind: 'held', replication: 'owed' });
    world.nowMs += 3 * 24 * HOUR_MS;
    world.ohio.down = false;
    await world.drain();
    const run = await world.run(world.ohio);
    expect(run.seal).toMatchObject({ kind: 'sealed', events: 1 });
    await expectWhole();
  });

  it('sweeps the days behind once an hour, not only on the first run', async () => {
    await world.run(world.ohio);
    const late = world.nowMs - 5 * 24 * HOUR_MS;
    await world.record(world.ohio, { at: late });
    world.nowMs += MINUTE_MS;
    expect((await world.run(world.ohio)).seal).toMatchObject({ events: 0 });
    world.nowMs += HOUR_MS;
    expect((await world.run(world.ohio)).seal).toMatchObject({ events: 1 });
  });

  it.each(['putLocal', 'clearOwed'])('seals nothing twice after it died at %s', async (operation) => {
    await world.record(world.ohio);
    world.ohio.refused = new Set([operation]);
    await world.run(world.ohio);
    world.ohio.refused = new Set();
    await world.record(world.ohio);
    await world.run(world.ohio);
    await world.run(world.ohio);
    expect(linksOf(world.ohio).map(({ events }) => events)).toStrictEqual([1, 1]);
    await world.drain();
    await expectWhole();
  });

  it('two runs at once make one chain', async () => {
    await world.record(world.ohio);
    await Promise.all([world.run(world.ohio), world.run(world.ohio), world.run(world.ohio)]);
    await world.run(world.ohio);
    expect(linksOf(world.ohio)).toStrictEqual([{ n: 1, events: 1, epoch: 1 }]);
    await expectWhole();
  });

  it('a table that lost everything goes on from what the peer holds', async () => {
    world = await busyWorld();
    const before = linksOf(world.oregon, world.ohio);
    world.ohio.table.partitions.clear();
    await world.record(world.ohio);
    await world.run(world.ohio);
    expect(linksOf(world.ohio).slice(0, before.length)).toStrictEqual(before);
    expect(linksOf(world.ohio)).toHaveLength(before.length + 1);
  });

  it('a table that lost everything waits for a peer that is down', async () => {
    world = await busyWorld();
    world.ohio.table.partitions.clear();
    world.oregon.down = true;
    await world.record(world.ohio);
    const run = await world.run(world.ohio);
    expect(run.seal).toMatchObject({ kind: 'waiting' });
    expect(linksOf(world.ohio)).toStrictEqual([]);
  });

  it('a link that somebody else put there stops it with an alarm', async () => {
    world = await busyWorld();
    const last = world.lastOf(world.ohio, `chain#${world.ohio.region}`);
    const n = linksOf(world.ohio).length + 1;
    await world.ohio.table.put({ ...last, sk: n.toString().padStart(12, '0') });
    const run = await world.run(world.ohio);
    expect(run.seal).toMatchObject({ kind: 'damaged' });
    expect(run.alarms).toHaveLength(1);
  });
});
