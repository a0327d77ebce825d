/** The report of a move: the same fields while it runs (its journal), when it stopped half-way, and at its end; and as Markdown. Pure. */
import type { ReportPayload } from '../../functions/domain/report.ts';
import type { GateDocument } from '../../functions/gate/document.ts';
import type { Claim } from './claim.ts';
import type { Clocks } from './clocks.ts';
import type { RunEnd, StepReport } from './execute.ts';
import type { Debt, Plan } from './plan.ts';
import type { ChannelReport } from './run-context.ts';

export interface MoveReport extends ReportPayload {
  readonly id: string;
  readonly state: 'running' | RunEnd['kind'];
  readonly reason: string;
  readonly claim: Claim;
  readonly plan: PlanFields;
  readonly document: GateDocument;
  readonly steps: readonly StepReport[];
  readonly debts: readonly Debt[];
  readonly clocks: Clocks | null;
  readonly endpoint: string | null;
  readonly announcement: { readonly text: string; readonly channels: readonly ChannelReport[] };
  readonly stackFiles: readonly string[];
  /** Calls to the Region that may be gone, and how long they were waited for. */
  readonly bestEffort: { readonly calls: number; readonly waitedMs: number } | null;
  readonly why: string | null;
}

/** A plan as it is printed and kept. */
export interface PlanFields {
  readonly id: string;
  readonly move: Plan['move'];
  readonly kind: Plan['kind'];
  readonly to: string;
  readonly region: string;
  readonly otherRegion: string;
  readonly epoch: number;
  readonly peerWrites: string;
  readonly breakGlass: boolean;
  readonly steps: Plan['steps'];
  readonly debts: Plan['debts'];
  readonly warnings: readonly string[];
  /** What was seen, in words. */
  readonly seen: Readonly<Record<string, string>>;
}

export const planFields = (plan: Plan): PlanFields => {
  const { facts, ...rest } = plan;
  return { ...rest, seen: Object.fromEntries(Object.entries(facts).map(([name, { text }]) => [name, text])) };
};

export const endSentence = (end: RunEnd | { readonly kind: 'running' }): string | null => {
  switch (end.kind) {
    case 'running':
    case 'done':
    case 'unverified': {
      return null;
    }
    case 'changed': {
      return end.changes.join('; ');
    }
    case 'refused':
    case 'failed': {
      return end.why;
    }
  }
};

export const summaryOf = (plan: Plan, state: MoveReport['state']): string => {
  const what = `${plan.kind} ${plan.move} to ${plan.region} under epoch ${plan.epoch}`;
  switch (state) {
    case 'running': {
      return `${what}, not ended`;
    }
    case 'done': {
      return `${what}, verified`;
    }
    case 'unverified': {
      return `${what}, UNVERIFIED`;
    }
    case 'changed': {
      return `${what}, stopped because the world had changed`;
    }
    case 'refused': {
      return `${what}, refused`;
    }
    case 'failed': {
      return `${what}, stopped at a step that failed`;
    }
  }
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ');

const clockRows = (clocks: Clocks): readonly string[] => {
  const { simulated } = clocks;
  const mark = (name: 'detect' | 'decide'): string => (simulated.includes(name) ? ' (simulated)' : '');
  return [
    '| clock | time |',
    '| --- | --- |',
    `| detect | ${seconds(clocks.detectMs)}${mark('detect')} |`,
    `| decide | ${seconds(clocks.decideMs)}${mark('decide')} |`,
    `| execute | ${seconds(clocks.executeMs)} |`,
    `| total | ${seconds(clocks.totalMs)} |`,
  ];
};

export const moveMarkdown = (report: MoveReport): string => {
  const { plan, steps, debts, clocks, announcement, claim } = report;
  const lines = [
    `# ${report.summary}`,
    '',
    `- Report: \`${plan.move}#${report.id}\`, plan \`${plan.id}\``,
    `- By ${report.by}, ${new Date(report.at).toISOString()}. Reason: ${report.reason}`,
    `- To ${plan.region} (${plan.to}), away from ${plan.otherRegion}; epoch ${claim.epoch}; peer writes ${plan.peerWrites}`,
    `- Endpoint to use: ${report.endpoint ?? 'not known here'}`,
    ...(report.why === null ? [] : [`- Stopped: ${report.why}`]),
    ...(report.bestEffort === null
      ? []
      : [
          `- Asked of ${plan.otherRegion}, best effort: ${report.bestEffort.calls} calls, ${seconds(report.bestEffort.waitedMs)} in all`,
        ]),
    '',
    ...(clocks === null ? [] : [...clockRows(clocks), '']),
    '## Steps',
    '',
    '| step | outcome | time | what came of it |',
    '| --- | --- | --- | --- |',
    ...steps.map(
      (step) => `| ${step.id} | ${step.outcome} | ${seconds(step.endedAt - step.startedAt)} | ${cell(step.detail)} |`,
    ),
    '',
    '## Debts that stay open',
    '',
    ...(debts.length === 0 ? ['None.'] : debts.map(({ what, settledBy }) => `- ${what}. Settled by: \`${settledBy}\``)),
    '',
    '## Announcement',
    '',
    announcement.text,
    '',
    ...announcement.channels.map(({ channel, outcome }) => `- ${channel}: ${outcome}`),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
};
