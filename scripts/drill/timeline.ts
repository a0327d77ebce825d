/** What happened when, in order: the spine of a report. */

export type Lane = 'trouble' | 'operator' | 'region' | 'drill';

export interface Moment {
  /** In ms since 1970. */
  readonly at: number;
  readonly lane: Lane;
  readonly what: string;
  /** Of something that took a while. */
  readonly tookMs?: number;
}

export class Timeline {
  readonly moments: Moment[] = [];
  readonly #onMoment: (moment: Moment) => void;

  constructor(onMoment: (moment: Moment) => void = () => undefined) {
    this.#onMoment = onMoment;
  }

  mark(lane: Lane, what: string, tookMs?: number): number {
    const at = Date.now();
    const moment: Moment = { at: at - (tookMs ?? 0), lane, what, ...(tookMs === undefined ? {} : { tookMs }) };
    this.moments.push(moment);
    this.#onMoment(moment);
    return at;
  }
}
