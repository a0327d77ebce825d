/**
 * The `isolated` network: which ranges there are, how the peer is reached, and which way out there is, if any. The peer's VPC and
 * endpoint URLs can't be derived, so they are settings, filled from the peer's outputs for a second deployment.
 */
import { z } from 'zod';

import type { IdentitySettings } from './identity.ts';
import { isNetworkRange, overlaps } from './cidr.ts';
import { json, matching, oneOf } from './parsers.ts';
import { type Parsed, type SettingReader, value, wrong } from './setting-reader.ts';

/** The services that functions call, as their endpoints are named. */
export const ENDPOINT_SERVICES = [
  'dynamodb',
  's3vectors',
  'appconfigdata',
  'sqs',
  'kms',
  'sts',
  'bedrock-runtime',
  'secretsmanager',
  'comprehend',
] as const;

export type EndpointService = (typeof ENDPOINT_SERVICES)[number];

export type Peering =
  | { readonly kind: 'requests'; readonly peerVpcId: string }
  | { readonly kind: 'accepts'; readonly connectionId: string };

export type Egress =
  { readonly kind: 'none' } | { readonly kind: 'proxy'; readonly url: string; readonly cidr: string };

export interface Isolation {
  readonly cidr: string;
  /** Of the peer's VPC: its functions are let in from there, and ours are let out to there. */
  readonly peerCidr?: string;
  /** Absent without a peer, before the second deployment, and where the customer's own transit gateway connects the VPCs. */
  readonly peering?: Peering;
  readonly egress: Egress;
  /** Where sources are that the VPC reaches without a proxy. */
  readonly sourceCidrs: readonly string[];
  /** Interface endpoints that the customer's VPC has already: a second one with the same private name is refused by AWS. */
  readonly endpointsInPlace: readonly EndpointService[];
}

const VPC_BITS_MIN = 16;
const VPC_BITS_MAX = 24;

const PROXY_URL = /^https?:\/\/[a-z0-9.-]+(?::\d{1,5})?\/?$/u;

const RANGE = `a range such as 10.40.0.0/16, from /${VPC_BITS_MIN} to /${VPC_BITS_MAX}, with no bits behind its prefix`;

const range =
  (bitsMin: number, bitsMax: number, expected: string) =>
  (text: string): Parsed<string> =>
    isNetworkRange(text, bitsMin, bitsMax)
      ? value(text)
      : wrong(`is ${JSON.stringify(text)}, which is not ${expected}`);

const vpcRange = range(VPC_BITS_MIN, VPC_BITS_MAX, RANGE);

const ranges = z.array(
  z.string().refine((text) => isNetworkRange(text, 8, 32), 'not an IPv4 range such as 10.9.0.0/16'),
);

const ONLY_ISOLATED = ['vpcCidr', 'peerVpcCidr', 'peerVpcId', 'peeringConnectionId', 'egressProxy', 'egressProxyCidr'];

/** In `service` mode they would silently do nothing. */
const refuseInService = (reader: SettingReader): void => {
  const set = ONLY_ISOLATED.filter((name) => reader.has(`twinmap:${name}`));
  for (const name of reader.says('twinmap:egress', 'proxy') ? [...set, 'egress'] : set) {
    reader.problem(`twinmap:${name}`, 'has a meaning in an isolated network only', 'twinmap:network isolated');
  }
};

interface Ranges {
  readonly cidr?: string | undefined;
  readonly peerCidr?: string | undefined;
}

const readRanges = (reader: SettingReader, isolated: boolean, hasPeer: boolean): Ranges => {
  const own = {
    key: 'twinmap:vpcCidr',
    meaning: "which range the VPC has, different from the peer's",
    mend: 'twinmap:vpcCidr 10.40.0.0/16',
    parse: vpcRange,
  };
  const other = {
    key: 'twinmap:peerVpcCidr',
    meaning: "which range the peer's VPC has, so that the two can be connected",
    mend: 'twinmap:peerVpcCidr 10.41.0.0/16',
    parse: vpcRange,
  };
  const cidr = isolated ? reader.required(own) : reader.optional(own);
  const peerCidr = isolated && hasPeer ? reader.required(other) : reader.optional(other);
  if (cidr !== undefined && peerCidr !== undefined && overlaps(cidr, peerCidr)) {
    const why = `is ${peerCidr}, which overlaps with ${cidr} of this Region: peered networks can't share addresses`;
    reader.problem('twinmap:peerVpcCidr', why, 'twinmap:peerVpcCidr <another range, and the same in the peer>');
  }
  return { cidr, peerCidr };
};

/** One of the two asks and the other one accepts. Decided by the Regions' names, which a swap of roles does not change. */
export const asksForPeering = (region: string, peerRegion: string): boolean => region < peerRegion;

const readPeering = (reader: SettingReader, identity: IdentitySettings | undefined): Peering | undefined => {
  const peerVpcId = reader.optional({
    key: 'twinmap:peerVpcId',
    meaning: 'which VPC the peer has, from its output of that name',
    mend: 'twinmap:peerVpcId vpc-0a1b2c3d4e5f60718',
    parse: matching(/^vpc-[0-9a-f]{8,17}$/u, 'a VPC id such as vpc-0a1b2c3d4e5f60718'),
  });
  const connectionId = reader.optional({
    key: 'twinmap:peeringConnectionId',
    meaning: 'which peering the other Region has asked for, from its output of that name',
    mend: 'twinmap:peeringConnectionId pcx-0a1b2c3d4e5f60718',
    parse: matching(/^pcx-[0-9a-f]{8,17}$/u, 'a peering connection such as pcx-0a1b2c3d4e5f60718'),
  });
  if (identity === undefined) {
    return undefined;
  }
  const { region, peerRegion } = identity;
  if (peerRegion === undefined) {
    for (const key of ['twinmap:peerVpcId', 'twinmap:peerVpcCidr', 'twinmap:peeringConnectionId']) {
      if (reader.has(key)) {
        reader.problem(key, 'is set, but the stack has no peer', 'twinmap:peerRegion <the other Region>');
      }
    }
    return undefined;
  }
  if (!asksForPeering(region, peerRegion)) {
    return connectionId === undefined ? undefined : { kind: 'accepts', connectionId };
  }
  if (connectionId !== undefined) {
    const why = `is set, but ${region} comes before ${peerRegion} in the alphabet, so that this stack asks for the peering and the other one accepts it`;
    reader.problem('twinmap:peeringConnectionId', why, "twinmap:peeringConnectionId ''");
  }
  return peerVpcId === undefined ? undefined : { kind: 'requests', peerVpcId };
};

const readEgress = (reader: SettingReader): Egress | undefined => {
  const kind = reader.withDefault(
    {
      key: 'twinmap:egress',
      meaning: 'which way out an isolated network has',
      mend: 'twinmap:egress none',
      parse: oneOf(['none', 'proxy']),
    },
    'none',
  );
  const url = reader.optional({
    key: 'twinmap:egressProxy',
    meaning: 'which proxy leads out',
    mend: 'twinmap:egressProxy http://proxy.example.com:3128',
    parse: matching(PROXY_URL, 'a proxy such as http://proxy.example.com:3128, without user and password'),
  });
  const cidr = reader.optional({
    key: 'twinmap:egressProxyCidr',
    meaning: 'in which range the proxy is, so that functions are let out to it alone',
    mend: 'twinmap:egressProxyCidr 10.40.9.0/28',
    parse: range(8, 32, 'an IPv4 range such as 10.40.9.0/28'),
  });
  if (kind !== 'proxy') {
    return kind === undefined ? undefined : { kind };
  }
  for (const [key, mend] of [
    ['twinmap:egressProxy', 'twinmap:egressProxy http://proxy.example.com:3128'],
    ['twinmap:egressProxyCidr', 'twinmap:egressProxyCidr 10.40.9.0/28'],
  ] as const) {
    if (!reader.has(key)) {
      reader.problem(key, 'is missing: twinmap:egress is proxy, and nobody knows where it is', mend);
    }
  }
  return url === undefined || cidr === undefined ? undefined : { kind, url, cidr };
};

const readLists = (reader: SettingReader): Pick<Isolation, 'sourceCidrs' | 'endpointsInPlace'> | undefined => {
  const sourceCidrs = reader.withDefault(
    {
      key: 'twinmap:sourceCidrs',
      meaning: 'in which ranges sources are that the VPC reaches without a proxy',
      mend: "--path 'twinmap:sourceCidrs[0]' 10.9.0.0/16",
      parse: json(ranges, 'a list of IPv4 ranges'),
    },
    [],
  );
  const endpointsInPlace = reader.withDefault(
    {
      key: 'twinmap:endpointsInPlace',
      meaning: 'which interface endpoints your VPC has already',
      mend: "--path 'twinmap:endpointsInPlace[0]' sqs",
      parse: json(z.array(z.enum(ENDPOINT_SERVICES)), `a list of ${ENDPOINT_SERVICES.join(', ')}`),
    },
    [],
  );
  return sourceCidrs === undefined || endpointsInPlace === undefined ? undefined : { sourceCidrs, endpointsInPlace };
};

/** Undefined in `service` mode, and where something is wrong. */
export const readIsolation = (
  reader: SettingReader,
  isolated: boolean,
  identity: IdentitySettings | undefined,
): Isolation | undefined => {
  const { cidr, peerCidr } = readRanges(reader, isolated, reader.has('twinmap:peerRegion'));
  const peering = readPeering(reader, identity);
  const egress = readEgress(reader);
  const lists = readLists(reader);
  if (!isolated) {
    refuseInService(reader);
    return undefined;
  }
  if (cidr === undefined || egress === undefined || lists === undefined) {
    return undefined;
  }
  return {
    cidr,
    ...(peerCidr === undefined ? {} : { peerCidr }),
    ...(peering === undefined ? {} : { peering }),
    egress,
    ...lists,
  };
};
