/** Pulumi's programs and settings, exported stacks and states of Terraform: what they say of places, on which line. */
import { describe, expect, it } from 'vitest';

import { type Files, proofsOf, saidTies } from './said-ties.ts';

const yaml = (...lines: readonly string[]): string => `${lines.join('\n')}\n`;

const QUEUE = ['  q:', '    type: aws:sqs:Queue'];
const WEST = ['  west:', '    type: pulumi:providers:aws', '    properties:', '      region: ${far}'];
const IN_WEST = ['    options:', '      provider: ${west}'];

const PULUMI: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'a provider by a setting, with a default of the project': [
    {
      'Pulumi.yaml': yaml(
        'name: shop',
        'runtime: yaml',
        'config:',
        '  far:',
        '    default: eu-west-2',
        'resources:',
        ...WEST,
        ...QUEUE,
        ...IN_WEST,
      ),
      'Pulumi.prod.yaml': yaml('config:', '  shop:far: eu-west-1'),
      'Pulumi.dev.yaml': yaml('config:', '  shop:size: small'),
    },
    ['[dev] shop eu-west-2 runtime', '[prod] shop eu-west-1 runtime'],
  ],
  'the Region of the project, asked for by a function': [
    {
      'Pulumi.yaml': yaml(
        'name: shop',
        'runtime: yaml',
        'config:',
        '  aws:region: eu-west-1',
        'variables:',
        '  here:',
        '    fn::invoke:',
        '      function: aws:getRegion',
        '      return: name',
        'resources:',
        ...QUEUE,
        '    properties:',
        '      region: ${here}',
      ),
      'Pulumi.prod.yaml': yaml('config:', '  shop:size: large'),
    },
    ['[prod] shop eu-west-1 runtime'],
  ],
  'a provider for whatever names none': [
    {
      'Pulumi.yaml': yaml(
        'name: shop',
        'runtime: yaml',
        'resources:',
        '  p:',
        '    type: pulumi:providers:aws',
        '    defaultProvider: true',
        '    properties:',
        '      region: eu-west-1',
        ...QUEUE,
      ),
    },
    ['shop eu-west-1 runtime'],
  ],
  'a copy of a database and of a table': [
    {
      'Pulumi.yaml': yaml(
        'name: shop',
        'runtime: yaml',
        'config:',
        '  aws:region: eu-west-1',
        '  far: eu-west-2',
        'resources:',
        ...WEST,
        '  db:',
        '    type: aws:rds:Instance',
        '  copy:',
        '    type: aws:rds:Instance',
        '    properties:',
        '      replicateSourceDb: ${db.arn}',
        ...IN_WEST,
        '  t:',
        '    type: aws:dynamodb:Table',
        '    properties:',
        '      replicas:',
        '        - regionName: eu-north-1',
      ),
      'Pulumi.prod.yaml': yaml('config: {}'),
    },
    [
      '[prod] shop eu-north-1 runtime +eu-west-1',
      '[prod] shop eu-west-1 runtime',
      '[prod] shop eu-west-1 runtime +eu-north-1',
      '[prod] shop eu-west-1 runtime +eu-west-2',
      '[prod] shop eu-west-2 runtime +eu-west-1',
    ],
  ],
  'further Regions that a program in another language is told': [
    {
      'Pulumi.yaml': yaml('name: shop', 'runtime: nodejs'),
      'Pulumi.prod.yaml': yaml('config:', '  aws:region: eu-west-1', '  shop:archiveRegion: eu-west-2'),
    },
    ['[prod] shop eu-west-1 runtime', '[prod] shop eu-west-2 runtime'],
  ],
  'what nobody says stays unknown': [
    { 'Pulumi.yaml': yaml('name: shop', 'runtime: yaml', 'resources:', ...WEST, ...QUEUE, ...IN_WEST) },
    ['shop unknown ${far}'],
  ],
};

describe('Pulumi', () => {
  it.each(Object.entries(PULUMI))('%s', async (_title, [files, wanted]) => {
    expect(await saidTies(files)).toStrictEqual(wanted);
  });
});

const state = (resources: readonly object[]): string => JSON.stringify({ version: 4, resources }, undefined, 2);

const resource = (type: string, name: string, attributes: object, more: object = {}): object => ({
  mode: 'managed',
  type,
  name,
  provider: 'provider["aws"]',
  instances: [{ attributes }],
  ...more,
});

const lineWith = (text: string, part: string): number => text.split('\n').findIndex((line) => line.includes(part)) + 1;

describe('states', () => {
  it('resources of one name in two modules have each their own line', async () => {
    const text = state([
      resource(
        'aws_sqs_queue',
        'this',
        { arn: 'arn:aws:sqs:eu-west-1:111122223333:a', name: 'a' },
        { module: 'module.a' },
      ),
      resource(
        'aws_sqs_queue',
        'this',
        { arn: 'arn:aws:sqs:eu-west-2:111122223333:b', name: 'b' },
        { module: 'module.b' },
      ),
    ]);
    const line = lineWith(text, 'eu-west-2');
    expect(await proofsOf({ 'terraform.tfstate': text }, 'eu-west-2')).toStrictEqual([`terraform.tfstate:${line}`]);
  });

  it('what has no place of its own lies where its provider’s other resources lie', async () => {
    const text = state([
      resource('aws_instance', 'web', { availability_zone: 'eu-west-1a' }),
      resource('aws_sqs_queue', 'q', { name: 'q' }),
    ]);
    expect(await saidTies({ 'terraform.tfstate': text })).toStrictEqual(['shop eu-west-1 runtime']);
  });

  it('tags of what was observed are no settings', async () => {
    const tags = { OldRegion: 'us-east-1' };
    const text = state([resource('aws_sqs_queue', 'q', { arn: 'arn:aws:sqs:eu-west-1:111122223333:a', tags })]);
    expect(await saidTies({ 'state.json': text })).toStrictEqual(['shop eu-west-1 runtime']);
  });

  it('a state as `terraform show` writes it is one', async () => {
    const shown = (address: string, region: string): object => ({
      address,
      mode: 'managed',
      type: 'aws_sqs_queue',
      name: 'q',
      values: { arn: `arn:aws:sqs:${region}:111122223333:q` },
    });
    const root_module = {
      resources: [shown('aws_sqs_queue.q', 'eu-west-1')],
      child_modules: [{ address: 'module.m', resources: [shown('module.m.aws_sqs_queue.q', 'eu-west-2')] }],
    };
    const text = JSON.stringify({ format_version: '1.0', values: { root_module } });
    expect(await saidTies({ 'show.json': text })).toStrictEqual(['shop eu-west-1 runtime', 'shop eu-west-2 runtime']);
  });

  it('what an exported stack is about to delete is not there', async () => {
    const one = (name: string, region: string, more: object = {}): object => ({
      urn: `urn:pulumi:prod::shop::aws:sqs/queue:Queue::${name}`,
      type: 'aws:sqs/queue:Queue',
      outputs: { arn: `arn:aws:sqs:${region}:111122223333:${name}` },
      ...more,
    });
    const resources = [one('a', 'eu-west-1'), one('a', 'us-east-1', { delete: true })];
    const text = JSON.stringify({ version: 3, deployment: { resources } });
    expect(await saidTies({ 'stack-export.json': text })).toStrictEqual(['shop eu-west-1 runtime']);
  });
});
