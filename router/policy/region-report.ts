/**
 * What the Regions say of themselves (`/v1/status`): active or passive, epoch, and whether their copy is behind. The router
 * follows; it never makes a Region active.
 */

export interface RegionReport {
  readonly atMs: number;
  readonly gate: 'active' | 'passive' | 'unknown';
  readonly epoch: number;
  /**
   * `deferred`: it writes for both and the other one is owed. `down`: it can't reach the other one. `catching-up`: its own copy is
   * not whole yet.
   */
  readonly replication: 'in-sync' | 'deferred' | 'down' | 'catching-up' | 'unknown';
}

export type Reports = ReadonlyMap<string, RegionReport>;

/** The active Region with the highest epoch: of two that say so, the older one is fenced and does not know it yet. */
export const declaredActive = (reports: Reports): string | undefined => {
  let active: string | undefined;
  let epoch = -1;
  for (const [region, report] of reports) {
    if (report.gate === 'active' && report.epoch > epoch) {
      active = region;
      epoch = report.epoch;
    }
  }
  return active;
};

const isCut = ({ replication }: RegionReport): boolean => replication === 'deferred' || replication === 'down';

/**
 * Regions whose answers may miss what was written. One that catches up is behind. Deferred, or that its peer is down, is said
 * by the active Region of the copy that it can't reach: the *other* one is behind, and the one that says it has everything.
 * A passive Region that says so is cut off from what is written, and speaks of itself.
 */
export const regionsBehind = (reports: Reports): ReadonlySet<string> => {
  const behind = new Set<string>();
  const active = declaredActive(reports);
  const activeReport = active === undefined ? undefined : reports.get(active);
  const isOtherCut = activeReport !== undefined && isCut(activeReport);
  for (const [region, report] of reports) {
    const isOwed = region !== active && (isOtherCut || isCut(report));
    if (isOwed || report.replication === 'catching-up') {
      behind.add(region);
    }
  }
  return behind;
};

/** The last word of each Region. Optional: a client that asks no status decides by the order of its Regions. */
export class RegionReports {
  readonly #reports = new Map<string, RegionReport>();
  #behind: ReadonlySet<string> = new Set();
  #active: string | undefined;

  /** The Region that the Regions themselves declare active. */
  get active(): string | undefined {
    return this.#active;
  }

  of(region: string): RegionReport | undefined {
    return this.#reports.get(region);
  }

  isBehind(region: string): boolean {
    return this.#behind.has(region);
  }

  /** `moved`: people made another Region active. What was held on to is over. */
  add(region: string, report: RegionReport): 'same' | 'moved' {
    this.#reports.set(region, report);
    this.#behind = regionsBehind(this.#reports);
    const active = declaredActive(this.#reports);
    if (active === undefined || active === this.#active) {
      return 'same';
    }
    this.#active = active;
    return 'moved';
  }
}
