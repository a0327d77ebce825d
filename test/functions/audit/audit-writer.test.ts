/** What is recorded, and that an event stays a few lines of names and counts, whoever writes it. */
import { beforeEach, describe, expect, it } from 'vitest';

import { AuditWriter } from '../../../functions/audit/audit-writer.ts';
import { type EventPayload, parseEvent } from '../../../functions/audit/payloads.ts';
import { type ReadEvents, type ReadFrom, readNewestEvents } from '../../../functions/audit/read-events.ts';
import { seenEpochOrZero } from '../../../functions/audit/seen-epoch.ts';
import { AUDIT_ACTIONS } from '../../../functions/domain/audit-event.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { decideGate } from '../../../functions/gate/decide.ts';
import { keepGateDocument } from '../../../functions/gate/gate.ts';
import { MemoryRecordStore } from '../../support/memory-stores.ts';
import { AuditWorld, HOUR_MS, OREGON } from './audit-world.ts';

let world: AuditWorld;
let logged: string[];

beforeEach(() => {
  world = new AuditWorld();
  logged = [];
});

const writer = (): AuditWriter =>
  new AuditWriter({
    log: world.logOf(world.ohio),
    telemetry: {
      log: (level, event) => {
        logged.push(`${level} ${event}`);
      },
      write: () => undefined,
      count: () => undefined,
      flush: () => undefined,
    },
    now: world.now,
    region: world.ohio.region,
    actor: 'function:sync',
  });

const recorded = (): EventPayload[] =>
  world.records(world.oregon).flatMap(({ data }) => {
    const event = parseEvent(data);
    return event.kind === 'valid' ? [event.value] : [];
  });

const document = (epoch: number, active: boolean): Parameters<typeof keepGateDocument>[1] => ({
  is_active_for_scheduled_work: active,
  peer_writes: 'required',
  epoch,
  changed_at: '',
  changed_by: '',
  reason: '',
});

describe('the writer', () => {
  it('records a gate decision that alarms, and no other', async () => {
    const at = (epoch: number, active: boolean) => ({ kind: 'document', document: document(epoch, active) }) as const;
    const seen = { kind: 'recorded', document: document(5, true) } as const;
    await writer().gateAlarmed(decideGate(at(5, false), seen));
    await writer().gateAlarmed(decideGate(at(4, false), seen));
    expect(await writer().gateAlarmed(decideGate(at(6, true), seen))).toBeUndefined();
    expect(recorded().map(({ action, details }) => [action, details])).toStrictEqual([
      ['gate.epoch-reused', { state: 'passive' }],
      ['gate.stale-document', { state: 'active', epochInForce: 5 }],
    ]);
  });

  it('has one method for each action that a function may record', async () => {
    const write = writer();
    await write.cycleFenced({ source: 'docs', fence: 'f1', winner: 'f2', step: 'claim', atRegion: OREGON });
    await write.fenceRaised(9, 'a store has seen it');
    await write.sourcePurged('docs', { deleted: 4, replication: 'both' });
    await write.proofCompared({
      verdict: 'different',
      roots: { 'us-east-2': 'a', 'us-west-2': 'b' },
      owed: 1,
      drift: 2,
    });
    await write.peerStateChanged({ peer: OREGON, from: 'in-sync', to: 'down' });
    await write.repairFinished({ peer: OREGON, outcome: 'done', repaired: 3, left: 0 });
    await write.settingChanged('retention', 'changed');
    await write.settingChanged('retention', 'removed');
    await write.keyChanged('0123456789abcdef', 'created');
    await write.keyChanged('0123456789abcdef', 'revoked');
    const actions = recorded().map(({ action }) => action);
    expect(new Set(actions).size).toBe(10);
    // What a person does is recorded by routes and commands of their own.
    const byHand =
      /^(?:records\.imported|source\.(?:changed|removed|prune-approved)|workspace\..*|incident\.read|access\..*)$/u;
    const others = AUDIT_ACTIONS.filter((action) => !actions.includes(action) && !byHand.test(action));
    expect(others.every((one) => one.startsWith('gate.'))).toBe(true);
    expect(recorded()[3]).toMatchObject({
      outcome: 'failed',
      details: { verdict: 'different', 'root.us-east-2': 'a', 'root.us-west-2': 'b', owed: 1, drift: 2 },
    });
  });

  it('says in the log that no Region took an event', async () => {
    world.ohio.down = true;
    world.oregon.down = true;
    expect(await writer().settingChanged('retention', 'changed')).toMatchObject({ kind: 'unavailable' });
    expect(logged).toStrictEqual(['error audit.missing']);
  });
});

describe('the log', () => {
  it('cuts what is too long to be a name', async () => {
    const details = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`d${at}`, 'x'.repeat(10_000)]));
    await world.record(world.ohio, { actor: 'a'.repeat(10_000), target: 't'.repeat(10_000), details });
    const [event] = recorded();
    expect(event?.actor).toHaveLength(LIMITS.auditTextCharsMax + 1);
    expect(event?.target).toHaveLength(LIMITS.auditTextCharsMax + 1);
    expect(Object.keys(event?.details ?? {})).toHaveLength(LIMITS.auditDetailsMax);
    expect(JSON.stringify(event).length).toBeLessThan(10_000);
  });

  it('is read newest first, over days, bounded', async () => {
    for (const target of ['one', 'two', 'three']) {
      await world.record(world.ohio, { target });
      world.nowMs += 20 * HOUR_MS;
    }
    const read = await readNewestEvents(world.oregon.table, world.nowMs, 2);
    expect(read.kind === 'done' ? read.value.events.map(({ target }) => target) : []).toStrictEqual(['three', 'two']);
    world.oregon.down = true;
    expect(await readNewestEvents(world.oregon.table, world.nowMs, 2)).toMatchObject({ kind: 'failed' });
  });

  const read = async (itemsMax: number, from: ReadFrom = {}): Promise<ReadEvents> => {
    const events = await readNewestEvents(world.oregon.table, world.nowMs, itemsMax, from);
    return events.kind === 'done' ? events.value : { events: [], isEnd: false };
  };

  it('is read on from an event, and none of the same millisecond is left out', async () => {
    for (const target of ['one', 'two', 'three', 'four', 'five']) {
      await world.record(world.ohio, { target });
    }
    const targets: string[] = [];
    let before: string | undefined;
    for (let page = 0; page < 3; page += 1) {
      const { events, isEnd } = await read(2, before === undefined ? {} : { before });
      targets.push(...events.map(({ target }) => target));
      before = events.at(-1)?.key;
      expect(isEnd).toBe(page === 2);
    }
    expect(targets).toStrictEqual(['five', 'four', 'three', 'two', 'one']);
  });

  it('that has an event a month is read whole, and ends where the days before hold none', async () => {
    for (const target of ['lost behind a silence', 'one', 'two', 'three', 'four']) {
      await world.record(world.ohio, { target });
      world.nowMs += (target.startsWith('lost') ? 40 : 30) * 24 * HOUR_MS;
    }
    const targets: string[] = [];
    let page = await read(100);
    const first = page.isEnd;
    for (
      ;
      page.events.length > 0 && targets.length < 9;
      page = await read(100, { before: page.events.at(-1)?.key ?? '' })
    ) {
      targets.push(...page.events.map(({ target }) => target));
    }
    expect([first, page.isEnd, targets]).toStrictEqual([false, true, ['four', 'three', 'two', 'one']]);
    const untilMs = world.nowMs - 45 * 24 * HOUR_MS;
    expect((await read(1, { untilMs })).events.map(({ target }) => target)).toStrictEqual(['three']);
  });
});

describe('the epoch of an event', () => {
  it('is the highest that the Region has seen, and 0 where none can be read', async () => {
    const workspaces = new MemoryRecordStore();
    expect(await seenEpochOrZero(workspaces)).toBe(0);
    await keepGateDocument(workspaces, document(12, false));
    expect(await seenEpochOrZero(workspaces)).toBe(12);
    const down = new MemoryRecordStore({ fault: () => ({ reason: 'unreachable', code: 'X', message: 'x' }) });
    expect(await seenEpochOrZero(down)).toBe(0);
  });
});
