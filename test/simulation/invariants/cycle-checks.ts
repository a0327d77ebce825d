/** What must hold of claims, commits and acknowledgements of cycles. */
import { parseSourcePayload, SOURCES_PARTITION } from '../../../functions/domain/corpus.ts';
import type { TableName } from '../../../functions/domain/record.ts';
import { fenceOfVersion } from '../../../functions/domain/version.ts';
import type { GateDocument } from '../../../functions/gate/document.ts';
import type { ItemChange } from '../stores/sim-table.ts';
import type { SimProcess } from '../world/process.ts';
import type { SimRegion } from '../world/region.ts';
import type { CycleEnded, GateSeen, Watcher, World } from '../world/world.ts';
import { isLive, type Ledger, type Run, textIn } from './ledger.ts';
import { snapshotDefect, sourceItem } from './snapshot-checks.ts';

interface Commit {
  readonly v: string;
  readonly by: string;
  readonly source: string;
  /** What the Region that committed first held of the source then: key and version, foreign writes left out. */
  readonly held: ReadonlyMap<string, string>;
}

const shortFence = (fence: string): string => {
  const [epoch = '', region = '', run = ''] = fence.split('/');
  return `${Number(epoch)}/${region}/${Number(run)}`;
};

export class CycleChecks implements Watcher {
  acknowledged = 0;
  deferred = 0;
  /** Records that acknowledged cycles wrote. */
  acknowledgedRecords = 0;
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #commits = new Map<string, Commit>();
  /** What a process committed last. */
  readonly #committedBy = new Map<string, Commit>();
  readonly #gates = new Map<string, GateDocument>();
  /** What both Regions must hold from now on: table key and version. */
  readonly required = new Map<string, string>();

  constructor(world: World, ledger: Ledger) {
    this.#world = world;
    this.#ledger = ledger;
  }

  onDecision({ decision }: GateSeen, by: SimProcess): void {
    if (decision.inForce !== undefined) {
      this.#gates.set(by.name, decision.inForce);
      if (decision.inForce.peer_writes === 'deferred') {
        this.#ledger.deferring.add(by.name);
      }
    }
  }

  onItem(region: SimRegion, table: TableName, change: ItemChange, by: SimProcess | undefined): void {
    const v = textIn(change.after, 'v');
    if (table !== 'graph' || change.pk !== SOURCES_PARTITION || v === '' || v === textIn(change.before, 'v')) {
      return;
    }
    const known = this.#commits.get(v);
    if (known !== undefined && known.by !== by?.name) {
      this.#checkCopy(region, known);
      return;
    }
    this.#checkCommit(region, change, by);
    if (known === undefined) {
      const commit = this.#noteCommit(region, change, by);
      this.#commits.set(v, commit);
      this.#committedBy.set(by?.name ?? '', commit);
    }
  }

  onCycle({ source, outcome }: CycleEnded, by: SimProcess): void {
    if (outcome.kind === 'deferred') {
      this.#noteDeferred(by);
    }
    if (outcome.kind !== 'acknowledged') {
      return;
    }
    this.acknowledged += 1;
    const commit = this.#committedBy.get(by.name);
    const run = commit === undefined ? undefined : this.#ledger.runOf(commit.v);
    if (commit === undefined || run === undefined) {
      this.#world.violate('acknowledged-once', `${by.name} acknowledged what it has not committed`);
      return;
    }
    run.acknowledged += 1;
    this.acknowledgedRecords += 1 + [...commit.held.values()].filter((v) => fenceOfVersion(v) === run.fence).length;
    if (run.acknowledged > 1) {
      this.#world.violate('acknowledged-once', `the run ${shortFence(run.fence)} of ${source} was acknowledged twice`);
    }
    if (outcome.mode !== 'unchanged' && outcome.mode !== 'incremental') {
      for (const region of this.#world.regions) {
        this.#ledger.noteFull(region, run);
      }
    }
    this.#checkAcknowledged(commit, run, outcome.report.snapshot);
    this.#checkSettled(run);
  }

  #noteDeferred(by: SimProcess): void {
    this.deferred += 1;
    const run = this.#ledger.runOf(this.#committedBy.get(by.name)?.v ?? '');
    if (run === undefined) {
      this.#world.violate('acknowledged-once', `${by.name} reported a deferred cycle that it has not committed`);
    } else {
      run.isDeferred = true;
    }
  }

  #checkCommit(region: SimRegion, change: ItemChange, by: SimProcess | undefined): void {
    const v = textIn(change.after, 'v');
    const fence = fenceOfVersion(v) ?? '';
    const { sk: source } = change;
    if (textIn(change.before, 'f') !== fence) {
      const seen = textIn(change.before, 'f');
      this.#world.violate('fenced', `${region.name} took a commit of ${shortFence(fence)} under ${shortFence(seen)}`);
    }
    const deferred = this.#gates.get(by?.name ?? '')?.peer_writes === 'deferred';
    const peer = this.#world.peerOf(region);
    if (!deferred && region.name === by?.region && this.#ledger.highest(peer, 'graph', change.pk, source) < v) {
      this.#world.violate(
        'committed-in-peer',
        `${region.name} shows ${shortFence(fence)} of ${source}, its peer does not`,
      );
    }
    const snapshot = parseSourcePayload(textIn(change.after, 'data'))?.snapshot ?? '';
    const files = this.#world.origins.get(source)?.everAt(snapshot);
    const run = this.#ledger.runOf(v);
    if (files === undefined || run === undefined) {
      this.#world.violate('commit-is-whole', `${region.name} took a commit of ${source} at a snapshot that never was`);
      return;
    }
    const defect = snapshotDefect({ ledger: this.#ledger, region, source, files, run });
    if (defect !== undefined) {
      this.#world.violate('commit-is-whole', `commit of ${shortFence(fence)} of ${source}: ${defect}`);
    }
    run.isCommitted = true;
    if (run.isFull) {
      this.#ledger.noteFull(region, run);
    }
  }

  #noteCommit(region: SimRegion, change: ItemChange, by: SimProcess | undefined): Commit {
    const v = textIn(change.after, 'v');
    const run = this.#ledger.runOf(v);
    const held = new Map<string, string>();
    for (const item of this.#ledger.itemsOfSource(region, change.sk)) {
      const [pk, sk] = [textIn(item, 'pk'), textIn(item, 'sk')];
      if (run !== undefined && textIn(item, 'v') !== '' && !this.#ledger.isForeign(region, pk, sk, run)) {
        held.set(`${pk}|${sk}`, textIn(item, 'v'));
      }
    }
    return { v, by: by?.name ?? '', source: change.sk, held };
  }

  /** A commit that comes by drain or repair stands for everything that the committing Region held. */
  #checkCopy(region: SimRegion, commit: Commit): void {
    for (const [key, v] of commit.held) {
      const [pk = '', sk = ''] = key.split('|');
      if (this.#ledger.highest(region, 'graph', pk, sk) < v) {
        this.#world.violate('source-last', `${region.name} got a commit of ${commit.source} before ${pk} / ${sk}`);
        return;
      }
    }
  }

  #checkAcknowledged(commit: Commit, run: Run, snapshot: string): void {
    const { source } = run;
    const files = this.#world.origins.get(source)?.everAt(snapshot) ?? new Map<string, string>();
    for (const region of this.#world.regions) {
      const behind = this.#ledger.highest(region, 'graph', SOURCES_PARTITION, source) < commit.v;
      const isNewer = textIn(sourceItem(region, source), 'f') > run.fence;
      // Where somebody newer works already, what is there is no longer this run's.
      const defect =
        behind || isNewer ? undefined : snapshotDefect({ ledger: this.#ledger, region, source, files, run });
      if (behind || defect !== undefined) {
        const what = defect ?? `${region.name} does not show the commit`;
        this.#world.violate('acknowledged-in-both', `${shortFence(run.fence)} of ${source} was acknowledged: ${what}`);
        return;
      }
    }
    this.#requireHeld(commit, run);
  }

  /** What was acknowledged is held in both Regions, in the same version, and from now on never in an older one. */
  #requireHeld(commit: Commit, run: Run): void {
    for (const [key, v] of [...commit.held, [`${SOURCES_PARTITION}|${run.source}`, commit.v] as const]) {
      const [pk = '', sk = ''] = key.split('|');
      const lacking = this.#world.regions.find((region) => this.#ledger.highest(region, 'graph', pk, sk) < v);
      if (lacking !== undefined) {
        const what = `${lacking.name} lacks ${pk} / ${sk} at ${v}`;
        this.#world.violate(
          'acknowledged-in-both',
          `${shortFence(run.fence)} of ${run.source} was acknowledged: ${what}`,
        );
        return;
      }
      const name = `graph|${pk}|${sk}`;
      const before = this.required.get(name) ?? '';
      this.required.set(name, v > before ? v : before);
    }
  }

  #checkSettled(run: Run): void {
    for (const { region, item } of run.owedAtClaim) {
      const now = region.peek('graph', textIn(item, 'pk'), textIn(item, 'sk'));
      if (isLive(now) && textIn(now, 'v') === textIn(item, 'v') && textIn(now, 'owed') !== '') {
        const what = `${textIn(item, 'pk')} / ${textIn(item, 'sk')}`;
        this.#world.violate(
          'settled',
          `${shortFence(run.fence)} was acknowledged while ${region.name} still owed ${what}`,
        );
        return;
      }
    }
  }
}
