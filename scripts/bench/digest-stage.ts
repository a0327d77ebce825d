/**
 * Two embedded Regions with many records and vectors, for the bench of the proof. One Region is filled through the production
 * stores; the other one starts as a copy of its files, which saves half of the filling and makes the two equal for certain.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { chunkKey, documentId, documentKey, type DocumentPayload } from '../../functions/domain/corpus.ts';
import { InvariantError } from '../../functions/domain/errors.ts';
import type { Result } from '../../functions/domain/failure.ts';
import { type ReplicatedRecord, TABLE_NAMES } from '../../functions/domain/record.ts';
import { parseRegion, type RegionName } from '../../functions/domain/region.ts';
import { encodeFence, ingestVersion } from '../../functions/domain/version.ts';
import type { RegionStores } from '../../functions/dual-write/regions.ts';
import { openRegion } from '../../functions/handlers/open-region.ts';
import { makeRecord, sha256Hex } from '../../functions/stores/envelope.ts';
import { makeVector } from '../../functions/stores/vector-hash.ts';
import type { StoredVector } from '../../functions/stores/vector-store.ts';
import { namesOf } from '../../infra/names.ts';
import { type OpenServices, openServices } from '../../local/services/open-services.ts';
import { type ByteRelay, openByteRelay } from './byte-relay.ts';

const ACCOUNT = '111122223333';
const SOURCE = 'handbook';
const DIMENSIONS = 64;
const CHUNKS_PER_DOCUMENT = 10;
const IN_FLIGHT = 64;
/** Fills one put of vectors. */
const DOCUMENTS_A_BATCH = 50;
const RUN = '01J00000000000000000000000';

const regionNamed = (text: string): RegionName => {
  const region = parseRegion(text);
  if (region === undefined) {
    throw new InvariantError(`${text} is no Region`);
  }
  return region;
};

/** The copy keeps the names that are in the files, so both answer to the same one; what tells them apart is the label. */
const STORED_AS = regionNamed('us-east-2');
const LABELS = { home: STORED_AS, peer: regionNamed('us-west-2') } as const;

export const valueOf = <T>(result: Result<T>): T => {
  if (result.kind === 'failed') {
    throw new InvariantError(`${result.failure.code}: ${result.failure.message}`);
  }
  return result.value;
};

export const versionOf = (epoch: number, seq: number): string =>
  ingestVersion(encodeFence({ epoch, region: STORED_AS, run: 1, op: RUN }), seq);

export interface BenchDocument {
  readonly document: ReplicatedRecord;
  readonly chunks: readonly ReplicatedRecord[];
  readonly vectors: readonly StoredVector[];
}

/** A document with ten chunks: eleven records and ten vectors, with keys and versions as a cycle makes them. */
export const benchDocument = (number: number, epoch = 1): BenchDocument => {
  const id = documentId(SOURCE, sha256Hex(`document ${number}`));
  const parts = Array.from({ length: CHUNKS_PER_DOCUMENT }, (_, at) => {
    const text = `chunk ${at} of document ${number}: `.padEnd(160, 'words and more words ');
    const chunk = sha256Hex(text).slice(0, 32);
    const seed = Number.parseInt(chunk.slice(0, 8), 16);
    const numbers = Float32Array.from({ length: DIMENSIONS }, (_value, place) => Math.sin(seed + place));
    return { text, chunk, vector: makeVector(numbers, { src: SOURCE, doc: id, chunk }, RUN) };
  });
  const seq = number * (CHUNKS_PER_DOCUMENT + 1);
  const write = (offset: number): { v: string; op: string } => ({ v: versionOf(epoch, seq + offset), op: RUN });
  const payload: DocumentPayload = {
    id,
    src: SOURCE,
    path: `docs/${number}.md`,
    rev: sha256Hex(`${number}`).slice(0, 40),
    index: 'bench/64',
    kind: 'markdown',
    title: `Document ${number}`,
    chars: 1600,
    chunks: parts.map(({ chunk, vector }, at) => ({ c: chunk, k: vector.key, l: [at, at + 1] })),
  };
  return {
    document: makeRecord(documentKey(SOURCE, id), write(0), payload),
    chunks: parts.map(({ chunk, text }, at) =>
      makeRecord(chunkKey(SOURCE, id, chunk), write(at + 1), { doc: id, src: SOURCE, breadcrumb: 'docs', text }),
    ),
    vectors: parts.map(({ vector }) => vector),
  };
};

/** Documents that make at least so many records and exactly so many vectors. */
export const documentsFor = (vectors: number): number => Math.ceil(vectors / CHUNKS_PER_DOCUMENT);

const declare = async (services: OpenServices): Promise<void> => {
  const names = namesOf(STORED_AS, ACCOUNT);
  for (const table of TABLE_NAMES) {
    await services.tables.ensureTable({
      name: names.tables[table],
      hashKey: 'pk',
      rangeKey: 'sk',
      attributes: ['pk', 'sk', 'owedShard', 'v'].map((attribute) => ({ name: attribute, type: 'S' })),
      indexes: [{ name: 'owed', hashKey: 'owedShard', rangeKey: 'v', projection: 'KEYS_ONLY' }],
    });
  }
  await services.vectors.ensureBucket(names.vectorBucket);
  await services.vectors.ensureIndex({
    bucket: names.vectorBucket,
    name: names.vectorIndex,
    dimension: DIMENSIONS,
    distanceMetric: 'cosine',
    nonFilterableMetadataKeys: ['h', 'chunk'],
  });
};

const BOUNDS = { connectTimeoutMs: 5000, callTimeoutMs: 60_000, attemptsMax: 2 };

const connect = (endpoint: string, label: RegionName): RegionStores => {
  const names = namesOf(STORED_AS, ACCOUNT);
  const stores = openRegion(
    {
      region: STORED_AS,
      ...names.tables,
      bucket: names.vectorBucket,
      index: names.vectorIndex,
      dynamodb: endpoint,
      s3vectors: endpoint,
      dnsServers: [],
    },
    BOUNDS,
  );
  return { ...stores, region: label };
};

const openServicesIn = async (dataDirectory: string): Promise<OpenServices> => {
  const services = await openServices({ region: STORED_AS, accountId: ACCOUNT, dataDirectory });
  await declare(services);
  return services;
};

const putAll = async (stores: RegionStores, records: readonly ReplicatedRecord[]): Promise<void> => {
  const queue = records.values();
  const worker = async (): Promise<void> => {
    for (const record of queue) {
      const put = await stores.tables.graph.put(record);
      if (put.kind === 'failed') {
        throw new InvariantError(put.failure.message);
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
};

/** Writes documents as a cycle does: vectors first, then records, each conditional. */
export const fill = async (stores: RegionStores, from: number, to: number): Promise<void> => {
  for (let start = from; start < to; start += DOCUMENTS_A_BATCH) {
    const numbers = Array.from({ length: Math.min(DOCUMENTS_A_BATCH, to - start) }, (_, at) => start + at);
    const documents = numbers.map((number) => benchDocument(number));
    valueOf(await stores.vectors.put(documents.flatMap(({ vectors }) => vectors)));
    await putAll(
      stores,
      documents.flatMap(({ document, chunks }) => chunks.concat(document)),
    );
  }
};

export interface FilledRegion {
  readonly stores: RegionStores;
  readonly directory: string;
  close(): Promise<void>;
}

export const openFirst = async (): Promise<FilledRegion> => {
  process.env['AWS_ACCESS_KEY_ID'] ??= 'BENCH';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'bench';
  const directory = await mkdtemp(path.join(tmpdir(), 'twinmap-digest-'));
  const services = await openServicesIn(directory);
  return { stores: connect(services.endpoint, LABELS.home), directory, close: async () => services.close() };
};

export interface DigestStage {
  readonly home: RegionStores;
  readonly peer: RegionStores;
  /** The same two as the other one sees them: every byte is counted. */
  readonly homeFromPeer: RegionStores;
  readonly peerFromHome: RegionStores;
  bytesBetween(): number;
  close(): Promise<void>;
}

/** Both Regions, from the closed files of one. */
export const openStage = async (directory: string): Promise<DigestStage> => {
  const copy = `${directory}-peer`;
  await cp(directory, copy, { recursive: true });
  const services = { home: await openServicesIn(directory), peer: await openServicesIn(copy) };
  const relays: Readonly<Record<'home' | 'peer', ByteRelay>> = {
    home: await openByteRelay(services.home.endpoint),
    peer: await openByteRelay(services.peer.endpoint),
  };
  return {
    home: connect(services.home.endpoint, LABELS.home),
    peer: connect(services.peer.endpoint, LABELS.peer),
    homeFromPeer: connect(relays.home.endpoint, LABELS.home),
    peerFromHome: connect(relays.peer.endpoint, LABELS.peer),
    bytesBetween: () => relays.home.bytes() + relays.peer.bytes(),
    close: async () => {
      await Promise.all([relays.home.close(), relays.peer.close()]);
      await Promise.all([services.home.close(), services.peer.close()]);
      await rm(directory, { recursive: true, force: true });
      await rm(copy, { recursive: true, force: true });
    },
  };
};
