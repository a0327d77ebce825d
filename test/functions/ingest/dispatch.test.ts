/** A tick of the schedule: one message per source where the gate is active, and once a day a sweep behind it. */
import { describe, expect, it } from 'vitest';

import { DONE, done, type Failure, failed, type Result } from '../../../functions/domain/failure.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { type ConfiguredSource, gitDefinition } from '../../../functions/domain/source-definition.ts';
import type { GateDecision } from '../../../functions/gate/decide.ts';
import { dispatch, type DispatchDependencies } from '../../../functions/ingest/dispatch.ts';
import type { DefinitionsRead } from '../../../functions/stores/source-definitions.ts';
import { MemoryRecordStore } from '../../support/memory-stores.ts';

const UNREACHABLE: Failure = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'refused' };
const DAY_MS = LIMITS.sweepIntervalMs;

const sourceOf = (id: string): ConfiguredSource => ({
  definition: gitDefinition({ id, name: id, url: id }),
  from: 'stack',
});

const gate = (peerWrites: 'required' | 'deferred', state: 'active' | 'passive' = 'active'): GateDecision => ({
  state,
  reason: 'document-active',
  detail: '',
  alarm: false,
  inForce: {
    is_active_for_scheduled_work: state === 'active',
    peer_writes: peerWrites,
    epoch: 1,
    changed_at: '',
    changed_by: '',
    reason: '',
  },
});

interface Stage {
  readonly bodies: string[];
  readonly dedupes: Set<string>;
  nowMs: number;
  decision: GateDecision;
  sources: Result<DefinitionsRead>;
  queueFault: (body: string) => boolean;
  storeFault: (operation: string) => boolean;
  /** Whether something of a removed source is left. */
  isLeft: boolean;
  tick(name: string): ReturnType<typeof dispatch>;
}

const openStage = (): Stage => {
  const stage: Stage = {
    bodies: [],
    dedupes: new Set(),
    nowMs: 20_000 * DAY_MS,
    decision: gate('required'),
    sources: done({ sources: [sourceOf('docs'), sourceOf('shop')], damaged: [] }),
    queueFault: () => false,
    storeFault: () => false,
    isLeft: true,
    tick: async (name) => {
      stage.bodies.length = 0;
      return dispatch(dependencies, name);
    },
  };
  const records = new MemoryRecordStore({
    fault: (operation) => (stage.storeFault(operation) ? UNREACHABLE : undefined),
  });
  const dependencies: DispatchDependencies = {
    readSources: async () => stage.sources,
    isLeft: async () => stage.isLeft,
    readGate: async () => stage.decision,
    queue: {
      send: async ({ body, dedupe }) => {
        if (stage.queueFault(body)) {
          return failed(UNREACHABLE);
        }
        expect(stage.dedupes.has(dedupe)).toBe(false);
        stage.dedupes.add(dedupe);
        stage.bodies.push(body);
        return DONE;
      },
    },
    telemetry: { log: () => undefined, write: () => undefined, count: () => undefined, flush: () => undefined },
    region: 'us-east-2',
    sweeps: { records, now: () => stage.nowMs },
  };
  return stage;
};

const SYNC = ['{"source":"docs"}', '{"source":"shop"}'];
const SWEEP = [
  '{"source":"docs"}',
  '{"source":"docs","sweep":true}',
  '{"source":"shop"}',
  '{"source":"shop","sweep":true}',
];

describe('a tick', () => {
  it('sends a sweep behind each source’s message once a day, from the second day on', async () => {
    const stage = openStage();
    for (const [name, hours, expected] of [
      ['first', 0, SYNC],
      ['later that day', 23, SYNC],
      ['next day', 1, SWEEP],
      ['later again', 12, SYNC],
      ['the day after', 12, SWEEP],
    ] as const) {
      stage.nowMs += hours * 3_600_000;
      expect(await stage.tick(name), name).toMatchObject({ kind: 'dispatched', sources: 2 });
      expect(stage.bodies, name).toStrictEqual(expected);
    }
  });

  it('sends no sweep in a declared outage of the peer, and nothing at all in a passive Region', async () => {
    const stage = openStage();
    await stage.tick('first');
    stage.nowMs += DAY_MS;
    stage.decision = gate('deferred');
    await stage.tick('deferred');
    expect(stage.bodies).toStrictEqual(SYNC);
    stage.decision = gate('required', 'passive');
    expect(await stage.tick('passive')).toMatchObject({ kind: 'passive' });
    expect(stage.bodies).toStrictEqual([]);
  });

  it.each(['getLocal', 'putLocal'])('sends every sync where %s fails, and no sweep', async (operation) => {
    const stage = openStage();
    await stage.tick('first');
    stage.nowMs += DAY_MS;
    stage.storeFault = (asked) => asked === operation;
    expect(await stage.tick('failing')).toMatchObject({ kind: 'dispatched' });
    expect(stage.bodies).toStrictEqual(SYNC);
  });

  it('goes on where the queue does not take a sweep, and fails where it does not take a sync', async () => {
    const stage = openStage();
    await stage.tick('first');
    stage.nowMs += DAY_MS;
    stage.queueFault = (body) => body.includes('sweep');
    expect(await stage.tick('no sweeps')).toMatchObject({ kind: 'dispatched' });
    expect(stage.bodies).toStrictEqual(SYNC);
    stage.queueFault = (body) => body.includes('shop');
    expect(await stage.tick('no shop')).toMatchObject({ kind: 'queue-failed', source: 'shop' });
  });

  it('passes over what is switched off, and purges what was removed until nothing is left', async () => {
    const stage = openStage();
    const off = sourceOf('off');
    const removed: ConfiguredSource = { ...sourceOf('shop'), from: 'record', purge: { by: 'ada', at: stage.nowMs } };
    const sources = [sourceOf('docs'), { ...off, definition: { ...off.definition, enabled: false } }, removed];
    stage.sources = done({ sources, damaged: ['wiki'] });
    expect(await stage.tick('removing')).toMatchObject({ kind: 'dispatched', sources: 2 });
    expect(stage.bodies).toStrictEqual(SYNC);
    stage.isLeft = false;
    await stage.tick('removed');
    expect(stage.bodies).toStrictEqual(SYNC.slice(0, 1));
    // Vectors that a purge which was cut off has left are orphans: looked for on some days, and then no more.
    stage.nowMs += DAY_MS;
    await stage.tick('next day');
    expect(stage.bodies).toContain('{"source":"shop","sweep":true}');
    stage.nowMs += LIMITS.purgeSweepsMs;
    await stage.tick('days later');
    expect(stage.bodies).not.toContain('{"source":"shop","sweep":true}');
  });

  it('dispatches nothing where what is configured can’t be read', async () => {
    const stage = openStage();
    stage.sources = failed(UNREACHABLE);
    expect(await stage.tick('blind')).toStrictEqual({ kind: 'sources-unread', failure: UNREACHABLE });
    expect(stage.bodies).toStrictEqual([]);
  });
});
