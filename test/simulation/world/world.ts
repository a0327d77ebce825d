/**
 * Two Regions, the network between, the origins, and every process that runs: what the adversary acts on and the checkers
 * watch. The code that runs in it is the production code; only stores, network, clock and origins are simulated.
 */
import type { TableName } from '../../../functions/domain/record.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { InteractiveOutcome, InteractiveWrite } from '../../../functions/domain/interactive-write.ts';
import type { GateDecision } from '../../../functions/gate/decide.ts';
import type { GateDocument } from '../../../functions/gate/document.ts';
import type { SyncOutcome } from '../../../functions/ingest/sync-source.ts';
import type { Passage } from '../../../functions/query/search.ts';
import type { RegionPair, RegionStores } from '../../../functions/dual-write/regions.ts';
import { DynamoRecordStore } from '../../../functions/stores/dynamo-record-store.ts';
import { S3VectorStore } from '../../../functions/stores/s3-vector-store.ts';
import type { Telemetry } from '../../../functions/telemetry/telemetry.ts';
import { regionNamed } from '../../functions/stores/region-named.ts';
import type { InvariantName } from '../invariants/table.ts';
import { Kernel } from '../kernel/kernel.ts';
import { Random } from '../kernel/random.ts';
import { simDynamoClient, simVectorsClient } from '../stores/clients.ts';
import type { VectorChange } from '../stores/sim-index.ts';
import type { ItemChange } from '../stores/sim-table.ts';
import { Network, type Service } from './network.ts';
import { Origin } from './origin.ts';
import { SimProcess } from './process.ts';
import { SimRegion } from './region.ts';

export const START_MS = Date.UTC(2026, 10, 21);

export interface Violation {
  readonly invariant: InvariantName;
  readonly detail: string;
  readonly atMs: number;
}

export interface WorldOptions {
  readonly seed: string;
  readonly sources: readonly string[];
  readonly skewMaxMs: number;
  readonly pageItemsMax: number;
  readonly isHistoryKept: boolean;
}

/** What a checker may watch: each change as it is applied, whoever sent it and however late. */
export interface Watcher {
  readonly onItem?: (region: SimRegion, table: TableName, change: ItemChange, by: SimProcess | undefined) => void;
  readonly onVector?: (region: SimRegion, change: VectorChange, by: SimProcess | undefined) => void;
  readonly onDecision?: (seen: GateSeen, by: SimProcess) => void;
  readonly onCycle?: (ended: CycleEnded, by: SimProcess) => void;
  readonly onSearch?: (passages: readonly Passage[], by: SimProcess) => void;
  readonly onWriteStart?: (request: InteractiveWrite, by: SimProcess) => void;
  readonly onWrite?: (request: InteractiveWrite, outcome: InteractiveOutcome, by: SimProcess) => void;
}

/** What a process read of the gate, and what it made of it. */
export interface GateSeen {
  /** What the `GATE` record held when the process began to read. */
  readonly before: GateDocument | undefined;
  readonly document: 'document' | 'invalid' | 'unreadable';
  readonly isRecordRead: boolean;
  readonly decision: GateDecision;
}

export interface CycleEnded {
  readonly source: string;
  readonly outcome: SyncOutcome;
  readonly inForce: GateDocument | undefined;
}

export const silent: Telemetry = {
  log: () => undefined,
  write: () => undefined,
  count: () => undefined,
  flush: () => undefined,
};

export interface RunOptions {
  /** A Region's name, or where a person sits. */
  readonly region: string;
  readonly limitMs?: number;
  readonly crashAtSend?: number | undefined;
  readonly crashAtReply?: number | undefined;
}

const HISTORY_LINES_MAX = 20_000;
const never = new AbortController().signal;

export class World {
  readonly kernel: Kernel;
  readonly network: Network;
  readonly primary: SimRegion;
  readonly secondary: SimRegion;
  readonly origins: ReadonlyMap<string, Origin>;
  readonly watchers: Watcher[] = [];
  readonly history: string[] = [];
  readonly signal = never;
  violation: Violation | undefined;
  /** Origins answer, and messages that were done are gone. */
  isCalm = false;
  readonly #options: WorldOptions;
  readonly #processes = new Map<string, SimProcess>();
  readonly #running = new Set<SimProcess>();
  readonly #lag: Random;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.kernel = new Kernel(options.seed, START_MS);
    this.#lag = this.random('index-lag');
    this.network = new Network({
      kernel: this.kernel,
      note: (text) => {
        this.note(text);
      },
      onDefect: (error) => {
        this.violate('no-crash', `the simulation itself: ${error.message}`);
      },
      longestLateMs: 6 * 3_600_000,
    });
    this.primary = this.#region('us-east-2');
    this.secondary = this.#region('us-west-2');
    this.origins = new Map(options.sources.map((source) => [source, new Origin()]));
  }

  get regions(): readonly [SimRegion, SimRegion] {
    return [this.primary, this.secondary];
  }

  get isQuiet(): boolean {
    return this.#running.size === 0;
  }

  regionOf(name: string): SimRegion {
    return this.primary.name === name ? this.primary : this.secondary;
  }

  peerOf(region: SimRegion): SimRegion {
    return region === this.primary ? this.secondary : this.primary;
  }

  random(name: string): Random {
    return new Random(`${this.#options.seed}/${name}`);
  }

  note(text: () => string): void {
    if (this.#options.isHistoryKept && this.history.length < HISTORY_LINES_MAX) {
      const sinceMs = this.kernel.nowMs - START_MS;
      const [days, rest] = [Math.floor(sinceMs / 86_400_000), sinceMs % 86_400_000];
      this.history.push(`day ${days} ${new Date(rest).toISOString().slice(11, 23)}  ${text()}`);
    }
  }

  /** The first one counts: it ends the seed. */
  violate(invariant: InvariantName, detail: string): void {
    if (this.violation === undefined) {
      this.violation = { invariant, detail, atMs: this.kernel.nowMs };
      this.note(() => `VIOLATION of ${invariant}: ${detail}`);
      this.kernel.stop();
    }
  }

  tell(what: (watcher: Watcher) => void): void {
    for (const watcher of this.watchers) {
      what(watcher);
    }
  }

  /** Starts a process and runs its work in it; the promise ends with the work, and never where the process dies. */
  start(name: string, options: RunOptions, work: (process: SimProcess) => Promise<void>): SimProcess {
    const random = this.random(`process/${name}`);
    const { skewMaxMs } = this.#options;
    const process: SimProcess = new SimProcess({
      name,
      region: options.region,
      kernel: this.kernel,
      random,
      skewMs: random.between(-skewMaxMs, skewMaxMs),
      limitMs: options.limitMs ?? LIMITS.syncTimeoutSeconds * 1000,
      crashAtSend: options.crashAtSend,
      crashAtReply: options.crashAtReply,
      onDeath: (why) => {
        this.#running.delete(process);
        this.note(() => `${name} died ${why}`);
      },
    });
    this.#processes.set(name, process);
    this.#running.add(process);
    void this.#run(process, work);
    return process;
  }

  /** Ends every process of a Region at once. */
  killAll(region: string): void {
    for (const process of this.#running) {
      if (process.region === region) {
        process.crash('with its Region');
      }
    }
  }

  /** How one process reaches the stores of one Region; each has clients of its own. */
  stores(process: SimProcess, region: SimRegion, timeoutMs?: number): RegionStores {
    const callTimeoutMs =
      timeoutMs ?? (process.region === region.name ? LIMITS.homeCallTimeoutMs : LIMITS.peerCallTimeoutMs);
    let boundMs = callTimeoutMs;
    // The store asks for its bound right before it sends: the network then knows when this call ends.
    const deadline = (asked: number): AbortSignal => {
      boundMs = asked;
      return this.signal;
    };
    const link = (service: Service): ReturnType<Network['link']> =>
      this.network.link(process, region.name, service, () => boundMs);
    const client = simDynamoClient(region.tables, link('dynamodb'), process.name);
    const table = (name: TableName): DynamoRecordStore =>
      new DynamoRecordStore(client, { table: name, callTimeoutMs, deadline, now: () => process.now() });
    return {
      region: region.name,
      tables: { workspaces: table('workspaces'), audit: table('audit'), graph: table('graph') },
      vectors: new S3VectorStore(simVectorsClient(region.index, link('s3vectors'), process.name), {
        bucket: 'bucket',
        index: 'index',
        callTimeoutMs,
        deadline,
      }),
    };
  }

  pair(process: SimProcess): RegionPair {
    const home = this.regionOf(process.region);
    return { home: this.stores(process, home), peer: this.stores(process, this.peerOf(home)) };
  }

  async #run(process: SimProcess, work: (process: SimProcess) => Promise<void>): Promise<void> {
    try {
      await work(process);
    } catch (error) {
      const text = error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error);
      if (process.isAlive) {
        this.violate('no-crash', `${process.name} threw ${text}`);
      }
    }
    process.end();
    this.#running.delete(process);
  }

  #region(name: string): SimRegion {
    return new SimRegion({
      name: regionNamed(name),
      now: () => this.kernel.nowMs,
      indexLagMs: () => (this.#lag.chance(0.05) ? this.#lag.between(1000, 120_000) : this.#lag.between(0, 800)),
      pageItemsMax: this.#options.pageItemsMax,
      onItem: (region, table, change, by) => {
        for (const watcher of this.watchers) {
          watcher.onItem?.(region, table, change, this.#processes.get(by));
        }
      },
      onVector: (region, change, by) => {
        for (const watcher of this.watchers) {
          watcher.onVector?.(region, change, this.#processes.get(by));
        }
      },
    });
  }
}
