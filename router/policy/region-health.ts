/**
 * What is known of one Region from the answers that it gives: a breaker with five detectors. Failures in a row and their
 * share catch a Region that refuses; hedge losses and silence catch one that accepts and never answers, which plain breakers
 * learn of only after a time-out each; missed probes catch one that nobody asks. It closes again by probes alone.
 *
 * Pure: every call brings its time, and nothing happens between calls.
 */
import { FailureWindow } from './failure-window.ts';
import type { HealthState, Probe, ProbeKind, ProbeResult, Transition, TripCause } from './health-events.ts';
import { Latency } from './latency.ts';
import { ProbeLatency } from './probe-latency.ts';
import type { PolicySettings } from './settings.ts';
import { Silence } from './silence.ts';

export interface HealthOptions {
  readonly region: string;
  readonly settings: PolicySettings;
  /** Spreads the probes of many routers; 0 to 1. */
  readonly random: () => number;
  readonly onTransition: (transition: Transition) => void;
}

const CONFIRM_PROBES = 2;
/** So many routine probes missed, and it is out; so many good ones, and it is back. */
const BAD_PROBES = 3;
const GOOD_PROBES = 2;
const JITTER_SHARE = 0.2;
/** A Region that trips again within this time waits longer before it is probed. */
const RELAPSE_WINDOW_MS = 60_000;
const TAIL_LATENCIES = 5;

export class RegionHealth {
  latency = new Latency();
  readonly #o: HealthOptions;
  readonly #s: PolicySettings;
  readonly #silence: Silence;
  #window: FailureWindow;
  readonly #probeLatency: ProbeLatency;

  state: HealthState = 'closed';
  stateSinceMs = 0;
  lastGoodMs = -1;
  lastError = '';
  /** When it last came back from open: what a failback waits for. */
  recoveredMs = -1;
  /** New requests stay away until then. */
  drainedUntilMs = 0;
  /** Its connections broke, or its last answer was a failure: until it answers again, reads are hedged sooner. */
  isShaken = false;

  #failuresInRow = 0;
  #hedgeLosses = 0;

  #confirmsOut = 0;
  #confirmsToSend = 0;
  #nextProbeMs: number;
  #probeOut: ProbeKind | undefined;
  #badProbes = 0;
  #badSinceMs = 0;
  #goodProbes = 0;
  #relapses = 0;

  constructor(options: HealthOptions) {
    this.#o = options;
    this.#s = options.settings;
    this.#silence = new Silence(options.settings);
    this.#window = new FailureWindow(options.settings);
    this.#probeLatency = new ProbeLatency(options.settings);
    this.#nextProbeMs = this.#s.statusIntervalMs < Infinity ? 0 : Infinity;
  }

  get isOpen(): boolean {
    return this.state === 'open' || this.state === 'half-open';
  }

  get hedgeDelayMs(): number {
    const { hedgeDelayMinMs, hedgeDelayMaxMs, hedgeLatencyFactor } = this.#s;
    const { p95Ms } = this.latency;
    if (this.isShaken || p95Ms === undefined) {
      return (this.isShaken ? hedgeDelayMinMs : hedgeDelayMaxMs) / 2;
    }
    return Math.min(hedgeDelayMaxMs, Math.max(hedgeDelayMinMs, p95Ms * hedgeLatencyFactor));
  }

  // --- what requests show ---

  started(nowMs: number): void {
    this.#silence.started(nowMs);
  }

  /** An answer that is no failure. */
  answered(nowMs: number, latencyMs: number): void {
    this.#heard(nowMs);
    this.#window.add(nowMs, true);
    this.#failuresInRow = 0;
    this.isShaken = false;
    this.lastGoodMs = nowMs;
    this.latency.add(latencyMs);
  }

  /** `isHeard`: the Region answered, with a failure; otherwise nothing came back. */
  failed(nowMs: number, why: string, isHeard: boolean): void {
    if (isHeard) {
      this.#heard(nowMs);
    } else {
      this.#silence.outstanding -= 1;
    }
    this.lastError = why;
    this.#window.add(nowMs, false);
    this.#failuresInRow += 1;
    this.isShaken = true;
    if (this.#failuresInRow >= this.#s.consecutiveFailuresMax) {
      this.trip(nowMs, 'failures');
    } else if (this.#window.isOver) {
      this.trip(nowMs, 'failure-share');
    }
  }

  /** The other Region answered first and this attempt is aborted. */
  lostHedge(nowMs: number, startedMs: number): void {
    this.#silence.outstanding -= 1;
    if (this.#silence.lastHeaderMs >= startedMs) {
      // Alive and only slow: it would have taken at least this, and the hedge delay must learn it.
      this.latency.add(nowMs - startedMs);
    }
    this.#hedgeLosses += 1;
    const { hedgeLossesMax, hedgeLossSpanMs } = this.#s;
    const isSilent = this.#silence.sinceMs(nowMs) >= hedgeLossSpanMs && this.#silence.isFlowing(nowMs);
    if (isSilent && this.#hedgeLosses >= hedgeLossesMax) {
      this.lastError = `${this.#hedgeLosses} hedges lost`;
      this.trip(nowMs, 'hedge-loss');
    }
  }

  /** The client went away or the attempt was moved: says nothing about the Region. */
  abandoned(nowMs: number, startedMs: number): void {
    this.#silence.withdrawn(nowMs, startedMs);
  }

  // --- what probes show ---

  /** Looks at the clock: is it silent, is a probe due? One probe a call; asked until there is none. */
  due(nowMs: number): Probe | undefined {
    if (this.state === 'closed' && this.#silence.isSilent(nowMs, TAIL_LATENCIES * (this.latency.p95Ms ?? 0))) {
      this.#confirmsToSend = CONFIRM_PROBES;
      this.#confirmsOut = 0;
      this.#move(nowMs, 'suspect', this.#silentFor(nowMs));
    }
    if (this.#confirmsToSend > 0) {
      this.#confirmsToSend -= 1;
      this.#confirmsOut += 1;
      return this.#probe('confirm', this.#probeLatency.confirmTimeoutMs(this.latency.p95Ms ?? 0));
    }
    if (this.#probeOut !== undefined || nowMs < this.#nextProbeMs) {
      return undefined;
    }
    this.#probeOut = this.isOpen ? 'recover' : 'status';
    return this.#probe(this.#probeOut, this.#s.probeTimeoutMs);
  }

  probed(nowMs: number, { kind, isGood, latencyMs, why }: ProbeResult): void {
    if (isGood) {
      this.#probeLatency.add(latencyMs);
    } else if (why !== undefined) {
      this.lastError = why;
    }
    if (kind === 'confirm') {
      this.#confirmed(nowMs, isGood);
      return;
    }
    if (kind !== this.#probeOut) {
      return; // Asked before a trip: its answer is of another time.
    }
    this.#probeOut = undefined;
    if (kind === 'recover') {
      this.#recovering(nowMs, isGood, latencyMs);
    } else {
      this.#nextProbeMs = nowMs + this.#jittered(this.#s.statusIntervalMs);
      this.#routine(nowMs, isGood);
    }
  }

  // --- decisions ---

  trip(nowMs: number, cause: TripCause): void {
    if (this.isOpen) {
      return;
    }
    const isRelapse = this.recoveredMs >= 0 && nowMs - this.recoveredMs < RELAPSE_WINDOW_MS;
    this.#relapses = isRelapse ? this.#relapses + 1 : 0;
    this.#goodProbes = 0;
    this.#confirmsToSend = 0;
    this.#probeOut = undefined;
    this.#nextProbeMs = nowMs + this.#recoveryDelayMs();
    this.#move(nowMs, 'open', `${cause}: ${this.lastError}`);
  }

  /** A person, or a new epoch, ends the wait before failback. */
  release(): void {
    this.recoveredMs = -1;
  }

  #routine(nowMs: number, isGood: boolean): void {
    if (isGood) {
      this.#badProbes = 0;
      this.lastGoodMs = nowMs;
      return;
    }
    this.#badSinceMs = this.#badProbes === 0 ? nowMs : this.#badSinceMs;
    this.#badProbes += 1;
    if (this.#badProbes >= BAD_PROBES && this.#silence.lastHeaderMs < this.#badSinceMs) {
      this.trip(nowMs, 'probes');
    }
  }

  #recovering(nowMs: number, isGood: boolean, latencyMs: number): void {
    if (!isGood) {
      this.#goodProbes = 0;
      this.#relapses += 1;
      this.#nextProbeMs = nowMs + this.#recoveryDelayMs();
      this.#move(nowMs, 'open', `probe: ${this.lastError}`);
      return;
    }
    this.#goodProbes += 1;
    if (this.#goodProbes < GOOD_PROBES) {
      this.#nextProbeMs = nowMs + this.#s.recoveryGapMs;
      this.#move(nowMs, 'half-open', 'good probe');
      return;
    }
    this.#silence.clear(nowMs);
    // After an outage the past says nothing.
    this.#window = new FailureWindow(this.#s);
    this.latency = new Latency();
    // What it takes now, so that the first requests neither hedge at once nor wait for the cap.
    this.latency.add(latencyMs);
    this.#failuresInRow = 0;
    this.#hedgeLosses = 0;
    this.#badProbes = 0;
    this.recoveredMs = nowMs;
    this.lastGoodMs = nowMs;
    this.#nextProbeMs = this.#s.statusIntervalMs < Infinity ? nowMs : Infinity;
    this.#move(nowMs, 'closed', 'good probe');
  }

  #confirmed(nowMs: number, isGood: boolean): void {
    this.#confirmsOut -= 1;
    if (this.state !== 'suspect') {
      return;
    }
    // Whatever ended the silence meanwhile, an aborted hedge included, the evidence is gone with it.
    const isBroken = this.#silence.sinceMs(nowMs) <= nowMs - this.stateSinceMs;
    if (isGood || isBroken) {
      this.#trust(nowMs, 'alive');
    } else if (this.#confirmsOut <= 0 && this.#confirmsToSend === 0) {
      this.lastError = this.#silentFor(nowMs);
      this.trip(nowMs, 'silence');
    }
  }

  #silentFor(nowMs: number): string {
    return `silent for ${Math.round(this.#silence.sinceMs(nowMs))} ms`;
  }

  #trust(nowMs: number, why: string): void {
    this.#confirmsToSend = 0;
    this.#hedgeLosses = 0;
    this.#silence.clear(nowMs);
    this.#move(nowMs, 'closed', why);
  }

  #heard(nowMs: number): void {
    if (this.state === 'suspect') {
      this.#trust(nowMs, 'alive');
    }
    this.#hedgeLosses = 0;
    this.#silence.heard(nowMs);
  }

  #recoveryDelayMs(): number {
    const { recoveryDelayMinMs, recoveryDelayMaxMs } = this.#s;
    return this.#jittered(Math.min(recoveryDelayMaxMs, recoveryDelayMinMs * 2 ** this.#relapses));
  }

  #jittered(ms: number): number {
    return ms * (1 - JITTER_SHARE / 2 + JITTER_SHARE * this.#o.random());
  }

  #probe(kind: ProbeKind, timeoutMs: number): Probe {
    return { region: this.#o.region, kind, timeoutMs };
  }

  #move(nowMs: number, to: HealthState, why: string): void {
    const from = this.state;
    if (from !== to) {
      this.state = to;
      this.stateSinceMs = nowMs;
      this.#o.onTransition({ region: this.#o.region, atMs: nowMs, from, to, why });
    }
  }
}
