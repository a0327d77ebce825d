/** What every request of a Node router shares: policy, origins, override, metrics, clock and log. */
import type { Hop } from '../../forward/hygiene.ts';
import type { ExchangeTracker } from '../../forward/exchange-tracker.ts';
import type { Timers } from '../../forward/attempt.ts';
import type { MemorySettings } from '../../forward/memory-cookie.ts';
import type { RouterMetrics } from '../../forward/metrics.ts';
import type { OverrideState } from '../../override/override-state.ts';
import type { ModeClaim } from '../../policy/mode.ts';
import type { RegionReports } from '../../policy/region-report.ts';
import type { RouterPolicy } from '../../policy/router-policy.ts';
import type { RouterConfig } from '../../config/schema.ts';
import type { Origin } from './origin.ts';

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export type Log = (level: 'info' | 'warn' | 'error', event: string, fields: LogFields) => void;

export interface RouterContext {
  readonly config: RouterConfig;
  readonly policy: RouterPolicy;
  readonly reports: RegionReports;
  readonly tracker: ExchangeTracker;
  readonly origins: ReadonlyMap<string, Origin>;
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
}
