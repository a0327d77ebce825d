/**
 * What every server form of the router is made of, put together once: policy, tracker, reports, override, metrics. Clock,
 * randomness and log come from the entry; so does what happens when a Region is in doubt, because who may touch a waiting
 * request differs (Node: anybody; workerd: its own context only).
 */
import type { RouterConfig } from '../config/schema.ts';
import { parseMode, policyOf } from '../config/validate.ts';
import type { Timers } from '../forward/attempt.ts';
import { type ExchangeEvent, ExchangeTracker } from '../forward/exchange-tracker.ts';
import type { Hop } from '../forward/hygiene.ts';
import type { MemorySettings } from '../forward/memory-cookie.ts';
import { type Gauge, RouterMetrics } from '../forward/metrics.ts';
import { OverrideState, type OverrideStore } from '../override/override-state.ts';
import type { Transition } from '../policy/health-events.ts';
import { AUTO, type ModeClaim } from '../policy/mode.ts';
import { RegionReports } from '../policy/region-report.ts';
import { RouterPolicy } from '../policy/router-policy.ts';

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export type Log = (level: 'info' | 'warn' | 'error', event: string, fields: LogFields) => void;

export interface PartsOptions {
  readonly config: RouterConfig;
  readonly log: Log;
  readonly store: OverrideStore | undefined;
  readonly timers: Timers;
  readonly wallMs: () => number;
  readonly random: () => number;
  /** What clients use where the config does not say it. */
  readonly usualProto: Hop['proto'];
  /** A Region is suspect or open. */
  readonly onUnwell: (region: string, tracker: ExchangeTracker) => void;
}

export interface RouterParts {
  readonly config: RouterConfig;
  readonly policy: RouterPolicy;
  readonly reports: RegionReports;
  readonly tracker: ExchangeTracker;
  readonly override: OverrideState;
  readonly configClaim: ModeClaim;
  readonly memory: MemorySettings;
  readonly metrics: RouterMetrics;
  readonly timers: Timers;
  /** Wall clock: expiry of tokens and cookies. The policy's own clock is monotonic. */
  readonly wallMs: () => number;
  readonly log: Log;
  readonly trustedProxies: ReadonlySet<string>;
  readonly proto: Hop['proto'];
  /** The last ones, newest last. */
  readonly transitions: readonly Transition[];
}

const TRANSITIONS_MAX = 20;
const STATE_NUMBER = { closed: 0, suspect: 1, 'half-open': 2, open: 3 } as const;

const configClaimOf = ({ mode }: RouterConfig): ModeClaim => {
  const parsed = parseMode(mode);
  return parsed === undefined || parsed.kind === 'auto' ? AUTO : { origin: 'config', mode: parsed };
};

const gaugesOf = (policy: RouterPolicy, tracker: ExchangeTracker, override: OverrideState): readonly Gauge[] => {
  const perRegion = (valueOf: (region: string) => number) => (): ReturnType<Gauge['values']> =>
    policy.regions.map((region) => ({ labels: [['region', region]], value: valueOf(region) }));
  return [
    {
      name: 'breaker_state',
      help: '0 closed, 1 suspect, 2 half-open, 3 open',
      values: perRegion((region) => STATE_NUMBER[policy.health(region).state]),
    },
    {
      name: 'inflight',
      help: 'requests waiting for a Region',
      values: perRegion((region) => tracker.inFlight(region)),
    },
    {
      name: 'region_behind',
      help: '1: its copy may miss writes',
      values: perRegion((region) => Number(policy.isBehind(region))),
    },
    {
      name: 'hedge_tokens',
      help: 'hedges left',
      values: () => [{ labels: [], value: policy.hedgeTokens }],
    },
    {
      name: 'override_active',
      help: 'the mode that operators set',
      values: () => [
        { labels: [['mode', override.fleet?.mode.kind ?? 'none']], value: Number(override.fleet !== undefined) },
      ],
    },
  ];
};

/** Keys are made once per distinct value: building them costs more than counting. */
const counting = (metrics: RouterMetrics): ((event: ExchangeEvent, region: string) => void) => {
  const firstKeys = new Map<string, string>();
  return (event, region) => {
    if (event === 'first') {
      let key = firstKeys.get(region);
      if (key === undefined) {
        key = `region="${region}",kind="first"`;
        firstKeys.set(region, key);
      }
      metrics.count('attempts', key);
    } else if (region === '') {
      metrics.count('hedges', `outcome="${event}"`);
    } else {
      metrics.count('attempts', `region="${region}",kind="${event}"`);
    }
  };
};

/** Policy and tracker know each other: a Region that opens is evacuated at once. */
const openPolicy = (
  { config, log, random, onUnwell }: PartsOptions,
  reports: RegionReports,
  metrics: RouterMetrics,
  transitions: Transition[],
): { readonly policy: RouterPolicy; readonly tracker: ExchangeTracker } => {
  const policy = new RouterPolicy({
    regions: config.regions.map(({ id }) => id),
    settings: policyOf(config),
    failback: config.failback,
    reports,
    random,
    onTransition: (transition) => {
      const { region, from, to, why } = transition;
      transitions.push(transition);
      transitions.splice(0, transitions.length - TRANSITIONS_MAX);
      log(to === 'open' ? 'error' : 'info', 'region.state', { region, from, to, why });
      metrics.count('breaker_transitions', `region="${region}",to="${to}"`);
      if (to !== 'closed') {
        onUnwell(region, tracker);
      }
    },
  });
  const tracker = new ExchangeTracker(policy, counting(metrics));
  for (const { id } of config.regions.filter(({ isDrained }) => isDrained)) {
    policy.drain(id, Infinity);
  }
  return { policy, tracker };
};

export const openParts = (options: PartsOptions): RouterParts => {
  const { config, log, store, timers, wallMs } = options;
  const transitions: Transition[] = [];
  const metrics = new RouterMetrics();
  const reports = new RegionReports();
  const { policy, tracker } = openPolicy(options, reports, metrics, transitions);
  const override = new OverrideState({
    verify: {
      keys: config.override.keys,
      audience: config.name,
      regions: config.regions.map(({ id }) => id),
      lifetimeMsMax: config.override.lifetimeSecondsMax * 1000,
    },
    ...(store === undefined ? {} : { store }),
    now: wallMs,
  });
  metrics.addGauges(gaugesOf(policy, tracker, override));
  const proto = config.publicProto ?? options.usualProto;
  return {
    config,
    policy,
    reports,
    tracker,
    override,
    configClaim: configClaimOf(config),
    memory: {
      isSticky: config.memory.isSticky,
      readYourWritesMs: config.memory.readYourWritesSeconds * 1000,
      isSecure: proto === 'https',
    },
    metrics,
    timers,
    wallMs,
    log,
    trustedProxies: new Set(config.trustedProxies),
    proto,
    transitions,
  };
};
