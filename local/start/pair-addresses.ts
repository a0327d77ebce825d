/** Where the stores of a local pair are: what `running.json` tells commands, and what this process opens itself. */
import path from 'node:path';

import { InvariantError } from '../../functions/domain/errors.ts';
import { parseRegion, type Role, ROLES } from '../../functions/domain/region.ts';
import { namesOf } from '../../infra/names.ts';
import { type Address, type OpenedPair, openAddresses, useLocalCredentials } from '../../ops/pair-stores.ts';
import { loadStackConfig } from '../monitor/stack-config.ts';
import type { RegionPairLink } from '../region/pair.ts';

/** Beside both Regions' folders, in the data folder. */
export const authorityFile = (dataDirectory: string): string =>
  path.join(path.resolve(dataDirectory), 'authority', 'authority.pem');

export const addressOf = async (rootDirectory: string, pair: RegionPairLink, role: Role): Promise<Address> => {
  const region = parseRegion(pair.regionOf(role));
  const { config } = await loadStackConfig({ rootDirectory, stack: role });
  const accountId = config['twinmap:accountId'];
  if (region === undefined || accountId === undefined) {
    throw new InvariantError(`the stack ${role} was provisioned without a Region or an account`);
  }
  const { tables, vectorBucket, vectorIndex, gate, functions } = namesOf(region, accountId);
  const { endpoints, dnsServers } = await pair.connectionTo(role);
  return {
    role,
    region,
    stores: {
      ...tables,
      bucket: vectorBucket,
      index: vectorIndex,
      dynamodb: endpoints.dynamodb,
      s3vectors: endpoints.s3vectors,
      dnsServers: [...dnsServers],
    },
    gate: {
      application: gate,
      environment: 'gate',
      profile: 'gate',
      strategy: gate,
      appconfig: endpoints.appconfig,
      appconfigdata: endpoints.appconfig,
    },
    functions: { ...functions, lambda: endpoints.lambda, sts: endpoints.sts },
  };
};

export type PairAddresses = Readonly<Record<Role, Address>>;

export const addressesOf = async (rootDirectory: string, pair: RegionPairLink): Promise<PairAddresses> => {
  const [primary, secondary] = await Promise.all(ROLES.map(async (role) => addressOf(rootDirectory, pair, role)));
  if (primary === undefined || secondary === undefined) {
    throw new InvariantError('a local pair has two Regions');
  }
  return { primary, secondary };
};

/** Opens both Regions' stores in this process. */
export const openLocalPair = ({ primary, secondary }: PairAddresses): OpenedPair => {
  useLocalCredentials();
  return openAddresses([primary, secondary]);
};
