/**
 * The router's decision as a fetch: for browsers and Node, without a server and without a dependency. It knows both stable
 * endpoints, asks the better one, hedges and falls back for reads, and never sends a write twice unless its key makes that
 * harmless. CORS has to allow the page's origin at both endpoints.
 */
import type { Attempt, AttemptFailure, ExchangeHost } from '../forward/attempt.ts';
import { Exchange } from '../forward/exchange.ts';
import { ExchangeTracker } from '../forward/exchange-tracker.ts';
import { reportOf } from '../forward/region-status.ts';
import type { Probe, Transition } from '../policy/health-events.ts';
import type { Mode } from '../policy/mode.ts';
import { phaseOfCode, type RequestTraits } from '../policy/phase.ts';
import { RouterPolicy } from '../policy/router-policy.ts';
import type { PolicySettings } from '../policy/settings.ts';

export interface ClientRegion {
  readonly id: string;
  /** The stable endpoint, for instance `https://twinmap1.example`. */
  readonly endpoint: string;
}

export interface RegionClientOptions {
  /** In the order of preference. */
  readonly regions: readonly ClientRegion[];
  readonly settings?: Partial<PolicySettings>;
  /** What the person in front of it chose; `auto` unless set. */
  readonly mode?: Mode;
  /** Paths on which both Regions honour one Idempotency-Key as one write. */
  readonly sharedKeyPaths?: readonly string[];
  readonly livePath?: string;
  /** Asked now and then where `settings.statusIntervalMs` is finite: who is active, who is behind. */
  readonly statusPath?: string;
  readonly onTransition?: (transition: Transition) => void;
  readonly fetch?: typeof fetch;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
  readonly random?: () => number;
}

export interface AnsweredBy {
  readonly region: string;
  readonly attempts: number;
  readonly reason: string;
  readonly isBehind: boolean;
}

/** No Region answered; says what each did. */
export class NoRegionError extends Error {
  override readonly name = 'NoRegionError';
  readonly failures: readonly AttemptFailure[];

  constructor(failures: readonly AttemptFailure[]) {
    super(`No Region answered: ${failures.map(({ region, code }) => `${region} ${code}`).join(', ')}.`);
    this.failures = failures;
  }
}

export interface RegionClient {
  /** As `fetch`, with a path instead of a URL. */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
  readonly answeredBy: (response: Response) => AnsweredBy | undefined;
  /** From now on; undefined goes back to `auto`. */
  readonly setMode: (mode: Mode | undefined) => void;
  readonly policy: RouterPolicy;
  /** Ends its timers. */
  readonly close: () => void;
}

const TICK_MS = 25;

const codeOf = (error: unknown): string => {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : undefined;
  const code: unknown = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  // Browsers don't say what went wrong: then it may have arrived.
  return typeof code === 'string' ? code : 'NETWORK';
};

const traitsOf = (path: string, init: RequestInit, sharedKeyPaths: readonly string[]): RequestTraits => {
  const headers = new Headers(init.headers);
  const isStream = typeof ReadableStream !== 'undefined' && init.body instanceof ReadableStream;
  return {
    method: (init.method ?? 'GET').toUpperCase(),
    isReplayable: !isStream,
    hasSharedKey: headers.has('idempotency-key') && sharedKeyPaths.some((prefix) => path.startsWith(prefix)),
    isHedgeable: !headers.has('range') && headers.get('accept')?.includes('text/event-stream') !== true,
  };
};

export const createRegionClient = (options: RegionClientOptions): RegionClient => {
  const { regions, sharedKeyPaths = [], livePath = '/healthz', statusPath = '/v1/status' } = options;
  const send = options.fetch ?? globalThis.fetch.bind(globalThis);
  const now = options.now ?? ((): number => performance.now());
  const endpoints = new Map(regions.map(({ id, endpoint }) => [id, endpoint]));
  const urlOf = (region: string, path: string): URL => new URL(path, endpoints.get(region));
  const answered = new WeakMap<Response, AnsweredBy>();
  let mode = options.mode;
  let inFlight = 0;
  let ticking: ReturnType<typeof setTimeout> | undefined;

  const policy = new RouterPolicy({
    regions: regions.map(({ id }) => id),
    settings: { statusIntervalMs: Infinity, ...options.settings },
    random: options.random ?? ((): number => 0.5),
    onTransition: (transition) => {
      if (transition.to === 'open') {
        tracker.evacuate(transition.region);
      }
      options.onTransition?.(transition);
    },
  });
  const tracker = new ExchangeTracker(policy);
  const timers = {
    now,
    after: (delayMs: number, fire: () => void): unknown => setTimeout(fire, delayMs),
    cancel: (timer: unknown): void => {
      clearTimeout(timer as number | undefined);
    },
  };

  const probe = async ({ region, kind, timeoutMs }: Probe): Promise<void> => {
    const startedMs = now();
    let isGood = false;
    let why = 'probe';
    try {
      const url = urlOf(region, kind === 'status' ? statusPath : livePath);
      const response = await send(url, { signal: AbortSignal.timeout(timeoutMs), cache: 'no-store' });
      isGood = response.ok;
      why = `HTTP ${response.status}`;
      const text = await response.text();
      if (isGood && kind === 'status') {
        policy.reported(region, reportOf(JSON.parse(text), now()));
      }
    } catch (error) {
      why = codeOf(error);
    }
    policy.probed(region, now(), { kind, isGood, latencyMs: now() - startedMs, why });
  };

  /** Runs only while something is to be watched: requests in flight, or a Region that has to come back. */
  const tick = (): void => {
    ticking = undefined;
    for (const due of policy.dueProbes(now())) {
      void probe(due);
    }
    if (inFlight > 0 || policy.regions.some((region) => policy.health(region).state !== 'closed')) {
      ticking = setTimeout(tick, TICK_MS);
      // A browser's timer is a number; Node's must not keep the process alive.
      if (typeof ticking === 'object') {
        ticking.unref();
      }
    }
  };

  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const traits = traitsOf(path, init, sharedKeyPaths);
    const claim = mode === undefined ? undefined : ({ origin: 'config', mode } as const);
    const decision = policy.decide(traits, now(), claim);
    if (decision.kind === 'maintenance') {
      throw new NoRegionError([]);
    }
    const outcome = Promise.withResolvers<Response>();
    const responses = new Map<number, Response>();
    const ask = async (attempt: Attempt<AbortController>, signal: AbortSignal): Promise<void> => {
      try {
        const response = await send(urlOf(attempt.region, path), { ...init, signal });
        responses.set(attempt.number, response);
        exchange.answered(attempt, response.status);
      } catch (error) {
        const code = codeOf(error);
        exchange.failed(attempt, phaseOfCode(code), code);
      }
    };
    const host: ExchangeHost<AbortController> = {
      send: (attempt) => {
        attempt.io = new AbortController();
        void ask(attempt, attempt.io.signal);
      },
      abort: (attempt) => {
        attempt.io?.abort();
      },
      deliver: (attempt) => {
        const response = responses.get(attempt.number);
        if (response !== undefined) {
          const { region } = attempt;
          const reason = attempt.kind === 'first' ? decision.reason : attempt.kind;
          answered.set(response, { region, attempts: exchange.attempts, reason, isBehind: policy.isBehind(region) });
          init.signal?.addEventListener('abort', () => {
            host.abort(attempt);
          });
          outcome.resolve(response);
        }
      },
      giveUp: (failures) => {
        outcome.reject(new NoRegionError(failures));
      },
    };
    const exchange: Exchange<AbortController> = new Exchange({ tracker, timers, traits, decision, host });
    const leave = (): void => {
      exchange.abandon();
      outcome.reject(init.signal?.reason as Error);
    };
    init.signal?.throwIfAborted();
    init.signal?.addEventListener('abort', leave);
    inFlight += 1;
    exchange.start();
    if (ticking === undefined) {
      tick();
    }
    try {
      return await outcome.promise;
    } finally {
      inFlight -= 1;
      init.signal?.removeEventListener('abort', leave);
    }
  };

  return {
    fetch: request,
    answeredBy: (response) => answered.get(response),
    setMode: (next) => {
      mode = next;
    },
    policy,
    close: () => {
      clearTimeout(ticking);
    },
  };
};
