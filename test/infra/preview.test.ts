/** The preview of both stacks, in each shape: what it prints, what the policy pack says, and that plants are refused by name. */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ALLOWED_TYPES } from '../../infra/policy/allowed-types.ts';
import type { RecordedResource } from '../../local/monitor/registered-resource.ts';
import { type Analyzer, openAnalyzer } from '../../scripts/infra/analyzer.ts';
import { compareTrees } from '../../scripts/infra/compare-trees.ts';
import { inventoryText } from '../../scripts/infra/inventory.ts';
import { planted, PLANTS } from '../../scripts/infra/plants.ts';
import { countTree, treeLines } from '../../scripts/infra/print-tree.ts';
import { recordStack, type StackRecording } from '../../scripts/infra/record-stack.ts';
import { REPOSITORY } from './complete-settings.ts';
import { emptyBundles } from './run-stack.ts';

const ORDINARY = { single: false, govcloud: false, isolated: false, twoAccounts: false };

/** An isolated network, and the peer in another account. */
const SHAPED = { ...ORDINARY, isolated: true, twoAccounts: true };

let functionsDirectory: string;
let analyzer: Analyzer;
let primary: StackRecording;
let secondary: StackRecording;
let govcloud: StackRecording;
let unknowns: StackRecording;
let shaped: StackRecording;
let shapedPeer: StackRecording;

beforeAll(async () => {
  functionsDirectory = await emptyBundles();
  const options = { ...ORDINARY, functionsDirectory };
  const shapedOptions = { ...SHAPED, functionsDirectory };
  [primary, secondary, govcloud, unknowns, shaped, shapedPeer, analyzer] = await Promise.all([
    recordStack('primary', options),
    recordStack('secondary', options),
    recordStack('primary', { ...shapedOptions, govcloud: true }),
    recordStack('primary', { ...shapedOptions, unknowns: true }),
    recordStack('primary', shapedOptions),
    recordStack('secondary', shapedOptions),
    openAnalyzer({ config: { 'aws:region': 'us-east-2' } }),
  ]);
}, 180_000);

afterAll(async () => {
  await analyzer.close();
  rmSync(functionsDirectory, { recursive: true, force: true });
});

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const preview = async (...args: readonly string[]): Promise<Ended> => {
  const ended = Promise.withResolvers<Ended>();
  const command = [path.join(REPOSITORY, 'scripts/infra-preview.ts'), ...args];
  execFile(process.execPath, command, { timeout: 120_000 }, (error, stdout, stderr) => {
    ended.resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
  });
  return ended.promise;
};

const reportOf = ({ stdout }: Ended): Record<string, unknown> =>
  JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;

describe('the policy pack over the real program', () => {
  it('refuses nothing, and has nothing to exempt', async () => {
    expect(await analyzer.judge(primary.resources)).toEqual([]);
    expect(await analyzer.judge(shaped.resources)).toEqual([]);
  });

  it('judges as much of a preview that knows no ids yet, without a false refusal', async () => {
    const told = await analyzer.judge(unknowns.resources);
    expect(JSON.stringify(unknowns.resources)).toContain('<known after creation>');
    expect(told).toEqual([]);
  });

  it('allows no type that neither stack uses', () => {
    // Secrets are declared where a stack names some, and a rule of the listener with the example survey.
    const used = new Set([primary, shaped, shapedPeer].flatMap(({ resources }) => resources.map(({ type }) => type)));
    const unused = [...ALLOWED_TYPES.keys()].filter(
      (type) => !used.has(type) && !type.startsWith('aws:secretsmanager/') && !type.startsWith('aws:lb/listenerRule:'),
    );
    expect(unused).toEqual([]);
  });

  it.each(Object.entries(PLANTS))('refuses a planted %s by name, and that alone', async (name, plant) => {
    const told = await analyzer.judge(planted(primary, name, plant));
    const refused = told.filter(({ level }) => level === 'mandatory');
    expect(refused.map(({ rule, urn }) => `${rule} ${urn}`)).toEqual([
      `${plant.refusedBy} urn:pulumi:primary::twinmap::${plant.type}::planted-${name}`,
    ]);
    expect(refused[0]?.message).toContain(plant.named);
    expect(refused[0]?.message).toContain(plant.type);
  });
});

/** The stack's resources, one of them declared with other inputs. */
const changedIn = (
  { resources }: StackRecording,
  name: string,
  inputs: Readonly<Record<string, unknown>>,
): readonly RecordedResource[] => {
  const found = resources.find((resource) => resource.name === name);
  const others = resources.filter((resource) => resource !== found);
  return found === undefined ? others : [...others, { ...found, inputs: { ...found.inputs, ...inputs } }];
};

describe('the trees of both stacks', () => {
  it('are equal but for Region names', () => {
    expect(compareTrees(primary, secondary)).toEqual({ equal: true, differences: [] });
  });

  it('are equal in isolated networks and two accounts, where one asks for the peering and the other one accepts', () => {
    expect(compareTrees(shaped, shapedPeer)).toEqual({ equal: true, differences: [] });
    const ends = [shaped, shapedPeer].map(({ resources }) =>
      resources.find(({ name }) => name.endsWith('-connection')),
    );
    expect(ends.map((end) => end?.type.split(':')[2])).toEqual([
      'VpcPeeringConnection',
      'VpcPeeringConnectionAccepter',
    ]);
    const changed = changedIn(shapedPeer, 'network-endpoints-sqs', { privateDnsEnabled: false });
    expect(compareTrees(shaped, { ...shapedPeer, resources: changed }).differences).toEqual([
      'network-endpoints-sqs (aws:ec2/vpcEndpoint:VpcEndpoint) differs',
    ]);
  });

  it('differ by name where one declares more, less or something else', () => {
    const changed = changedIn(secondary, 'functions-api', { memorySize: 512 }).filter(
      ({ name }) => name !== 'jobs-audit-retries',
    );
    expect(compareTrees(primary, { ...secondary, resources: changed }).differences.toSorted()).toEqual([
      'functions-api (aws:lambda/function:Function) differs',
      'jobs-audit-retries (aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig) is in primary only',
    ]);
  });

  it('differ where a resource points to the other Region than its twin does', () => {
    const changed = changedIn(secondary, 'jobs-drain', { name: primary.region });
    expect(compareTrees(primary, { ...secondary, resources: changed }).equal).toBe(false);
  });

  it('are printed with every resource under its component, and counted', () => {
    const lines = treeLines(primary.resources);
    expect(lines).toHaveLength(primary.resources.length);
    expect(lines[0]).toMatch(/^twinmap-primary +pulumi:pulumi:Stack$/u);
    expect(lines).toContainEqual(expect.stringMatching(/^ {6}keys-key +aws:kms\/key:Key {2}\[protected\]$/u));
    const counts = countTree(primary.resources);
    // The stack and its provider are neither in the Region nor components.
    expect(counts.managed + counts.components + 2).toBe(counts.resources);
    expect(counts.byType['aws:dynamodb/table:Table']).toBe(3);
    expect(counts.protected).toBe(7);
  });
});

describe('in GovCloud', () => {
  it('no ARN is of the commercial partition, and no Region of it is named', () => {
    const text = JSON.stringify([govcloud.resources, govcloud.config]);
    expect(govcloud).toMatchObject({ region: 'us-gov-west-1', peerRegion: 'us-gov-east-1', partition: 'aws-us-gov' });
    expect(text).toContain(
      ['arn', 'aws-us-gov', 'iam', '', '444455556666', 'role/twinmap-us-gov-east-1-peer'].join(':'),
    );
    expect(text).not.toContain(`${['arn', 'aws'].join(':')}:`);
    expect(text).not.toMatch(/us-(?:east|west)-\d/u);
  });
});

describe('the inventory', () => {
  it('is what docs/inventory.md says; where it is stale, npm run inventory writes it', async () => {
    const file = path.join(REPOSITORY, 'docs/inventory.md');
    expect(readFileSync(file, 'utf8')).toBe(await inventoryText({ primary, secondary, shaped }, file));
  });

  it('names the key of whatever stores data, and a purpose of every type', () => {
    const text = readFileSync(path.join(REPOSITORY, 'docs/inventory.md'), 'utf8');
    expect(text).not.toMatch(/NONE|REFUSED|undefined/u);
    expect(text.match(/^\| .*`alias\/twinmap-us-east-2` +\| per/gmu)).toHaveLength(16);
  });
});

describe('npm run infra:preview', () => {
  it('answers for a single Region in GovCloud, with figures as the last line', async () => {
    const ended = await preview('secondary', '--single', '--govcloud', '--isolated', '--json');
    expect(ended.exitCode, ended.stderr).toBe(0);
    const report = reportOf(ended);
    expect(report).toMatchObject({
      stack: 'secondary',
      region: 'us-gov-east-1',
      peerRegion: null,
      partition: 'aws-us-gov',
      violations: [],
      trees: { equal: true, differences: [] },
    });
    // A single Region has no alarms about a pair, and an isolated one has a network.
    expect((report['resources'] as readonly unknown[]).length).toBeGreaterThan(120);
    expect(report['exempted']).toEqual([]);
    expect(ended.stderr).toMatch(/policy: 18 rules over \d+ resources, 0 violations, 0 exempted/u);
    expect(ended.stderr).toContain('both stacks declare the same');
  }, 120_000);

  it('ends with 1 where something is refused, and says what', async () => {
    const ended = await preview('primary', '--plant', 'global-table');
    expect(ended.exitCode).toBe(1);
    expect(ended.stdout).toMatch(/^refused +aws:dynamodb\/globalTable:GlobalTable is a DynamoDB global table/mu);
  }, 120_000);

  it.each([
    ['no stack', [], /^Usage: npm run infra:preview/u],
    ['another stack', ['tertiary'], /^Usage:/u],
    ['an unknown option', ['primary', '--doubel'], /--doubel.*Usage:/u],
    ['an unknown plant', ['primary', '--plant', 'ivy'], /^Nothing is called ivy\. .*multi-region-key/u],
  ])(
    'refuses %s in one line',
    async (_what, args, line) => {
      const ended = await preview(...args);
      expect(ended).toMatchObject({ exitCode: 64, stdout: '' });
      expect(ended.stderr).toMatch(line);
      expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1);
    },
    60_000,
  );
});
