/** Puts the parts of a Node router together: policy, origins with addresses that outlive DNS, override from disk, metrics. */
import type { Timers } from '../../forward/attempt.ts';
import { type Gauge, RouterMetrics } from '../../forward/metrics.ts';
import { ExchangeTracker } from '../../forward/exchange-tracker.ts';
import type { Transition } from '../../policy/health-events.ts';
import { AUTO, type ModeClaim } from '../../policy/mode.ts';
import { RegionReports } from '../../policy/region-report.ts';
import { RouterPolicy } from '../../policy/router-policy.ts';
import { OverrideState } from '../../override/override-state.ts';
import type { RouterConfig } from '../../config/schema.ts';
import { parseMode, policyOf } from '../../config/validate.ts';
import { LastKnownGood, type Resolved } from './last-known-good.ts';
import { openResolver, showsCertificate } from './name-server.ts';
import { lookupFrom, Origin } from './origin.ts';
import type { Log, RouterContext } from './router-context.ts';
import { AddressFile, overrideFile, readAddresses } from './state-files.ts';

export interface BuildOptions {
  readonly config: RouterConfig;
  readonly log: Log;
  /** Instead of DNS. */
  readonly resolve?: (host: string) => Promise<Resolved>;
}

export interface BuiltRouter {
  readonly context: RouterContext;
  readonly names: LastKnownGood;
  /** The last transitions, newest last. */
  readonly transitions: readonly Transition[];
}

const TRANSITIONS_MAX = 20;
const STATE_NUMBER = { closed: 0, suspect: 1, 'half-open': 2, open: 3 } as const;

const configClaimOf = ({ mode }: RouterConfig): ModeClaim => {
  const parsed = parseMode(mode);
  return parsed === undefined || parsed.kind === 'auto' ? AUTO : { origin: 'config', mode: parsed };
};

const openNames = async (options: BuildOptions, origins: ReadonlyMap<string, Origin>): Promise<LastKnownGood> => {
  const { config, log } = options;
  const { dns, stateFolder, limits } = config;
  const byHost = new Map([...origins.values()].map((origin) => [origin.url.hostname, origin]));
  const addressesOf = (name: 'addresses' | 'seedAddresses'): ReadonlyMap<string, readonly string[]> =>
    new Map(
      config.regions
        .filter((region) => region[name].length > 0)
        .map((region) => [new URL(region.endpoint).hostname, region[name]]),
    );
  const file = stateFolder === undefined ? undefined : new AddressFile(stateFolder);
  return new LastKnownGood({
    resolve: options.resolve ?? openResolver(dns.servers, dns.timeoutMs),
    isGenuine: async (host, address) => {
      const origin = byHost.get(host);
      return origin?.url.protocol !== 'https:'
        ? true
        : showsCertificate({ host, port: Number(origin.url.port) || 443, address }, origin.ca, limits.connectTimeoutMs);
    },
    now: Date.now,
    pinned: addressesOf('addresses'),
    seeds: addressesOf('seedAddresses'),
    snapshot: stateFolder === undefined ? new Map() : await readAddresses(stateFolder),
    onEvent: (event, host) => {
      log(event === 'dns.refused' ? 'error' : 'warn', event, { host });
    },
    onChange: (known) => {
      file?.save(known, (error) => {
        log('warn', 'dns.snapshot-failed', {
          why: error instanceof Error ? error.message : 'unknown',
        });
      });
    },
    firstAnswerMs: dns.firstAnswerMs,
    staleMsMax: dns.staleSecondsMax * 1000,
  });
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
        {
          labels: [['mode', override.fleet?.mode.kind ?? 'none']],
          value: Number(override.fleet !== undefined),
        },
      ],
    },
  ];
};

/** Policy and tracker know each other: a Region that opens is evacuated at once. */
const openPolicy = (
  { config, log }: BuildOptions,
  reports: RegionReports,
  metrics: RouterMetrics,
  transitions: Transition[],
): { readonly policy: RouterPolicy; readonly tracker: ExchangeTracker } => {
  const policy = new RouterPolicy({
    regions: config.regions.map(({ id }) => id),
    settings: policyOf(config),
    failback: config.failback,
    reports,
    random: Math.random,
    onTransition: (transition) => {
      const { region, from, to, why } = transition;
      transitions.push(transition);
      transitions.splice(0, transitions.length - TRANSITIONS_MAX);
      log(to === 'open' ? 'error' : 'info', 'region.state', { region, from, to, why });
      metrics.count('breaker_transitions', `region="${region}",to="${to}"`);
      if (to !== 'closed') {
        tracker.evacuate(region);
      }
    },
  });
  const keys = new Map<string, string>();
  const tracker = new ExchangeTracker(policy, (event, region) => {
    if (event === 'first') {
      let key = keys.get(region);
      if (key === undefined) {
        key = `region="${region}",kind="first"`;
        keys.set(region, key);
      }
      metrics.count('attempts', key);
    } else if (region === '') {
      metrics.count('hedges', `outcome="${event}"`);
    } else {
      metrics.count('attempts', `region="${region}",kind="${event}"`);
    }
  });
  return { policy, tracker };
};

const openOverride = async ({ config, log }: BuildOptions): Promise<OverrideState> => {
  const { override: settings, stateFolder, name, regions } = config;
  const override = new OverrideState({
    verify: {
      keys: settings.keys,
      audience: name,
      regions: regions.map(({ id }) => id),
      lifetimeMsMax: settings.lifetimeSecondsMax * 1000,
    },
    ...(stateFolder === undefined ? {} : { store: overrideFile(stateFolder) }),
    now: Date.now,
  });
  const refused = await override.load();
  if (refused !== undefined) {
    log('warn', 'override.ignored', { why: refused });
  }
  return override;
};

const openOrigins = async (
  options: BuildOptions,
): Promise<{ readonly origins: ReadonlyMap<string, Origin>; readonly names: LastKnownGood }> => {
  const { config } = options;
  // The look-ups need the origins' authorities, the origins need the look-ups.
  const late: { names?: LastKnownGood } = {};
  const lookup = lookupFrom(async (host) => (await late.names?.addresses(host)) ?? []);
  const origins = new Map(config.regions.map((region) => [region.id, new Origin(region, config.limits, lookup)]));
  const names = await openNames(options, origins);
  late.names = names;
  return { origins, names };
};

const isTimeout = (timer: unknown): timer is NodeJS.Timeout => timer !== undefined;

const TIMERS: Timers = {
  now: () => performance.now(),
  after: (delayMs, fire) => setTimeout(fire, Math.ceil(delayMs)),
  cancel: (timer) => {
    if (isTimeout(timer)) {
      clearTimeout(timer);
    }
  },
};

export const buildRouter = async (options: BuildOptions): Promise<BuiltRouter> => {
  const { config, log } = options;
  const { memory, publicProto, listen } = config;
  const transitions: Transition[] = [];
  const metrics = new RouterMetrics();
  const reports = new RegionReports();
  const { policy, tracker } = openPolicy(options, reports, metrics, transitions);
  const override = await openOverride(options);
  metrics.addGauges(gaugesOf(policy, tracker, override));
  const { origins, names } = await openOrigins(options);
  for (const { id } of config.regions.filter(({ isDrained }) => isDrained)) {
    policy.drain(id, Infinity);
  }
  const proto = publicProto ?? (listen.certFile === undefined ? 'http' : 'https');
  const context: RouterContext = {
    config,
    policy,
    reports,
    tracker,
    origins,
    override,
    configClaim: configClaimOf(config),
    memory: {
      isSticky: memory.isSticky,
      readYourWritesMs: memory.readYourWritesSeconds * 1000,
      isSecure: proto === 'https',
    },
    metrics,
    timers: TIMERS,
    wallMs: Date.now,
    log,
    trustedProxies: new Set(config.trustedProxies),
    proto,
  };
  return { context, names, transitions };
};
