/**
 * Bounds what is asked of a Region that may be gone: so many calls that it does not answer and so much waiting in all, and nothing more
 * from a service that failed once. A failover needs none of these calls; they only tell what may be left for later.
 */
import { type Failure, failed } from '../../functions/domain/failure.ts';
import type { Failed, Outcome } from '../../functions/dual-write/breaker.ts';
import { type Guard, guardRegion } from '../../functions/dual-write/guarded-stores.ts';
import type { DocumentReading } from '../../functions/gate/decide.ts';
import type { GateAccess, RegionAccess } from './region-access.ts';
import { within } from './within.ts';

export interface BudgetOptions {
  /** That are not answered; whoever answers is not gone. A call under way counts until its answer is there. */
  readonly callsMax: number;
  /** For those calls together, also where they run at once. */
  readonly waitMsMax: number;
  readonly callMsMax: number;
  readonly now: () => number;
}

/** The bound of the waiting is 5 s as the wire sees it, which also counts how long a busy machine takes to hang up. */
export const BEST_EFFORT = { callsMax: 10, waitMsMax: 4000, callMsMax: 1200 } as const;

const GONE: ReadonlySet<Failure['reason']> = new Set(['unreachable', 'throttled', 'unknown']);

const refusal = (code: string, message: string): Failed => failed({ reason: 'unreachable', code, message });

export class CallBudget {
  readonly #options: BudgetOptions;
  readonly #gone = new Map<string, Failure>();
  #calls = 0;
  #unanswered = 0;
  #spentMs = 0;
  #waitedMs = 0;

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** All that were made. */
  get calls(): number {
    return this.#calls;
  }

  /** For all of them. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Of one service: what `work` asks counts as so many calls. */
  guard(service: string): Guard {
    return { run: async (work) => this.run(service, work) };
  }

  async run<T extends Outcome>(service: string, work: () => Promise<T>, calls = 1): Promise<T | Failed> {
    const before = this.#gone.get(service);
    if (before !== undefined) {
      return refusal('NotAsked', `${service} failed before (${before.code}) and is not asked again`);
    }
    const { callsMax, waitMsMax, callMsMax, now } = this.#options;
    const leftMs = Math.min(callMsMax, waitMsMax - this.#spentMs);
    if (this.#unanswered + calls > callsMax || leftMs <= 0) {
      return refusal('BudgetSpent', `${service} is not asked: the calls that a missing Region is worth are spent`);
    }
    this.#calls += calls;
    this.#unanswered += calls;
    // Taken in advance, so that calls at once do not spend it twice; what was not needed comes back.
    this.#spentMs += leftMs;
    const startedAt = now();
    const outcome = await within(work(), leftMs, () =>
      refusal('TimeoutError', `${service} did not answer within ${Math.round(leftMs)} ms`),
    );
    const tookMs = Math.min(leftMs, now() - startedAt);
    this.#waitedMs += tookMs;
    if (outcome.failure !== undefined && GONE.has(outcome.failure.reason)) {
      this.#gone.set(service, outcome.failure);
      this.#spentMs -= leftMs - tookMs;
    } else {
      this.#unanswered -= calls;
      this.#spentMs -= leftMs;
    }
    return outcome;
  }
}

type ReadOutcome = { readonly kind: 'done'; readonly reading: DocumentReading; readonly failure?: never } | Failed;

/** Two calls: a session, and what it serves. */
const readOutcome = async (gate: GateAccess): Promise<ReadOutcome> => {
  const reading = await gate.read();
  return reading.kind === 'unreadable' ? failed(reading.failure) : { kind: 'done', reading };
};

/** The same Region behind a budget. Tables are one service, and AppConfig's two planes are two. */
export const budgeted = (access: RegionAccess, budget: CallBudget): RegionAccess => {
  const { role, region, stores, gate, functions, api } = access;
  const name = (service: string): string => `${service} in ${region}`;
  return {
    role,
    region,
    stores: guardRegion(stores, {
      dynamodb: budget.guard(name('dynamodb')),
      s3vectors: budget.guard(name('s3vectors')),
    }),
    gate: {
      read: async () => {
        const outcome = await budget.run(name('appconfigdata'), async () => readOutcome(gate), 2);
        return 'reading' in outcome ? outcome.reading : { kind: 'unreadable', failure: outcome.failure };
      },
      deploy: async (document) => budget.run(name('appconfig'), async () => gate.deploy(document), 2),
    },
    functions: {
      invoke: async (asked, payload) => budget.run(name('lambda'), async () => functions.invoke(asked, payload)),
      codeOf: async (asked) => budget.run(name('lambda'), async () => functions.codeOf(asked)),
    },
    ...(api === undefined
      ? {}
      : {
          api: {
            endpoint: api.endpoint,
            get: async (path: string) => budget.run(name('the API'), async () => api.get(path)),
          },
        }),
  };
};
