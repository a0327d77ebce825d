/** Puts the parts of a Node router together: policy, origins with addresses that outlive DNS, override from disk, metrics. */
import { openParts } from '../../app/build-parts.ts';
import type { Timers } from '../../forward/attempt.ts';
import type { RouterConfig } from '../../config/schema.ts';
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
}

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

const openOrigins = async (
  options: BuildOptions,
  onBroken: (region: string) => void,
): Promise<{ readonly origins: ReadonlyMap<string, Origin>; readonly names: LastKnownGood }> => {
  const { config } = options;
  // The look-ups need the origins' authorities, the origins need the look-ups.
  const late: { names?: LastKnownGood } = {};
  const lookup = lookupFrom(async (host) => (await late.names?.addresses(host)) ?? []);
  const origins = new Map(
    config.regions.map((region) => [
      region.id,
      new Origin(region, config, lookup, () => {
        onBroken(region.id);
      }),
    ]),
  );
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
  const { stateFolder, listen } = config;
  const parts = openParts({
    config,
    log,
    store: stateFolder === undefined ? undefined : overrideFile(stateFolder),
    timers: TIMERS,
    wallMs: Date.now,
    random: Math.random,
    usualProto: listen.certFile === undefined ? 'http' : 'https',
    onUnwell: (region, tracker) => {
      tracker.evacuate(region);
    },
  });
  const refused = await parts.override.load();
  if (refused !== undefined) {
    log('warn', 'override.ignored', { why: refused });
  }
  const { origins, names } = await openOrigins(options, (region) => {
    parts.policy.health(region).isShaken = true;
  });
  return { context: { ...parts, origins }, names };
};
