/**
 * Collects old tombstones, a bounded number of pages a run, going on where the last run ended. The peer is read strongly for
 * every one of them; where it can't be read, nothing is collected. The delete itself is conditional on the version and on no debt.
 */
import { sourceKey } from '../domain/corpus.ts';
import { done, type Failure, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { isMutant } from '../domain/mutants.ts';
import { type RecordDigest, type RecordKey, TABLE_NAMES, type TableName } from '../domain/record.ts';
import { fenceOfVersion } from '../domain/version.ts';
import type { RegionPair, RegionStores } from '../dual-write/regions.ts';
import type { StoredRecord } from '../stores/record-store.ts';
import { decideCollection } from './collectable.ts';
import { isAgedTombstone } from './prove.ts';
import { type CollectCursor, keepCursor, readCursor } from './repair-items.ts';
import { sourceOfKey } from './source-of-key.ts';

export interface CollectInput {
  readonly regions: RegionPair;
  readonly now: () => number;
  readonly deadlineMs: number;
}

export interface CollectReport {
  readonly kind: 'passed' | 'out-of-time' | 'not-due' | 'stopped';
  readonly collected: number;
  /** Old ones that have to stay, by reason. */
  readonly kept: Readonly<Record<string, number>>;
  readonly failure?: { readonly region: string; readonly failure: Failure };
}

const nameOf = ({ pk, sk }: RecordKey): string => JSON.stringify([pk, sk]);

const byName = (digests: readonly RecordDigest[]): ReadonlyMap<string, RecordDigest> =>
  new Map(digests.map((digest) => [nameOf(digest), digest]));

type Failed = { readonly kind: 'failed'; readonly region: string; readonly failure: Failure };

const isCandidate = (record: StoredRecord, now: number): boolean =>
  isMutant('early-collection') ? record.del === true : isAgedTombstone(record, now);

class Collection {
  readonly #input: CollectInput;
  readonly #fences = new Map<string, readonly (string | undefined)[]>();
  readonly kept: Record<string, number> = {};
  collected = 0;

  constructor(input: CollectInput) {
    this.#input = input;
  }

  get #declared(): readonly RegionStores[] {
    const { home, peer } = this.#input.regions;
    return peer === undefined ? [home] : [home, peer];
  }

  /** Judges one page of records; what may go is deleted. */
  async page(table: TableName, records: readonly StoredRecord[]): Promise<Failed | undefined> {
    const { home, peer } = this.#input.regions;
    const old = records.filter((record) => isCandidate(record, this.#input.now()));
    if (old.length === 0) {
      return undefined;
    }
    const held = peer === undefined ? done([]) : await peer.tables[table].getDigests(old);
    if (held.kind === 'failed') {
      return { kind: 'failed', region: peer?.region ?? home.region, failure: held.failure };
    }
    const digests = byName(held.value);
    for (const record of old) {
      const failure = await this.#one(table, record, digests.get(nameOf(record)));
      if (failure !== undefined) {
        return failure;
      }
    }
    return undefined;
  }

  async #one(table: TableName, record: StoredRecord, held: RecordDigest | undefined): Promise<Failed | undefined> {
    const { regions, now } = this.#input;
    const fences = await this.#fencesOf(record);
    if (fences.kind === 'failed') {
      return fences;
    }
    const decision = decideCollection({
      now: now(),
      home: record,
      peer: regions.peer === undefined ? undefined : { held },
      fences: fences.value,
    });
    if (decision.kind === 'keep') {
      this.kept[decision.reason] = (this.kept[decision.reason] ?? 0) + 1;
      return undefined;
    }
    const collected = await regions.home.tables[table].collect(record, record.v);
    if (collected.kind === 'failed') {
      return { kind: 'failed', region: regions.home.region, failure: collected.failure };
    }
    this.collected += collected.value === 'collected' ? 1 : 0;
    return undefined;
  }

  async #fencesOf(
    record: RecordDigest,
  ): Promise<Failed | { readonly kind: 'done'; readonly value: readonly (string | undefined)[] | undefined }> {
    const source = fenceOfVersion(record.v) === undefined ? undefined : sourceOfKey(record);
    if (source === undefined) {
      return { kind: 'done', value: undefined };
    }
    const known = this.#fences.get(source);
    if (known !== undefined) {
      return { kind: 'done', value: known };
    }
    const fences: (string | undefined)[] = [];
    for (const stores of this.#declared) {
      const state = await stores.tables.graph.readSource(sourceKey(source));
      if (state.kind === 'failed') {
        return { kind: 'failed', region: stores.region, failure: state.failure };
      }
      fences.push(state.value.f);
    }
    this.#fences.set(source, fences);
    return { kind: 'done', value: fences };
  }
}

const FIRST: CollectCursor = { table: 'workspaces', passedAt: 0 };

/** Where the scan goes on after a page; undefined at the end of all tables. */
const nextCursor = (cursor: CollectCursor, next: string | undefined): CollectCursor | undefined => {
  if (next !== undefined) {
    return { ...cursor, after: next };
  }
  const table = TABLE_NAMES[TABLE_NAMES.indexOf(cursor.table) + 1];
  return table === undefined ? undefined : { table, passedAt: cursor.passedAt };
};

const isBetweenPasses = (cursor: CollectCursor, now: number): boolean =>
  cursor.table === FIRST.table && cursor.after === undefined && now - cursor.passedAt < LIMITS.collectIntervalMs;

type Scan =
  | { readonly kind: 'passed' | 'out-of-time'; readonly cursor: CollectCursor }
  | { readonly kind: 'stopped'; readonly cursor: CollectCursor; readonly failure: Failed };

const scan = async (input: CollectInput, collection: Collection, start: CollectCursor): Promise<Scan> => {
  const { home } = input.regions;
  let cursor = start;
  for (let pages = 0; pages < LIMITS.collectPagesMax && input.now() < input.deadlineMs; pages += 1) {
    const { table, after } = cursor;
    const page = await home.tables[table].scan({
      segment: 0,
      segments: 1,
      ...(after === undefined ? {} : { after }),
    });
    if (page.kind === 'failed') {
      return { kind: 'stopped', cursor, failure: { kind: 'failed', region: home.region, failure: page.failure } };
    }
    const failure = await collection.page(table, page.value.items);
    if (failure !== undefined) {
      return { kind: 'stopped', cursor, failure };
    }
    const next = nextCursor(cursor, page.value.next);
    if (next === undefined) {
      return { kind: 'passed', cursor: { ...FIRST, passedAt: input.now() } };
    }
    cursor = next;
  }
  return { kind: 'out-of-time', cursor };
};

/** One run of the collection. */
export const collectTombstones = async (input: CollectInput): Promise<Result<CollectReport>> => {
  const before = await readCursor(input.regions.home);
  if (before.kind === 'failed') {
    return before;
  }
  const start = before.value?.value ?? FIRST;
  const collection = new Collection(input);
  if (isBetweenPasses(start, input.now())) {
    return done({ kind: 'not-due', collected: 0, kept: {} });
  }
  const end = await scan(input, collection, start);
  const kept = await keepCursor(input.regions.home, end.cursor, before.value);
  if (kept.kind === 'failed') {
    return kept;
  }
  const report = { collected: collection.collected, kept: collection.kept };
  return done(
    end.kind === 'stopped'
      ? { kind: end.kind, ...report, failure: { region: end.failure.region, failure: end.failure.failure } }
      : { kind: end.kind, ...report },
  );
};
