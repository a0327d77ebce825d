/**
 * A derivation makes records of the graph table out of what a source holds: the graph, the lexical segments. It runs in every
 * cycle that changed something, after documents were written and compared and before the source commits, under the same fence.
 * It says what there should be; the step (`derive-records.ts`) compares with what every judged Region holds and writes only what
 * differs, so that a derivation may be repeated from its beginning at any time.
 */
import type { Cursor } from '../../connectors/connector.ts';
import type { ChunkEntry, ChunkPayload, DocumentPayload } from '../../domain/corpus.ts';
import type { RecordKey } from '../../domain/record.ts';
import type { SourceDefinition } from '../../domain/source-definition.ts';
import type { SideFailure } from '../../dual-write/outcome.ts';
import type { CanonicalPayload } from '../../stores/envelope.ts';
import type { StoredRecord } from '../../stores/record-store.ts';
import type { HeldPair } from '../held.ts';

/** A Region that could not be read is a value: the derivation passes it on (`op: 'failed'`) and ends. */
export type SideRead<T> = { readonly kind: 'read'; readonly value: T } | ({ readonly kind: 'failed' } & SideFailure);

export interface HeldChunk {
  readonly entry: ChunkEntry;
  readonly payload: ChunkPayload;
}

/** The chunks of a document in the order that it lists them; undefined where one is missing or damaged. */
export type ChunksOf = ReadonlyMap<string, readonly HeldChunk[] | undefined>;

export interface DerivationInput {
  readonly source: SourceDefinition;
  readonly snapshot: string;
  /** How far the origin was read: a source of many repositories names the commit of each. */
  readonly cursor: Cursor;
  /** Everything is to be judged: what changed is not known, or what is stored is not to be trusted. */
  readonly full: boolean;
  /** Ids of documents; empty and without meaning where `full`. */
  readonly changed: ReadonlySet<string>;
  readonly deleted: ReadonlySet<string>;
  /** Where those were before that were there; undefined where that can't be told. */
  readonly pathsBefore: ReadonlyMap<string, string | undefined>;
  /** How many the source has now, as its own record will say: good enough to divide it by, without a look at its documents. */
  readonly chunks: number;
  /** The last `at` of an earlier invocation of this run: what comes before it is written. */
  readonly from: string | undefined;
  /** All live documents of the source, as home holds them. */
  documents(): Promise<SideRead<readonly DocumentPayload[]>>;
  /** Some of them; those that are gone are left out. */
  readDocuments(ids: readonly string[]): Promise<SideRead<readonly DocumentPayload[]>>;
  /** From this invocation's memory where the text is still there, else from home. */
  readChunks(documents: readonly DocumentPayload[]): Promise<SideRead<ChunksOf>>;
  /** Live and dead keys of a derived partition in the judged Regions, by `sk`: to find what is stale. */
  list(pk: string): Promise<SideRead<ReadonlyMap<string, HeldPair>>>;
  /** Derived records of home, without tombstones: what an incremental derivation goes on from. */
  readRecords(keys: readonly RecordKey[]): Promise<SideRead<readonly StoredRecord[]>>;
}

export type DeriveStep =
  /** Written where a judged Region does not hold exactly these bytes. Steps are made in their order, batch by batch. */
  | {
      readonly op: 'put';
      readonly key: RecordKey;
      readonly payload?: unknown;
      /** Instead of the payload, where its bytes are known already. */
      readonly canonical?: CanonicalPayload;
    }
  /** Nothing is written where no judged Region holds anything under the key. */
  | { readonly op: 'delete'; readonly key: RecordKey }
  /** Everything before it is written before anything after it. */
  | { readonly op: 'flush' }
  /** The same, and the run may be handed over to another invocation: only where that one gets further from here. */
  | { readonly op: 'checkpoint'; readonly at: string }
  | ({ readonly op: 'failed' } & SideFailure);

export interface Derivation {
  /** Changes whenever the same documents give other records: then every source is derived again, whole. */
  readonly name: string;
  derive(input: DerivationInput): AsyncIterable<DeriveStep>;
}

/** What the source record says of its derivations; another text is a reason for a full cycle. */
export const derivedName = (derivations: readonly Derivation[] | undefined): string | undefined =>
  derivations === undefined || derivations.length === 0 ? undefined : derivations.map(({ name }) => name).join('+');
