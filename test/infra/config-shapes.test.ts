/** Mistakes in the shapes of an install: isolated networks, two accounts, Bedrock, and what the customer's own rules demand. */
import { beforeAll, describe, expect, it } from 'vitest';

import { parseRegionConfig } from '../../infra/config.ts';
import { exampleSettings, type Settings } from './complete-settings.ts';

let primary: Settings;

const problemsOf = (settings: Settings): readonly string[] => {
  const parsed = parseRegionConfig(settings);
  return parsed.kind === 'invalid' ? parsed.problems : [];
};

const isolated: Settings = {
  'twinmap:network': 'isolated',
  'twinmap:vpcId': '',
  'twinmap:subnetIds': '[]',
  'twinmap:vpcCidr': '10.40.0.0/16',
  'twinmap:peerVpcCidr': '10.41.0.0/16',
};
const GITHUB = '[{"id":"a","kind":"git","url":"https://github.com/x/y"}]';
const KEY = 'key/0a1b2c3d-1111-4222-8333-0a1b2c3d4e5f';

beforeAll(async () => {
  primary = await exampleSettings('primary');
});

describe('a mistake in the shape of an install', () => {
  it.each<readonly [what: string, change: Settings, problem: RegExp]>([
    [
      'a cross-Region inference profile',
      { 'twinmap:embedder': 'bedrock', 'twinmap:embeddingModel': 'us.amazon.titan-embed-text-v2:0' },
      /cross-Region inference profile.*pulumi config set twinmap:embeddingModel amazon\.titan-embed-text-v2:0$/u,
    ],
    [
      'a profile of all Regions',
      { 'twinmap:embedder': 'bedrock', 'twinmap:embeddingModel': 'global.cohere.embed-v4:0' },
      /cross-Region inference profile/u,
    ],
    [
      "a profile's ARN",
      {
        'twinmap:embedder': 'bedrock',
        'twinmap:embeddingModel': ['arn', 'aws:bedrock:us-east-2:111122223333:inference-profile/eu.x'].join(':'),
      },
      /cross-Region inference profile/u,
    ],
    ['another model', { 'twinmap:embeddingModel': 'amazon.titan-embed-text-v1' }, /only amazon\.titan-embed/u],
    [
      'a dimension that Titan does not make',
      { 'twinmap:embedder': 'bedrock', 'twinmap:embeddingDimensions': '384' },
      /makes vectors of 256, 512, 1024 numbers/u,
    ],
    [
      'another dimension than the index has',
      { 'twinmap:embedder': 'bedrock', 'twinmap:embeddingDimensions': '512', 'twinmap:indexDimensions': '256' },
      /^twinmap:embeddingDimensions is 512, but the existing index has 256.*pulumi config set twinmap:embeddingDimensions 256$/u,
    ],
    [
      'ranges that overlap',
      { ...isolated, 'twinmap:peerVpcCidr': '10.40.128.0/17' },
      /^twinmap:peerVpcCidr is 10\.40\.128\.0\/17, which overlaps with 10\.40\.0\.0\/16/u,
    ],
    ['an isolated network without a range', { ...isolated, 'twinmap:vpcCidr': '' }, /^twinmap:vpcCidr is missing/u],
    [
      "an isolated pair without the peer's range",
      { ...isolated, 'twinmap:peerVpcCidr': '' },
      /^twinmap:peerVpcCidr is missing/u,
    ],
    [
      'a range that starts in its middle',
      { ...isolated, 'twinmap:vpcCidr': '10.40.0.9/16' },
      /no bits behind its prefix/u,
    ],
    ['a range of another size', { ...isolated, 'twinmap:vpcCidr': '10.0.0.0/8' }, /from \/16 to \/24/u],
    [
      'an own VPC without route tables',
      { ...isolated, 'twinmap:vpcId': 'vpc-0a1b2c3d', 'twinmap:subnetIds': '["subnet-0a1b2c3d","subnet-0a1b2c3e"]' },
      /^twinmap:routeTableIds is missing/u,
    ],
    [
      'subnets without their VPC',
      { ...isolated, 'twinmap:subnetIds': '["subnet-0a1b2c3d","subnet-0a1b2c3e"]' },
      /^twinmap:subnetIds is set without a VPC/u,
    ],
    ['a range on the Lambda service network', { 'twinmap:vpcCidr': '10.40.0.0/16' }, /isolated network only/u],
    [
      'a proxy on the Lambda service network',
      {
        'twinmap:egress': 'proxy',
        'twinmap:egressProxy': 'http://p.example.com',
        'twinmap:egressProxyCidr': '10.0.0.0/24',
      },
      /^twinmap:egress has a meaning in an isolated network only/u,
    ],
    [
      'a proxy that nobody can find',
      { ...isolated, 'twinmap:egress': 'proxy', 'twinmap:egressProxyCidr': '10.40.9.0/28' },
      /^twinmap:egressProxy is missing/u,
    ],
    [
      'a proxy with a password',
      {
        ...isolated,
        'twinmap:egress': 'proxy',
        'twinmap:egressProxy': 'http://me:x@p.example.com',
        'twinmap:egressProxyCidr': '10.40.9.0/28',
      },
      /without user and password/u,
    ],
    [
      'a source on the internet without a way there',
      { ...isolated, 'twinmap:sources': GITHUB },
      /^twinmap:sources\[0\]\.url names github\.com, which is on the internet.*pulumi config set twinmap:egress proxy$/u,
    ],
    [
      'an accepted peering where this stack asks',
      { ...isolated, 'twinmap:peeringConnectionId': 'pcx-0a1b2c3d4e5f60718' },
      /comes before us-west-2 in the alphabet/u,
    ],
    [
      'a peer VPC without a peer',
      { ...isolated, 'twinmap:peerRegion': '', 'twinmap:peerVpcCidr': '', 'twinmap:peerVpcId': 'vpc-0a1b2c3d' },
      /but the stack has no peer/u,
    ],
    [
      'an endpoint in place of no service',
      { ...isolated, 'twinmap:endpointsInPlace': '["s3"]' },
      /^twinmap:endpointsInPlace is wrong at \[0\]/u,
    ],
    ['one zone', { ...isolated, 'twinmap:availabilityZones': '["us-east-2a"]' }, /two zones/u],
    ['the own account as the peer', { 'twinmap:peerAccountId': '111122223333' }, /the account of this very stack/u],
    ["a role of nobody's account", { 'twinmap:peerRoleName': 'x' }, /where functions need no other role/u],
    [
      'a role of a third account',
      {
        'twinmap:peerAccountId': '444455556666',
        'twinmap:peerRoleName': ['arn', 'aws', 'iam', '', '777788889999', 'role/x'].join(':'),
      },
      /not a role of the peer's account: it must start with arn:aws:iam::444455556666:role\//u,
    ],
    [
      'an account of no peer',
      { 'twinmap:peerAccountId': '444455556666', 'twinmap:peerRegion': '' },
      /^twinmap:peerAccountId is set, but the stack has no peer/u,
    ],
    [
      'a key of another Region',
      { 'twinmap:kmsKeyArn': ['arn', 'aws', 'kms', 'us-west-2', '111122223333', KEY].join(':') },
      /it must start with arn:aws:kms:us-east-2:111122223333:key\//u,
    ],
    [
      'a key of another account',
      { 'twinmap:kmsKeyArn': ['arn', 'aws', 'kms', 'us-east-2', '444455556666', KEY].join(':') },
      /not a key of this Region and account/u,
    ],
    [
      'a multi-Region key',
      { 'twinmap:kmsKeyArn': ['arn', 'aws', 'kms', 'us-east-2', '111122223333', 'key/mrk-1234'].join(':') },
      /multi-Region key/u,
    ],
    [
      'a boundary of another account',
      { 'twinmap:permissionsBoundaryArn': ['arn', 'aws', 'iam', '', '444455556666', 'policy/b'].join(':') },
      /not a policy of this account/u,
    ],
    ['a tag that is taken', { 'twinmap:tags': '{"application":"x"}' }, /a tag is not free/u],
    [
      'a subscriber that is no address',
      { 'twinmap:alarmSubscribers': '[{"protocol":"email","endpoint":"oncall"}]' },
      /endpoint is not one of its protocol/u,
    ],
    [
      'a subscriber of another kind',
      { 'twinmap:alarmSubscribers': '[{"protocol":"pager","endpoint":"x"}]' },
      /^twinmap:alarmSubscribers is wrong at \[0\]\.protocol/u,
    ],
    ['a bucket that is none', { 'twinmap:accessLogsBucket': 'My Logs' }, /not the name of a bucket/u],
    [
      'the example where it does not run',
      { ...isolated, 'twinmap:survey': 'true' },
      /made for twinmap:network service/u,
    ],
  ])('%s', (_what, change, problem) => {
    const problems = problemsOf({ ...primary, ...change });
    expect(problems.filter((line) => problem.test(line))).toHaveLength(1);
    expect(problems.every((line) => !line.includes('\n') && /Mend it: pulumi config (?:set|rm) /u.test(line))).toBe(
      true,
    );
  });
});

describe('the shape of an install', () => {
  it('may be isolated, in a VPC that is made or in one that is there', () => {
    expect(problemsOf({ ...primary, ...isolated })).toEqual([]);
    const own = {
      'twinmap:vpcId': 'vpc-0a1b2c3d',
      'twinmap:subnetIds': '["subnet-0a1b2c3d","subnet-0a1b2c3e"]',
      'twinmap:routeTableIds': '["rtb-0a1b2c3d"]',
    };
    expect(problemsOf({ ...primary, ...isolated, ...own })).toEqual([]);
  });

  it('warns of a network that can not reach the peer yet, until the peer tells its endpoints', () => {
    const warningsOf = (settings: Settings): unknown => {
      const parsed = parseRegionConfig({ ...primary, ...isolated, ...settings });
      return parsed.kind === 'valid' ? parsed.warnings : parsed.problems;
    };
    const url = 'https://vpce-1.example.com';
    expect(warningsOf({})).toEqual([expect.stringMatching(/endpointsForPeer/u)]);
    expect(warningsOf({ 'twinmap:peerEndpoints': JSON.stringify({ dynamodb: url }) })).toHaveLength(1);
    expect(warningsOf({ 'twinmap:peerEndpoints': JSON.stringify({ dynamodb: url, s3vectors: url }) })).toEqual([]);
    expect(warningsOf({ 'twinmap:peerRegion': '', 'twinmap:peerVpcCidr': '' })).toEqual([]);
  });

  it('lets a source through a proxy, and one of the customer’s own without', () => {
    const proxy = {
      'twinmap:egress': 'proxy',
      'twinmap:egressProxy': 'http://p.example.com:3128',
      'twinmap:egressProxyCidr': '10.40.9.0/28',
    };
    expect(problemsOf({ ...primary, ...isolated, ...proxy, 'twinmap:sources': GITHUB })).toEqual([]);
    const inside = '[{"id":"a","kind":"git","url":"https://git.example.com/x/y"}]';
    const hosts = { 'twinmap:gitHosts': '["git.example.com"]', 'twinmap:sourceCidrs': '["10.9.0.0/16"]' };
    expect(problemsOf({ ...primary, ...isolated, ...hosts, 'twinmap:sources': inside })).toEqual([]);
  });

  it('derives the role of the peer, or takes the one that is named', () => {
    const roleOf = (settings: Settings): unknown => {
      const parsed = parseRegionConfig({ ...primary, 'twinmap:peerAccountId': '444455556666', ...settings });
      return parsed.kind === 'valid' ? parsed.config.peerAccount?.roleArn : parsed.problems;
    };
    const start = ['arn', 'aws', 'iam', '', '444455556666', 'role/'].join(':');
    expect(roleOf({})).toBe(`${start}twinmap-us-west-2-peer`);
    expect(roleOf({ 'twinmap:peerRoleName': 'theirs' })).toBe(`${start}theirs`);
    expect(roleOf({ 'twinmap:peerRoleName': `${start}path/theirs` })).toBe(`${start}path/theirs`);
  });
});
