/** What the router shows of itself, to people and machines alike. */

export interface RegionView {
  readonly id: string;
  readonly endpoint: string;
  readonly state: 'closed' | 'suspect' | 'open' | 'half-open';
  readonly stateSeconds: number;
  readonly lastError: string;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly inFlight: number;
  readonly isDraining: boolean;
  readonly isBehind: boolean;
  readonly gate: string;
  readonly epoch: number | null;
  readonly replication: string;
  readonly reportSeconds: number | null;
  readonly dns: {
    readonly mode: string;
    readonly addresses: readonly string[];
    readonly ageSeconds: number | null;
  };
}

export interface ModeView {
  readonly mode: string;
  readonly origin: string;
  readonly by: string | null;
  readonly why: string | null;
  readonly until: string | null;
  readonly seq: number | null;
}

export interface RouterView {
  readonly name: string;
  readonly configHash: string;
  readonly isReady: boolean;
  readonly isDraining: boolean;
  readonly why: string;
  readonly inForce: ModeView;
  /** Where an ordinary read would go now, and why. */
  readonly next: { readonly region: string; readonly reason: string };
  readonly declaredActive: string | null;
  readonly hedgeTokens: number;
  readonly regions: readonly RegionView[];
  readonly transitions: readonly {
    readonly region: string;
    readonly secondsAgo: number;
    readonly from: string;
    readonly to: string;
    readonly why: string;
  }[];
}
