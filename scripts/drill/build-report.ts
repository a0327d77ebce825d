/** From what was played to the report: figures, bars and what is wrong. Pure, but for the moment at which it is asked. */
import { z } from 'zod';

import type { Drive } from './drive.ts';
import { bucketsOf, figuresOf, select } from './measure.ts';
import type { Envelope, Ran } from './operator.ts';
import type { Played } from './play.ts';
import { judge } from './judge.ts';
import { type DrillReport, EXPIRES_DAYS } from './report/drill-report.ts';
import type { Moment } from './timeline.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const debtSchema = z.object({ id: z.string(), what: z.string() });
const executedSchema = z.object({
  plan: z.object({ id: z.string(), kind: z.string() }),
  executed: z.object({
    outcome: z.string().optional(),
    clocks: z.object({ executeMs: z.number() }).nullable(),
    debts: z.array(debtSchema),
  }),
});

/** What the move said of itself; undefined where it did not get that far. */
const movedBy = (envelope: Envelope | undefined): z.infer<typeof executedSchema> | undefined =>
  executedSchema.safeParse(envelope?.data).data;

const laneOf = ({ world }: Drive, path: 'router' | 'primary' | 'secondary') => {
  const { samples } = world.client;
  return { reads: figuresOf(select(samples, path, 'read')), writes: figuresOf(select(samples, path, 'write')) };
};

const momentOf = ({ at, lane, what, tookMs }: Moment, startedAt: number): DrillReport['timeline'][number] => {
  const atMs = Math.round(at - startedAt);
  return tookMs === undefined ? { atMs, lane, what } : { atMs, lane, what, tookMs };
};

const rpoOf = ({ world }: Drive, played: Played): DrillReport['rpo'] => ({
  acknowledged: world.client.acknowledged.length,
  oneSided: played.oneSided.length,
  oldestMs: played.oneSided.reduce((most, { at }) => Math.max(most, played.movedAt - at), 0),
  lost: played.lost,
  duplicates: played.duplicates,
});

const cyclesOf = ({ slots }: Drive): DrillReport['cycles'] => ({
  slots: slots.length,
  taken: slots.filter(({ taken }) => taken.length > 0).length,
  doubled: slots.filter(({ taken }) => taken.length > 1).length,
});

const commandsOf = ({ world }: Drive, startedAt: number): DrillReport['commands'] =>
  world.operator.runs.map(({ words, exitCode, tookMs, startedAt: at }: Ran) => ({
    words: words.join(' '),
    exitCode,
    tookMs: Math.round(tookMs),
    atMs: at - startedAt,
  }));

const problemsOf = (drive: Drive, played: Played): readonly string[] => [
  ...played.problems,
  ...drive.world.operator.runs
    .filter(({ envelope }) => envelope === undefined)
    .map(({ words }) => `twinmap ${words[0] ?? ''} printed no answer`)
    .filter(() => drive.scenario.moveTheWork === undefined),
];

export interface Built {
  readonly id: string;
  readonly code: DrillReport['code'];
}

export const buildReport = (drive: Drive, played: Played, { id, code }: Built): DrillReport => {
  const { world, scenario, failing, survivor } = drive;
  const { startedAt, endedAt, detectMs, decideMs, move, failback } = played;
  const moved = movedBy(move.envelope);
  const executeMs = Math.round(move.tookMs);
  const { moments } = world.timeline;
  const report: Omit<DrillReport, 'bars'> = {
    schema: 'twinmap-drill/1',
    id,
    scenario: scenario.name,
    title: scenario.title,
    story: scenario.story,
    at: new Date(startedAt).toISOString(),
    expiresAt: new Date(startedAt + EXPIRES_DAYS * DAY_MS).toISOString(),
    tookMs: endedAt - startedAt,
    code,
    regions: { failing: world.regionOf(failing), survivor: world.regionOf(survivor) },
    mode: moved?.plan.kind ?? 'not moved',
    planId: moved?.plan.id ?? '',
    clocks: {
      detectMs: Math.round(detectMs),
      decideMs,
      executeMs,
      totalMs: Math.round(detectMs) + decideMs + executeMs,
      failbackMs: Math.round(failback.tookMs),
      simulated: ['detect', 'decide'],
    },
    client: {
      router: laneOf(drive, 'router'),
      primary: laneOf(drive, 'primary'),
      secondary: laneOf(drive, 'secondary'),
    },
    buckets: [...bucketsOf(world.client.samples, startedAt)],
    timeline: moments.map((moment) => momentOf(moment, startedAt)),
    rpo: rpoOf(drive, played),
    cycles: cyclesOf(drive),
    deadRegion: played.deadRegion,
    returned: { sideEffects: [...played.sideEffects], alarms: [...played.alarms] },
    drift: { before: played.driftBefore, after: played.driftAfter },
    debts: {
      opened: (moved?.executed.debts ?? []).map(({ what }) => what),
      left: (movedBy(failback.envelope)?.executed.debts ?? []).map(({ what }) => what),
    },
    commands: commandsOf(drive, startedAt),
    problems: [...problemsOf(drive, played)],
  };
  return { ...report, bars: [...judge(scenario, report, { move, failback })] };
};
