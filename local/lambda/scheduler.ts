/**
 * The scheduler of one embedded Region. It fires on whole multiples of the interval since 1970, so that two Regions fire in
 * the same instant for the same slot, and a restart neither moves the slots nor fires one early.
 */
import { randomUUID } from 'node:crypto';
import { ConfigError } from '../../functions/domain/errors.ts';
import type { ScheduleSpec } from '../region/services.ts';
import type { Clock } from './clock.ts';
import { systemClock, TIMER_DELAY_MS_MAX } from './clock.ts';
import type { Invoke, InvokeOutcome } from './outcome.ts';
import { parseScheduleExpression } from './schedule-expression.ts';

/** Lambda waits one minute before the second attempt at an asynchronous request, and two before the third. */
const RETRY_DELAY_MS = 60_000;
const RETRY_ATTEMPTS_MAX = 185;
const EVENT_AGE_SECONDS_MIN = 60;
const EVENT_AGE_SECONDS_MAX = 86_400;

export interface FireReport {
  readonly name: string;
  readonly scheduledAtMs: number;
  /** 1 for the first. */
  readonly attempt: number;
  readonly outcome: InvokeOutcome;
  readonly willRetry: boolean;
}

export interface SchedulerOptions {
  readonly region: string;
  readonly accountId: string;
  readonly invoke: Invoke;
  readonly clock?: Clock | undefined;
  /** In place of the declared interval of some schedules; undefined leaves the declared one. */
  readonly intervalOf?: ((scheduleName: string) => number | undefined) | undefined;
  readonly retryDelayMs?: ((attempt: number) => number) | undefined;
  readonly onFire?: ((report: FireReport) => void) | undefined;
}

export interface Scheduler {
  ensureSchedule(spec: ScheduleSpec): Promise<void>;
  /** One attempt now, beside the timetable: a person waits for its outcome, so it is not retried. */
  fireNow(name: string): Promise<InvokeOutcome>;
  /** Resolves when no firing is under way; one that waits for its retry is not. */
  idle(): Promise<void>;
  /** No further firing and no retry; waits for those under way. */
  close(): Promise<void>;
}

interface Entry {
  readonly spec: ScheduleSpec;
  readonly intervalMs: number;
  cancel: () => void;
}

interface Firing {
  readonly spec: ScheduleSpec;
  readonly scheduledAtMs: number;
  readonly executionId: string;
}

const isFinal = (outcome: InvokeOutcome): boolean =>
  outcome.kind === 'returned' ||
  outcome.kind === 'too-large' ||
  outcome.kind === 'unknown-function' ||
  outcome.kind === 'aborted';

const sameSpec = (one: ScheduleSpec, other: ScheduleSpec): boolean =>
  one.expression === other.expression &&
  one.targetArn === other.targetArn &&
  one.input === other.input &&
  one.maximumRetryAttempts === other.maximumRetryAttempts &&
  one.maximumEventAgeSeconds === other.maximumEventAgeSeconds;

class LocalScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #underWay = new Set<Promise<InvokeOutcome>>();
  readonly #retries = new Set<() => void>();
  #closed = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async ensureSchedule(spec: ScheduleSpec): Promise<void> {
    const intervalMs = this.#intervalOf(spec);
    this.#check(spec);
    const old = this.#entries.get(spec.name);
    if (old !== undefined && sameSpec(old.spec, spec)) {
      return;
    }
    old?.cancel();
    const entry: Entry = { spec, intervalMs, cancel: () => {} };
    this.#entries.set(spec.name, entry);
    this.#arm(entry);
  }

  async fireNow(name: string): Promise<InvokeOutcome> {
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      const known = [...this.#entries.keys()].join(', ') || 'none';
      throw new ConfigError(
        `There is no schedule named ${name} in ${this.#options.region}. Known schedules: ${known}.`,
      );
    }
    const firing = { spec: entry.spec, scheduledAtMs: this.#clock.now(), executionId: randomUUID() };
    return this.#attempt(firing, 1, false);
  }

  async idle(): Promise<void> {
    while (this.#underWay.size > 0) {
      await Promise.allSettled(this.#underWay);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { cancel } of this.#entries.values()) {
      cancel();
    }
    for (const cancel of this.#retries) {
      cancel();
    }
    this.#retries.clear();
    await this.idle();
  }

  #intervalOf(spec: ScheduleSpec): number {
    const expression = parseScheduleExpression(spec.expression);
    const intervalMs = this.#options.intervalOf?.(spec.name);
    if (intervalMs !== undefined) {
      return intervalMs;
    }
    if (expression.kind === 'cron') {
      throw new ConfigError(
        `Schedule ${spec.name} is declared as ${spec.expression}, which does not run on one machine. Start with an interval in its place, or declare a rate(…).`,
      );
    }
    return expression.intervalMs;
  }

  #check(spec: ScheduleSpec): void {
    try {
      JSON.parse(spec.input);
    } catch (error) {
      throw new ConfigError(`The input of schedule ${spec.name} is not JSON, which Lambda would refuse.`, {
        cause: error,
      });
    }
    const { maximumRetryAttempts: attempts, maximumEventAgeSeconds: age } = spec;
    if (!Number.isInteger(attempts) || attempts < 0 || attempts > RETRY_ATTEMPTS_MAX) {
      throw new ConfigError(`Schedule ${spec.name} declares ${attempts} retry attempts; Scheduler takes 0 to 185.`);
    }
    if (!Number.isInteger(age) || age < EVENT_AGE_SECONDS_MIN || age > EVENT_AGE_SECONDS_MAX) {
      throw new ConfigError(`Schedule ${spec.name} declares an event age of ${age} s; Scheduler takes 60 to 86400.`);
    }
  }

  #arm(entry: Entry): void {
    const nowMs = this.#clock.now();
    const nextMs = (Math.floor(nowMs / entry.intervalMs) + 1) * entry.intervalMs;
    entry.cancel = this.#clock.after(Math.min(nextMs - nowMs, TIMER_DELAY_MS_MAX), () => {
      this.#onTimer(entry, nextMs);
    });
  }

  /** After a sleep of the machine only the last slot fires: Twinmap's own retries must not replay a night of ticks. */
  #onTimer(entry: Entry, dueMs: number): void {
    const nowMs = this.#clock.now();
    if (nowMs >= dueMs) {
      const scheduledAtMs = Math.floor(nowMs / entry.intervalMs) * entry.intervalMs;
      void this.#attempt({ spec: entry.spec, scheduledAtMs, executionId: randomUUID() }, 1, true);
    }
    this.#arm(entry);
  }

  async #attempt(firing: Firing, attempt: number, mayRetry: boolean): Promise<InvokeOutcome> {
    const { name, targetArn } = firing.spec;
    const running = this.#options.invoke(targetArn, this.#inputOf(firing, attempt));
    this.#underWay.add(running);
    try {
      const outcome = await running;
      const willRetry = mayRetry && !isFinal(outcome) && this.#retry(firing, attempt);
      this.#options.onFire?.({ name, scheduledAtMs: firing.scheduledAtMs, attempt, outcome, willRetry });
      return outcome;
    } finally {
      this.#underWay.delete(running);
    }
  }

  #retry(firing: Firing, attempt: number): boolean {
    const { maximumRetryAttempts, maximumEventAgeSeconds } = firing.spec;
    const delayMs = (this.#options.retryDelayMs ?? ((made) => made * RETRY_DELAY_MS))(attempt);
    const ageMs = this.#clock.now() + delayMs - firing.scheduledAtMs;
    if (this.#closed || attempt > maximumRetryAttempts || ageMs > maximumEventAgeSeconds * 1000) {
      return false;
    }
    const cancel = this.#clock.after(delayMs, () => {
      this.#retries.delete(cancel);
      void this.#attempt(firing, attempt + 1, true);
    });
    this.#retries.add(cancel);
    return true;
  }

  /** Scheduler's context attributes, for an input that names its slot. */
  #inputOf({ spec, scheduledAtMs, executionId }: Firing, attempt: number): unknown {
    const { region, accountId } = this.#options;
    const partition = spec.targetArn.split(':')[1] ?? 'aws';
    const values: Readonly<Record<string, string>> = {
      'scheduled-time': new Date(scheduledAtMs).toISOString().replace(/\.\d{3}Z$/u, 'Z'),
      'schedule-arn': `arn:${partition}:scheduler:${region}:${accountId}:schedule/default/${spec.name}`,
      'execution-id': executionId,
      'attempt-number': String(attempt),
    };
    const input = spec.input.replaceAll(
      /<aws\.scheduler\.([a-z-]+)>/gu,
      (whole, name: string) => values[name] ?? whole,
    );
    return JSON.parse(input) as unknown;
  }
}

export const createScheduler = (options: SchedulerOptions): Scheduler => new LocalScheduler(options);
