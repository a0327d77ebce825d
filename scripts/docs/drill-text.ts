/** RTO and RPO as the last recorded drill measured them: a table for pages, and nothing that nobody measured. Pure. */
import { z } from 'zod';

/** What `npm run drill -- --write docs/drills` leaves as `last.json`. */
const lastSchema = z.object({
  at: z.string(),
  expiresAt: z.string(),
  id: z.string(),
  clocks: z.object({
    detectMs: z.number(),
    decideMs: z.number(),
    executeMs: z.number(),
    failbackMs: z.number(),
    simulated: z.array(z.string()),
  }),
  rpo: z.object({
    acknowledged: z.number(),
    oneSided: z.number(),
    oldestMs: z.number(),
    lost: z.number(),
    duplicates: z.number(),
  }),
  cycles: z.object({ slots: z.number(), doubled: z.number() }),
  reads: z.object({ sent: z.number(), share: z.number(), p99Ms: z.number() }),
  deadRegion: z.object({ calls: z.number(), lookups: z.number(), waitedMs: z.number() }),
  bars: z.object({ met: z.number(), of: z.number() }),
});

export const LAST_DRILL = 'docs/drills/last.json';

const NOT_YET = 'No drill is recorded yet: `npm run drill -- --write docs/drills`, then `npm run docs`.';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Rounded down: 99.996 % is no 100 %. */
const percent = (share: number): string => `${(Math.floor(share * 100_000) / 1000).toFixed(3)} %`;

/** `text` of the file; undefined where nobody has recorded a drill. */
export const drillText = (text: string | undefined): string => {
  if (text === undefined) {
    return NOT_YET;
  }
  const { at, expiresAt, id, clocks, rpo, cycles, reads, deadRegion, bars } = lastSchema.parse(JSON.parse(text));
  const how = (name: string): string => (clocks.simulated.includes(name) ? ' (simulated)' : '');
  const oneSided = rpo.oneSided === 0 ? '0' : `${rpo.oneSided}, the oldest ${seconds(rpo.oldestMs)} old`;
  const rows = [
    [
      'RTO for reads through the router',
      `none: ${percent(reads.share)} of ${reads.sent} reads succeeded, p99 ${reads.p99Ms} ms`,
    ],
    ['RTO of the runbook: from command to verified survivor', seconds(clocks.executeMs)],
    [
      'noticing, deciding',
      `${seconds(clocks.detectMs)}${how('detect')}, ${seconds(clocks.decideMs)}${how('decide')}: yours will differ`,
    ],
    ['RPO: acknowledged writes that the survivor did not hold when the work moved', oneSided],
    [`acknowledged writes lost, of ${rpo.acknowledged}`, String(rpo.lost)],
    ['writes doubled; cycles doubled', `${rpo.duplicates}; ${cycles.doubled}`],
    [
      'calls to the Region that was out',
      `${Math.max(deadRegion.calls, deadRegion.lookups)}, ${seconds(deadRegion.waitedMs)} in all`,
    ],
    ['the way back, with catch-up and proof', seconds(clocks.failbackMs)],
  ];
  return [
    '| what | measured |',
    '| --- | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    `Drill ${id} of ${at.slice(0, 10)} on local Regions, ${bars.met} of ${bars.of} bars met; it proves nothing any more after ${expiresAt.slice(0, 10)}.`,
  ].join('\n');
};
