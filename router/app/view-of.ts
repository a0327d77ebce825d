/** Reads the view from the running parts. */
import type { RouterConfig } from '../config/schema.ts';
import { showMode } from '../config/validate.ts';
import type { ExchangeTracker } from '../forward/exchange-tracker.ts';
import type { Timers } from '../forward/attempt.ts';
import type { OverrideState } from '../override/override-state.ts';
import type { Transition } from '../policy/health-events.ts';
import { type ModeClaim, winnerOf } from '../policy/mode.ts';
import type { RegionReports } from '../policy/region-report.ts';
import type { RouterPolicy } from '../policy/router-policy.ts';
import type { ModeView, RegionView, RouterView } from './router-view.ts';

export interface ViewedParts {
  readonly config: RouterConfig;
  readonly policy: RouterPolicy;
  readonly reports: RegionReports;
  readonly tracker: ExchangeTracker;
  readonly override: OverrideState;
  readonly configClaim: ModeClaim;
  readonly timers: Timers;
  readonly wallMs: () => number;
}

export interface ViewedState {
  readonly isDraining: boolean;
  readonly transitions: readonly Transition[];
  readonly configHash: string;
  readonly dns: (host: string) => {
    readonly mode: string;
    readonly addresses: readonly string[];
    readonly ageMs: number | undefined;
  };
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;
const rounded = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms * 10) / 10);

const modeView = (claim: ModeClaim): ModeView => ({
  mode: showMode(claim.mode),
  origin: claim.origin,
  by: claim.by ?? null,
  why: claim.why ?? null,
  until: claim.expiresMs === undefined ? null : new Date(claim.expiresMs).toISOString(),
  seq: claim.seq ?? null,
});

const regionView = (parts: ViewedParts, state: ViewedState, id: string, endpoint: string): RegionView => {
  const { policy, tracker, timers, reports } = parts;
  const nowMs = timers.now();
  const health = policy.health(id);
  const report = reports.of(id);
  const dns = state.dns(new URL(endpoint).hostname);
  return {
    id,
    endpoint,
    state: health.state,
    stateSeconds: seconds(nowMs - health.stateSinceMs),
    lastError: health.lastError,
    p50Ms: rounded(health.latency.quantile(0.5)),
    p95Ms: rounded(health.latency.quantile(0.95)),
    inFlight: tracker.inFlight(id),
    isDraining: policy.isDraining(id, nowMs),
    isBehind: policy.isBehind(id),
    gate: report?.gate ?? 'unknown',
    epoch: report?.epoch ?? null,
    replication: report?.replication ?? 'unknown',
    reportSeconds: report === undefined ? null : seconds(nowMs - report.atMs),
    dns: {
      mode: dns.mode,
      addresses: dns.addresses,
      ageSeconds: dns.ageMs === undefined ? null : seconds(dns.ageMs),
    },
  };
};

const READ = { method: 'GET', isReplayable: true, hasSharedKey: false, isHedgeable: false };

export const viewOf = (parts: ViewedParts, state: ViewedState): RouterView => {
  const { config, policy, override, configClaim, timers, wallMs } = parts;
  const nowMs = timers.now();
  const claim = winnerOf(override.fleet === undefined ? [configClaim] : [override.fleet, configClaim], wallMs());
  const usable = policy.regions.filter((region) => !policy.health(region).isOpen);
  const decision = policy.preview(READ, nowMs, claim);
  const isReady = usable.length > 0 && !state.isDraining;
  return {
    name: config.name,
    configHash: state.configHash,
    isReady,
    isDraining: state.isDraining,
    why: state.isDraining
      ? 'the router is draining'
      : usable.length > 0
        ? `${usable.join(', ')} usable`
        : 'no Region is usable',
    inForce: modeView(claim),
    next:
      decision.kind === 'maintenance'
        ? { region: 'none', reason: 'maintenance' }
        : { region: decision.first, reason: decision.reason },
    declaredActive: policy.active ?? null,
    hedgeTokens: Math.round(policy.hedgeTokens * 10) / 10,
    regions: config.regions.map(({ id, endpoint }) => regionView(parts, state, id, endpoint)),
    transitions: state.transitions.map(({ region, atMs, from, to, why }) => ({
      region,
      secondsAgo: seconds(nowMs - atMs),
      from,
      to,
      why,
    })),
  };
};
