/** Two embedded Regions for the matrix, each in its own process, and one name server for both. */
import { fork } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { ConfigError, InvariantError } from '../../functions/domain/errors.ts';
import { parseRegion, type Side } from '../../functions/domain/region.ts';
import type { GateAddress } from '../../functions/gate/appconfig-source.ts';
import type { StoresAddress, StoresEnvironment } from '../../functions/handlers/environment.ts';
import { namesOf } from '../../infra/names.ts';
import { openAuthority, trustAuthority } from '../../local/services/authority.ts';
import type { FaultRule } from '../../local/services/faults.ts';
import type { Endpoints } from '../../local/services/gateway.ts';
import { type NameServer, openNameServer } from '../../local/services/name-server.ts';
import { MATRIX_ACCOUNT, type ServerMessage, type ServerOrder, type ServerStart } from './region-server.ts';

export interface MatrixRegion {
  readonly address: StoresAddress;
  readonly gate: GateAddress;
  readonly endpoints: Endpoints;
  /** One rule in place of all others; null: none. */
  setFault(rule: FaultRule | null): Promise<void>;
  close(): void;
}

export interface MatrixStage {
  readonly regions: Readonly<Record<Side, MatrixRegion>>;
  readonly environment: StoresEnvironment;
  close(): Promise<void>;
}

const SERVER = path.join(import.meta.dirname, 'region-server.ts');
const REGIONS: Readonly<Record<Side, string>> = { home: 'us-east-2', peer: 'us-west-2' };

const openRegion = async (start: ServerStart, names: NameServer): Promise<MatrixRegion> => {
  const region = parseRegion(start.region);
  if (region === undefined) {
    throw new InvariantError(`${start.region} is no Region`);
  }
  const child = fork(SERVER, [JSON.stringify(start)], { stdio: ['ignore', 2, 2, 'ipc'], execArgv: ['--no-warnings'] });
  const opened = Promise.withResolvers<Extract<ServerMessage, { kind: 'opened' }>>();
  let settled: PromiseWithResolvers<void> | undefined;
  child.on('message', (message: ServerMessage) => {
    switch (message.kind) {
      case 'opened': {
        opened.resolve(message);
        break;
      }
      case 'name-mode': {
        names.setMode(message.name, message.mode);
        break;
      }
      case 'done': {
        settled?.resolve();
        break;
      }
    }
  });
  child.once('exit', () => {
    const gone = new InvariantError(`the process of ${region} has ended`);
    opened.reject(gone);
    settled?.reject(gone);
  });
  const { endpoints, gate } = await opened.promise;
  const stores = namesOf(region, MATRIX_ACCOUNT);
  return {
    address: {
      region,
      ...stores.tables,
      bucket: stores.vectorBucket,
      index: stores.vectorIndex,
      dynamodb: endpoints.dynamodb,
      s3vectors: endpoints.s3vectors,
      dnsServers: [names.server],
    },
    gate,
    endpoints,
    setFault: async (rule) => {
      settled = Promise.withResolvers();
      child.send({ rule } satisfies ServerOrder);
      await settled.promise;
    },
    close: () => {
      child.removeAllListeners('exit').kill();
    },
  };
};

export const openMatrixStage = async (): Promise<MatrixStage> => {
  // The embedded Regions read the credential's scope only; the SDK wants one to sign with.
  process.env['AWS_ACCESS_KEY_ID'] ??= 'MATRIX';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'matrix';
  const directory = await mkdtemp(path.join(tmpdir(), 'twinmap-matrix-'));
  const authorityDirectory = path.join(directory, 'authority');
  trustAuthority(await openAuthority(authorityDirectory, Date.now()));
  const names = await openNameServer();
  if (names === undefined) {
    throw new ConfigError('the matrix needs UDP on loopback, for its name server; this machine has none');
  }
  const open = async (side: Side): Promise<MatrixRegion> => {
    const dataDirectory = path.join(directory, side);
    await mkdir(dataDirectory);
    return openRegion({ region: REGIONS[side], dataDirectory, authorityDirectory, nameServer: names.server }, names);
  };
  const [home, peer] = await Promise.all([open('home'), open('peer')]);
  return {
    regions: { home, peer },
    environment: { role: 'primary', home: home.address, peer: peer.address },
    close: async () => {
      home.close();
      peer.close();
      await names.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
