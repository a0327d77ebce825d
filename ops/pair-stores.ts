/**
 * Opens the stores of both Regions from this machine, with the credentials of whoever runs the command: those of a running
 * local pair, or those that a file names. It needs no API and no token, which is how the first key comes into being.
 */
import { readFile } from 'node:fs/promises';
import tls from 'node:tls';

import { ulid } from 'ulid';
import { z } from 'zod';

import { createAuditLog } from '../functions/audit/audit-log.ts';
import { seenEpochOrZero } from '../functions/audit/seen-epoch.ts';
import type { AuditLog } from '../functions/domain/audit-event.ts';
import { ConfigError } from '../functions/domain/errors.ts';
import type { InteractiveWrites } from '../functions/domain/interactive-write.ts';
import { isRegionName, type RegionName } from '../functions/domain/region.ts';
import { InteractiveWriter } from '../functions/dual-write/interactive-writer.ts';
import type { RegionPair } from '../functions/dual-write/regions.ts';
import type { StoresAddress } from '../functions/handlers/environment.ts';
import { openInteractivePair } from '../functions/handlers/open-region.ts';
import type { Telemetry } from '../functions/telemetry/telemetry.ts';
import { announceSchema } from './announce/settings.ts';
import {
  functionsPlaceSchema,
  gatePlaceSchema,
  readRunningPair,
  type RunningRegion,
  storesSchema,
} from './running-pair.ts';

const regionName = z.custom<RegionName>((value) => typeof value === 'string' && isRegionName(value), 'not a Region');

const addressSchema = z.strictObject({
  role: z.enum(['primary', 'secondary']),
  region: regionName,
  stores: storesSchema,
  /** Of the API. */
  endpoint: z.url().optional(),
  gate: gatePlaceSchema.optional(),
  functions: functionsPlaceSchema.optional(),
});

export type Address = z.infer<typeof addressSchema>;

/** What `twinmap config` writes, and what stands on a break-glass stick: everything that a command needs to know of a pair. */
export const pairFileSchema = z.strictObject({
  regions: z.array(addressSchema).min(1).max(2),
  /** A certificate that vouches for the addresses, a PEM file; AWS needs none. */
  authority: z.string().optional(),
  router: z.url().optional(),
  /** Who is told when the work has moved, and which DNS record people use. */
  announce: announceSchema.optional(),
});

export type PairFile = z.infer<typeof pairFileSchema>;

export const STORES_FILE_HELP =
  'a JSON file that names the stores (twinmap config writes one): {"regions":[{"role","region","stores":{"workspaces","audit","graph","bucket","index"}}]}';

const readStoresFile = async (file: string): Promise<PairFile> => {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${file} can't be read as JSON; --stores takes ${STORES_FILE_HELP}`, { cause: error });
  }
  const parsed = pairFileSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigError(
      `${file}: ${issue?.path.join('.') ?? ''} is wrong (${issue?.message ?? ''}); --stores takes ${STORES_FILE_HELP}`,
    );
  }
  return parsed.data;
};

/** Makes this process trust the certificate of a local pair, for the connections that it opens from now on. */
const trust = async (file: string): Promise<void> => {
  let certificate: string;
  try {
    certificate = await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${file} can't be read; stop the running pair and run npm start again`, { cause: error });
  }
  const trusted = tls.getCACertificates('default');
  if (!trusted.includes(certificate)) {
    tls.setDefaultCACertificates([...trusted, certificate]);
  }
};

const addressOf = ({ role, region, stores, endpoint, gate, functions }: RunningRegion): Address => {
  if (stores === undefined || !isRegionName(region)) {
    throw new ConfigError('the running pair does not name its stores; stop it and run npm start again');
  }
  return {
    role,
    region,
    stores,
    endpoint,
    ...(gate === undefined ? {} : { gate }),
    ...(functions === undefined ? {} : { functions }),
  };
};

/** The stand-ins of a local pair hold no secrets, and must not be shown those of whoever tries them. */
export const useLocalCredentials = (): void => {
  process.env['AWS_ACCESS_KEY_ID'] = 'LOCALOPERATOR';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'local-secret-access-key';
  process.env['AWS_SESSION_TOKEN'] = '';
};

const readRunning = async (dataDirectory: string): Promise<PairFile> => {
  const { regions, authority, router } = await readRunningPair(dataDirectory);
  const addresses = regions.map((one) => addressOf(one));
  useLocalCredentials();
  return {
    regions: addresses,
    ...(authority === undefined ? {} : { authority }),
    ...(router === undefined ? {} : { router }),
  };
};

/** Where a pair is: the one of `--stores`, else the running one. The certificate that it names is trusted from then on. */
export const readPairFile = async ({ file, dataDirectory }: Omit<PairChoice, 'region'>): Promise<PairFile> => {
  const pair = file === undefined ? await readRunning(dataDirectory) : await readStoresFile(file);
  if (pair.authority !== undefined) {
    await trust(pair.authority);
  }
  return pair;
};

const QUIET: Telemetry = {
  log: () => undefined,
  write: () => undefined,
  count: () => undefined,
  flush: () => undefined,
};

export interface OpenedPair {
  readonly regions: RegionPair;
  readonly writes: InteractiveWrites;
  readonly audit: AuditLog;
}

export const toStores = ({ region, stores }: Address): StoresAddress => {
  const { dynamodb, s3vectors, dnsServers, ...names } = stores;
  return {
    region,
    ...names,
    ...(dynamodb === undefined ? {} : { dynamodb }),
    ...(s3vectors === undefined ? {} : { s3vectors }),
    ...(dnsServers === undefined ? {} : { dnsServers }),
  };
};

const now = (): number => Date.now();

/** The first one is home: it is written first, and read. */
export const openAddresses = ([home, peer]: readonly [Address, ...Address[]]): OpenedPair => {
  const regions = openInteractivePair(
    { role: home.role, home: toStores(home), peer: peer === undefined ? undefined : toStores(peer) },
    { now, onBreakerClosed: () => undefined },
  );
  const writes = new InteractiveWriter({ regions, telemetry: QUIET, now, newOp: ulid });
  const { region, tables } = regions.home;
  const epoch = async (): Promise<number> => seenEpochOrZero(tables.workspaces);
  return { regions, writes, audit: createAuditLog({ writes, region, epoch, newOp: ulid }) };
};

export interface PairChoice {
  /** `--stores`. */
  readonly file: string | undefined;
  readonly dataDirectory: string;
  /** Role or name of the Region to go through; without it the primary. */
  readonly region: string | undefined;
}

export const openPair = async ({ file, dataDirectory, region }: PairChoice): Promise<OpenedPair> => {
  const { regions: addresses } = await readPairFile({ file, dataDirectory });
  const wanted = region ?? 'primary';
  const home = addresses.find((one) => one.role === wanted || one.region === wanted) ?? addresses[0];
  if (home === undefined || (region !== undefined && home.role !== region && home.region !== region)) {
    const known = addresses.map((one) => `${one.role} (${one.region})`).join(', ');
    throw new ConfigError(`there is no Region "${region ?? ''}" here; there are: ${known}`);
  }
  return openAddresses([home, ...addresses.filter((one) => one !== home)]);
};
