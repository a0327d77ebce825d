/**
 * Is a Region silent? Requests are out and no header has come for much longer than the usual gap between two answers. The gap
 * and not the latency: at 200 requests a second a Region with 60 ms latency answers every 5 ms, and is silent after 100 ms.
 */
import { blend } from './latency.ts';
import type { PolicySettings } from './settings.ts';

export class Silence {
  readonly #s: PolicySettings;
  outstanding = 0;
  lastHeaderMs = -1;
  #sinceMs = 0;
  /** Sent since the last header, aborted ones included: a hedge that wins must not hide that nobody answered. */
  #unanswered = 0;
  #gapMs: number | undefined;

  constructor(settings: PolicySettings) {
    this.#s = settings;
  }

  started(nowMs: number): void {
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

  isSilent(nowMs: number): boolean {
    const { silentRequestsMin, silenceMinMs, silenceGapFactor } = this.#s;
    return (
      this.#unanswered >= silentRequestsMin &&
      this.sinceMs(nowMs) >= Math.max(silenceMinMs, silenceGapFactor * (this.#gapMs ?? 0))
    );
  }

  sinceMs(nowMs: number): number {
    return nowMs - this.#sinceMs;
  }

  clear(nowMs: number): void {
    this.#unanswered = 0;
    this.#sinceMs = nowMs;
  }

  forget(nowMs: number): void {
    this.clear(nowMs);
    this.#gapMs = undefined;
  }
}
