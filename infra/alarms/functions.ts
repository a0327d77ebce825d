/** Each function: that it does not fail, is not throttled, and that what a schedule calls is called. */
import { type Alarm, type AlarmFacts, FIVE_MINUTES, periodOf, platform, spoken, watching } from './alarm.ts';

type FunctionName = keyof AlarmFacts['functions'];

const LAMBDA = 'AWS/Lambda';
const DAY = 24 * 3600;

interface Failing {
  readonly breaching: number;
  readonly periods: number;
  readonly means: string;
  readonly first: string;
}

const ONCE = { breaching: 1, periods: 1 };
/** For what runs each minute, or all the time: one failure is followed by a good run. */
const AGAIN = { breaching: 2, periods: 3 };

const ERRORS: Readonly<Record<FunctionName, Failing>> = {
  dispatch: {
    ...ONCE,
    means: 'A tick of the schedule could not put its sources on the queue. The next tick does so; nothing is lost.',
    first:
      'Once: wait for the next tick. Again: read the log of dispatch; usually SQS or AppConfig of this Region fails.',
  },
  sync: {
    ...ONCE,
    means:
      'A cycle crashed or ran out of time, without an outcome. Its message comes back three times, then to the dead letters.',
    first: 'Read the log of sync for the source and the step. A cycle that is repeated does no harm.',
  },
  api: {
    ...AGAIN,
    means: 'Requests end in a crash or in the time-out of 29 s, where an error should have been an answer.',
    first: 'Read the log of the API function. Is `api-error-rate` on too, then that one decides what to do.',
  },
  drain: {
    ...AGAIN,
    means: 'What this Region owes to its peer is not paid. The debt is durable, and grows.',
    first: 'Read the log of drain. See `owed-age`: how old the oldest debt is, is what a failover would lose here.',
  },
  repair: {
    ...AGAIN,
    means:
      "Nobody compares the Regions or mends what differs; this Region's own tables can't be read, or the run crashes.",
    first: 'Read the log of repair. The Regions go on working; what is not proven is whether they are equal.',
  },
  proof: {
    ...ONCE,
    means: 'Somebody asked for a proof of equality and got none.',
    first: 'Read the log of proof, then ask again: `twinmap drift`.',
  },
  audit: {
    ...AGAIN,
    means: 'Audit events are written, but nobody seals them: for that long, a removed event would not be noticed.',
    first: "Read the log of audit; usually the signing key or the audit table can't be used.",
  },
};

const errors = (name: FunctionName, { functions }: AlarmFacts): Alarm => {
  const { breaching, periods, means, first } = ERRORS[name];
  return {
    name: `function-${name}-errors`,
    group: 'functions',
    watches: watching(platform(LAMBDA, 'Errors', { FunctionName: functions[name] }, 'Sum')),
    periodSeconds: FIVE_MINUTES,
    breaching,
    periods,
    comparison: 'at least',
    threshold: 1,
    missing: 'notBreaching',
    when: periods === 1 ? `${name} fails once` : `${name} fails in ${breaching} of ${periods} times 5 minutes`,
    means,
    first,
  };
};

/** Not the jobs that run one at a time: a tick that meets the one before is throttled on purpose, and dropped. */
const THROTTLED: Readonly<Record<'api' | 'dispatch' | 'sync' | 'proof', string>> = {
  api: "Requests are refused with 502 because the account has no concurrency left: often the start of a failover's rush.",
  dispatch: 'A tick was not run. It is retried once.',
  sync: 'More cycles at once than reserved concurrency allows; messages wait, and come back.',
  proof: 'A proof was not run. Ask again.',
};

const throttled = (name: keyof typeof THROTTLED, { functions }: AlarmFacts): Alarm => ({
  name: `function-${name}-throttled`,
  group: 'functions',
  watches: watching(platform(LAMBDA, 'Throttles', { FunctionName: functions[name] }, 'Sum')),
  periodSeconds: FIVE_MINUTES,
  breaching: 1,
  periods: 1,
  comparison: 'at least',
  threshold: 1,
  missing: 'notBreaching',
  when: `Lambda refuses to run ${name}`,
  means: THROTTLED[name],
  first: "See the account's concurrent executions in this Region, and who uses them; ask AWS for more if it is us.",
});

interface Silence {
  readonly periodSeconds: number;
  readonly periods: number;
  readonly means: string;
}

const SILENT: Readonly<Record<'drain' | 'repair' | 'audit', Silence>> = {
  drain: { periodSeconds: FIVE_MINUTES, periods: 3, means: 'Debts to the peer are not paid, and nobody counts them.' },
  repair: {
    periodSeconds: 3 * FIVE_MINUTES,
    periods: 2,
    means: 'Nobody compares the Regions, and the age of the last cycle is not counted any more.',
  },
  audit: { periodSeconds: FIVE_MINUTES, periods: 3, means: 'Audit events are not sealed.' },
};

const silent = (name: FunctionName, { functions }: AlarmFacts, { periodSeconds, periods, means }: Silence): Alarm => ({
  name: `function-${name}-silent`,
  group: 'functions',
  watches: watching(platform(LAMBDA, 'Invocations', { FunctionName: functions[name] }, 'Sum')),
  periodSeconds,
  breaching: periods,
  periods,
  comparison: 'less than',
  threshold: 1,
  missing: 'breaching',
  when: `${name} has not been called for ${spoken(periods * periodSeconds)}`,
  means: `${means} Its schedule is off, or EventBridge Scheduler or Lambda does not work in this Region.`,
  first:
    'See whether the schedule is enabled, and its dead letters. It is enabled in both Regions, active and passive.',
});

/** An interval of more than three days leaves no room for two of them in the week that an alarm sees; `cycle-age` does. */
const dispatchSilence = (facts: AlarmFacts): readonly Alarm[] => {
  const periodSeconds = periodOf(facts.intervalSeconds);
  const periods = Math.ceil((2 * facts.intervalSeconds) / periodSeconds);
  return facts.intervalSeconds > 3 * DAY
    ? []
    : [silent('dispatch', facts, { periodSeconds, periods, means: 'No source is read, whatever the gate says.' })];
};

const NAMES: readonly FunctionName[] = ['dispatch', 'sync', 'api', 'drain', 'repair', 'proof', 'audit'];

export const functionAlarms = (facts: AlarmFacts): readonly Alarm[] => [
  ...NAMES.map((name) => errors(name, facts)),
  ...(['api', 'dispatch', 'sync', 'proof'] as const).map((name) => throttled(name, facts)),
  ...dispatchSilence(facts),
  ...(['drain', 'repair', 'audit'] as const).map((name) => silent(name, facts, SILENT[name])),
];
