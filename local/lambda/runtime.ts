/**
 * The part of an embedded Region that runs code: the Lambda host with what starts its functions - load balancer, schedules,
 * queues. `functions`, `schedules` and `front` are the provisioner's view of it.
 */
import { availableParallelism } from 'node:os';

import type { FunctionSpec, RegionServices } from '../region/services.ts';
import type { Clock } from './clock.ts';
import type { BatchReport } from './event-source.ts';
import { createEventSources } from './event-sources.ts';
import type { LambdaHostOptions } from './host.ts';
import { createLambdaHost } from './host.ts';
import { createLoadBalancerFront } from './load-balancer-front.ts';
import type { Invoke, InvokeOutcome } from './outcome.ts';
import type { QueueConsumer } from './queue-consumer.ts';
import type { FireReport } from './scheduler.ts';
import { createScheduler } from './scheduler.ts';

const CLOSE_GRACE_MS = 5000;

/** One machine is both Regions: as many functions as are reserved would wait for each other until their calls time out. */
const BATCHES_AT_ONCE_MAX = Math.max(4, availableParallelism());

export interface LambdaRuntimeOptions extends LambdaHostOptions {
  readonly consumer: QueueConsumer;
  readonly clock?: Clock;
  /** Of the load balancer's front. */
  readonly listenHost?: string;
  readonly listenPort?: number;
  /** In place of the declared interval of some schedules. */
  readonly scheduleIntervalOf?: (scheduleName: string) => number | undefined;
  /** How long a failed message stays hidden; without it, its visibility timeout. */
  readonly failureDelaySeconds?: number;
  readonly healthCheckIntervalMs?: number;
  readonly onFire?: (report: FireReport) => void;
  readonly onBatch?: (report: BatchReport) => void;
  readonly onProblem?: (text: string) => void;
}

export interface LambdaRuntime extends Pick<RegionServices, 'functions' | 'schedules' | 'front'> {
  readonly invoke: Invoke;
  specOf(functionName: string): FunctionSpec | undefined;
  fireNow(scheduleName: string): Promise<InvokeOutcome>;
  processIdsOf(functionName: string): readonly number[];
  /** Resolves when no scheduled firing and no queue message is being handled, and none waits visibly. */
  idle(): Promise<void>;
  /** Nothing new starts; what runs may finish within the grace, and is ended then. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

export const createLambdaRuntime = (options: LambdaRuntimeOptions): LambdaRuntime => {
  const { region, accountId, clock } = options;
  const host = createLambdaHost(options);
  const { invoke } = host;
  const scheduler = createScheduler({
    region,
    accountId,
    invoke,
    clock,
    intervalOf: options.scheduleIntervalOf,
    onFire: options.onFire,
  });
  const front = createLoadBalancerFront({
    invoke,
    clock,
    host: options.listenHost,
    port: options.listenPort,
    healthCheckIntervalMs: options.healthCheckIntervalMs,
    onProblem: options.onProblem,
  });
  const sources = createEventSources({
    region,
    invoke,
    clock,
    consumer: options.consumer,
    concurrencyOf: (name) => Math.min(host.concurrencyOf(name), BATCHES_AT_ONCE_MAX),
    failureDelaySeconds: options.failureDelaySeconds,
    onBatch: options.onBatch,
  });
  return {
    functions: {
      ensureFunction: async (spec) => host.ensureFunction(spec),
      ensureEventSource: async (spec) => sources.ensureEventSource(spec),
    },
    schedules: { ensureSchedule: async (spec) => scheduler.ensureSchedule(spec) },
    front: {
      ensureListener: async (spec) => front.ensureListener(spec),
      ensureRule: async (spec) => front.ensureRule(spec),
    },
    invoke,
    specOf: (name) => host.specOf(name),
    fireNow: async (name) => scheduler.fireNow(name),
    processIdsOf: (name) => host.processIdsOf(name),
    idle: async () => {
      await scheduler.idle();
      await sources.idle();
    },
    close: async ({ graceMs = CLOSE_GRACE_MS } = {}) => {
      const grace = { graceMs };
      await Promise.all([scheduler.close(), sources.close(grace), front.close(grace), host.close(grace)]);
    },
  };
};
