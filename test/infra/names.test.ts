/** Names and ARNs are functions of Region and account alone, valid for the services that they are for. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { parseRegion, type RegionName } from '../../functions/domain/region.ts';
import { keyPolicyText } from '../../infra/key-policy.ts';
import {
  FUNCTION_NAMES,
  namesOf,
  partitionOf,
  type RegionNames,
  roleName,
  tableArn,
  vectorIndexArn,
  viaService,
} from '../../infra/names.ts';
import { functionStatements, schedulerStatements, trustOf } from '../../infra/policies.ts';
import { REPOSITORY } from './complete-settings.ts';

const region = (text: string): RegionName => {
  const parsed = parseRegion(text);
  if (parsed === undefined) {
    throw new Error(`${text} is no Region`);
  }
  return parsed;
};

const names = (text: string): RegionNames => namesOf(region(text), '111122223333');

const everyText = (value: unknown): readonly string[] =>
  typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap((inner) => everyText(inner));

const inputs = (home: string, peer?: string): Parameters<typeof functionStatements>[1] => ({
  home: names(home),
  ...(peer === undefined ? {} : { peer: names(peer) }),
  keyArn: 'KEY',
  signingKeyArn: 'SIGNING',
  gateArn: 'GATE',
});

const actionsOf = (name: 'api' | 'proof'): readonly string[] =>
  functionStatements(name, inputs('us-east-2')).flatMap(({ Action }) => Action);

describe('a partition', () => {
  it.each([
    ['us-east-2', 'aws'],
    ['eu-central-1', 'aws'],
    ['us-gov-west-1', 'aws-us-gov'],
    ['cn-north-1', 'aws-cn'],
    ['eusc-de-east-1', 'aws-eusc'],
    ['us-iso-east-1', 'aws-iso'],
    ['us-isob-east-1', 'aws-iso-b'],
  ])('of %s is %s', (text, partition) => {
    expect(partitionOf(region(text))).toBe(partition);
  });
});

describe('names', () => {
  it('hold the Region, so that the two stacks of one account never meet', () => {
    const home = names('us-east-2');
    const global = [...FUNCTION_NAMES, 'scheduler' as const].map((name) => roleName(home, name));
    for (const text of [...global, home.vectorBucket, home.keyAlias, ...everyText(home.tables)]) {
      expect(text).toContain('us-east-2');
    }
  });

  it('hold no role, so that swapping two roles replaces nothing', () => {
    expect(everyText(names('us-east-2')).filter((text) => /primary|secondary/u.test(text))).toEqual([]);
  });

  it.each(['us-gov-west-1', 'ap-southeast-2', 'ap-northeast-1'])('fit the limits of every service in %s', (text) => {
    const { loadBalancer, vectorBucket, tables, functions, syncDeadLetterQueue, gate, schedule } = names(text);
    expect(loadBalancer.length).toBeLessThanOrEqual(32);
    expect(vectorBucket).toMatch(/^[a-z0-9-]{3,63}$/u);
    for (const name of everyText({ tables, functions, gate, schedule })) {
      expect(name).toMatch(/^[a-zA-Z0-9_-]{3,64}$/u);
    }
    expect(syncDeadLetterQueue).toMatch(/^[a-zA-Z0-9_-]{1,75}\.fifo$/u);
  });

  it('become ARNs of their own partition', () => {
    const home = names('us-gov-west-1');
    expect(tableArn(home, 'graph')).toBe(
      'arn:aws-us-gov:dynamodb:us-gov-west-1:111122223333:table/twinmap-us-gov-west-1-graph',
    );
    expect(vectorIndexArn(home)).toBe(
      'arn:aws-us-gov:s3vectors:us-gov-west-1:111122223333:bucket/twinmap-us-gov-west-1-vectors/index/chunks',
    );
    expect(viaService(names('cn-north-1'), 'dynamodb')).toBe('dynamodb.cn-north-1.amazonaws.com.cn');
  });
});

describe('policies', () => {
  it('of GovCloud Regions name nothing in the commercial partition', () => {
    const gov = inputs('us-gov-west-1', 'us-gov-east-1');
    const all = [
      ...FUNCTION_NAMES.map((name) => functionStatements(name, gov)),
      schedulerStatements(gov.home, 'KEY'),
      trustOf(gov.home, 'scheduler'),
      JSON.parse(keyPolicyText(gov.home)),
    ];
    expect(everyText(all).filter((text) => text.startsWith('arn:') && !text.startsWith('arn:aws-us-gov:'))).toEqual([]);
  });

  it.each(FUNCTION_NAMES)(
    'of %s use no wildcard action and no wildcard resource but the three that have no other name',
    (name) => {
      for (const statement of functionStatements(name, inputs('us-east-2', 'us-west-2'))) {
        expect(statement.Action.filter((action) => action.includes('*'))).toEqual([]);
        const wild = everyText(statement.Resource).filter((resource) => resource.includes('*'));
        // Log streams are made by Lambda; the peer's key has no id that could be derived, and is recognised by its alias; which
        // secrets sources name is data, so that their prefix is what a role can be held to.
        const known =
          /:log-group:\/aws\/lambda\/[^*]+:\*$|:kms:us-west-2:\d+:key\/\*$|:secretsmanager:us-east-2:\d+:secret:twinmap\/\*$/u;
        expect(wild.filter((resource) => !known.test(resource))).toEqual([]);
      }
    },
  );

  it.each(FUNCTION_NAMES)('of %s fit into what IAM takes for the inline policies of a role', (name) => {
    const live = {
      ...inputs('ap-southeast-2', 'ap-northeast-1'),
      keyArn: 'k'.repeat(80),
      gateArn: 'g'.repeat(110),
      isInVpc: true,
      embeddingModel: 'amazon.titan-embed-text-v2:0',
    };
    expect(JSON.stringify(functionStatements(name, live)).replaceAll(/\s/gu, '').length).toBeLessThan(10_240 - 500);
  });

  it('let only sync and repair delete from a table, and nobody write the corpus for a caller of the API', () => {
    const deleting = FUNCTION_NAMES.filter((name) =>
      functionStatements(name, inputs('us-east-2', 'us-west-2')).some(({ Action }) =>
        Action.includes('dynamodb:DeleteItem'),
      ),
    );
    expect(deleting).toEqual(['sync', 'repair']);
    const written = functionStatements('api', inputs('us-east-2', 'us-west-2'))
      .filter(({ Action }) => Action.includes('dynamodb:PutItem'))
      .flatMap(({ Resource }) => everyText(Resource));
    expect(written.filter((arn) => arn.endsWith('-graph'))).toEqual([]);
  });

  it('let a query and a listing return metadata, which takes a second permission', () => {
    expect(actionsOf('api')).toEqual(expect.arrayContaining(['s3vectors:QueryVectors', 's3vectors:GetVectors']));
    expect(actionsOf('proof')).toEqual(expect.arrayContaining(['s3vectors:ListVectors', 's3vectors:GetVectors']));
  });

  it('let only those reach the peer that write, send or compare', () => {
    const reaching = FUNCTION_NAMES.filter((name) =>
      everyText(functionStatements(name, inputs('us-east-2', 'us-west-2'))).some((text) => text.includes('us-west-2')),
    );
    expect(reaching).toEqual(['sync', 'api', 'drain', 'repair', 'audit']);
  });
});

describe('the source of infra', () => {
  it('holds no ARN of one partition', async () => {
    const folder = path.join(REPOSITORY, 'infra');
    const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'));
    const texts = await Promise.all(files.map(async (name) => readFile(path.join(folder, name), 'utf8')));
    expect(files.filter((_, index) => /arn:aws[:-]/u.test(texts[index] ?? ''))).toEqual([]);
  });
});
