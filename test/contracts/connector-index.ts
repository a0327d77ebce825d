/**
 * What the pipeline keeps of a source, in memory and in two Regions, and one sync of it: pull by revision, compare the listing
 * where deletions need it, move the cursor only when both Regions took everything.
 */
import type {
  Connector,
  Cursor,
  DocumentFailure,
  PullContext,
  PullEvent,
  SkipReason,
  SourceEntry,
} from '../../functions/connectors/connector.ts';

export interface HeldDocument {
  readonly rev: string;
  readonly path: string;
  readonly text: string | null;
  readonly skipped: SkipReason | null;
}

export interface SyncReport {
  upserts: number;
  skips: number;
  deletes: number;
  readonly failures: DocumentFailure[];
  readonly events: PullEvent[];
  lost: string | null;
}

export interface SyncOptions {
  /** The invocation dies after so many events. */
  readonly eventsMax?: number;
  /** The second Region refuses this write and every one after it. */
  readonly secondRefusesAt?: number;
  /** Without it the deletions of a source that only lists wait. */
  readonly compare?: boolean;
  readonly context?: Partial<PullContext>;
}

export const idle = (): AbortSignal => new AbortController().signal;

/** Everything that an iteration gives; `into` keeps what came before an error. */
export const collect = async <T>(items: AsyncIterable<T>, into: T[] = []): Promise<T[]> => {
  for await (const item of items) {
    into.push(item);
  }
  return into;
};

export const contextOf = (
  wants: (entry: SourceEntry) => boolean = () => true,
  signal: AbortSignal = idle(),
): PullContext => ({
  signal,
  select: async (entries) => new Set(entries.filter(wants).map(({ id }) => id)),
});

const emptyReport = (): SyncReport => ({ upserts: 0, skips: 0, deletes: 0, failures: [], events: [], lost: null });

export const byId = <T>(entries: Iterable<readonly [string, T]>): readonly (readonly [string, T])[] =>
  [...entries].toSorted(([left], [right]) => (left < right ? -1 : 1));

export class MemoryIndex {
  readonly first = new Map<string, HeldDocument>();
  readonly second = new Map<string, HeldDocument>();
  cursor: Cursor | null = null;
  complete = false;
  #secondWrites = 0;

  copy(): MemoryIndex {
    const copy = new MemoryIndex();
    for (const [id, held] of this.first) {
      copy.first.set(id, held);
    }
    for (const [id, held] of this.second) {
      copy.second.set(id, held);
    }
    copy.cursor = this.cursor;
    return copy;
  }

  /** In order of id: two indexes of the same source are equal. */
  held(): readonly (readonly [string, HeldDocument])[] {
    return byId(this.first);
  }

  texts(): ReadonlyMap<string, string | null> {
    return new Map([...this.first].map(([id, { text }]) => [id, text]));
  }

  /** One invocation. An incomplete one leaves a cursor to go on from; an error leaves the last one. */
  async sync(connector: Connector, options: SyncOptions = {}): Promise<SyncReport> {
    const report = emptyReport();
    this.complete = false;
    this.#secondWrites = 0;
    let refused = false;
    const before = this.cursor;
    const context: PullContext = {
      signal: idle(),
      select: async (entries) => new Set(entries.filter((entry) => !this.#isCurrent(entry)).map(({ id }) => id)),
      ...options.context,
    };
    for await (const event of connector.pull(context, this.cursor)) {
      report.events.push(event);
      refused = !this.#take(event, report, options) || refused;
      if (report.events.length >= (options.eventsMax ?? Number.POSITIVE_INFINITY)) {
        return report;
      }
    }
    if (refused) {
      // Not acknowledged: the cursor is where it was, and the next run redoes it.
      this.cursor = before;
      this.complete = false;
      return report;
    }
    if (this.complete && connector.deletions === 'listing' && options.compare !== false) {
      await this.#compare(connector, report);
    }
    return report;
  }

  /** Both Regions show one state. */
  get equal(): boolean {
    return JSON.stringify(byId(this.first)) === JSON.stringify(byId(this.second));
  }

  #isCurrent({ id, rev }: SourceEntry): boolean {
    return this.first.get(id)?.rev === rev && this.second.get(id)?.rev === rev;
  }

  #write(id: string, held: HeldDocument | null, options: SyncOptions): boolean {
    const apply = (region: Map<string, HeldDocument>): void => {
      if (held === null) {
        region.delete(id);
      } else {
        region.set(id, held);
      }
    };
    apply(this.first);
    this.#secondWrites += 1;
    if (options.secondRefusesAt !== undefined && this.#secondWrites >= options.secondRefusesAt) {
      return false;
    }
    apply(this.second);
    return true;
  }

  /** False where the second Region did not take it. */
  #take(event: PullEvent, report: SyncReport, options: SyncOptions): boolean {
    switch (event.op) {
      case 'upsert': {
        report.upserts += 1;
        const { id, rev, path, text } = event.document;
        return this.#write(id, { rev, path, text, skipped: null }, options);
      }
      case 'skip': {
        report.skips += 1;
        const { entry, path, reason } = event;
        return this.#write(entry.id, { rev: entry.rev, path, text: null, skipped: reason }, options);
      }
      case 'delete': {
        report.deletes += this.first.has(event.id) || this.second.has(event.id) ? 1 : 0;
        return this.#write(event.id, null, options);
      }
      case 'failure': {
        report.failures.push(event.failure);
        return true;
      }
      case 'checkpoint': {
        this.cursor = structuredClone(event.cursor);
        this.complete = event.complete;
        return true;
      }
      case 'cursor-lost': {
        report.lost = event.why;
        this.cursor = null;
        return true;
      }
    }
  }

  async #compare(connector: Connector, report: SyncReport): Promise<void> {
    const listed = new Set<string>();
    for await (const { id } of connector.enumerate(idle(), this.cursor)) {
      listed.add(id);
    }
    for (const id of this.first.keys()) {
      if (!listed.has(id)) {
        this.first.delete(id);
        this.second.delete(id);
        report.deletes += 1;
      }
    }
  }
}

/** A sync from nothing, as a check of what another one ended with. */
export const freshSync = async (connector: Connector): Promise<MemoryIndex> => {
  const index = new MemoryIndex();
  await index.sync(connector);
  return index;
};
