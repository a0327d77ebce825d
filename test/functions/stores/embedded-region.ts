/**
 * One embedded Region for tests of what talks to AWS: the real SDK clients, built as the handlers build them, over TLS and by
 * names that a DNS of our own gives. Every call that arrived is kept, so that a test can say what was asked and what was not.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { CallBounds, ClientTarget } from '../../../functions/aws/client-options.ts';
import { TABLE_NAMES } from '../../../functions/domain/record.ts';
import type { RegionName } from '../../../functions/domain/region.ts';
import type { RegionStores } from '../../../functions/dual-write/regions.ts';
import type { StoresAddress } from '../../../functions/handlers/environment.ts';
import { openRegion } from '../../../functions/handlers/open-region.ts';
import { namesOf, type RegionNames } from '../../../infra/names.ts';
import type { TableSpec } from '../../../local/region/services.ts';
import { openAuthority, trustAuthority } from '../../../local/services/authority.ts';
import type { ServiceCall } from '../../../local/services/gateway.ts';
import { type NameServer, openNameServer } from '../../../local/services/name-server.ts';
import { type OpenServices, openServices, type OpenServicesOptions } from '../../../local/services/open-services.ts';
import type { ServiceName } from '../../../local/services/service.ts';
import { regionNamed } from './region-named.ts';

const ACCOUNT = '111122223333';
export const DIMENSIONS = 4;

// The clients take their credentials from where Lambda puts them; no other place is asked.
process.env['AWS_ACCESS_KEY_ID'] = 'AKLOCAL';
process.env['AWS_SECRET_ACCESS_KEY'] = 'local';

/** A table as `infra/components/tables.ts` declares it. */
export const tableSpec = (name: string): TableSpec => ({
  name,
  hashKey: 'pk',
  rangeKey: 'sk',
  attributes: ['pk', 'sk', 'owedShard', 'v'].map((attribute) => ({ name: attribute, type: 'S' })),
  indexes: [{ name: 'owed', hashKey: 'owedShard', rangeKey: 'v', projection: 'KEYS_ONLY' }],
});

/** Generous: a busy machine must not turn an answer into a time-out. */
export const CALM: CallBounds = { connectTimeoutMs: 5000, callTimeoutMs: 15_000, attemptsMax: 2 };

export interface EmbeddedRegion {
  readonly region: RegionName;
  readonly names: RegionNames;
  readonly services: OpenServices;
  readonly directory: string;
  /** Calls that ended, oldest first. */
  readonly calls: ServiceCall[];
  /** The stores as a handler opens them, with clients of their own. */
  connect(bounds?: CallBounds): RegionStores;
  /** For a client of one service; DynamoDB's where none is named. */
  target(bounds?: CallBounds, service?: ServiceName): ClientTarget;
  /** How the clients are told where the stores are. */
  readonly address: StoresAddress;
  readonly nameServer: NameServer;
  close(): Promise<void>;
}

export type EmbeddedOptions = Partial<Pick<OpenServicesOptions, 'now' | 'onDamage' | 'authorize'>>;

const declareStores = async (services: OpenServices, names: RegionNames): Promise<void> => {
  for (const table of TABLE_NAMES) {
    await services.tables.ensureTable(tableSpec(names.tables[table]));
  }
  await services.vectors.ensureBucket(names.vectorBucket);
  await declareIndex(services, names, names.vectorIndex);
};

/** An index as `infra/components/vectors.ts` declares it, with few dimensions. */
export const declareIndex = async (services: OpenServices, names: RegionNames, index: string): Promise<void> => {
  await services.vectors.ensureIndex({
    bucket: names.vectorBucket,
    name: index,
    dimension: DIMENSIONS,
    distanceMetric: 'cosine',
    nonFilterableMetadataKeys: ['h', 'chunk'],
  });
};

let shared: Promise<NameServer | undefined> | undefined;

/** One for all Regions of a test file, as on a machine; a name server alone keeps no process alive. */
const sharedNames = async (): Promise<NameServer> => {
  shared ??= openNameServer();
  const server = await shared;
  if (server === undefined) {
    throw new Error('these tests need UDP on loopback');
  }
  return server;
};

export const openEmbeddedRegion = async (
  regionText = 'us-east-2',
  options: EmbeddedOptions = {},
): Promise<EmbeddedRegion> => {
  const region = regionNamed(regionText);
  const names = namesOf(region, ACCOUNT);
  const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-embedded-'));
  const calls: ServiceCall[] = [];
  const authority = await openAuthority(path.join(directory, 'authority'), Date.now());
  trustAuthority(authority);
  const nameServer = await sharedNames();
  const services = await openServices({
    ...options,
    tls: { authority, naming: nameServer },
    region,
    accountId: ACCOUNT,
    dataDirectory: directory,
    onRequest: (call) => calls.push(call),
  });
  await declareStores(services, names);
  const { endpoints } = services;
  const dnsServers = [nameServer.server];
  const address: StoresAddress = {
    region,
    ...names.tables,
    bucket: names.vectorBucket,
    index: names.vectorIndex,
    dynamodb: endpoints.dynamodb,
    s3vectors: endpoints.s3vectors,
    dnsServers,
  };
  return {
    region,
    names,
    services,
    directory,
    calls,
    address,
    nameServer,
    connect: (bounds = CALM) => openRegion(address, bounds),
    target: (bounds = CALM, service = 'dynamodb') => ({ region, endpoint: endpoints[service], dnsServers, bounds }),
    close: async () => {
      await services.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

/** The operations among some calls, in their order. */
export const operationsOf = (calls: readonly ServiceCall[], service?: string): readonly string[] =>
  calls.filter((call) => service === undefined || call.service === service).map(({ operation }) => operation);
