/** A function's environment is read once, whole, and what is missing is named with what mends it. */
import { describe, expect, it } from 'vitest';

import { ConfigError } from '../../../functions/domain/errors.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import {
  type Environment,
  homeTarget,
  parseSources,
  parseStoresEnvironment,
  requireText,
} from '../../../functions/handlers/environment.ts';
import { gitDefinition } from '../../../functions/domain/source-definition.ts';
import { openRegionPair } from '../../../functions/handlers/open-region.ts';
import { parseRegionConfig, type RegionConfig } from '../../../infra/config.ts';
import { functionEnvironment } from '../../../infra/environment.ts';
import { FUNCTION_NAMES, namesOf } from '../../../infra/names.ts';
import { exampleSettings, type Settings } from '../../infra/complete-settings.ts';
import { regionNamed } from '../stores/region-named.ts';

const storesOf = (side: 'HOME' | 'PEER', region: string): Environment => ({
  [`TWINMAP_${side}_REGION`]: region,
  [`TWINMAP_${side}_TABLE_WORKSPACES`]: `${region}-workspaces`,
  [`TWINMAP_${side}_TABLE_AUDIT`]: `${region}-audit`,
  [`TWINMAP_${side}_TABLE_GRAPH`]: `${region}-graph`,
  [`TWINMAP_${side}_VECTOR_BUCKET`]: `${region}-vectors`,
  [`TWINMAP_${side}_VECTOR_INDEX`]: 'chunks',
});

const HOME: Environment = { TWINMAP_ROLE: 'primary', ...storesOf('HOME', 'us-east-2') };
const PAIR: Environment = { ...HOME, ...storesOf('PEER', 'us-west-2') };
const SOURCE = { id: 'handbook', kind: 'git', url: 'https://github.com/x/y' };

const without = (environment: Environment, name: string): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([key]) => key !== name));

describe('parseStoresEnvironment', () => {
  it('reads both Regions, each by its own names', () => {
    const { role, home, peer } = parseStoresEnvironment(PAIR);
    expect(role).toBe('primary');
    expect(home).toEqual({
      region: 'us-east-2',
      workspaces: 'us-east-2-workspaces',
      audit: 'us-east-2-audit',
      graph: 'us-east-2-graph',
      bucket: 'us-east-2-vectors',
      index: 'chunks',
    });
    expect(peer).toMatchObject({ region: 'us-west-2', graph: 'us-west-2-graph' });
  });

  it('has no peer where none is declared: the second write does not exist', () => {
    const parsed = parseStoresEnvironment(HOME);
    expect(parsed.peer).toBeUndefined();
    expect(openRegionPair(parsed)).not.toHaveProperty('peer');
  });

  it('reads the endpoints of each Region where they are set', () => {
    const { home, peer } = parseStoresEnvironment({
      ...PAIR,
      TWINMAP_HOME_DYNAMODB_ENDPOINT: 'http://127.0.0.1:1',
      TWINMAP_PEER_S3VECTORS_ENDPOINT: 'http://127.0.0.1:2',
    });
    expect([home.dynamodb, home.s3vectors]).toEqual(['http://127.0.0.1:1', undefined]);
    expect([peer?.dynamodb, peer?.s3vectors]).toEqual([undefined, 'http://127.0.0.1:2']);
  });

  it('reads name servers for both Regions and for what only home has, where they are named', () => {
    const named = { ...PAIR, TWINMAP_DNS_SERVERS: '127.0.0.1:5300,10.0.0.2' };
    const { home, peer } = parseStoresEnvironment(named);
    const servers = ['127.0.0.1:5300', '10.0.0.2'];
    expect([home.dnsServers, peer?.dnsServers, homeTarget(named, 'SQS', 1).dnsServers]).toEqual([
      servers,
      servers,
      servers,
    ]);
    expect(() => parseStoresEnvironment({ ...PAIR, TWINMAP_DNS_SERVERS: 'resolver.example' })).toThrow(
      /TWINMAP_DNS_SERVERS/u,
    );
  });

  it.each(Object.keys(PAIR).filter((name) => name !== 'TWINMAP_PEER_REGION'))(
    'refuses an environment without %s, or with an empty one, and says where it comes from',
    (name) => {
      for (const environment of [without(PAIR, name), { ...PAIR, [name]: '' }]) {
        expect(() => parseStoresEnvironment(environment)).toThrow(ConfigError);
        expect(() => parseStoresEnvironment(environment)).toThrow(/TWINMAP_.*deploy the stack again/u);
      }
    },
  );

  it.each([
    ['a role that is none', { ...PAIR, TWINMAP_ROLE: 'active' }, /TWINMAP_ROLE is active/u],
    ['a home Region that is none', { ...PAIR, TWINMAP_HOME_REGION: 'ohio' }, /TWINMAP_HOME_.*region/u],
    ['a peer Region that is none', { ...PAIR, TWINMAP_PEER_REGION: '' }, /TWINMAP_PEER_.*region/u],
  ])('refuses %s', (_what, environment, message) => {
    expect(() => parseStoresEnvironment(environment)).toThrow(message);
  });
});

describe('parseSources', () => {
  it('reads sources, the id being the name where none was given', () => {
    const sources = [SOURCE, { ...SOURCE, id: 'runbooks', name: 'Runbooks', branch: 'main' }];
    const url = 'https://github.com/x/y';
    expect(parseSources({ TWINMAP_SOURCES: JSON.stringify(sources) })).toEqual([
      gitDefinition({ id: 'handbook', name: 'handbook', url }),
      gitDefinition({ id: 'runbooks', name: 'Runbooks', url, branch: 'main' }),
    ]);
    expect(parseSources({})).toEqual([]);
  });

  it('reads sources of any kind, their configuration being the connector’s own', () => {
    const config = { url: 'https://acme.atlassian.net', spaces: ['ENG'], token: 'secretsmanager:twinmap/wiki' };
    const wiki = { id: 'wiki', kind: 'confluence', config, redaction: 'none', workspace: 'platform' };
    expect(parseSources({ TWINMAP_SOURCES: JSON.stringify([wiki]) })).toEqual([
      { ...wiki, name: 'wiki', enabled: true },
    ]);
  });

  it.each([
    ['text that is no JSON', '[{'],
    ['one source without a list', JSON.stringify(SOURCE)],
    ['a kind that nobody can read', JSON.stringify([{ ...SOURCE, kind: 'wiki' }])],
    ['a key that nobody knows', JSON.stringify([{ ...SOURCE, token: 'canary-7f3a91' }])],
    ['a source without a URL', JSON.stringify([{ ...SOURCE, url: '' }])],
  ])('refuses %s, without a word of the value', (_what, text) => {
    const parse = (): unknown => parseSources({ TWINMAP_SOURCES: text });
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(/TWINMAP_SOURCES is not .*deploy the stack again/u);
    expect(parse).not.toThrow(/canary/u);
  });
});

describe('requireText and homeTarget', () => {
  it.each([undefined, ''])('refuse a variable that is %j, by its name', (value) => {
    expect(() => requireText({ TWINMAP_X: value }, 'TWINMAP_X')).toThrow(/the variable TWINMAP_X is not set/u);
  });

  it('bound every call of a service that only home has', () => {
    expect(homeTarget({ ...HOME, TWINMAP_HOME_SQS_ENDPOINT: 'http://127.0.0.1:3' }, 'SQS', 1234)).toEqual({
      region: 'us-east-2',
      endpoint: 'http://127.0.0.1:3',
      bounds: {
        connectTimeoutMs: LIMITS.homeConnectTimeoutMs,
        callTimeoutMs: 1234,
        attemptsMax: LIMITS.readAttemptsMax,
      },
    });
    expect(homeTarget(HOME, 'APPCONFIGDATA', 1)).not.toHaveProperty('endpoint');
    expect(() => homeTarget({}, 'SQS', 1)).toThrow(/TWINMAP_HOME_REGION/u);
  });
});

describe('what the Pulumi program declares', () => {
  const LIVE = {
    gateApplication: 'app1234',
    gateEnvironment: 'env1234',
    gateProfile: 'pro1234',
    syncQueueUrl: 'u',
    signingKeyArn: 'k',
  };

  const configOf = async (stack: 'primary' | 'secondary', overrides: Settings = {}): Promise<RegionConfig> => {
    const parsed = parseRegionConfig(await exampleSettings(stack, overrides));
    if (parsed.kind === 'invalid') {
      throw new TypeError(parsed.problems.join('; '));
    }
    return parsed.config;
  };

  it.each(['primary', 'secondary'] as const)('for %s is what every function reads', async (stack) => {
    const config = await configOf(stack);
    const names = namesOf(config.region, config.accountId);
    for (const name of FUNCTION_NAMES) {
      const environment = functionEnvironment(name, config, LIVE);
      const { role, home } = parseStoresEnvironment(environment);
      expect([role, home.region, home.graph, home.bucket]).toEqual([
        stack,
        config.region,
        names.tables.graph,
        names.vectorBucket,
      ]);
      expect(homeTarget(environment, 'SQS', 1).region).toBe(config.region);
    }
  });

  it('names the peer to the functions that write there, by the names that the peer’s own stack gives', async () => {
    const [config, peerConfig] = [await configOf('primary'), await configOf('secondary')];
    const { peer } = parseStoresEnvironment(functionEnvironment('sync', config, LIVE));
    const own = parseStoresEnvironment(functionEnvironment('sync', peerConfig, LIVE)).home;
    const named = ({ region, workspaces, audit, graph, bucket, index }: typeof own): readonly string[] => [
      region,
      workspaces,
      audit,
      graph,
      bucket,
      index,
    ];
    expect(named(peer ?? own)).toEqual(named(own));
    expect(peer?.region).toBe(regionNamed(config.peerRegion ?? 'us-east-1'));
    expect(parseStoresEnvironment(functionEnvironment('dispatch', config, LIVE)).peer).toBeUndefined();
  });

  it('brings the sources as they were configured', async () => {
    const config = await configOf('primary', { 'twinmap:sources': JSON.stringify([SOURCE]) });
    const sources = parseSources(functionEnvironment('dispatch', config, LIVE));
    expect(sources).toEqual([gitDefinition({ id: 'handbook', name: 'handbook', url: SOURCE.url })]);
  });
});
