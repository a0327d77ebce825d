/**
 * The router's decision as a fetch: for browsers and Node, without a server and without a dependency. It knows both stable
 * endpoints, asks the better one, hedges and falls back for reads, and never sends a write twice unless its key makes that
 * harmless. CORS has to allow the page's origin at both endpoints.
 */
import { ExchangeTracker } from '../forward/exchange-tracker.ts';
import type { Transition } from '../policy/health-events.ts';
import type { Mode } from '../policy/mode.ts';
import type { RegionReport, RegionReports } from '../policy/region-report.ts';
import type { RequestTraits } from '../policy/phase.ts';
import { RouterPolicy } from '../policy/router-policy.ts';
import type { PolicySettings } from '../policy/settings.ts';
import { type Ask, fetchThrough, NoRegionError, timersOf } from './fetch-through.ts';
import { probeThrough, watching } from './watch.ts';

export { NoRegionError } from './fetch-through.ts';

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
  /** For who wants the Regions' own word: `new RegionReports()` and `reportOf`, which the bundle has only then. */
  readonly status?: {
    readonly reports: RegionReports;
    readonly read: (status: unknown, atMs: number) => RegionReport;
  };
  readonly onTransition?: (transition: Transition) => void;
  readonly fetch?: typeof fetch;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
  readonly random?: () => number;
}

export interface AnsweredBy {
  readonly region: string;
  /** Which attempt it was, from 1. */
  readonly attempts: number;
  readonly reason: string;
  readonly isBehind: boolean;
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

const traitsOf = (path: string, init: RequestInit, sharedKeyPaths: readonly string[]): RequestTraits => {
  const headers = new Headers(init.headers);
  return {
    method: (init.method ?? 'GET').toUpperCase(),
    isReplayable: !(init.body instanceof ReadableStream),
    hasSharedKey: headers.has('idempotency-key') && sharedKeyPaths.some((prefix) => path.startsWith(prefix)),
    isHedgeable: !headers.has('range') && headers.get('accept')?.includes('text/event-stream') !== true,
  };
};

export const createRegionClient = (options: RegionClientOptions): RegionClient => {
  const { regions, sharedKeyPaths = [], now = (): number => performance.now(), random = (): number => 0.5 } = options;
  const { fetch: send = async (url: URL, init: RequestInit): Promise<Response> => fetch(url, init) } = options;
  const ask: Ask = async (region, path, init) =>
    send(new URL(path, regions.find(({ id }) => id === region)?.endpoint), init);
  const answers = new WeakMap<Response, AnsweredBy>();
  const timers = timersOf(now);
  let { mode } = options;
  const policy = new RouterPolicy({
    regions: regions.map(({ id }) => id),
    settings: { statusIntervalMs: Infinity, ...options.settings },
    reports: options.status?.reports,
    random,
    onTransition: (transition) => {
      if (transition.to !== 'closed') {
        tracker.evacuate(transition.region);
      }
      options.onTransition?.(transition);
    },
  });
  const tracker = new ExchangeTracker(policy);
  const watch = watching(policy, now, probeThrough(options, policy, ask, now));
  return {
    fetch: async (path, init = {}) => {
      init.signal?.throwIfAborted();
      const traits = traitsOf(path, init, sharedKeyPaths);
      const decision = policy.decide(traits, now(), mode && { origin: 'config', mode });
      if (decision.kind === 'maintenance') {
        throw new NoRegionError([]);
      }
      watch.enter();
      try {
        const { response, attempt } = await fetchThrough(
          { tracker, timers, traits, decision },
          async (to, signal) => ask(to, path, { ...init, signal }),
          init.signal,
        );
        const { region, kind, number: attempts } = attempt;
        const reason = kind === 'first' ? decision.reason : kind;
        answers.set(response, { region, attempts, reason, isBehind: policy.isBehind(region) });
        return response;
      } finally {
        watch.leave();
      }
    },
    answeredBy: (response) => answers.get(response),
    setMode: (next) => {
      mode = next;
    },
    policy,
    close: watch.close,
  };
};
