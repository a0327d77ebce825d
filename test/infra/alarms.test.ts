/**
 * The declared alarms against metric streams: each fires, each clears, none fires while all is well, in the active Region and in the
 * passive one; and each watches what is really said. An alarm without a stream fails here, and so does one on a metric of nobody.
 */
import { rmSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  declaredAlarm,
  type DeclaredAlarm,
  evaluationRange,
  metricsOf,
  periodMsOf,
  type Transition,
  transitionsOf,
} from '../support/alarms/evaluator.ts';
import { idOf, type Sample, Stream } from '../support/alarms/series.ts';
import {
  EMITTED,
  OWN_INCIDENTS,
  PLATFORM,
  playOwn,
  playPlatform,
  recordedSamples,
  sampleAt,
  SILENCE_IS_TROUBLE,
  times,
} from './alarm-incidents.ts';
import { emptyBundles, runStack, type StackRun } from './run-stack.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const SOURCES = JSON.stringify([{ id: 'shop', kind: 'git', url: 'https://github.com/example/shop' }]);

let functionsDirectory: string;
let primary: StackRun;

const alarmsOf = (stack: StackRun): ReadonlyMap<string, DeclaredAlarm> =>
  new Map(
    stack
      .ofType('aws:cloudwatch/metricAlarm:MetricAlarm')
      .map(({ name, inputs }) => [name.replace('alarms-', ''), declaredAlarm(inputs)]),
  );

const alarmOf = (name: string): DeclaredAlarm => {
  const alarm = alarmsOf(primary).get(name);
  if (alarm === undefined) {
    throw new Error(`no alarm is called ${name}`);
  }
  return alarm;
};

beforeAll(async () => {
  functionsDirectory = await emptyBundles();
  primary = await runStack('primary', functionsDirectory, { 'twinmap:sources': SOURCES });
}, 120_000);

afterAll(() => {
  rmSync(functionsDirectory, { recursive: true, force: true });
});

type Span = readonly [from: number, to: number];
type Phase = 'calm' | 'trouble' | 'silence';

const samplesIn = (name: string, alarm: DeclaredAlarm, phase: Phase, span: Span): readonly Sample[] => {
  if (phase === 'silence') {
    return [];
  }
  return metricsOf(alarm).flatMap((metric) => {
    if (metric.namespace !== 'Twinmap') {
      return playPlatform(metric, phase, span);
    }
    const incident = OWN_INCIDENTS[name];
    if (incident === undefined) {
      throw new Error(`the alarm ${name} has no stream in test/infra/alarm-incidents.ts`);
    }
    return playOwn(metric, incident[phase], incident.everySeconds, span);
  });
};

interface Story {
  readonly transitions: readonly Transition[];
  readonly begins: number;
  readonly ends: number;
}

/** Calm, then trouble, then calm again, each for as long as the alarm looks back and a little more. */
const story = (name: string, alarm: DeclaredAlarm, trouble: Phase = 'trouble'): Story => {
  const cadence = 1000 * (OWN_INCIDENTS[name]?.everySeconds ?? 60);
  const span = (evaluationRange({ periods: alarm.evaluationPeriods }) + 2) * Math.max(periodMsOf(alarm), cadence);
  const phases: readonly (readonly [Phase, Span])[] = [
    ['calm', [0, span]],
    [trouble, [span, 2 * span]],
    ['calm', [2 * span, 3 * span]],
  ];
  const stream = new Stream(phases.flatMap(([phase, within]) => samplesIn(name, alarm, phase, within)));
  return { transitions: transitionsOf(alarm, stream, 3 * span), begins: span, ends: 2 * span };
};

/** What became of it: quiet before, then one alarm within the trouble, and its end after it. */
const courseOf = (name: string, alarm: DeclaredAlarm, trouble: Phase = 'trouble'): readonly string[] => {
  const { transitions, begins, ends } = story(name, alarm, trouble);
  const phaseOf = (at: number): string => {
    if (at <= begins) {
      return 'before';
    }
    return at <= ends ? 'in trouble' : 'after';
  };
  return transitions
    .filter(({ at, state }) => at > begins || state === 'ALARM')
    .map(({ at, state }) => `${state} ${phaseOf(at)}`);
};

const FIRED_AND_CLEARED = ['ALARM in trouble', 'OK after'];

describe('every declared alarm', () => {
  it('fires in its trouble and clears after it', () => {
    const alarms = alarmsOf(primary);
    expect(alarms.size).toBeGreaterThan(50);
    for (const [name, alarm] of alarms) {
      expect([name, ...courseOf(name, alarm)]).toEqual([name, ...FIRED_AND_CLEARED]);
    }
  });

  it('has a stream that is its own, and no stream is left over', () => {
    const own = [...alarmsOf(primary)].filter(([, alarm]) => metricsOf(alarm)[0]?.namespace === 'Twinmap');
    expect(own.map(([name]) => name).toSorted()).toEqual(Object.keys(OWN_INCIDENTS).toSorted());
    const platform = [...alarmsOf(primary).values()]
      .flatMap(metricsOf)
      .filter(({ namespace }) => namespace !== 'Twinmap');
    expect([...new Set(platform.map(({ name }) => name))].toSorted()).toEqual(Object.keys(PLATFORM).toSorted());
  });

  it('watches what a function prints, or what AWS publishes under those dimensions of something declared', () => {
    const unknown = [...alarmsOf(primary)].flatMap(([name, alarm]) =>
      metricsOf(alarm)
        .filter((metric) => (metric.namespace === 'Twinmap' ? !EMITTED.has(idOf(metric)) : !isPublished(metric)))
        .map((metric) => `${name}: ${idOf(metric)}`),
    );
    expect(unknown).toEqual([]);
  });

  it('has its own name, says where to read on, and keeps the limits of a message', () => {
    const alarms = [...alarmsOf(primary)];
    expect(new Set(alarms.map(([, { name }]) => name)).size).toBe(alarms.length);
    for (const [name, { alarmDescription, name: physical }] of alarms) {
      expect(physical).toBe(`twinmap-us-east-2-${name}`);
      expect(alarmDescription).toContain(`docs/alarms.md#${name}`);
      expect(alarmDescription.length).toBeLessThanOrEqual(1024);
    }
  });
});

const DECLARED_NAMES: Readonly<Record<string, string>> = {
  FunctionName: 'aws:lambda/function:Function',
  TableName: 'aws:dynamodb/table:Table',
  QueueName: 'aws:sqs/queue:Queue',
  LoadBalancer: 'aws:lb/loadBalancer:LoadBalancer',
  TargetGroup: 'aws:lb/targetGroup:TargetGroup',
};

const isPublished = ({ namespace, name, dimensions }: ReturnType<typeof metricsOf>[number]): boolean => {
  const shape = PLATFORM[name];
  const named = Object.entries(dimensions).every(([key, value]) => {
    const type = DECLARED_NAMES[key];
    return (
      type === undefined ||
      primary.ofType(type).some(({ inputs, outputs }) => [inputs['name'], outputs['arnSuffix']].includes(value))
    );
  });
  return (
    named &&
    shape?.namespace === namespace &&
    Object.keys(dimensions).toSorted().join() === shape.dimensions.toSorted().join()
  );
};

describe('silence', () => {
  it.each(SILENCE_IS_TROUBLE)('fires %s, which then clears by a good value', (name) => {
    expect(courseOf(name, alarmOf(name), 'silence')).toEqual(FIRED_AND_CLEARED);
  });

  it.each(['dispatch', 'drain', 'repair', 'audit'])('of the function %s fires', (name) => {
    const alarm = alarmOf(`function-${name}-silent`);
    expect(courseOf(`function-${name}-silent`, alarm, 'silence')).toEqual(FIRED_AND_CLEARED);
  });

  it('keeps a gate trouble until the gate is read again, however long that takes', () => {
    const alarm = alarmOf('gate-epoch-reused');
    const [metric] = metricsOf(alarm);
    const trouble = playOwn(metric as never, { scenario: 'gate-epoch-reused' }, 3600, [0, MINUTE]);
    const states = transitionsOf(alarm, new Stream(trouble), 6 * HOUR).map(({ state }) => state);
    expect(states).toEqual(['ALARM']);
  });
});

const front = (perMinute: Readonly<Record<string, readonly (number | undefined)[]>>): readonly string[] => {
  const alarm = alarmOf('api-error-rate');
  const samples = metricsOf(alarm).flatMap((metric) =>
    (perMinute[metric.name] ?? []).flatMap((value, minute): readonly Sample[] =>
      value === undefined ? [] : [sampleAt(metric, minute * MINUTE + 30_000, [value])],
    ),
  );
  return transitionsOf(alarm, new Stream(samples), 12 * MINUTE).map(({ at, state }) => `${state} ${at / MINUTE}`);
};

describe('the error rate', () => {
  const busy = Array.from({ length: 10 }, () => 1000);

  it('fires after two minutes over 5 %, and clears after the first minute under it', () => {
    expect(front({ RequestCount: busy, HTTPCode_Target_5XX_Count: [0, 60, 60, 60, 40] })).toEqual([
      'OK 1',
      'ALARM 3',
      'OK 5',
    ]);
  });

  it('does not fire at 5 %, nor for one minute, nor where nobody asks', () => {
    expect(front({ RequestCount: busy, HTTPCode_Target_5XX_Count: [50, 50, 50, 60, 50] })).toEqual(['OK 1']);
    expect(front({})).toEqual(['OK 1']);
  });

  it('adds what the function answers to what it does not', () => {
    const halves = { HTTPCode_Target_5XX_Count: [0, 30, 30], HTTPCode_ELB_5XX_Count: [0, 30, 30] };
    expect(front({ RequestCount: busy, ...halves })).toContain('ALARM 3');
  });

  it('fires where no request reaches a function at all', () => {
    expect(front({ RequestCount: [1000], HTTPCode_ELB_5XX_Count: [0, 900, 900, 900] })).toContain('ALARM 3');
  });

  it('tells a person to consider a failover, and does nothing else', () => {
    const { inputs } = primary.one('alarms-api-error-rate');
    expect(inputs['alarmDescription']).toMatch(/^More than 5 % .* 2 minutes\. CONSIDER FAILOVER\./u);
    expect(inputs['alarmActions']).toEqual(['arn:aws:sns:us-east-2:111122223333:twinmap-us-east-2-alarms']);
  });
});

/** The other Region declares the same alarms, with the names changed about; `infra:preview` and its test compare the trees. */
const secondaryAlarms = (): ReadonlyMap<string, DeclaredAlarm> =>
  new Map(
    [...alarmsOf(primary)].map(([name, alarm]) => [
      name,
      JSON.parse(
        JSON.stringify(alarm)
          .replaceAll('us-west-2', '<peer>')
          .replaceAll('us-east-2', 'us-west-2')
          .replaceAll('<peer>', 'us-east-2'),
      ) as DeclaredAlarm,
    ]),
  );

const movedTo =
  (at: number) =>
  (sample: Sample): Sample =>
    sampleAt(sample, at, sample.values);

/** Everything that the passive Region says in an hour: its ticks are skipped, its jobs run, cycles arrive from the other one. */
const passiveHours = (hours: number, lastCycleMs: number): readonly Sample[] => {
  const span: Span = [0, hours * HOUR];
  const ofRegion = ({ dimensions }: Sample): boolean => dimensions['Region'] === 'us-west-2';
  const jobs = recordedSamples('calm').filter(
    (sample) =>
      ofRegion(sample) && !['CycleAgeSeconds', 'GateState', 'GateTrouble', 'SkippedPassive'].includes(sample.name),
  );
  const ticks = recordedSamples('passive-tick').filter(ofRegion);
  const age = recordedSamples('calm').find((sample) => ofRegion(sample) && sample.name === 'CycleAgeSeconds');
  const aged = (at: number): number => (at - Math.min(lastCycleMs, Math.floor(at / HOUR) * HOUR)) / 1000;
  const calls = [...secondaryAlarms().values()]
    .flatMap(metricsOf)
    .filter(({ name }) => name === 'Invocations')
    .flatMap((metric) => {
      const everySeconds = String(metric.dimensions['FunctionName']).endsWith('dispatch') ? 3600 : 300;
      return times(...span, everySeconds).map((at) => sampleAt(metric, at, [1]));
    });
  const everyFiveMinutes = times(...span, 300).flatMap((at) =>
    jobs.map(movedTo(at)).concat(age === undefined ? [] : sampleAt(age, at, [aged(at)])),
  );
  return [...calls, ...everyFiveMinutes, ...times(...span, 3600).flatMap((at) => ticks.map(movedTo(at)))];
};

const firedIn = (samples: readonly Sample[], hours: number): readonly string[] => {
  const stream = new Stream(samples);
  return [...secondaryAlarms()].flatMap(([name, alarm]) =>
    transitionsOf(alarm, stream, hours * HOUR)
      .filter(({ state, at }) => state === 'ALARM' && at > HOUR)
      .map(({ at }) => `${name} after ${(at / HOUR).toFixed(1)} h`),
  );
};

describe('the passive Region', () => {
  it('has nothing to say while the active one does its work', () => {
    expect(firedIn(passiveHours(5, Infinity), 5)).toEqual([]);
  });

  it('is the one that calls out when the active one falls silent', () => {
    expect(firedIn(passiveHours(5, HOUR), 5)).toEqual(['cycle-age after 3.2 h']);
  });
});
