/** The policy pack through the real analyzer over gRPC: what each rule lets through and what it refuses, and in which words. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ALLOWED_TYPES } from '../../infra/policy/allowed-types.ts';
import { BANNED_TYPES, bannedType } from '../../infra/policy/banned-types.ts';
import { EXEMPTIONS } from '../../infra/policy/exemptions.ts';
import { RULES } from '../../infra/policy/rules.ts';
import { ENCRYPTED_TYPES } from '../../infra/policy/rules/data.ts';
import { UNKNOWN } from '../../local/monitor/wire-values.ts';
import { type Analyzer, openAnalyzer, type Violation } from '../../scripts/infra/analyzer.ts';
import { buildPolicy } from '../../scripts/infra/build-policy.ts';
import { REPOSITORY } from './complete-settings.ts';
import { arn, type Declared, FIXTURES, HOME, stackOf } from './policy-fixtures.ts';

let home: Analyzer;
let govcloud: Analyzer;

beforeAll(async () => {
  [home, govcloud] = await Promise.all([
    openAnalyzer({ config: { 'aws:region': HOME } }),
    openAnalyzer({ config: { 'aws:region': 'us-gov-west-1' } }),
  ]);
}, 120_000);

afterAll(async () => {
  await Promise.all([home.close(), govcloud.close()]);
});

const judged = async (
  analyzer: Analyzer,
  rule: string,
  ...declared: readonly Declared[]
): Promise<readonly Violation[]> =>
  (await analyzer.judge(stackOf(declared))).filter((violation) => violation.rule === rule);

const withoutExempted = (rules: readonly string[]): readonly string[] =>
  rules.filter((rule) => !rule.endsWith('-exempted'));

describe('the pack', () => {
  it('offers every rule, and each has what passes and what fails', async () => {
    const rules = RULES.map(({ name }) => name);
    expect(withoutExempted(await home.rules())).toEqual(rules);
    expect(FIXTURES.map(({ rule }) => rule)).toEqual(rules);
    expect(FIXTURES.filter(({ passes, fails }) => passes.length === 0 || fails.length === 0)).toEqual([]);
  });

  it('does not start without a Region, which it would judge by', async () => {
    await expect(openAnalyzer({ config: {} })).rejects.toThrow(/ended with code 1 before it listened/u);
  }, 60_000);

  it('refuses the same when it is built and loaded by the launcher of the CLI', async () => {
    const folder = mkdtempSync(path.join(REPOSITORY, 'node_modules/.policy-'));
    try {
      await buildPolicy(folder);
      const built = await openAnalyzer({ config: { 'aws:region': HOME }, builtPack: folder });
      try {
        expect(await built.rules()).toEqual(await home.rules());
        const stack = stackOf(FIXTURES.flatMap(({ fails }) => fails.map(({ declared }) => declared)));
        const told = await built.judge(stack);
        expect(told.length).toBeGreaterThan(50);
        expect(told).toEqual(await home.judge(stack));
      } finally {
        await built.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});

describe.each(FIXTURES)('$rule', ({ rule, passes, fails }) => {
  it('lets through what keeps it', async () => {
    expect(await judged(home, rule, ...passes)).toEqual([]);
  });

  it.each(fails)('refuses $declared.type where it says $because', async ({ declared, because, stack = [] }) => {
    const told = await judged(home, rule, declared, ...stack);
    const about = told.filter(({ urn }) => urn.endsWith(`::${declared.name ?? 'fixture'}`));
    expect(about.map(({ message }) => message).join('\n')).toMatch(because);
    expect(new Set(about.map(({ level }) => level))).toEqual(new Set(['mandatory']));
  });
});

describe('what is not known before creation', () => {
  it('counts as set where something must be set', async () => {
    const declared = {
      type: 'aws:sqs/queue:Queue',
      inputs: { kmsMasterKeyId: UNKNOWN, redrivePolicy: UNKNOWN, tags: [UNKNOWN] },
    };
    expect(await home.judge(stackOf([declared]))).toEqual([]);
  });

  it.each([
    ['no-replication', 'aws:dynamodb/table:Table', { replicas: UNKNOWN }],
    ['own-region', 'aws:sqs/queue:Queue', { region: UNKNOWN }],
    ['private-front', 'aws:lb/loadBalancer:LoadBalancer', { internal: UNKNOWN, dropInvalidHeaderFields: true }],
    ['no-nat', 'awsx:ec2:Vpc', { natGateways: { strategy: UNKNOWN } }],
  ])('is refused by %s, which could not say yes', async (rule, type, inputs) => {
    const told = await judged(home, rule, { type, inputs });
    expect(told.map(({ level }) => level)).toEqual(['mandatory']);
  });
});

describe('in GovCloud', () => {
  it('an ARN of the commercial partition is refused', async () => {
    const inputs = { kmsMasterKeyId: arn('kms:us-gov-west-1:111122223333:key/1') };
    const told = await judged(govcloud, 'own-partition', { type: 'aws:sqs/queue:Queue', inputs });
    expect(told.map(({ message }) => message)).toEqual([
      'aws:sqs/queue:Queue: kmsMasterKeyId is an ARN of the partition aws, and the stack is in aws-us-gov.',
    ]);
  });

  it('an ARN of its own is let through', async () => {
    const inputs = { kmsMasterKeyId: arn('kms:us-gov-west-1:111122223333:key/1', 'aws-us-gov') };
    expect(await judged(govcloud, 'own-partition', { type: 'aws:sqs/queue:Queue', inputs })).toEqual([]);
  });
});

describe('the lists of types', () => {
  const lines = readFileSync(path.join(REPOSITORY, 'infra/policy/pulumi-aws-7.48.0-types.txt'), 'utf8')
    .trim()
    .split('\n');
  const universe = lines.filter((line) => !line.startsWith('#'));

  it('are about the installed provider', () => {
    const manifest = readFileSync(path.join(REPOSITORY, 'node_modules/@pulumi/aws/package.json'), 'utf8');
    expect((JSON.parse(manifest) as { version: string }).version).toBe('7.48.0');
    expect(universe).toHaveLength(1738);
  });

  it('allow and ban only types that exist, and none both ways', () => {
    const allowed = [...ALLOWED_TYPES.keys()].filter((type) => type.startsWith('aws:'));
    expect(allowed.filter((type) => !universe.includes(type))).toEqual([]);
    expect([...ALLOWED_TYPES.keys()].filter((type) => bannedType(type) !== undefined)).toEqual([]);
    const starts = BANNED_TYPES.flatMap((row) => row.starts).filter((start) => start.startsWith('aws:'));
    expect(starts.filter((start) => !universe.some((type) => type.startsWith(start)))).toEqual([]);
  });

  it('leave Regional neighbours of banned services unnamed, to be judged when somebody needs them', () => {
    expect(bannedType('aws:route53/resolverEndpoint:ResolverEndpoint')).toBeUndefined();
    expect(bannedType('aws:dynamodb/globalSecondaryIndex:GlobalSecondaryIndex')).toBeUndefined();
    expect(bannedType('aws:arczonalshift/zonalAutoshiftConfiguration:ZonalAutoshiftConfiguration')).toBeUndefined();
  });

  it('demand an own key of every type that stores data, by a rule', () => {
    const stores = [...ALLOWED_TYPES].filter(([, { atRest }]) => atRest === 'own key').map(([type]) => type);
    expect(stores.filter((type) => !ENCRYPTED_TYPES.includes(type))).toEqual([]);
    expect(stores).toHaveLength(7);
  });
});

describe('the exemptions', () => {
  it('are none; what one does is shown in observability.test.ts', () => {
    expect(EXEMPTIONS).toEqual([]);
  });

  it('have a policy of their own, which tells nothing while there is none', async () => {
    const declared = { type: 'aws:lambda/function:Function', name: 'functions-api', inputs: { name: 'one' } };
    expect(await home.rules()).toContain('function-alarm-exempted');
    expect(await judged(home, 'function-alarm-exempted', declared)).toEqual([]);
    expect(await judged(home, 'function-alarm', declared)).toMatchObject([{ level: 'mandatory' }]);
  });
});
