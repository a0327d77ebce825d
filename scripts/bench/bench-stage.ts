/** Two embedded Regions for a bench, with the stores of both opened by real SDK clients, and delays on the wire. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { parseRegion } from '../../functions/domain/region.ts';
import { InvariantError } from '../../functions/domain/errors.ts';
import type { RegionStores } from '../../functions/dual-write/regions.ts';
import { openRegion } from '../../functions/handlers/open-region.ts';
import { namesOf } from '../../infra/names.ts';
import type { RegionEvent } from '../../local/region/messages.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import { RegionPairLink } from '../../local/region/pair.ts';
import { buildFunctions } from '../build-functions.ts';

export interface BenchStage {
  readonly pair: RegionPairLink;
  readonly stores: Readonly<Record<Role, RegionStores>>;
  /** Calls answered and CPU spent by both Regions so far, in ms. */
  statistics(): Promise<{ readonly calls: number; readonly cpuMs: number; readonly byName: Record<string, number> }>;
  delay(role: Role, delayMs: number): Promise<void>;
  close(): Promise<void>;
}

/** A drain of the Region's own would do the work of the one that is measured. */
const QUIET_MS = 7 * 24 * 60 * 60 * 1000;

const ACCOUNT = '111122223333';

/** The embedded Regions read the credential's scope only; the SDK wants one to sign with. */
const setCredentials = (): void => {
  process.env['AWS_ACCESS_KEY_ID'] ??= 'BENCH';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'bench';
};

export const openStage = async (
  rootDirectory: string,
  onEvent: (role: Role, event: RegionEvent) => void = () => undefined,
): Promise<BenchStage> => {
  setCredentials();
  const dataDirectory = await mkdtemp(path.join(tmpdir(), 'twinmap-bench-'));
  await buildFunctions({ outDir: path.join(rootDirectory, 'dist', 'functions') });
  const options = { rootDirectory, dataDirectory, intervalMs: undefined, jobsIntervalMs: QUIET_MS, onEvent };
  const pair = await RegionPairLink.open(options);
  await pair.provision({ sources: [], gitHosts: [], gitLoopbackOrigin: undefined });
  const openOne = async (role: Role): Promise<RegionStores> => {
    const region = parseRegion(pair.regionOf(role));
    if (region === undefined) {
      throw new InvariantError(`${pair.regionOf(role)} is no Region`);
    }
    const names = namesOf(region, ACCOUNT);
    const { endpoints, dnsServers } = await pair.connectionTo(role);
    return openRegion({
      region,
      ...names.tables,
      bucket: names.vectorBucket,
      index: names.vectorIndex,
      dynamodb: endpoints.dynamodb,
      s3vectors: endpoints.s3vectors,
      dnsServers,
    });
  };
  const stores = { primary: await openOne('primary'), secondary: await openOne('secondary') };
  return {
    pair,
    stores,
    statistics: async () => {
      const both = await Promise.all(ROLES.map(async (role) => pair.links[role].ask({ kind: 'statistics' })));
      const byName: Record<string, number> = {};
      for (const [name, count] of both.flatMap(({ calls }) => Object.entries(calls))) {
        byName[name] = (byName[name] ?? 0) + count;
      }
      return {
        byName,
        calls: Object.values(byName).reduce((sum, count) => sum + count, 0),
        cpuMs: both.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      };
    },
    delay: async (role, delayMs) => {
      await pair.links[role].ask({ kind: 'clear-faults' });
      if (delayMs > 0) {
        await pair.links[role].ask({ kind: 'set-fault', rule: { service: '*', mode: 'delay', delayMs } });
      }
    },
    close: async () => {
      await pair.stop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
};
