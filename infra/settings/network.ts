/** Where the internal load balancer and, in an isolated network, the functions stand; who may reach them, and under which names. */
import { z } from 'zod';

import type { RegionName } from '../../functions/domain/region.ts';
import { partitionOf } from '../names.ts';
import { isCidr } from './cidr.ts';
import type { IdentitySettings } from './identity.ts';
import { type Isolation, readIsolation } from './isolation.ts';
import { json, matching, oneOf } from './parsers.ts';
import { type Parsed, type SettingReader, value, wrong } from './setting-reader.ts';

/** A VPC that the customer has. */
export interface ExistingPlace {
  readonly kind: 'existing';
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  /** Of these subnets; endpoints and peering put routes into them. */
  readonly routeTableIds: readonly string[];
}

/** A VPC that the program makes. */
export interface MadePlace {
  readonly kind: 'made';
  /** Empty: the first two of the Region. */
  readonly availabilityZones: readonly string[];
}

interface Front {
  readonly clientCidrs: readonly string[];
  readonly certificateArn: string;
  /** The Region's own name first, then shared ones; all are on the certificate. */
  readonly endpointNames: readonly string[];
  /** A bucket of the customer, in this Region; load balancers write to no other kind of store. */
  readonly accessLogsBucket?: string;
}

export type NetworkSettings = Front &
  (
    | {
        /** The functions run on the Lambda service network and call Regional endpoints over TLS. */
        readonly kind: 'service';
        readonly place: ExistingPlace;
      }
    | {
        /** The functions run in private subnets without a way to the internet, and call endpoints of this VPC. */
        readonly kind: 'isolated';
        readonly place: ExistingPlace | MadePlace;
        readonly isolation: Isolation;
      }
  );

const SUBNETS_MIN = 2;
const HOST_NAME = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/u;

const unique = (items: readonly string[]): boolean => new Set(items).size === items.length;

const subnets = z
  .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/u, 'not a subnet id such as subnet-0a1b2c3d4e5f60718'))
  .min(SUBNETS_MIN, 'a load balancer needs two subnets in different zones')
  .refine(unique, 'a subnet is listed twice');

const routeTables = z
  .array(z.string().regex(/^rtb-[0-9a-f]{8,17}$/u, 'not a route table such as rtb-0a1b2c3d4e5f60718'))
  .refine(unique, 'a route table is listed twice');

const zones = z
  .array(z.string().regex(/^[a-z0-9-]+\d[a-z]$/u, 'not a zone such as us-east-2a'))
  .refine((names) => names.length === 0 || names.length >= SUBNETS_MIN, 'a load balancer needs two zones')
  .refine(unique, 'a zone is listed twice');

const cidrs = z
  .array(z.string().refine(isCidr, 'not an IPv4 range such as 10.0.0.0/8 (0.0.0.0/0 is refused)'))
  .min(1, 'nobody could reach the load balancer');

const hostNames = z
  .array(z.string().regex(HOST_NAME, 'not a DNS name such as twinmap1.example.com'))
  .min(1, 'the Region needs a name of its own')
  .refine(unique, 'a name is listed twice');

/** A certificate of another Region or partition is refused by the listener, but only after everything else was made. */
const certificateFor =
  (region: RegionName) =>
  (text: string): Parsed<string> => {
    const start = `arn:${partitionOf(region)}:acm:${region}:`;
    return text.startsWith(start) && /:\d{12}:certificate\/[0-9a-f-]{36}$/u.test(text)
      ? value(text)
      : wrong(`is not a certificate of this Region: it must start with ${start}`);
  };

const readVpc = (reader: SettingReader, mayBeMade: boolean): { readonly vpcId?: string | undefined } => {
  const setting = {
    key: 'twinmap:vpcId',
    meaning: 'which VPC the internal load balancer stands in',
    mend: 'twinmap:vpcId vpc-0a1b2c3d4e5f60718',
    parse: matching(/^vpc-[0-9a-f]{8,17}$/u, 'a VPC id such as vpc-0a1b2c3d4e5f60718'),
  };
  return { vpcId: mayBeMade ? reader.optional(setting) : reader.required(setting) };
};

const readSubnets = (reader: SettingReader, isMade: boolean): readonly string[] | undefined => {
  const setting = {
    key: 'twinmap:subnetIds',
    meaning: 'which private subnets, in two zones or more, hold the load balancer',
    mend: "--path 'twinmap:subnetIds[0]' subnet-0a1b2c3d4e5f60718",
    parse: json(subnets, 'a list of subnet ids'),
  };
  // The empty list is how `Pulumi.yaml` says that there are none.
  const isNone = reader.says('twinmap:subnetIds', '[]');
  if (isMade && isNone) {
    reader.withDefault({ ...setting, parse: () => value([]) }, []);
    return [];
  }
  const found = isMade ? reader.withDefault(setting, []) : reader.required(setting);
  if (isMade && found !== undefined && found.length > 0) {
    reader.problem('twinmap:subnetIds', 'is set without a VPC that has them', 'twinmap:vpcId vpc-0a1b2c3d4e5f60718');
  }
  return found;
};

const readRouteTables = (reader: SettingReader, areNeeded: boolean): readonly string[] | undefined => {
  const found = reader.withDefault(
    {
      key: 'twinmap:routeTableIds',
      meaning: 'which route tables the private subnets have',
      mend: "--path 'twinmap:routeTableIds[0]' rtb-0a1b2c3d4e5f60718",
      parse: json(routeTables, 'a list of route tables'),
    },
    [],
  );
  if (areNeeded && found?.length === 0) {
    const why = 'is missing: it says which route tables your subnets have, for the way to DynamoDB and to the peer';
    reader.problem('twinmap:routeTableIds', why, "--path 'twinmap:routeTableIds[0]' rtb-0a1b2c3d4e5f60718");
    return undefined;
  }
  return found;
};

const readPlace = (reader: SettingReader, isolated: boolean): ExistingPlace | MadePlace | undefined => {
  const isMade = isolated && !reader.has('twinmap:vpcId');
  const { vpcId } = readVpc(reader, isolated);
  const subnetIds = readSubnets(reader, isMade);
  const routeTableIds = readRouteTables(reader, isolated && !isMade);
  const availabilityZones = reader.withDefault(
    {
      key: 'twinmap:availabilityZones',
      meaning: 'in which zones the VPC that is made has subnets',
      mend: "--path 'twinmap:availabilityZones[0]' us-east-2a",
      parse: json(zones, 'a list of zones'),
    },
    [],
  );
  if (isMade) {
    return availabilityZones === undefined ? undefined : { kind: 'made', availabilityZones };
  }
  return vpcId === undefined || subnetIds === undefined || routeTableIds === undefined
    ? undefined
    : { kind: 'existing', vpcId, subnetIds, routeTableIds };
};

const readFront = (reader: SettingReader, region: RegionName | undefined): Front | undefined => {
  const clientCidrs = reader.required({
    key: 'twinmap:clientCidrs',
    meaning: 'from which private address ranges the API may be reached',
    mend: "--path 'twinmap:clientCidrs[0]' 10.0.0.0/8",
    parse: json(cidrs, 'a list of IPv4 ranges'),
  });
  const certificateArn = reader.required({
    key: 'twinmap:certificateArn',
    meaning: 'which certificate the TLS listener shows; without one there is no listener',
    mend: 'twinmap:certificateArn <ARN of a certificate of this Region>',
    parse: region === undefined ? value : certificateFor(region),
  });
  const endpointNames = reader.required({
    key: 'twinmap:endpointNames',
    meaning: 'under which names clients call this Region, its own name first',
    mend: "--path 'twinmap:endpointNames[0]' twinmap1.example.com",
    parse: json(hostNames, 'a list of DNS names'),
  });
  const accessLogsBucket = reader.optional({
    key: 'twinmap:accessLogsBucket',
    meaning: 'which bucket of yours, in this Region, takes the access logs of the load balancer',
    mend: 'twinmap:accessLogsBucket example-access-logs-us-east-2',
    parse: matching(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/u, 'the name of a bucket'),
  });
  if (clientCidrs === undefined || certificateArn === undefined || endpointNames === undefined) {
    return undefined;
  }
  return {
    clientCidrs,
    certificateArn,
    endpointNames,
    ...(accessLogsBucket === undefined ? {} : { accessLogsBucket }),
  };
};

export const readNetwork = (
  reader: SettingReader,
  identity: IdentitySettings | undefined,
): NetworkSettings | undefined => {
  const kind = reader.withDefault(
    {
      key: 'twinmap:network',
      meaning: 'where functions run',
      mend: 'twinmap:network service',
      parse: oneOf(['service', 'isolated']),
    },
    'service',
  );
  const isolated = kind === 'isolated';
  const place = readPlace(reader, isolated);
  const isolation = readIsolation(reader, isolated, identity);
  const front = readFront(reader, identity?.region);
  if (kind === undefined || place === undefined || front === undefined) {
    return undefined;
  }
  if (kind === 'service') {
    return place.kind === 'existing' ? { ...front, kind, place } : undefined;
  }
  return isolation === undefined ? undefined : { ...front, kind, place, isolation };
};
