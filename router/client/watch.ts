/** Probes of the client, sent while something is to be watched: requests in flight, or a Region that has to come back. */
import type { Probe } from '../policy/health-events.ts';
import type { RouterPolicy } from '../policy/router-policy.ts';
import { type Ask, codeOf } from './fetch-through.ts';
import type { RegionClientOptions } from './region-client.ts';

export interface Watch {
  readonly enter: () => void;
  readonly leave: () => void;
  readonly close: () => void;
}

const TICK_MS = 25;

export const watching = (policy: RouterPolicy, now: () => number, send: (probe: Probe) => Promise<void>): Watch => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let inFlight = 0;
  const tick = (): void => {
    timer = undefined;
    for (const probe of policy.dueProbes(now())) {
      void send(probe);
    }
    if (inFlight > 0 || policy.regions.some((region) => policy.health(region).state !== 'closed')) {
      timer = setTimeout(tick, TICK_MS);
      // A browser's timer is a number; Node's must not keep the process alive.
      if (typeof timer === 'object') {
        timer.unref();
      }
    }
  };
  return {
    enter: () => {
      inFlight += 1;
      if (timer === undefined) {
        tick();
      }
    },
    leave: () => {
      inFlight -= 1;
    },
    close: () => {
      clearTimeout(timer);
    },
  };
};

export const probeThrough = (
  { livePath = '/healthz', statusPath = '/v1/status', status }: RegionClientOptions,
  policy: RouterPolicy,
  ask: Ask,
  now: () => number,
): ((probe: Probe) => Promise<void>) => {
  return async ({ region, kind, timeoutMs }) => {
    const startedMs = now();
    let isGood = false;
    let why = '';
    try {
      const isStatus = kind === 'status';
      const response = await ask(region, isStatus ? statusPath : livePath, { signal: AbortSignal.timeout(timeoutMs) });
      const text = await response.text();
      if (isStatus && status !== undefined && response.ok) {
        policy.reported(region, status.read(JSON.parse(text), now()));
      }
      isGood = response.ok;
      why = `HTTP_${response.status}`;
    } catch (error) {
      why = codeOf(error);
    }
    policy.probed(region, now(), { kind, isGood, latencyMs: now() - startedMs, why });
  };
};
