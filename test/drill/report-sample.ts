/** A drill's report as a drill makes it, small: for tests of what is made of it. */
import type { DrillReport } from '../../scripts/drill/report/drill-report.ts';

const figures = (sent: number, succeeded: number): DrillReport['client']['router']['reads'] => ({
  sent,
  succeeded,
  share: sent === 0 ? 1 : succeeded / sent,
  p50Ms: 8,
  p99Ms: 60.5,
  slowestMs: 210,
  byRegion: { 'us-east-2': Math.floor(succeeded / 2), 'us-west-2': Math.ceil(succeeded / 2) },
});

const lane = (sent: number, succeeded: number): DrillReport['client']['router'] => ({
  reads: figures(sent, succeeded),
  writes: figures(10, 10),
});

export const sampleReport = (changes: Partial<DrillReport> = {}): DrillReport => ({
  schema: 'twinmap-drill/1',
  id: '01M81AP8VZ5NF2DEE7H3T1TRXF',
  scenario: 'regional-dns',
  title: 'A Region’s DNS answers nothing',
  story: 'Names <have> no address & nobody knows.',
  at: '2026-11-22T09:00:00.000Z',
  expiresAt: '2026-12-22T09:00:00.000Z',
  tookMs: 90_000,
  code: { primary: 'this tree', secondary: 'this tree' },
  regions: { failing: 'us-east-2', survivor: 'us-west-2' },
  mode: 'ungraceful',
  planId: '5d66ef74dc9e',
  clocks: {
    detectMs: 3100,
    decideMs: 1000,
    executeMs: 4200,
    totalMs: 8300,
    failbackMs: 12_500,
    simulated: ['detect', 'decide'],
  },
  client: { router: lane(10_000, 9995), primary: lane(500, 300), secondary: lane(500, 500) },
  buckets: [
    { atMs: 0, path: 'router', sent: 100, failed: 0, p99Ms: 20 },
    { atMs: 1000, path: 'router', sent: 100, failed: 5, p99Ms: 200 },
    { atMs: 1000, path: 'primary', sent: 5, failed: 5, p99Ms: 0 },
  ],
  timeline: [
    { atMs: 0, lane: 'drill', what: 'begins: both Regions are well' },
    { atMs: 20_000, lane: 'trouble', what: 'us-east-2: DNS answers nothing' },
    { atMs: 40_000, lane: 'region', what: 'slot (the Region is out): secondary deferred', tookMs: 900 },
    { atMs: 60_000, lane: 'trouble', what: 'us-east-2: back, with the gate document that it had' },
  ],
  rpo: { acknowledged: 400, oneSided: 2, oldestMs: 1500, lost: 0, duplicates: 0 },
  cycles: { slots: 5, taken: 5, doubled: 0 },
  deadRegion: { calls: 0, lookups: 8, waitedMs: 0 },
  returned: { sideEffects: [], alarms: ['cycle fenced'] },
  drift: { before: 'none', after: 'none' },
  debts: { opened: ['us-east-2 may still say that it is active when it returns'], left: [] },
  commands: [
    { words: 'status', exitCode: 4, tookMs: 900, atMs: 24_000 },
    { words: 'failover --to secondary --yes', exitCode: 0, tookMs: 4200, atMs: 26_000 },
    { words: 'failback --to primary --yes', exitCode: 0, tookMs: 12_500, atMs: 62_000 },
  ],
  bars: [],
  problems: [],
  ...changes,
});
