/** Shows a plan, asks, runs it, and keeps its report: the same for a failover and a failback. */
import path from 'node:path';
import { createInterface } from 'node:readline/promises';

import { ulid } from 'ulid';

import { createAuditLog } from '../../functions/audit/audit-log.ts';
import { type CommandInput, type CommandOption, EXIT } from '../command.ts';
import { storeReport, writeReportFiles } from '../report/store.ts';
import { textOption } from '../store-writes.ts';
import type { Claim } from './claim.ts';
import { readClocks } from './clocks.ts';
import { type Actions, execute, type RunResult, type StepReport } from './execute.ts';
import { type Changed, commandLine } from './command-line.ts';
import { briefLines, clockLine, dryRunLines, endLines, type NextCommands, planLines } from './move-lines.ts';
import type { MoveOptions } from './move-options.ts';
import { endSentence, moveMarkdown, type MoveReport, planFields, summaryOf } from './move-report.ts';
import type { OpenedAddresses } from './open-access.ts';
import { type OpenMove, otherFor, pairOf, pause, writesFor } from './open-move.ts';
import { openOutside } from './outside.ts';
import { documentsOf, type Plan } from './plan.ts';
import { PEER_OF } from './region-access.ts';
import { type RunContext, WAITS } from './run-context.ts';
import { answers, type World } from './world.ts';

export interface MoveInput {
  readonly input: CommandInput;
  readonly options: MoveOptions;
  readonly opened: OpenedAddresses;
  readonly open: OpenMove;
  readonly world: World;
  readonly plan: Plan;
  readonly resume: Claim | undefined;
  /** Where the stack files are; undefined where they are left alone. */
  readonly directory: string | undefined;
  /** In ms since 1970: when the command began. */
  readonly startedAt: number;
  readonly actions?: Actions;
  /** Of the command, to print it again. */
  readonly flags: readonly CommandOption[];
}

/** What a person types before anything is done: the thing that they are about to do, not a "y". */
const askFor = async (word: string): Promise<boolean> => {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await terminal.question(`Type ${word} to do it, anything else to leave everything as it is: `);
    return typed.trim() === word;
  } finally {
    terminal.close();
  }
};

const mayRun = async ({ input, options, plan }: MoveInput): Promise<boolean> => {
  if (options.dryRun) {
    return false;
  }
  const canAsk =
    process.stdin.isTTY && process.stderr.isTTY && input.options['json'] !== true && input.options['input'] !== false;
  return options.yes || (canAsk && (await askFor(plan.region)));
};

const again = ({ input, plan, flags }: MoveInput, changed: Changed): string =>
  commandLine({ name: plan.move, flags, options: input.options }, changed);

const nextOf = (move: MoveInput): NextCommands => {
  const without = ['--plan', '--dry-run', '--resume', '--take-over'];
  return {
    again: again(move, { without: ['--plan', '--dry-run'] }),
    resume: again(move, { without, with: ['--resume'] }),
    takeOver: again(move, { without, with: ['--take-over'] }),
  };
};

const reasonOf = ({ options, plan }: MoveInput): string =>
  options.reason ?? `${plan.kind} ${plan.move} to ${plan.region}, no reason given`;

interface Prepared {
  readonly context: RunContext;
  readonly endpoint: string | undefined;
}

const prepare = (move: MoveInput): Prepared => {
  const { input, options, opened, open, plan, world, resume, directory, startedAt } = move;
  const reason = reasonOf(move);
  const at = new Date(startedAt).toISOString().replace(/\.\d{3}Z$/u, 'Z');
  const documents = documentsOf(plan, { at, by: options.by, reason });
  const { by, to } = { by: options.by, to: plan.to };
  const { move: kindOfMove, kind, epoch } = plan;
  const claim: Claim =
    resume === undefined
      ? { id: ulid(), move: kindOfMove, epoch, to, kind, by, at: startedAt, state: 'running' }
      : { ...resume, kind };
  const isOtherReachable = answers(world.regions[PEER_OF[to]].records);
  const context: RunContext = {
    plan,
    claim,
    documents,
    target: open.target,
    other: otherFor(open, kind),
    writes: writesFor(open, kind),
    outside: openOutside({ input, opened, options, plan, documents, reason, directory, isOtherReachable }),
    waits: WAITS,
    now: () => Date.now(),
    sleep: pause,
    newOp: ulid,
    raised: new Set(),
    say: input.say,
  };
  return { context, endpoint: opened.addresses[to].endpoint };
};

type Progress = Pick<RunResult, 'steps' | 'debts' | 'channels' | 'files'> & {
  readonly end: RunResult['end'] | { kind: 'running' };
};

const reportOf = (move: MoveInput, { context, endpoint }: Prepared, progress: Progress): MoveReport => {
  const { plan, options, open, startedAt } = move;
  const { claim, documents, outside } = context;
  const { end, steps, debts, channels, files } = progress;
  const { beganAt, detectedAt, decidedAt } = options;
  const isOver = end.kind === 'done' || end.kind === 'unverified';
  return {
    id: claim.id,
    state: end.kind,
    at: startedAt,
    by: options.by,
    summary: summaryOf(plan, end.kind),
    reason: reasonOf(move),
    claim,
    plan: planFields(plan),
    document: documents[plan.to],
    steps,
    debts,
    clocks: isOver ? readClocks({ beganAt, detectedAt, decidedAt, startedAt, endedAt: Date.now() }) : null,
    endpoint: endpoint ?? null,
    announcement: { text: outside.announcement(), channels },
    stackFiles: files,
    bestEffort:
      plan.kind === 'ungraceful' ? { calls: open.budget.calls, waitedMs: Math.round(open.budget.waitedMs) } : null,
    why: endSentence(end),
  };
};

/** On this disk first: it needs nobody. A Region that does not take it is told; the move goes on. */
const keep = async (move: MoveInput, prepared: Prepared, progress: Progress): Promise<MoveReport> => {
  const { input, plan } = move;
  const payload = reportOf(move, prepared, progress);
  const markdown = moveMarkdown(payload);
  const stored = { kind: plan.move, id: payload.id, payload: { ...payload, markdown } };
  const folder = textOption(input, 'reports') ?? path.join(textOption(input, 'data') ?? '.twinmap', 'reports');
  try {
    await writeReportFiles(folder, stored, markdown);
  } catch (error) {
    input.say(`! the report can't be written to ${folder}: ${error instanceof Error ? error.message : 'unknown'}`);
  }
  const held = await storeReport(prepared.context.writes, stored);
  if (held.kind !== 'held') {
    input.say('! no Region took the report; it is on this disk alone');
  }
  return payload;
};

/** In both Regions' audit logs, or owed to the one that is out: who moved the work, and how it ended. */
const audit = async ({ context }: Prepared, { state, plan, reason, id, by }: MoveReport): Promise<void> => {
  const { target, writes, now, newOp } = context;
  const log = createAuditLog({ writes, region: target.region, epoch: async () => plan.epoch, newOp });
  const outcome = state === 'done' || state === 'unverified' ? 'done' : state === 'refused' ? 'refused' : 'failed';
  const recorded = await log.record({
    at: now(),
    actor: by,
    action: 'gate.moved',
    target: 'gate',
    outcome,
    details: { move: plan.move, kind: plan.kind, to: plan.region, epoch: plan.epoch, state, reason, report: id },
  });
  if (recorded.kind !== 'held') {
    context.say('! the audit log did not take the event of this move');
  }
};

const EXITS: Readonly<Record<RunResult['end']['kind'], number>> = {
  done: EXIT.done,
  unverified: EXIT.error,
  changed: EXIT.error,
  refused: EXIT.error,
  failed: EXIT.error,
};

/** A move that is done and leaves debts is done: they are listed, and `status` ends with 2 until they are settled. */
const exitOf = ({ end }: RunResult): number => {
  if (end.kind !== 'failed') {
    return EXITS[end.kind];
  }
  if (end.isDrift) {
    return EXIT.drift;
  }
  return end.isUnreachable ? EXIT.unreachable : EXIT.error;
};

const executedFields = (report: MoveReport): object => ({
  steps: report.steps.map((step) => ({
    ...step,
    startedAt: new Date(step.startedAt).toISOString(),
    endedAt: new Date(step.endedAt).toISOString(),
  })),
  outcome: report.state,
  why: report.why,
  clocks: report.clocks,
  debts: report.debts,
  endpoint: report.endpoint,
  announcement: report.announcement,
  stackFiles: report.stackFiles,
  bestEffort: report.bestEffort,
  reportId: report.id,
});

const run = async (move: MoveInput): Promise<number> => {
  const { input, open, plan, world } = move;
  const prepared = prepare(move);
  const { context } = prepared;
  const options = {
    pair: pairOf(context.target, context.other),
    world,
    ...(move.actions === undefined ? {} : { actions: move.actions }),
    onStep: async (steps: readonly StepReport[]) => {
      await keep(move, prepared, { end: { kind: 'running' }, steps, debts: plan.debts, channels: [], files: [] });
    },
  };
  const result = await execute(context, options);
  const report = await keep(move, prepared, result);
  await audit(prepared, report);
  for (const line of ['', ...endLines(plan, result, { endpoint: prepared.endpoint, next: nextOf(move) })]) {
    input.say(line);
  }
  if (report.clocks !== null) {
    input.say(`Clocks: ${clockLine(report.clocks)}`);
  }
  if (report.bestEffort !== null) {
    const { calls, waitedMs } = report.bestEffort;
    input.say(
      `Asked of ${plan.otherRegion}: ${calls} calls, ${waitedMs} ms in all (${open.budget.calls > 0 ? 'best effort' : 'nothing'})`,
    );
  }
  input.say(`Report: npx twinmap report show ${report.id}`);
  input.give({ plan: planFields(plan), executed: executedFields(report) });
  return exitOf(result);
};

export const showAndRun = async (move: MoveInput): Promise<number> => {
  const { input, options, plan } = move;
  for (const line of options.yes ? briefLines(plan) : planLines(plan)) {
    input.say(line);
  }
  if (options.plan !== undefined && options.plan !== plan.id) {
    input.say('');
    input.say(
      `The world has changed since plan ${options.plan} was made: it is plan ${plan.id} now. Nothing was changed.`,
    );
    input.give({ plan: planFields(plan), error: `plan ${options.plan} is not the plan any more` });
    return EXIT.error;
  }
  if (!(await mayRun(move))) {
    const without = ['--plan', '--dry-run', '--yes'];
    for (const line of dryRunLines(again(move, { without, with: ['--plan', plan.id, '--yes'] }))) {
      input.say(line);
    }
    input.give({ plan: planFields(plan) });
    return EXIT.done;
  }
  input.say('');
  return run(move);
};
