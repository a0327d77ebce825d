/**
 * What the Regions say of themselves (`/v1/status`): active or passive, epoch, and whether their copy is behind. The router
 * follows; it never makes a Region active.
 */

export interface RegionReport {
  readonly atMs: number;
  readonly gate: 'active' | 'passive' | 'unknown';
  readonly epoch: number;
  /** `deferred`: it writes for both and the other one is owed. `catching-up`: its own copy is not whole yet. */
  readonly replication: 'in-sync' | 'deferred' | 'catching-up' | 'unknown';
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

/**
 * Regions whose answers may miss what was written. One that catches up is behind. Deferred is said by the active Region of
 * the copy that it can't reach: the *other* one is behind, and the one that says it has everything. A passive Region that
 * says deferred speaks of itself.
 */
export const regionsBehind = (reports: Reports): ReadonlySet<string> => {
  const behind = new Set<string>();
  const active = declaredActive(reports);
  const isDeferred = active !== undefined && reports.get(active)?.replication === 'deferred';
  for (const [region, { replication }] of reports) {
    const isOwed = region !== active && (isDeferred || replication === 'deferred');
    if (isOwed || replication === 'catching-up') {
      behind.add(region);
    }
  }
  return behind;
};
