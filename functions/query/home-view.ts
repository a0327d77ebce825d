/**
 * What every answer says of its Region: the gate's state and epoch, and where each source stands. A Region that can't read
 * one of them still answers, and says that it does not know.
 */
import { parseSourcePayload, type SourcePayload, SOURCES_PARTITION } from '../domain/corpus.ts';
import { done, failed, type Result } from '../domain/failure.ts';
import type { RegionName } from '../domain/region.ts';
import type { RecordStore } from '../stores/record-store.ts';
import { HeldReading } from './held-reading.ts';
import { type ReadReplication, type ReplicationReading, unknownReplication } from './replication.ts';

export interface GateReading {
  readonly state: 'active' | 'passive' | 'unknown';
  readonly epoch?: number;
  /** `deferred` is a declared outage of the peer. */
  readonly peerWrites?: 'required' | 'deferred';
  readonly reason: string;
}

export interface SourceStanding {
  readonly payload: SourcePayload;
  readonly version: string;
  /** The local fence: who claimed the source last in this Region. */
  readonly fence: string | undefined;
}

export interface HomeView {
  readonly gate: GateReading;
  readonly sources: Result<readonly SourceStanding[]>;
}

export interface HomeReaderOptions {
  readonly records: RecordStore;
  readonly readGate: () => Promise<GateReading>;
  /** Absent in a single-Region install: there is nothing to be in step with. */
  readonly peerRegion?: RegionName;
  readonly readReplication?: ReadReplication;
  readonly now: () => number;
}

/** Both readings are at most this old in any answer. */
const KEPT_MS = 1000;
/** AppConfig may be slow in the very hour in which people ask: an answer does not wait for its epoch longer than this. */
const GATE_WAIT_MS = 1000;
const SOURCES_WAIT_MS = 6000;
const REPLICATION_WAIT_MS = 1000;
const PAGES_MAX = 64;

export const readSources = async (records: RecordStore): Promise<Result<readonly SourceStanding[]>> => {
  const standings: SourceStanding[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await records.query(SOURCES_PARTITION, after === undefined ? {} : { after });
    if (page.kind === 'failed') {
      return page;
    }
    for (const record of page.value.items) {
      const payload = record.del === true ? undefined : parseSourcePayload(record.data);
      if (payload !== undefined) {
        standings.push({ payload, version: record.v, fence: record.f });
      }
    }
    after = page.value.next;
    if (after === undefined) {
      break;
    }
  }
  return done(standings);
};

export class HomeReader {
  readonly #gate: HeldReading<GateReading>;
  readonly #sources: HeldReading<Result<readonly SourceStanding[]>>;

  readonly #replication: HeldReading<ReplicationReading> | undefined;

  constructor({ records, readGate, readReplication, peerRegion, now }: HomeReaderOptions) {
    this.#gate = new HeldReading<GateReading>({
      read: readGate,
      otherwise: (why) => ({ state: 'unknown', reason: `the gate is not known: ${why}` }),
      now,
      keptMs: KEPT_MS,
      waitMs: GATE_WAIT_MS,
    });
    this.#sources = new HeldReading<Result<readonly SourceStanding[]>>({
      read: async () => readSources(records),
      otherwise: (why) => failed({ reason: 'unknown', code: 'NotRead', message: `the sources are not known: ${why}` }),
      now,
      keptMs: KEPT_MS,
      waitMs: SOURCES_WAIT_MS,
    });
    this.#replication =
      peerRegion === undefined
        ? undefined
        : new HeldReading<ReplicationReading>({
            read: readReplication ?? (async () => unknownReplication('nothing in this Region keeps it yet')),
            otherwise: (why) => unknownReplication(`it is not known: ${why}`),
            now,
            keptMs: KEPT_MS,
            waitMs: REPLICATION_WAIT_MS,
          });
  }

  /** Undefined where there is no peer. */
  async replication(): Promise<ReplicationReading | undefined> {
    return this.#replication?.get();
  }

  peek(): HomeView {
    return { gate: this.#gate.peek(), sources: this.#sources.peek() };
  }

  async get(): Promise<HomeView> {
    const [gate, sources] = await Promise.all([this.#gate.get(), this.#sources.get()]);
    return { gate, sources };
  }

  async fresh(): Promise<HomeView> {
    const [gate, sources] = await Promise.all([this.#gate.fresh(), this.#sources.fresh()]);
    return { gate, sources };
  }
}
