/** Assembles one embedded Region: services, Lambda runtime, and the program that provisions them. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { ConfigError } from '../../functions/domain/errors.ts';
import { explainOutcome, type InvokeOutcome } from '../lambda/outcome.ts';
import { createLambdaRuntime, type LambdaRuntime } from '../lambda/runtime.ts';
import { runProgram } from '../monitor/run-program.ts';
import { loadStackConfig } from '../monitor/stack-config.ts';
import { createProvisioner } from '../provision/provisioner.ts';
import type { Faults } from '../services/faults.ts';
import { openServices, type OpenServices } from '../services/open-services.ts';
import { CallCounter, type CallStatistics } from './call-counter.ts';
import type { Provisioned, ProvisionOrder, RegionEvent } from './messages.ts';
import type { RegionServices } from './services.ts';

export interface RegionRuntimeOptions {
  readonly region: string;
  readonly accountId: string;
  readonly dataDirectory: string;
  /** In place of the stack's schedule. */
  readonly intervalMs?: number | undefined;
  readonly tell: (event: RegionEvent) => void;
}

/** A failed sync message is tried again soon: on one machine nobody waits for a visibility time-out of an hour. */
const FAILURE_DELAY_SECONDS = 5;

const textOutput = (outputs: Readonly<Record<string, unknown>>, name: string): string => {
  const value = outputs[name];
  if (typeof value !== 'string') {
    throw new ConfigError(`the Pulumi program has no output "${name}"`);
  }
  return value;
};

const createLambda = (options: RegionRuntimeOptions, services: OpenServices): LambdaRuntime => {
  const { region, accountId, tell } = options;
  const report = (functionName: string, outcome: InvokeOutcome): void => {
    if (outcome.kind !== 'returned' && outcome.kind !== 'aborted' && outcome.kind !== 'throttled') {
      tell({ kind: 'function-failed', functionName, outcome: outcome.kind, detail: explainOutcome(outcome) });
    }
  };
  return createLambdaRuntime({
    region,
    accountId,
    dataDirectory: path.join(options.dataDirectory, 'lambda'),
    consumer: services.consumer,
    failureDelaySeconds: FAILURE_DELAY_SECONDS,
    ...(options.intervalMs === undefined ? {} : { scheduleIntervalMs: options.intervalMs }),
    onLog: ({ functionName, text }) => {
      tell({ kind: 'line', functionName, text });
    },
    onBatch: ({ functionName, outcome }) => {
      report(functionName, outcome);
    },
    onFire: ({ name, outcome }) => {
      report(name, outcome);
    },
  });
};

export class RegionRuntime {
  readonly endpoint: string;
  readonly faults: Faults;
  readonly #options: RegionRuntimeOptions;
  readonly #services: OpenServices;
  readonly #lambda: LambdaRuntime;
  readonly #calls: CallCounter;
  #schedule = '';

  private constructor(options: RegionRuntimeOptions, services: OpenServices, calls: CallCounter) {
    this.#options = options;
    this.#services = services;
    this.#calls = calls;
    this.#lambda = createLambda(options, services);
    this.endpoint = services.endpoint;
    this.faults = services.faults;
  }

  static async open(options: RegionRuntimeOptions): Promise<RegionRuntime> {
    await mkdir(options.dataDirectory, { recursive: true });
    const calls = new CallCounter();
    const services = await openServices({
      region: options.region,
      accountId: options.accountId,
      dataDirectory: options.dataDirectory,
      onRequest: (call) => {
        calls.take(call);
      },
      onDamage: (what) => {
        options.tell({ kind: 'damage', what });
      },
    });
    services.consumer.releaseAll();
    return new RegionRuntime(options, services, calls);
  }

  /** Runs the stack's Pulumi program; what it declares exists afterwards. */
  async provision(rootDirectory: string, order: ProvisionOrder): Promise<Provisioned> {
    const { region, accountId, tell } = this.#options;
    const { config } = await loadStackConfig({ rootDirectory, stack: order.stack, overrides: order.overrides });
    const { tables, vectors, config: gate, queues } = this.#services;
    const { functions, schedules, front } = this.#lambda;
    const services: RegionServices = {
      region,
      accountId,
      tables,
      vectors,
      config: gate,
      queues,
      functions,
      schedules,
      front,
    };
    const provisioner = createProvisioner(services, {});
    let done = 0;
    const { outputs, resources } = await runProgram({
      stack: order.stack,
      config,
      rootDirectory,
      preview: false,
      onResource: async (resource) => {
        done += 1;
        tell({ kind: 'progress', done });
        return provisioner.onResource(resource);
      },
    });
    this.#schedule = textOutput(outputs, 'scheduleName');
    return {
      region,
      endpoint: provisioner.frontUrl(),
      functions: {
        dispatch: textOutput(outputs, 'dispatchFunction'),
        sync: textOutput(outputs, 'syncFunction'),
        api: textOutput(outputs, 'apiFunction'),
        proof: textOutput(outputs, 'proofFunction'),
      },
      resources: resources.length,
      active: config['twinmap:isActiveForScheduledWork'] === 'true',
      epoch: Number(config['twinmap:gateEpoch']),
    };
  }

  async tick(): Promise<InvokeOutcome> {
    return this.#lambda.fireNow(this.#schedule);
  }

  async idle(): Promise<void> {
    return this.#lambda.idle();
  }

  async invoke(functionName: string, payload: unknown): Promise<InvokeOutcome> {
    return this.#lambda.invoke(functionName, payload);
  }

  statistics(): CallStatistics {
    return this.#calls.read();
  }

  async close(): Promise<void> {
    await this.#lambda.close();
    await this.#services.close();
  }
}
