/**
 * Endpoint URLs that replace the public Regional ones: VPC endpoints, or the loopback ones of an embedded Region.
 * Half a set of loopback URLs is refused: the other half of the calls would go to a real account.
 */
import { z } from 'zod';

import { json } from './parsers.ts';
import type { SettingReader } from './setting-reader.ts';

export interface PeerEndpoints {
  readonly dynamodb?: string | undefined;
  readonly s3vectors?: string | undefined;
}

export interface HomeEndpoints extends PeerEndpoints {
  readonly appconfigdata?: string | undefined;
  readonly sqs?: string | undefined;
  readonly kms?: string | undefined;
  /** Where the embedder is Titan on Bedrock. */
  readonly bedrock?: string | undefined;
  /** Where the peer is in another account. */
  readonly sts?: string | undefined;
  readonly secretsmanager?: string | undefined;
  /** Where it looks for personal data. */
  readonly comprehend?: string | undefined;
}

export interface EndpointSettings {
  readonly home: HomeEndpoints;
  readonly peer: PeerEndpoints;
  /** Of a network load balancer in front of this Region's, where there is one: what the router may pin. */
  readonly routerAddresses: readonly string[];
  /** True where every endpoint is on this machine. */
  readonly loopback: boolean;
}

const PEER_SERVICES = ['dynamodb', 's3vectors'] as const;
const HOME_SERVICES = [...PEER_SERVICES, 'appconfigdata', 'sqs', 'kms'] as const;

/** Called in some shapes only; the setting says which. */
const OPTIONAL_SERVICES = ['bedrock', 'sts', 'secretsmanager', 'comprehend'] as const;
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Reserved for tests (RFC 6761): no DNS of the world has such a name, only that of embedded Regions. */
const EMBEDDED_SUFFIX = '.twinmap.test';

const isLoopbackHost = (host: string): boolean => LOOPBACK_HOSTS.has(host) || host.endsWith(EMBEDDED_SUFFIX);

export const isLoopback = (url: string): boolean => URL.canParse(url) && isLoopbackHost(new URL(url).hostname);

const isEndpoint = (text: string): boolean => {
  if (!URL.canParse(text)) {
    return false;
  }
  const url = new URL(text);
  const bare =
    url.username === '' && url.password === '' && url.search === '' && url.hash === '' && url.pathname === '/';
  return bare && (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK_HOSTS.has(url.hostname)));
};

const endpointUrl = z.string().refine(isEndpoint, 'not an https URL without path (http only on 127.0.0.1)').optional();

const peerSchema = z.strictObject({ dynamodb: endpointUrl, s3vectors: endpointUrl });
const homeSchema = z.strictObject({
  dynamodb: endpointUrl,
  s3vectors: endpointUrl,
  appconfigdata: endpointUrl,
  sqs: endpointUrl,
  kms: endpointUrl,
  bedrock: endpointUrl,
  sts: endpointUrl,
  secretsmanager: endpointUrl,
  comprehend: endpointUrl,
});

/** `Pulumi.yaml` gives a list that nobody set as an empty one. */
const isListed = (reader: SettingReader, key: string): boolean => reader.has(key) && !reader.says(key, '[]');

const isCalled = (reader: SettingReader, home: HomeEndpoints, service: (typeof OPTIONAL_SERVICES)[number]): boolean => {
  switch (service) {
    case 'bedrock':
      return reader.says('twinmap:embedder', 'bedrock');
    case 'sts':
      return reader.has('twinmap:peerAccountId') || isListed(reader, 'twinmap:breakGlassPrincipals');
    case 'secretsmanager':
      return home.secretsmanager !== undefined;
    case 'comprehend':
      return reader.has('twinmap:comprehend') && !reader.says('twinmap:comprehend', 'false');
  }
};

const addressesSchema = z.array(z.union([z.ipv4(), z.ipv6()])).max(8);

const readRouterAddresses = (reader: SettingReader): readonly string[] | undefined =>
  reader.withDefault(
    {
      key: 'twinmap:routerAddresses',
      meaning: 'which static addresses a network load balancer in front of this Region has, for the router',
      mend: `twinmap:routerAddresses '["10.1.0.10","10.1.1.10"]'`,
      parse: json(addressesSchema, 'a list of IP addresses'),
    },
    [],
  );

const checkLoopback = (reader: SettingReader, home: HomeEndpoints, peer: PeerEndpoints): boolean => {
  const hasPeer = reader.has('twinmap:peerRegion');
  const wanted = [
    ...[...HOME_SERVICES, ...OPTIONAL_SERVICES.filter((service) => isCalled(reader, home, service))].map((service) => ({
      path: `twinmap:homeEndpoints.${service}`,
      url: home[service],
    })),
    ...(hasPeer
      ? PEER_SERVICES.map((service) => ({ path: `twinmap:peerEndpoints.${service}`, url: peer[service] }))
      : []),
  ];
  if (!wanted.some(({ url }) => url !== undefined && isLoopback(url))) {
    return false;
  }
  for (const { path, url } of wanted.filter((row) => row.url === undefined || !isLoopback(row.url))) {
    const why = `is ${url ?? 'missing'} while other endpoints are on this machine: its calls would go to a real account`;
    reader.problem(path, why, `--path '${path}' http://127.0.0.1:<port>`);
  }
  return true;
};

export const readEndpoints = (reader: SettingReader): EndpointSettings | undefined => {
  const home = reader.withDefault(
    {
      key: 'twinmap:homeEndpoints',
      meaning: 'which endpoints the functions call in their own Region',
      mend: "--path 'twinmap:homeEndpoints.dynamodb' https://vpce-<id>.dynamodb.<region>.vpce.amazonaws.com",
      parse: json(homeSchema, 'an object of endpoint URLs'),
    },
    {},
  );
  const peer = reader.withDefault(
    {
      key: 'twinmap:peerEndpoints',
      meaning: 'which endpoints the functions call in the peer',
      mend: "--path 'twinmap:peerEndpoints.dynamodb' https://vpce-<id>.dynamodb.<peer>.vpce.amazonaws.com",
      parse: json(peerSchema, 'an object of endpoint URLs'),
    },
    {},
  );
  if (peer !== undefined && Object.keys(peer).length > 0 && !reader.has('twinmap:peerRegion')) {
    reader.problem(
      'twinmap:peerEndpoints',
      'is set, but the stack has no peer',
      'twinmap:peerRegion <the other Region>',
    );
  }
  const routerAddresses = readRouterAddresses(reader);
  if (home === undefined || peer === undefined || routerAddresses === undefined) {
    return undefined;
  }
  return { home, peer, routerAddresses, loopback: checkLoopback(reader, home, peer) };
};
