/** What a drill leaves: every figure and the evidence for it, in one JSON object that a later drill and the README read again. */
import { z } from 'zod';

const figures = z.object({
  sent: z.number(),
  succeeded: z.number(),
  share: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  slowestMs: z.number(),
  byRegion: z.record(z.string(), z.number()),
});

const lane = z.object({ reads: figures, writes: figures });

export const drillReportSchema = z.object({
  schema: z.literal('twinmap-drill/1'),
  id: z.string(),
  scenario: z.string(),
  title: z.string(),
  story: z.string(),
  /** ISO, with the date after which it proves nothing any more. */
  at: z.string(),
  expiresAt: z.string(),
  tookMs: z.number(),
  /** What each Region ran. */
  code: z.object({ primary: z.string(), secondary: z.string() }),
  regions: z.object({ failing: z.string(), survivor: z.string() }),
  mode: z.string(),
  planId: z.string(),
  clocks: z.object({
    detectMs: z.number(),
    decideMs: z.number(),
    executeMs: z.number(),
    totalMs: z.number(),
    failbackMs: z.number(),
    simulated: z.array(z.string()),
  }),
  client: z.object({ router: lane, primary: lane, secondary: lane }),
  buckets: z.array(
    z.object({ atMs: z.number(), path: z.string(), sent: z.number(), failed: z.number(), p99Ms: z.number() }),
  ),
  timeline: z.array(z.object({ atMs: z.number(), lane: z.string(), what: z.string(), tookMs: z.number().optional() })),
  /** Acknowledged writes that the survivor did not hold when the work moved, and how old the oldest was. */
  rpo: z.object({
    acknowledged: z.number(),
    oneSided: z.number(),
    oldestMs: z.number(),
    /** Neither Region has it in the end. */
    lost: z.number(),
    duplicates: z.number(),
  }),
  cycles: z.object({ slots: z.number(), taken: z.number(), doubled: z.number() }),
  deadRegion: z.object({ calls: z.number(), lookups: z.number(), waitedMs: z.number() }),
  returned: z.object({ sideEffects: z.array(z.string()), alarms: z.array(z.string()) }),
  drift: z.object({ before: z.string(), after: z.string() }),
  debts: z.object({ opened: z.array(z.string()), left: z.array(z.string()) }),
  commands: z.array(
    z.object({ words: z.string(), exitCode: z.number().nullable(), tookMs: z.number(), atMs: z.number() }),
  ),
  bars: z.array(z.object({ name: z.string(), bound: z.string(), measured: z.string(), ok: z.boolean() })),
  problems: z.array(z.string()),
});

export type DrillReport = z.infer<typeof drillReportSchema>;

/** A drill is weekly: what is older than a month says nothing of what runs today. */
export const EXPIRES_DAYS = 30;
