/**
 * The decision: samples and a clock in, Region and reason out. It holds the health of each Region, the hedge budget, what
 * people declared and what the Regions report; it does no I/O, sets no timer and never changes which Region is active.
 */
import { AUTO, type ModeClaim } from './mode.ts';
import { mayHedge, type RequestTraits } from './phase.ts';
import type { Probe, ProbeResult, Transition } from './health-events.ts';
import { RegionHealth } from './region-health.ts';
import type { RegionReport, RegionReports } from './region-report.ts';
import { POLICY_DEFAULTS, type PolicySettings } from './settings.ts';

/** Why this Region: the standing order, then what overrode it. */
export type Reason =
  | 'active'
  | 'configured-order'
  | 'preferred'
  | 'pinned'
  | 'sticky'
  | 'read-your-writes'
  | 'held'
  | 'breaker-open'
  | 'draining'
  | 'behind'
  | 'panic-active'
  | 'panic-recent';

/** What a client brings from earlier answers. */
export interface ClientMemory {
  readonly region?: string;
  /** Until then it reads where it wrote. */
  readonly pinnedUntilMs?: number;
}

export type Decision =
  | { readonly kind: 'maintenance'; readonly claim: ModeClaim }
  | {
      readonly kind: 'route';
      readonly claim: ModeClaim;
      readonly first: string;
      /** Where it may go next; undefined when it must not. */
      readonly second: string | undefined;
      readonly reason: Reason;
      /** Undefined: not hedged. */
      readonly hedgeAfterMs: number | undefined;
    };

export interface PolicyOptions {
  /** In the order of preference when nobody says otherwise. One or two. */
  readonly regions: readonly string[];
  readonly settings?: Partial<PolicySettings>;
  readonly failback?: 'auto' | 'manual';
  /** What the Regions say of themselves, for who asks them. */
  readonly reports?: RegionReports | undefined;
  readonly random: () => number;
  readonly onTransition: (transition: Transition) => void;
}

/** How fit a Region is for a request; the order of the fallback. Constants of their own: minifiers put in the digits. */
const USABLE = 3;
const BEHIND = 2;
const DRAINING = 1;
const OPEN = 0;
type Fitness = typeof USABLE | typeof BEHIND | typeof DRAINING | typeof OPEN;
/** Why a Region is not asked first, by its fitness. */
const UNFIT: readonly Reason[] = ['breaker-open', 'draining', 'behind'];

const NO_MEMORY: ClientMemory = {};

const routed = (
  claim: ModeClaim,
  first: string,
  second: string | undefined,
  reason: Reason,
  hedgeAfterMs: number | undefined,
): Decision => ({ kind: 'route', claim, first, second, reason, hedgeAfterMs });

export class RouterPolicy {
  readonly settings: PolicySettings;
  readonly regions: readonly string[];
  /** For hedges: each request earns a fraction, each hedge costs one. A first failover is never gated by it. */
  hedgeTokens: number;
  readonly #health = new Map<string, RegionHealth>();
  readonly #reports: RegionReports | undefined;
  readonly #failback: 'auto' | 'manual';

  constructor({ regions, settings, failback = 'auto', reports, random, onTransition }: PolicyOptions) {
    this.#reports = reports;
    this.settings = { ...POLICY_DEFAULTS, ...settings };
    this.regions = regions;
    this.hedgeTokens = this.settings.budgetAtStart;
    this.#failback = failback;
    for (const region of regions) {
      this.#health.set(region, new RegionHealth({ region, settings: this.settings, random, onTransition }));
    }
  }

  health(region: string): RegionHealth {
    const health = this.#health.get(region);
    if (health === undefined) {
      throw new RangeError(`No Region "${region}".`);
    }
    return health;
  }

  // --- the decision ---

  decide(traits: RequestTraits, nowMs: number, claim: ModeClaim = AUTO, memory: ClientMemory = NO_MEMORY): Decision {
    this.hedgeTokens = Math.min(this.settings.budgetMax, this.hedgeTokens + this.settings.budgetPerRequest);
    return this.preview(traits, nowMs, claim, memory);
  }

  /** The same without a request: what would be decided now. */
  preview(traits: RequestTraits, nowMs: number, claim: ModeClaim, memory: ClientMemory = NO_MEMORY): Decision {
    const { mode } = claim;
    if (mode.kind === 'maintenance') {
      return { kind: 'maintenance', claim };
    }
    if (mode.kind === 'pin') {
      return routed(claim, mode.region, undefined, 'pinned', undefined);
    }
    const [wanted, why] = mode.kind === 'prefer' ? [mode.region, 'preferred' as const] : this.#standing(nowMs, memory);
    const other = this.#otherThan(wanted);
    if (other === undefined) {
      return routed(claim, wanted, undefined, why, undefined);
    }
    const fitness = this.#fitness(wanted, nowMs);
    const otherFitness = this.#fitness(other, nowMs);
    if (fitness === OPEN && otherFitness === OPEN) {
      return this.#panic(claim, wanted, other);
    }
    // Who wrote there reads there: the copy may be behind for others, not for its own writer.
    const isTaken = fitness >= otherFitness || (why === 'read-your-writes' && fitness === BEHIND);
    const first = isTaken ? wanted : other;
    const isHedged = (isTaken ? otherFitness : fitness) === USABLE && mayHedge(traits);
    const hedgeAfterMs = isHedged ? this.health(first).hedgeDelayMs : undefined;
    return routed(claim, first, isTaken ? other : wanted, isTaken ? why : (UNFIT[fitness] ?? why), hedgeAfterMs);
  }

  /** May this request be sent to the second Region as well, now? Under suspicion a hedge is free. */
  takeHedge(first: string): boolean {
    const isFree = this.health(first).state !== 'closed';
    const isPaid = !isFree && this.hedgeTokens >= 1;
    this.hedgeTokens -= Number(isPaid);
    return isFree || isPaid;
  }

  isBehind(region: string): boolean {
    return this.#reports?.isBehind(region) === true;
  }

  /** The active Region that the Regions themselves declare. */
  get active(): string | undefined {
    return this.#reports?.active;
  }

  isDraining(region: string, nowMs: number): boolean {
    return nowMs < this.health(region).drainedUntilMs;
  }

  // --- what changes it ---

  /** New requests stay away until then; those in flight finish. */
  drain(region: string, untilMs: number): void {
    this.health(region).drainedUntilMs = untilMs;
  }

  reported(region: string, report: RegionReport): void {
    if (this.#reports?.add(region, report) === 'moved') {
      this.release();
    }
  }

  release(): void {
    for (const health of this.#health.values()) {
      health.release();
    }
  }

  /** Every probe that is due now; calling is marking it as sent. */
  dueProbes(nowMs: number): readonly Probe[] {
    const probes: Probe[] = [];
    for (const health of this.#health.values()) {
      for (let probe = health.due(nowMs); probe !== undefined; probe = health.due(nowMs)) {
        probes.push(probe);
      }
    }
    return probes;
  }

  probed(region: string, nowMs: number, result: ProbeResult): void {
    this.health(region).probed(nowMs, result);
  }

  // --- parts ---

  #standing(nowMs: number, { region, pinnedUntilMs }: ClientMemory): readonly [string, Reason] {
    if (region !== undefined && this.#health.has(region)) {
      return pinnedUntilMs !== undefined && nowMs < pinnedUntilMs ? [region, 'read-your-writes'] : [region, 'sticky'];
    }
    const wanted = this.active ?? this.regions[0] ?? '';
    const other = this.#otherThan(wanted);
    if (other !== undefined && this.#isHeldBack(wanted, nowMs) && this.#fitness(other, nowMs) === USABLE) {
      return [other, 'held'];
    }
    return [wanted, this.active === undefined ? 'configured-order' : 'active'];
  }

  #isHeldBack(region: string, nowMs: number): boolean {
    const { recoveredMs } = this.health(region);
    return recoveredMs >= 0 && (this.#failback === 'manual' || nowMs - recoveredMs < this.settings.failbackDelayMs);
  }

  #fitness(region: string, nowMs: number): Fitness {
    if (this.health(region).isOpen) {
      return OPEN;
    }
    if (this.isDraining(region, nowMs)) {
      return DRAINING;
    }
    return this.isBehind(region) ? BEHIND : USABLE;
  }

  /** Both are bad: never an error without an attempt. */
  #panic(claim: ModeClaim, wanted: string, other: string): Decision {
    const recent = this.health(other).lastGoodMs > this.health(wanted).lastGoodMs ? other : wanted;
    const first = this.active ?? recent;
    const reason = this.active === undefined ? 'panic-recent' : 'panic-active';
    return routed(claim, first, first === wanted ? other : wanted, reason, undefined);
  }

  #otherThan(region: string): string | undefined {
    return this.regions[0] === region ? this.regions[1] : this.regions[0];
  }
}
