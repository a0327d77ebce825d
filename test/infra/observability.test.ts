/** What the program declares around the alarms: topic, subscribers, dashboard, secrets, and the document of 3 a.m. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseRegion } from '../../functions/domain/region.ts';
import { alarmsOf } from '../../infra/alarms/alarms.ts';
import { alarmFactsOf } from '../../infra/alarms/facts.ts';
import { parseRegionConfig } from '../../infra/config.ts';
import { FUNCTION_NAMES, namesOf } from '../../infra/names.ts';
import type { PlainObject, Resource, Rule } from '../../infra/policy/rule.ts';
import { RULES } from '../../infra/policy/rules.ts';
import { functionAlarmRule } from '../../infra/policy/rules/functions.ts';
import type { RecordedResource } from '../../local/monitor/registered-resource.ts';
import { alarmsText, exampleAlarms } from '../../scripts/infra/alarms-document.ts';
import { exampleSettings, REPOSITORY } from './complete-settings.ts';
import { emptyBundles, runStack, type StackRun } from './run-stack.ts';

const SUBSCRIBERS = [
  { protocol: 'email', endpoint: 'on-call@example.com' },
  { protocol: 'https', endpoint: 'https://events.example.com/twinmap' },
];
const SECRETS = ['twinmap/github', 'twinmap/confluence'];

let functionsDirectory: string;
let stack: StackRun;

beforeAll(async () => {
  functionsDirectory = await emptyBundles();
  stack = await runStack('primary', functionsDirectory, {
    'twinmap:alarmSubscribers': JSON.stringify(SUBSCRIBERS),
    'twinmap:secrets': JSON.stringify(SECRETS),
  });
}, 120_000);

afterAll(() => {
  rmSync(functionsDirectory, { recursive: true, force: true });
});

interface Statement {
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action: unknown;
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

const statementsOf = (policy: unknown): readonly Statement[] =>
  (JSON.parse(String(policy)) as { Statement: Statement[] }).Statement;

describe('the topic', () => {
  it('is under the key of the Region, which lets alarms use it', () => {
    const key = stack.one('keys-key');
    expect(stack.one('alarms-topic').inputs).toMatchObject({
      name: 'twinmap-us-east-2-alarms',
      kmsMasterKeyId: key.outputs['arn'],
    });
    const allowed = statementsOf(key.inputs['policy']).find(({ Principal }) =>
      JSON.stringify(Principal).includes('cloudwatch'),
    );
    expect(allowed).toMatchObject({
      Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } },
    });
  });

  it('takes messages of the alarms of this stack, and of nobody else', () => {
    const [allowed, ...others] = statementsOf(stack.one('alarms-topic-policy').inputs['policy']);
    expect(others.map(({ Effect }) => Effect)).toEqual(['Deny']);
    expect(allowed).toMatchObject({
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: 'sns:Publish',
      Condition: {
        StringEquals: { 'aws:SourceAccount': '111122223333' },
        ArnLike: { 'aws:SourceArn': 'arn:aws:cloudwatch:us-east-2:111122223333:alarm:twinmap-us-east-2-*' },
      },
    });
  });

  it('tells every subscriber of the settings, when an alarm fires and when it is over', () => {
    const told = stack.ofType('aws:sns/topicSubscription:TopicSubscription').map(({ inputs }) => inputs);
    expect(told).toEqual(SUBSCRIBERS.map((subscriber) => expect.objectContaining(subscriber) as unknown));
    const topic = stack.one('alarms-topic').outputs['arn'];
    for (const { inputs } of stack.ofType('aws:cloudwatch/metricAlarm:MetricAlarm')) {
      expect([inputs['alarmActions'], inputs['okActions']]).toEqual([[topic], [topic]]);
    }
    expect(stack.result.outputs['alarmTopicArn']).toBe(topic);
  });
});

interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly region?: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly unknown[])[];
    readonly markdown?: string;
  };
}

describe('the dashboard', () => {
  const widgets = (): readonly Widget[] =>
    (JSON.parse(String(stack.one('alarms-dashboard').inputs['dashboardBody'])) as { widgets: Widget[] }).widgets;

  it('shows every alarm with its metric and its words, and nothing of the other Region', () => {
    const declared = stack.ofType('aws:cloudwatch/metricAlarm:MetricAlarm');
    const shown = widgets().flatMap(({ properties }) => properties.alarms ?? []);
    expect(shown.toSorted()).toEqual(declared.map(({ outputs }) => String(outputs['arn'])).toSorted());
    const words = widgets().map(({ properties }) => properties.markdown ?? '');
    for (const { inputs } of declared) {
      expect(words.some((text) => text.includes(String(inputs['alarmDescription'])))).toBe(true);
    }
    const graphs = widgets().filter(({ type }) => type === 'metric');
    const drawn = JSON.stringify(graphs.map(({ properties }) => properties.metrics));
    for (const { inputs } of declared.filter(({ inputs: own }) => own['metricName'] !== undefined)) {
      expect(drawn).toContain(`"${String(inputs['metricName'])}"`);
    }
    expect(new Set(graphs.map(({ properties }) => properties.region))).toEqual(new Set(['us-east-2']));
    expect(drawn).not.toMatch(/<load balancer>|<target group>/u);
  });

  it('draws no two widgets on one place, and none over the edge', () => {
    const taken = new Set<string>();
    for (const { x, y, width, height } of widgets()) {
      expect(x + width).toBeLessThanOrEqual(24);
      for (let column = x; column < x + width; column += 1) {
        for (let row = y; row < y + height; row += 1) {
          expect(taken.has(`${column} ${row}`)).toBe(false);
          taken.add(`${column} ${row}`);
        }
      }
    }
  });

  it('names each series of a graph once, so that formulas can refer to them', () => {
    for (const { properties } of widgets()) {
      const ids = (properties.metrics ?? []).map((row) => (row.at(-1) as { id?: string }).id).filter(Boolean);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });
});

describe('secrets', () => {
  it('are names under the key of the Region, protected, restorable for 30 days, and hold no value', () => {
    const secrets = stack.ofType('aws:secretsmanager/secret:Secret');
    expect(secrets.map(({ inputs }) => inputs['name'])).toEqual(SECRETS);
    for (const { inputs, protect } of secrets) {
      expect(protect).toBe(true);
      expect(inputs).toMatchObject({ kmsKeyId: stack.one('keys-key').outputs['arn'], recoveryWindowInDays: 30 });
      expect(Object.keys(inputs)).not.toContain('secretString');
    }
    expect(stack.ofType('aws:secretsmanager/secretVersion:SecretVersion')).toEqual([]);
  });

  it('are read by the sync function alone, by its role and by the secret itself', () => {
    const [read, key] = statementsOf(stack.one('secrets-read').inputs['policy']);
    const arns = stack.ofType('aws:secretsmanager/secret:Secret').map(({ outputs }) => outputs['arn']);
    expect(stack.one('secrets-read').inputs['role']).toBe('twinmap-us-east-2-sync');
    expect(read).toMatchObject({ Action: ['secretsmanager:GetSecretValue'], Resource: arns });
    expect(key).toMatchObject({
      Action: ['kms:Decrypt'],
      Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.us-east-2.amazonaws.com' } },
    });
    for (const { inputs } of stack.ofType('aws:secretsmanager/secretPolicy:SecretPolicy')) {
      expect(statementsOf(inputs['policy'])).toMatchObject([
        {
          Effect: 'Deny',
          Condition: { ArnNotEquals: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/twinmap-us-east-2-sync' } },
        },
      ]);
    }
  });

  it('get their values by a command that is printed for this Region', () => {
    expect(stack.result.outputs['secretCommands']).toEqual(
      SECRETS.map(
        (name) =>
          `aws secretsmanager put-secret-value --region us-east-2 --secret-id ${name} --secret-string file://<file with the value>`,
      ),
    );
  });
});

const plain = ({ urn, type, name, inputs, protect, custom }: RecordedResource): Resource => ({
  urn,
  type,
  name,
  props: inputs as PlainObject,
  protect,
  ...(custom && !type.startsWith('pulumi:') ? { provider: { region: 'us-east-2' } } : {}),
});

const violations = (rule: Rule, resources: readonly Resource[]): readonly string[] => {
  const facts = { region: parseRegion('us-east-2') as never, partition: 'aws' };
  return rule.kind === 'resource'
    ? resources.flatMap((resource) => rule.check(resource, facts))
    : rule.check(resources, facts).map(({ message }) => message);
};

describe('the policy pack', () => {
  it('lets all of it through, with subscribers and secrets, and needs no exemption', () => {
    const resources = stack.result.resources.map(plain);
    expect(RULES.flatMap((rule) => violations(rule, resources))).toEqual([]);
  });

  it.each(FUNCTION_NAMES)('refuses the function %s without its alarm on errors', (name) => {
    const resources = stack.result.resources
      .filter((resource) => resource.name !== `alarms-function-${name}-errors`)
      .map(plain);
    const told = RULES.flatMap((rule) => violations(rule, resources));
    expect(told).toEqual([`functions-${name} has no alarm on its errors.`]);
  });

  it('tells of an exemption, and refuses one that is not needed any more', () => {
    const rule = functionAlarmRule([{ rule: 'function-alarm', resources: ['functions-api'], because: 'a test' }]);
    const resources = stack.result.resources.map(plain);
    const bare = resources.filter(({ name }) => name !== 'alarms-function-api-errors');
    const facts = { region: parseRegion('us-east-2') as never, partition: 'aws' };
    expect(rule.kind === 'stack' && rule.check(bare, facts)).toMatchObject([{ exemptedBecause: 'a test' }]);
    expect(violations(rule, resources)).toEqual([
      'functions-api has an alarm: take its exemption out of infra/policy/exemptions.ts.',
    ]);
  });
});

const factsWith = (schedule: string, cycleIntervalMinutes?: number): ReturnType<typeof alarmFactsOf> => {
  const region = parseRegion('us-east-2');
  const peerRegion = parseRegion('us-west-2');
  if (region === undefined || peerRegion === undefined) {
    throw new Error('names of Regions');
  }
  const settings = {
    schedule: { expression: schedule, eventAgeSecondsMax: 60 },
    peerRegion,
    sources: [],
    ...(cycleIntervalMinutes === undefined ? {} : { cycleIntervalMinutes }),
  };
  return { ...alarmFactsOf(settings, namesOf(region, '111122223333')), hasSources: true };
};

describe('the waits of the alarms', () => {
  it.each([
    ['rate(5 minutes)', undefined, 600],
    ['rate(1 hour)', undefined, 7200],
    ['rate(7 days)', undefined, 1_209_600],
    ['cron(0 6 * * ? *)', undefined, 172_800],
    ['cron(0 6 ? * MON *)', 10_080, 1_209_600],
  ])('follow the schedule %s', (schedule, minutes, silenceSeconds) => {
    const alarms = alarmsOf(factsWith(schedule, minutes));
    expect(alarms.find(({ name }) => name === 'cycle-age')?.threshold).toBe(silenceSeconds);
    for (const { name, periodSeconds, periods, breaching } of alarms) {
      // CloudWatch looks back a day in periods under an hour, and a week in longer ones.
      const lookBack = periodSeconds * periods <= (periodSeconds < 3600 ? 86_400 : 604_800);
      expect([name, lookBack, periodSeconds % 60, breaching <= periods]).toEqual([name, true, 0, true]);
    }
  });

  it('leave out what a single Region, or one without sources, has no word for', () => {
    const { peerRegion, ...single } = factsWith('rate(1 hour)');
    expect(peerRegion).toBe('us-west-2');
    const left = new Set(alarmsOf({ ...single, hasSources: false }).map(({ name }) => name));
    const gone = alarmsOf({ ...single, peerRegion, hasSources: true } as never)
      .map(({ name }) => name)
      .filter((name) => !left.has(name));
    expect(gone).toEqual([
      'cycle-age',
      'cycle-deferred',
      'owed-age',
      'owed-count',
      'drift',
      'peer-not-in-sync',
      'proof-age',
      'both-active',
      'none-active',
      'writes-peer-tables',
      'writes-peer-vectors',
    ]);
  });
});

describe('docs/alarms.md', () => {
  it('is what the definitions say; `npm run inventory` writes it', async () => {
    const file = path.join(REPOSITORY, 'docs/alarms.md');
    expect(readFileSync(file, 'utf8')).toBe(await alarmsText(exampleAlarms(), file));
  });
});

describe('settings that are wrong', () => {
  it.each([
    ['twinmap:secrets', '["two words"]', /not a name of letters/u],
    ['twinmap:secrets', '["twinmap/github-AbCdE1"]', /a dash and six characters/u],
    ['twinmap:secrets', '["a","a"]', /a name stands twice/u],
    ['twinmap:cycleIntervalMinutes', '3', /from 5 to 10080/u],
  ])('%s: %s', async (key, text, why) => {
    const parsed = parseRegionConfig(await exampleSettings('primary', { [key]: text }));
    expect(parsed.kind === 'invalid' && parsed.problems).toEqual([expect.stringMatching(why) as string]);
  });
});
