/** Where the internal load balancer stands, who may reach it, and under which names and certificate. */
import { isIPv4 } from 'node:net';

import { z } from 'zod';

import type { RegionName } from '../../functions/domain/region.ts';
import { partitionOf } from '../names.ts';
import { json, matching, oneOf } from './parsers.ts';
import { type Parsed, type SettingReader, value, wrong } from './setting-reader.ts';

export interface NetworkSettings {
  /** `service`: the functions run on the Lambda service network and call Regional endpoints over TLS. */
  readonly kind: 'service';
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly clientCidrs: readonly string[];
  readonly certificateArn: string;
  /** The Region's own name first, then shared ones; all are on the certificate. */
  readonly endpointNames: readonly string[];
}

const SUBNETS_MIN = 2;
const HOST_NAME = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/u;

const isCidr = (text: string): boolean => {
  const [address = '', bits = ''] = text.split('/');
  return isIPv4(address) && /^\d{1,2}$/u.test(bits) && Number(bits) >= 1 && Number(bits) <= 32;
};

const unique = (items: readonly string[]): boolean => new Set(items).size === items.length;

const subnets = z
  .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/u, 'not a subnet id such as subnet-0a1b2c3d4e5f60718'))
  .min(SUBNETS_MIN, 'a load balancer needs two subnets in different zones')
  .refine(unique, 'a subnet is listed twice');

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

const readPlace = (
  reader: SettingReader,
): Pick<NetworkSettings, 'kind' | 'vpcId' | 'subnetIds' | 'clientCidrs'> | undefined => {
  const kind = reader.withDefault(
    {
      key: 'twinmap:network',
      meaning: 'where functions run',
      mend: 'twinmap:network service',
      parse: oneOf(['service']),
    },
    'service',
  );
  const vpcId = reader.required({
    key: 'twinmap:vpcId',
    meaning: 'which VPC the internal load balancer stands in',
    mend: 'twinmap:vpcId vpc-0a1b2c3d4e5f60718',
    parse: matching(/^vpc-[0-9a-f]{8,17}$/u, 'a VPC id such as vpc-0a1b2c3d4e5f60718'),
  });
  const subnetIds = reader.required({
    key: 'twinmap:subnetIds',
    meaning: 'which private subnets, in two zones or more, hold the load balancer',
    mend: "--path 'twinmap:subnetIds[0]' subnet-0a1b2c3d4e5f60718",
    parse: json(subnets, 'a list of subnet ids'),
  });
  const clientCidrs = reader.required({
    key: 'twinmap:clientCidrs',
    meaning: 'from which private address ranges the API may be reached',
    mend: "--path 'twinmap:clientCidrs[0]' 10.0.0.0/8",
    parse: json(cidrs, 'a list of IPv4 ranges'),
  });
  return kind === undefined || vpcId === undefined || subnetIds === undefined || clientCidrs === undefined
    ? undefined
    : { kind, vpcId, subnetIds, clientCidrs };
};

export const readNetwork = (reader: SettingReader, region: RegionName | undefined): NetworkSettings | undefined => {
  const place = readPlace(reader);
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
  return place === undefined || certificateArn === undefined || endpointNames === undefined
    ? undefined
    : { ...place, certificateArn, endpointNames };
};
