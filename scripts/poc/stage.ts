/**
 * The running pair of the proof of concept, and one run of it: both schedules fire, everything is synced, both Regions prove what they
 * hold; what went over the wire is counted by each Region's own services, by role, action and resource.
 */
import { type Role, ROLES } from '../../functions/domain/region.ts';
import type { AccessCount } from '../../local/iam/access-guard.ts';
import type { Provisioned } from '../../local/region/messages.ts';
import { RegionPairLink } from '../../local/region/pair.ts';
import { ensureTokens } from '../../local/start/access-keys.ts';
import { type CycleEnd, type CycleWatch, watchCycles } from '../../local/start/cycle-watch.ts';
import { addressesOf, openLocalPair } from '../../local/start/pair-addresses.ts';
import { syncOnce } from '../../local/start/sync-once.ts';
import { judge, type SyncResult, type Verdict } from '../../local/start/verdict.ts';
import type { OpenedPair } from '../../ops/pair-stores.ts';
import { addSources } from './add-sources.ts';
import { type Calls, callsBetween } from './calls.ts';
import { type DocumentVersions, documentVersions } from './held-documents.ts';
import type { PocSource } from './sources.ts';

/** Nothing but what is measured runs by itself. */
const QUIET_MS = 7 * 24 * 60 * 60 * 1000;
const PROGRESS_MS = 5000;
/** A cycle that met a Region that was too busy is not acknowledged; the next one redoes it. */
const ATTEMPTS_MAX = 4;

export interface StageOptions {
  readonly rootDirectory: string;
  readonly dataDirectory: string;
  readonly sources: readonly PocSource[];
  readonly loopbackOrigin: string;
  readonly say: (line: string) => void;
}

export interface Memory {
  readonly memoryMb: number;
  readonly maxRssMb: number;
}

export interface Run {
  readonly result: SyncResult;
  readonly verdict: Verdict;
  /** Syncs until everything was acknowledged; what they cost is of all of them. */
  readonly attempts: number;
  readonly wallMs: number;
  /** Documents written and deleted, by source. */
  readonly changed: ReadonlyMap<string, number>;
  readonly calls: Readonly<Record<Role, Calls>>;
  /** Of the sync function, one for each invocation. */
  readonly memory: readonly Memory[];
  /** What each Region holds afterwards. */
  readonly documents: Readonly<Record<Role, DocumentVersions>>;
}

/** `REPORT … Memory Size: 2048 MB Max Memory Used: 312 MB`, as Lambda writes it. */
const readReport = (text: string): Memory | undefined => {
  const [, size, used] = /^REPORT .*Memory Size: (\d+) MB.*Max Memory Used: (\d+) MB/u.exec(text) ?? [];
  return size === undefined || used === undefined ? undefined : { memoryMb: Number(size), maxRssMb: Number(used) };
};

export const numberOf = (fields: CycleEnd['fields'], name: string): number => {
  const value = fields[name];
  return typeof value === 'number' ? value : 0;
};

/** What a cycle that was not acknowledged changed is told by the one that redoes it. */
const changesIn = (fields: CycleEnd['fields']): number => numberOf(fields, 'changed') + numberOf(fields, 'deleted');

export class PocStage {
  readonly #options: StageOptions;
  readonly #watch: CycleWatch = watchCycles();
  readonly #failures: string[] = [];
  #memory: Memory[] = [];
  readonly #written = new Map<string, number>();
  #toldAt = 0;
  #pair: RegionPairLink | undefined;
  #provisioned: Readonly<Record<Role, Provisioned>> | undefined;
  #stores: OpenedPair | undefined;

  constructor(options: StageOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { rootDirectory, dataDirectory, sources, loopbackOrigin } = this.#options;
    const pair = await RegionPairLink.open({
      rootDirectory,
      dataDirectory,
      intervalMs: QUIET_MS,
      jobsIntervalMs: QUIET_MS,
      onEvent: (_role, event) => {
        if (event.kind === 'line') {
          this.#takeLine(event.functionName, event.text);
        } else if (event.kind === 'function-failed') {
          this.#failures.push(`${event.functionName}: ${event.detail}`);
        } else if (event.kind === 'access-denied') {
          this.#failures.push(`${event.denial.role} lacks ${event.denial.action} on ${event.denial.resource}`);
        }
      },
    });
    this.#pair = pair;
    this.#provisioned = await pair.provision({ sources: [], gitHosts: [], gitLoopbackOrigin: loopbackOrigin });
    this.#stores = openLocalPair(await addressesOf(rootDirectory, pair));
    const { regions, writes } = this.#stores;
    const { operator } = await ensureTokens({ regions, writes, now: () => Date.now() }, dataDirectory);
    await addSources(this.#provisioned.primary.endpoint, operator, sources);
  }

  async run(label: string): Promise<Run> {
    const { pair, provisioned } = this.#running();
    const { sources, say } = this.#options;
    this.#memory = [];
    this.#written.clear();
    say(`${label}: ${String(sources.length)} sources`);
    const before = await this.#access();
    const startedAt = performance.now();
    const changed = new Map<string, number>();
    let attempts = 0;
    let result: SyncResult;
    let verdict: Verdict;
    do {
      attempts += 1;
      this.#failures.length = 0;
      result = await syncOnce({
        pair,
        provisioned,
        watch: this.#watch,
        expected: sources.map(({ id }) => id),
        failures: this.#failures,
        now: () => performance.now(),
      });
      verdict = judge(result);
      for (const { source, fields } of result.ends) {
        changed.set(source, (changed.get(source) ?? 0) + changesIn(fields));
      }
      if (!verdict.acknowledged) {
        say(`  not everything is acknowledged: ${verdict.findings.join('; ')}`);
      }
    } while (!verdict.acknowledged && attempts < ATTEMPTS_MAX);
    const wallMs = performance.now() - startedAt;
    const after = await this.#access();
    return {
      result,
      verdict,
      attempts,
      wallMs,
      changed,
      calls: {
        primary: callsBetween(before.primary, after.primary),
        secondary: callsBetween(before.secondary, after.secondary),
      },
      memory: this.#memory,
      documents: await this.#documents(),
    };
  }

  async close(): Promise<void> {
    await this.#pair?.stop();
  }

  #running(): { pair: RegionPairLink; provisioned: Readonly<Record<Role, Provisioned>>; stores: OpenedPair } {
    if (this.#pair === undefined || this.#provisioned === undefined || this.#stores === undefined) {
      throw new TypeError('the stage is not open');
    }
    return { pair: this.#pair, provisioned: this.#provisioned, stores: this.#stores };
  }

  async #access(): Promise<Readonly<Record<Role, readonly AccessCount[]>>> {
    const { links } = this.#running().pair;
    const [primary, secondary] = await Promise.all([
      links.primary.ask({ kind: 'access' }),
      links.secondary.ask({ kind: 'access' }),
    ]);
    return { primary, secondary };
  }

  async #documents(): Promise<Readonly<Record<Role, DocumentVersions>>> {
    const { pair, stores } = this.#running();
    const ids = this.#options.sources.map(({ id }) => id);
    const { home, peer } = stores.regions;
    const held = await Promise.all(
      ROLES.map(async (role) => documentVersions(home.region === pair.regionOf(role) ? home : (peer ?? home), ids)),
    );
    return { primary: held[0] ?? new Map(), secondary: held[1] ?? new Map() };
  }

  #takeLine(functionName: string, text: string): void {
    const progress = this.#watch.take(text);
    if (progress?.phase === 'documents written') {
      this.#written.set(progress.source, progress.done);
    }
    const report = functionName.endsWith('-sync') ? readReport(text) : undefined;
    this.#memory.push(...(report === undefined ? [] : [report]));
    if (performance.now() - this.#toldAt > PROGRESS_MS) {
      this.#toldAt = performance.now();
      const written = [...this.#written.values()].reduce((sum, count) => sum + count, 0);
      const through = `${String(this.#watch.ends().length)} of ${String(this.#options.sources.length)} sources`;
      this.#options.say(`  ${through} are through, ${written.toLocaleString('en-US')} documents written`);
    }
  }
}
