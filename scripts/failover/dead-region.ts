/**
 * One ungraceful failover away from a Region whose every call fails in one way, run as a person runs it: the command itself, with a
 * break-glass file. What it cost the dead Region is read from that Region's own wire.
 */
import { type Role } from '../../functions/domain/region.ts';
import type { RegionPairLink } from '../../local/region/pair.ts';
import type { FaultRule } from '../../local/services/faults.ts';
import type { Command } from '../../ops/command.ts';
import { failover } from '../../ops/failover.ts';

/** As issue 6 names them: how a Region may be gone. */
export const DEAD_MODES = {
  'no such name': { service: '*', mode: 'dns-nxdomain' },
  'connect hang': { service: '*', mode: 'tls-stall' },
  reset: { service: '*', mode: 'reset' },
  '5xx': { service: '*', mode: 'error-503' },
  throttling: { service: '*', mode: 'throttle' },
  'slow 200': { service: '*', mode: 'delay', delayMs: 8000 },
} as const satisfies Readonly<Record<string, FaultRule>>;

export type DeadMode = keyof typeof DEAD_MODES;

export const EXECUTE_MS_MAX = 30_000;
export const BEST_EFFORT_CALLS_MAX = 10;
export const BEST_EFFORT_MS_MAX = 5000;

export interface DeadRegionStage {
  readonly pair: RegionPairLink;
  /** As `twinmap config` writes it. */
  readonly pairFile: string;
  readonly reports: string;
}

export interface RanCommand {
  readonly exitCode: number;
  readonly data: unknown;
  readonly lines: readonly string[];
}

/** A command in this process, as `--json` gives it. */
export const runCommand = async (
  command: Command,
  options: Readonly<Record<string, string | boolean>>,
): Promise<RanCommand> => {
  const lines: string[] = [];
  let data: unknown;
  const exitCode = await command.run({
    words: [],
    options,
    say: (line) => {
      lines.push(line);
    },
    give: (value) => {
      data = value;
    },
  });
  return { exitCode, data, lines };
};

export interface DeadRegionMeasure {
  readonly mode: DeadMode;
  readonly exitCode: number;
  /** From the command to the verified survivor. */
  readonly executeMs: number;
  /** As the dead Region's wire counted them; what never reached a socket is not among them. */
  readonly wire: { readonly calls: number; readonly waitedMs: number };
  /** As the command counted them, with those that never got through. */
  readonly own: { readonly calls: number; readonly waitedMs: number };
  readonly state: string;
  readonly steps: readonly { readonly id: string; readonly outcome: string }[];
  /** Empty where every bar is met. */
  readonly problems: readonly string[];
}

interface Executed {
  readonly outcome: string;
  readonly steps: readonly { readonly id: string; readonly outcome: string }[];
  readonly clocks: { readonly executeMs: number } | null;
  readonly bestEffort: { readonly calls: number; readonly waitedMs: number } | null;
}

const executedOf = (data: unknown): Executed | undefined =>
  typeof data === 'object' && data !== null && 'executed' in data ? (data.executed as Executed) : undefined;

const REQUIRED: ReadonlySet<string> = new Set(['claim', 'fence', 'activate', 'verify', 'sync', 'report']);

const problemsOf = (measure: Omit<DeadRegionMeasure, 'problems'>): readonly string[] => {
  const { exitCode, executeMs, wire, own, state, steps } = measure;
  const calls = Math.max(wire.calls, own.calls);
  // What the caller waited: a Region that answers after its caller has left counts its own time on.
  const { waitedMs } = own;
  const undone = steps.filter(({ id, outcome }) => REQUIRED.has(id) && outcome !== 'done').map(({ id }) => id);
  return [
    ...(exitCode === 0 && state === 'done' ? [] : [`it ended with ${exitCode} (${state})`]),
    ...(undone.length === 0 ? [] : [`not done: ${undone.join(', ')}`]),
    ...(executeMs < EXECUTE_MS_MAX ? [] : [`it took ${executeMs} ms`]),
    ...(calls <= BEST_EFFORT_CALLS_MAX ? [] : [`${calls} calls went to the dead Region`]),
    ...(waitedMs <= BEST_EFFORT_MS_MAX ? [] : [`the dead Region was waited for ${waitedMs} ms`]),
  ];
};

/** `from` breaks, the other Region takes over; the faults stay until the caller clears them. */
export const failOverFromDead = async (
  { pair, pairFile, reports }: DeadRegionStage,
  mode: DeadMode,
  from: Role,
): Promise<DeadRegionMeasure> => {
  const to: Role = from === 'primary' ? 'secondary' : 'primary';
  await pair.links[from].ask({ kind: 'set-fault', rule: DEAD_MODES[mode] });
  const before = await pair.links[from].ask({ kind: 'statistics' });
  const ran = await runCommand(failover, { stores: pairFile, to, yes: true, reports, stackFiles: false, reason: mode });
  const after = await pair.links[from].ask({ kind: 'statistics' });
  const executed = executedOf(ran.data);
  const measure = {
    mode,
    exitCode: ran.exitCode,
    executeMs: executed?.clocks?.executeMs ?? Infinity,
    wire: {
      calls: after.operator.calls - before.operator.calls,
      waitedMs: after.operator.waitedMs - before.operator.waitedMs,
    },
    own: executed?.bestEffort ?? { calls: 0, waitedMs: 0 },
    state: executed?.outcome ?? 'nothing was executed',
    steps: (executed?.steps ?? []).map(({ id, outcome }) => ({ id, outcome })),
  };
  return { ...measure, problems: problemsOf(measure) };
};
