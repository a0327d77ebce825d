/**
 * Is a Region silent? Requests are out and no header has come for much longer than the usual gap between two answers. The gap
 * and not the latency: at 200 requests a second a Region with 60 ms latency answers every 5 ms, and is silent after 100 ms.
 */
import { blend } from './latency.ts';
import type { PolicySettings } from './settings.ts';

const TAIL_FACTOR = 5;

export class Silence {
  readonly #s: PolicySettings;
  outstanding = 0;
  lastHeaderMs = -1;
  #sinceMs = 0;
  /** Sent since the last header, aborted ones included: a hedge that wins must not hide that nobody answered. */
  #unanswered = 0;
  #gapMs: number | undefined;
  #lastStartMs = 0;

  constructor(settings: PolicySettings) {
    this.#s = settings;
  }

  started(nowMs: number): void {
    this.#lastStartMs = nowMs;
    this.outstanding += 1;
    if (this.#unanswered === 0) {
      this.#sinceMs = nowMs;
    }
    this.#unanswered += 1;
  }

  heard(nowMs: number): void {
    this.outstanding -= 1;
    this.#gapMs = blend(this.#gapMs, nowMs - Math.max(this.lastHeaderMs, this.#sinceMs));
    this.lastHeaderMs = nowMs;
    this.#sinceMs = nowMs;
    this.#unanswered = this.outstanding;
  }

  /** Taken back by us or by the client. One that nobody waited for long says nothing, and must not add up with others. */
  withdrawn(nowMs: number, startedMs: number): void {
    this.outstanding -= 1;
    if (nowMs - startedMs < this.#s.silenceMinMs) {
      this.#unanswered = Math.max(this.outstanding, this.#unanswered - 1);
      this.#sinceMs = nowMs;
    }
  }

  /** `tailMs`: how long its slow answers take. They are the last to come when the traffic ends, and no sign of silence. */
  isSilent(nowMs: number, tailMs: number): boolean {
    if (this.#unanswered < this.#s.silentRequestsMin) {
      return false;
    }
    const limitMs = this.#limitMs();
    return this.sinceMs(nowMs) >= (this.isFlowing(nowMs) ? limitMs : Math.max(TAIL_FACTOR * limitMs, tailMs));
  }

  /** Requests still come; without them, nothing can be read from there being no answers. */
  isFlowing(nowMs: number): boolean {
    return nowMs - this.#lastStartMs < this.#limitMs();
  }

  sinceMs(nowMs: number): number {
    return nowMs - this.#sinceMs;
  }

  clear(nowMs: number): void {
    this.#unanswered = 0;
    this.#sinceMs = nowMs;
  }

  #limitMs(): number {
    return Math.max(this.#s.silenceMinMs, this.#s.silenceGapFactor * (this.#gapMs ?? 0));
  }
}
