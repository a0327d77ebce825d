/** Every mistake in a stack's settings is told at once, each with the command that mends it. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

import { parseRegionConfig } from '../../infra/config.ts';
import { exampleSettings, REPOSITORY, type Settings, without } from './complete-settings.ts';

let primary: Settings;

const problemsOf = (settings: Settings): readonly string[] => {
  const parsed = parseRegionConfig(settings);
  return parsed.kind === 'invalid' ? parsed.problems : [];
};

const LOOPBACK = 'http://127.0.0.1:4566';
const allLoopback = JSON.stringify({
  dynamodb: LOOPBACK,
  s3vectors: LOOPBACK,
  appconfigdata: LOOPBACK,
  sqs: LOOPBACK,
  kms: LOOPBACK,
});
const peerLoopback = JSON.stringify({ dynamodb: LOOPBACK, s3vectors: LOOPBACK });
const source = (more: object): string =>
  JSON.stringify([{ id: 'a', kind: 'git', url: 'https://github.com/x/y', ...more }]);

const manySources = (count: number): string =>
  JSON.stringify(
    Array.from({ length: count }, (_, index) => ({
      id: `repository-${index}`,
      kind: 'git',
      url: `https://github.com/an-organisation/a-repository-with-a-name-${index}`,
    })),
  );

beforeAll(async () => {
  primary = await exampleSettings('primary');
});

describe('the example stack files', () => {
  it.each(['primary', 'secondary'] as const)('%s is valid as it is', async (stack) => {
    expect(problemsOf(await exampleSettings(stack))).toEqual([]);
  });

  it('set the same keys, so that neither Region has a setting that the other one lacks', async () => {
    expect(Object.keys(await exampleSettings('secondary')).toSorted()).toEqual(Object.keys(primary).toSorted());
  });

  it('name each other as peer, and one of them active', async () => {
    const secondary = await exampleSettings('secondary');
    expect([primary['twinmap:peerRegion'], secondary['twinmap:peerRegion']]).toEqual([
      secondary['aws:region'],
      primary['aws:region'],
    ]);
    const active = [primary, secondary].map((settings) => settings['twinmap:isActiveForScheduledWork']);
    expect(active).toEqual(['true', 'false']);
  });

  it('give a frozen configuration', () => {
    const parsed = parseRegionConfig(primary);
    expect(parsed.kind === 'valid' && Object.isFrozen(parsed.config.network.place)).toBe(true);
  });
});

describe('the schema in Pulumi.yaml', () => {
  it('declares every setting that the program reads, and no other', async () => {
    const schema = z.object({ config: z.record(z.string(), z.looseObject({ description: z.string().optional() })) });
    const { config } = schema.parse(parse(await readFile(path.join(REPOSITORY, 'Pulumi.yaml'), 'utf8')));
    const declared = Object.entries(config).filter(([key]) => !key.includes(':'));
    const folder = path.join(REPOSITORY, 'infra/settings');
    const files = [
      ...(await readdir(folder)).map((name) => path.join(folder, name)),
      path.join(REPOSITORY, 'infra/config.ts'),
    ];
    const texts = await Promise.all(files.map(async (file) => readFile(file, 'utf8')));
    const read = [...texts.join('\n').matchAll(/key: 'twinmap:(?<key>\w+)'/gu)].map(
      (match) => match.groups?.['key'] ?? '',
    );
    expect(declared.map(([key]) => key).toSorted()).toEqual(read.toSorted());
    expect(declared.filter(([, { description }]) => description === undefined)).toEqual([]);
  });
});

describe('a mistake in one setting', () => {
  it.each<readonly [what: string, change: Settings, problem: RegExp]>([
    [
      'another role',
      { 'twinmap:role': 'main' },
      /^twinmap:role is "main", which is none of: primary, secondary\. Mend it: pulumi config set twinmap:role primary$/u,
    ],
    ['no Region', { 'aws:region': 'ohio' }, /^aws:region is "ohio".*pulumi config set aws:region us-east-2$/u],
    [
      'the same Region twice',
      { 'twinmap:peerRegion': 'us-east-2' },
      /^twinmap:peerRegion is us-east-2, the Region of this very stack/u,
    ],
    [
      'a peer in another partition',
      { 'twinmap:peerRegion': 'us-gov-west-1' },
      /in partition aws-us-gov, but us-east-2 is in aws/u,
    ],
    ['an account with a typing error', { 'twinmap:accountId': '11112222333' }, /12 digits/u],
    ['a word for a boolean', { 'twinmap:isActiveForScheduledWork': 'yes' }, /neither true nor false/u],
    ['an epoch of zero', { 'twinmap:gateEpoch': '0' }, /whole number from 1/u],
    ['a fractional epoch', { 'twinmap:gateEpoch': '1.5' }, /whole number/u],
    ['another mode of peer writes', { 'twinmap:peerWrites': 'optional' }, /required, deferred/u],
    [
      'deferred writes without a peer',
      { 'twinmap:peerWrites': 'deferred', 'twinmap:peerRegion': '' },
      /no peer to owe/u,
    ],
    ['a local time', { 'twinmap:gateChangedAt': '2026-01-31 09:00' }, /UTC time/u],
    ['an empty reason', { 'twinmap:gateReason': ' ' }, /^twinmap:gateReason is missing/u],
    ['a schedule in words', { 'twinmap:schedule': 'hourly' }, /neither rate\(1 hour\)/u],
    ['a singular that is a plural', { 'twinmap:schedule': 'rate(2 hour)' }, /neither rate\(1 hour\)/u],
    ['a schedule that is too close', { 'twinmap:schedule': 'rate(1 minute)' }, /from 5 minutes to 7 days/u],
    ['a network that does not exist', { 'twinmap:network': 'public' }, /none of: service, isolated/u],
    ['a VPC by name', { 'twinmap:vpcId': 'main' }, /VPC id such as/u],
    [
      'one subnet',
      { 'twinmap:subnetIds': '["subnet-0a1b2c3d4e5f60011"]' },
      /two subnets.*pulumi config set --path 'twinmap:subnetIds\[0\]'/u,
    ],
    ['a subnet twice', { 'twinmap:subnetIds': '["subnet-0a1b2c3d","subnet-0a1b2c3d"]' }, /listed twice/u],
    ['a list that is none', { 'twinmap:subnetIds': 'subnet-0a1b2c3d' }, /not a list of subnet ids/u],
    ['the whole internet', { 'twinmap:clientCidrs': '["0.0.0.0/0"]' }, /at \[0\]: not an IPv4 range/u],
    [
      'a certificate of another Region',
      {
        'twinmap:certificateArn': 'arn:aws:acm:us-west-2:111122223333:certificate/0a1b2c3d-2222-4222-8333-0a1b2c3d4e5f',
      },
      /must start with arn:aws:acm:us-east-2:/u,
    ],
    ['a name with a scheme', { 'twinmap:endpointNames': '["https://twinmap1.example.com"]' }, /not a DNS name/u],
    ['no name', { 'twinmap:endpointNames': '[]' }, /a name of its own/u],
    ['an unknown embedder', { 'twinmap:embedder': 'openai' }, /none of: static, bedrock/u],
    ['another dimension', { 'twinmap:embeddingDimensions': '512' }, /vectors of 256 numbers/u],
    ['a source without id', { 'twinmap:sources': '[{"kind":"git","url":"https://github.com/x/y"}]' }, /at \[0\]\.id/u],
    ['a source with an unknown key', { 'twinmap:sources': source({ brnach: 'main' }) }, /brnach/u],
    [
      'a source of another kind without its configuration',
      { 'twinmap:sources': source({ kind: 'jira' }) },
      /the "config" of/u,
    ],
    [
      'a source on another host',
      { 'twinmap:sources': source({ url: 'https://git.example.com/x' }) },
      /git\.example\.com, which is not in twinmap:gitHosts.*'twinmap:gitHosts\[2\]' git\.example\.com$/u,
    ],
    ['a source over plain http', { 'twinmap:sources': source({ url: 'http://github.com/x/y' }) }, /only https/u],
    [
      'a source with a password',
      { 'twinmap:sources': source({ url: 'https://me:secret@github.com/x/y' }) },
      /holds a user or password/u,
    ],
    ['two sources of one id', { 'twinmap:sources': `${source({}).slice(0, -1)},${source({}).slice(1)}` }, /same id/u],
    ['a host with a path', { 'twinmap:gitHosts': '["github.com/x"]' }, /not a lower-case host name/u],
    [
      'a loopback origin of a deployed function',
      { 'twinmap:gitLoopbackOrigin': 'http://127.0.0.1:4300' },
      /never call its own loopback/u,
    ],
    ['an endpoint of an unknown service', { 'twinmap:homeEndpoints': '{"s3":"https://x.example.com"}' }, /s3/u],
    [
      'an endpoint over plain http',
      { 'twinmap:homeEndpoints': '{"sqs":"http://vpce.example.com"}' },
      /at \.sqs: not an https URL/u,
    ],
    [
      'half a set of embedded endpoints',
      { 'twinmap:homeEndpoints': allLoopback.replaceAll('http://127.0.0.1', 'https://x.us-east-2.twinmap.test') },
      /peerEndpoints\.dynamodb is missing while other endpoints are on this machine/u,
    ],
    [
      'an embedded endpoint over plain http',
      { 'twinmap:homeEndpoints': '{"sqs":"http://sqs.us-east-2.twinmap.test:1"}' },
      /at \.sqs: not an https URL/u,
    ],
    [
      'half a set of loopback endpoints',
      { 'twinmap:homeEndpoints': allLoopback },
      /peerEndpoints\.dynamodb is missing while other endpoints are on this machine/u,
    ],
    [
      'peer endpoints without a peer',
      { 'twinmap:peerEndpoints': peerLoopback, 'twinmap:homeEndpoints': allLoopback, 'twinmap:peerRegion': '' },
      /but the stack has no peer/u,
    ],
    ['a retention that CloudWatch refuses', { 'twinmap:logRetentionDays': '100' }, /none of: 7, 14/u],
    [
      'a mistyped key',
      { 'twinmap:peerRegoin': 'us-west-2' },
      /^twinmap:peerRegoin is not a setting of this program; did you mean twinmap:peerRegion\?\. Mend it: pulumi config rm twinmap:peerRegoin$/u,
    ],
    ['a provider setting that would do nothing', { 'aws:profile': 'prod' }, /^aws:profile is not a setting/u],
  ])('%s', (_what, change, problem) => {
    const problems = problemsOf({ ...primary, ...change });
    expect(problems.filter((line) => problem.test(line))).toHaveLength(1);
    expect(problems.every((line) => !line.includes('\n') && /Mend it: pulumi config (?:set|rm) /u.test(line))).toBe(
      true,
    );
  });

  it('never repeats a password', () => {
    const url = 'https://me:hunter2@github.com/x/y';
    expect(problemsOf({ ...primary, 'twinmap:sources': source({ url }) }).join('\n')).not.toMatch(/hunter2/u);
  });
});

describe('many mistakes', () => {
  it('are told together, each on one line', () => {
    const settings = {
      ...primary,
      'twinmap:role': 'x',
      'twinmap:vpcId': 'x',
      'twinmap:sources': '[{}]',
      'twinmap:foo': '1',
    };
    const keys = problemsOf(settings).map((line) => line.split(' ')[0]);
    expect(keys).toEqual(expect.arrayContaining(['twinmap:role', 'twinmap:vpcId', 'twinmap:sources', 'twinmap:foo']));
  });

  it('name every required setting of an empty stack', () => {
    const keys = problemsOf({}).map((line) => line.split(' ')[0] ?? '');
    const required = [
      'role',
      'accountId',
      'isActiveForScheduledWork',
      'gateEpoch',
      'gateChangedAt',
      'gateChangedBy',
      'gateReason',
    ];
    const place = ['vpcId', 'subnetIds', 'clientCidrs', 'certificateArn', 'endpointNames'];
    expect(keys.toSorted()).toEqual(
      ['aws:region', ...[...required, ...place].map((key) => `twinmap:${key}`)].toSorted(),
    );
  });
});

describe('a setting that is left out', () => {
  it('has its default, also where Pulumi.yaml was not read', () => {
    const parsed = parseRegionConfig(
      without(
        primary,
        'twinmap:schedule',
        'twinmap:peerWrites',
        'twinmap:gitHosts',
        'twinmap:peerRegion',
        'twinmap:network',
      ),
    );
    expect(parsed).toMatchObject({
      kind: 'valid',
      config: {
        schedule: { expression: 'rate(1 hour)', eventAgeSecondsMax: 1800 },
        gitHosts: ['github.com', 'gitlab.com'],
      },
    });
    expect(parsed.kind === 'valid' && 'peerRegion' in parsed.config).toBe(false);
  });

  it.each([
    ['rate(5 minutes)', 150],
    ['rate(1 hour)', 1800],
    ['rate(1 day)', 3600],
    ['cron(0 * * * ? *)', 150],
  ])('drops a late call of %s well before the next one', (schedule, seconds) => {
    const parsed = parseRegionConfig({ ...primary, 'twinmap:schedule': schedule });
    expect(parsed.kind === 'valid' && parsed.config.schedule.eventAgeSecondsMax).toBe(seconds);
  });
});

describe('settings of a local run', () => {
  it('may name repositories on this machine when every endpoint is there too', () => {
    const settings = {
      ...primary,
      'twinmap:homeEndpoints': allLoopback,
      'twinmap:peerEndpoints': peerLoopback,
      'twinmap:gitLoopbackOrigin': 'http://127.0.0.1:4300',
      'twinmap:sources': source({ url: 'http://127.0.0.1:4300/here.git' }),
    };
    expect(problemsOf(settings)).toEqual([]);
  });
});

describe('limits and warnings', () => {
  it('refuses more sources than fit into a function environment of 4 KB', () => {
    expect(problemsOf({ ...primary, 'twinmap:sources': manySources(10) })).toEqual([]);
    const problems = problemsOf({ ...primary, 'twinmap:sources': manySources(40) });
    expect(
      problems.some((line) =>
        /^twinmap:sources makes the environment of the function sync \d{4} bytes, and Lambda allows 4096/u.test(line),
      ),
    ).toBe(true);
  });

  it('warns of a primary in us-east-1', () => {
    const certificate = primary['twinmap:certificateArn']?.replace('us-east-2', 'us-east-1') ?? '';
    const parsed = parseRegionConfig({ ...primary, 'aws:region': 'us-east-1', 'twinmap:certificateArn': certificate });
    expect(parsed.kind === 'valid' && parsed.warnings).toEqual([expect.stringMatching(/us-east-1/u)]);
  });
});
