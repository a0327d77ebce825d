/** Turns events of both Regions into what a person reads: few lines, the important ones last. */
import pc from 'picocolors';

import type { Provisioned, RegionEvent } from '../region/messages.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import type { NamedSource } from './sources.ts';
import type { CycleEnd, CycleWatch } from './cycle-watch.ts';
import { type DecisionLine, DecisionLines } from './decision-lines.ts';
import type { Screen } from './screen.ts';
import { count, cycleLine, denialLine, proofLine, seconds, warningOf } from './sentences.ts';
import type { RegionResult, SyncResult, Verdict } from './verdict.ts';

const SKIPS_SHOWN_MAX = 10;

export interface ReporterOptions {
  readonly screen: Screen;
  readonly sources: readonly Pick<NamedSource, 'id' | 'name'>[];
  readonly watch: CycleWatch;
  /** Takes lines as they come, in place of sentences. */
  readonly raw?: (line: string) => void;
}

export class Reporter {
  readonly failures: string[] = [];
  readonly #screen: Screen;
  readonly #sources: readonly Pick<NamedSource, 'id' | 'name'>[];
  readonly #watch: CycleWatch;
  readonly #raw: ((line: string) => void) | undefined;
  readonly #decisions = new DecisionLines();
  readonly #listeners: ((end: CycleEnd) => void)[] = [];
  #skipsSeen = 0;

  constructor(options: ReporterOptions) {
    this.#screen = options.screen;
    this.#sources = options.sources;
    this.#watch = options.watch;
    this.#raw = options.raw;
  }

  /** Called for every cycle that ends, also for those of the schedule. */
  onCycle(listener: (end: CycleEnd) => void): void {
    this.#listeners.push(listener);
  }

  take(role: Role, event: RegionEvent): void {
    switch (event.kind) {
      case 'line': {
        this.#takeLine(event.text);
        break;
      }
      case 'function-failed': {
        const failure = `${event.functionName} in ${role}: ${event.detail}`;
        this.failures.push(failure);
        this.#screen.fail(failure);
        break;
      }
      case 'access-denied': {
        const failure = denialLine(role, event.denial);
        this.failures.push(failure);
        this.#screen.fail(failure);
        break;
      }
      case 'damage': {
        this.#screen.fail(`${role}: a damaged entry in the data folder reads as missing: ${event.what}`);
        break;
      }
      case 'progress': {
        this.#screen.redraw('deploying', event.done, `resources in ${role}`);
        break;
      }
      case 'opened':
      case 'name-mode':
      case 'principal':
      case 'roles':
      case 'not-opened':
      case 'answer':
      case 'refused': {
        break;
      }
    }
  }

  provisioned(regions: Readonly<Record<Role, Provisioned>>, durationMs: number): void {
    for (const role of ROLES) {
      const { region, endpoint, resources, active, epoch } = regions[role];
      const state = active ? pc.green('active ') : 'passive';
      const how = pc.dim(`${resources} resources in ${seconds(durationMs)}`);
      this.#screen.line(role, `${region}  ${state}  epoch ${epoch}  ${endpoint}  ${how}`);
    }
  }

  proof(regions: readonly RegionResult[]): void {
    for (const region of regions) {
      this.#screen.line('proof', proofLine(region));
    }
  }

  result(result: SyncResult, verdict: Verdict): void {
    this.proof(result.regions);
    const hidden = this.#skipsSeen - SKIPS_SHOWN_MAX;
    if (hidden > 0) {
      this.#screen.warn(`and ${count(hidden)} more files that could not be read`);
    }
    for (const finding of verdict.findings) {
      this.#screen.fail(finding);
    }
    const acknowledged = verdict.acknowledged ? pc.green('acknowledged') : pc.red('not acknowledged');
    const identical = verdict.identical ? pc.green('both Regions hold the same') : pc.red('equality is not proven');
    this.#screen.line('verdict', `${acknowledged}, ${identical} ${pc.dim(`(${seconds(result.durationMs)})`)}`);
  }

  #nameOf(id: string): string {
    return this.#sources.find((source) => source.id === id)?.name ?? id;
  }

  /** What the router has decided. */
  takeRouted(event: string, fields: Readonly<Record<string, unknown>>): void {
    this.#raw?.(JSON.stringify({ event, function: 'router', ...fields }));
    this.#tell(this.#decisions.takeEvent(event, fields));
  }

  #tell(decision: DecisionLine | undefined): void {
    if (decision === undefined || this.#raw !== undefined) {
      return;
    }
    const { level, label, text } = decision;
    this.#screen.line(label, level === 'info' ? text : level === 'warn' ? pc.yellow(text) : pc.red(text));
  }

  #takeLine(text: string): void {
    // Measurements are for charts, not for people.
    if (!text.startsWith('{"_aws"')) {
      this.#raw?.(text);
    }
    this.#tell(this.#decisions.take(text));
    const before = this.#watch.ends();
    const progress = this.#watch.take(text);
    if (progress !== undefined) {
      const what = `${progress.phase} of ${this.#nameOf(progress.source)}`;
      this.#screen.progress('syncing', progress.done, progress.total, what);
    }
    for (const end of this.#watch.ends().filter((one) => !before.includes(one))) {
      this.#screen.line('sync', cycleLine(this.#nameOf(end.source), end));
      for (const listener of this.#listeners) {
        listener(end);
      }
    }
    const warning = warningOf(text);
    if (warning?.kind === 'skip') {
      this.#skipsSeen += 1;
    }
    if (warning !== undefined && (warning.kind === 'other' || this.#skipsSeen <= SKIPS_SHOWN_MAX)) {
      this.#screen.warn(warning.text);
    }
  }
}
