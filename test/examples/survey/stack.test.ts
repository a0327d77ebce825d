/** What `twinmap:survey: true` declares, in the real program: one function behind a rule of the same load balancer. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openAnalyzer } from '../../../scripts/infra/analyzer.ts';
import { emptyBundles, runStack, type StackRun } from '../../infra/run-stack.ts';

let folder = '';
let withSurvey: StackRun;
let without: StackRun;

beforeAll(async () => {
  folder = await emptyBundles();
  await mkdir(path.join(folder, 'survey'));
  await writeFile(path.join(folder, 'survey', 'index.mjs'), 'export const handler = () => null;\n');
  [withSurvey, without] = await Promise.all([
    runStack('primary', folder, { 'twinmap:survey': 'true' }),
    runStack('primary', folder),
  ]);
}, 120_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const namesOf = ({ result }: StackRun): readonly string[] =>
  result.resources.map(({ type, name }) => `${type} ${name}`);

describe('the survey in a stack', () => {
  it('adds its own resources, and changes none of the product', () => {
    const more = namesOf(withSurvey).filter((name) => !namesOf(without).includes(name));
    expect(namesOf(without).filter((name) => !namesOf(withSurvey).includes(name))).toStrictEqual([]);
    expect(more.toSorted()).toStrictEqual([
      'aws:cloudwatch/logGroup:LogGroup survey-logs',
      'aws:cloudwatch/metricAlarm:MetricAlarm survey-errors',
      'aws:iam/role:Role survey-role',
      'aws:iam/rolePolicy:RolePolicy survey-policy',
      'aws:lambda/function:Function survey-function',
      'aws:lambda/permission:Permission survey-permission',
      'aws:lb/listenerRule:ListenerRule survey-paths',
      'aws:lb/targetGroup:TargetGroup survey-targets',
      'aws:lb/targetGroupAttachment:TargetGroupAttachment survey-attachment',
      'twinmap:infra:Survey survey',
    ]);
  });

  it('takes the paths of the survey from the listener, and only those', () => {
    expect(withSurvey.calls.rules).toMatchObject([
      { pathPatterns: ['/v1/surveys/*'], functionName: 'twinmap-us-east-2-survey', multiValueHeaders: true },
    ]);
    expect(without.calls.rules).toStrictEqual([]);
  });

  it('may use the keys of both Regions, which let nobody in that they do not name', () => {
    const policyOf = (run: StackRun): string => JSON.stringify(run.one('keys-key').inputs['policy']);
    for (const region of ['us-east-2', 'us-west-2']) {
      expect(policyOf(withSurvey)).toContain(`role/twinmap-${region}-survey`);
      expect(policyOf(without)).not.toContain(`role/twinmap-${region}-survey`);
    }
  });

  it('keeps every rule of the policy pack', async () => {
    const analyzer = await openAnalyzer({ config: { 'aws:region': 'us-east-2' } });
    try {
      expect(await analyzer.judge(withSurvey.result.resources)).toStrictEqual([]);
    } finally {
      await analyzer.close();
    }
  }, 60_000);

  it('knows both Regions’ stores, and neither the gate nor the queue', () => {
    const names = Object.keys(withSurvey.environment('survey'));
    expect(names).toContain('TWINMAP_PEER_TABLE_WORKSPACES');
    expect(names.filter((name) => /GATE|QUEUE|SOURCES|SIGNING/u.test(name))).toStrictEqual([]);
  });
});
