/** Assembles one embedded Region: services, Lambda runtime, and the program that provisions them. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { ConfigError } from '../../functions/domain/errors.ts';
import { parseRegion, type RegionName } from '../../functions/domain/region.ts';
import { namesOf } from '../../infra/names.ts';
import { explainOutcome, type InvokeOutcome } from '../lambda/outcome.ts';
import { createLambdaRuntime, type LambdaRuntime } from '../lambda/runtime.ts';
import { runProgram } from '../monitor/run-program.ts';
import { loadStackConfig } from '../monitor/stack-config.ts';
import { type AccessCount, AccessGuard } from '../iam/access-guard.ts';
import type { Principal } from '../iam/principal.ts';
import type { AssumableRole } from '../iam/trust.ts';
import { createProvisioner, type Provisioner } from '../provision/provisioner.ts';
import { type Authority, openAuthority } from '../services/authority.ts';
import type { Faults } from '../services/faults.ts';
import type { FunctionDescription } from '../services/lambda/lambda-stand-in.ts';
import type { Endpoints } from '../services/gateway.ts';
import type { Naming } from '../services/name-server.ts';
import { openServices, type OpenServices } from '../services/open-services.ts';
import { DeployedStack } from '../up/deployed-stack.ts';
import { ambientOf } from './ambient.ts';
import { CallCounter, type CallStatistics } from './call-counter.ts';
import { assumableRoles } from './assumable-roles.ts';
import { checkedFunctions } from './checked-functions.ts';
import { describeFunction } from './describe-function.ts';
import type { AppliedGate, Provisioned, ProvisionOrder, RegionEvent } from './messages.ts';
import type { RegionServices } from './services.ts';

export interface RegionRuntimeOptions {
  readonly region: string;
  readonly accountId: string;
  readonly dataDirectory: string;
  /** In place of the stack's schedule. */
  readonly intervalMs?: number | undefined;
  /** In place of the declared intervals of everything else, for instance so that nothing runs while something is measured. */
  readonly jobsIntervalMs?: number | undefined;
  readonly authorityDirectory: string;
  /** The parent's, which serves all Regions; absent means that endpoints are addresses. */
  readonly nameServer?: string | undefined;
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

const gateOf = (config: Readonly<Record<string, string>>): { readonly active: boolean; readonly epoch: number } => ({
  active: config['twinmap:isActiveForScheduledWork'] === 'true',
  epoch: Number(config['twinmap:gateEpoch']),
});

const regionOf = (name: string): RegionName => {
  const region = parseRegion(name);
  if (region === undefined) {
    throw new ConfigError(`"${name}" is not the name of a Region`);
  }
  return region;
};

const createLambda = (options: RegionRuntimeOptions, services: OpenServices, authority: Authority): LambdaRuntime => {
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
    ambient: ambientOf(options, authority, process.env),
    // The sources' schedule only: a person who asks for another interval means when they are read.
    scheduleIntervalOf: (name) =>
      name === namesOf(regionOf(region), accountId).schedule ? options.intervalMs : options.jobsIntervalMs,
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
  readonly endpoints: Endpoints;
  readonly faults: Faults;
  readonly #options: RegionRuntimeOptions;
  readonly #services: OpenServices;
  readonly #lambda: LambdaRuntime;
  readonly #calls: CallCounter;
  readonly #guard: AccessGuard;
  #schedule = '';
  #deployed: DeployedStack | undefined;

  private constructor(
    options: RegionRuntimeOptions,
    services: OpenServices,
    parts: { readonly calls: CallCounter; readonly authority: Authority; readonly guard: AccessGuard },
  ) {
    this.#options = options;
    this.#services = services;
    this.#calls = parts.calls;
    this.#guard = parts.guard;
    this.#lambda = createLambda(options, services, parts.authority);
    this.endpoints = services.endpoints;
    this.faults = services.faults;
  }

  static async open(options: RegionRuntimeOptions): Promise<RegionRuntime> {
    await mkdir(options.dataDirectory, { recursive: true });
    const calls = new CallCounter();
    const guard = new AccessGuard((denial) => {
      options.tell({ kind: 'access-denied', denial });
    });
    const authority = await openAuthority(options.authorityDirectory, Date.now());
    const { nameServer, tell } = options;
    const naming: Naming | undefined =
      nameServer === undefined
        ? undefined
        : {
            server: nameServer,
            setMode: (name, mode) => {
              tell({ kind: 'name-mode', name, mode });
            },
          };
    // The services are there before what runs functions, which takes its queues from them.
    let opened: RegionRuntime | undefined;
    const services = await openServices({
      tls: { authority, naming },
      environment: process.env,
      functions: {
        invoke: async (name, payload) =>
          opened === undefined ? { kind: 'unknown-function', functionName: name } : opened.invoke(name, payload),
        describe: async (name) => opened?.describe(name),
      },
      region: options.region,
      accountId: options.accountId,
      dataDirectory: options.dataDirectory,
      onRequest: (call) => {
        calls.take(call);
      },
      authorize: guard.authorize,
      sts: guard,
      onDamage: (what) => {
        tell({ kind: 'damage', what });
      },
    });
    services.consumer.releaseAll();
    opened = new RegionRuntime(options, services, { calls, authority, guard });
    return opened;
  }

  /** Runs the stack's Pulumi program; what it declares exists afterwards. */
  async provision(rootDirectory: string, order: ProvisionOrder): Promise<Provisioned> {
    const { region, tell } = this.#options;
    const { config } = await loadStackConfig({ rootDirectory, ...order });
    const provisioner = this.#createProvisioner();
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
    this.#deployed = new DeployedStack(provisioner.onResource);
    await this.#deployed.remember(resources);
    this.#schedule = textOutput(outputs, 'scheduleName');
    return {
      region,
      endpoint: provisioner.frontUrl(),
      functions: {
        dispatch: textOutput(outputs, 'dispatchFunction'),
        sync: textOutput(outputs, 'syncFunction'),
        api: textOutput(outputs, 'apiFunction'),
        drain: textOutput(outputs, 'drainFunction'),
        repair: textOutput(outputs, 'repairFunction'),
        proof: textOutput(outputs, 'proofFunction'),
        audit: textOutput(outputs, 'auditFunction'),
      },
      resources: resources.length,
      ...gateOf(config),
    };
  }

  /** As `pulumi up` on a stack that exists: what is unchanged is left alone, what can't be changed while it runs is refused. */
  async up(rootDirectory: string, order: ProvisionOrder): Promise<AppliedGate> {
    const deployed = this.#deployed;
    if (deployed === undefined) {
      throw new ConfigError('the Region is not provisioned yet; try again when npm start says that it is');
    }
    const { config } = await loadStackConfig({ rootDirectory, ...order });
    const applied = await deployed.up(async (onResource) => {
      const ran = await runProgram({ stack: order.stack, config, rootDirectory, preview: false, onResource });
      return ran.resources;
    });
    return { ...applied, ...gateOf(config) };
  }

  #createProvisioner(): Provisioner {
    const { region, accountId, tell } = this.#options;
    const { tables, vectors, config: gate, queues, keys } = this.#services;
    const { functions, schedules, front } = this.#lambda;
    const services: RegionServices = {
      region,
      accountId,
      tables,
      vectors,
      config: gate,
      keys,
      queues,
      functions: checkedFunctions(functions, {
        roles: () => provisioner.roles(),
        declare: (principal) => {
          this.#guard.know([principal]);
          tell({ kind: 'principal', principal });
        },
      }),
      schedules,
      front,
    };
    const provisioner = createProvisioner(services, {
      // At once, as functions are told: one that was started by a waiting message asks for its role.
      onRoles: () => {
        const roles = assumableRoles(provisioner.roles().values());
        if (roles.length > 0) {
          this.#guard.knowRoles(roles);
          tell({ kind: 'roles', roles });
        }
      },
    });
    return provisioner;
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

  async describe(functionName: string): Promise<FunctionDescription | undefined> {
    const spec = this.#lambda.specOf(functionName);
    return spec === undefined ? undefined : describeFunction(spec);
  }

  /** Functions of the other Region may call this one as what they are declared to be there. */
  knowPeer(principals: readonly Principal[]): void {
    this.#guard.know(principals);
  }

  knowRoles(roles: readonly AssumableRole[]): void {
    this.#guard.knowRoles(roles);
  }

  access(): readonly AccessCount[] {
    return this.#guard.counts();
  }

  statistics(): CallStatistics {
    return this.#calls.read();
  }

  async close(): Promise<void> {
    await this.#lambda.close();
    await this.#services.close();
  }
}
