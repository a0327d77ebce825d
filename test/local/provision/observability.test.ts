/** What CloudWatch would refuse in the middle of a deployment is refused by its stand-in, in words. */
import { describe, expect, it } from 'vitest';

import { createProvisioner } from '../../../local/provision/provisioner.ts';
import { recordingServices } from './recording-services.ts';

const ALARM = {
  name: 'a',
  alarmDescription: 'words',
  namespace: 'Twinmap',
  metricName: 'Drift',
  dimensions: { Region: 'us-east-2' },
  statistic: 'Sum',
  period: 300,
  evaluationPeriods: 3,
  datapointsToAlarm: 2,
  comparisonOperator: 'GreaterThanThreshold',
  threshold: 0,
  treatMissingData: 'ignore',
  alarmActions: ['topic'],
  okActions: [],
};

const made = async (type: string, inputs: Readonly<Record<string, unknown>>): Promise<unknown> => {
  const { onResource } = createProvisioner(recordingServices('us-east-2'), {});
  const { outputs } = await onResource({
    urn: `urn:pulumi:primary::twinmap::${type}::thing`,
    type,
    name: 'thing',
    custom: true,
    inputs,
    secretInputs: [],
    protect: false,
    retainOnDelete: false,
    deleteBeforeReplace: false,
    ignoreChanges: [],
    dependencies: [],
  });
  return outputs;
};

describe('an alarm', () => {
  const alarm = async (changes: Readonly<Record<string, unknown>> = {}): Promise<unknown> =>
    made('aws:cloudwatch/metricAlarm:MetricAlarm', { ...ALARM, ...changes });

  it('has the ARN that a topic policy can name', async () => {
    expect(await alarm()).toEqual({ arn: 'arn:aws:cloudwatch:us-east-2:111122223333:alarm:a' });
  });

  it.each([
    ['looks back more than a day in short periods', { evaluationPeriods: 289 }, /further back/u],
    ['has a period of seconds', { period: 90 }, /period/u],
    ['wants more than it looks at', { datapointsToAlarm: 4 }, /more breaching periods/u],
    ['watches nothing', { metricName: undefined }, /neither or both/u],
    ['has two results', { metricName: undefined, metricQueries: [result('a'), result('b')] }, /exactly one result/u],
    ['has an id with a capital', { metricName: undefined, metricQueries: [result('A')] }, /small letter/u],
    ['says more than a message holds', { alarmDescription: 'x'.repeat(1025) }, /alarmDescription/u],
    ['tells nobody', { alarmActions: [] }, /alarmActions/u],
    ['has a property without a stand-in', { thresholdMetricId: 'x' }, /thresholdMetricId has no local stand-in/u],
  ])('that %s is refused', async (_what, changes, why) => {
    await expect(alarm(changes)).rejects.toThrow(why);
  });
});

const result = (id: string): object => ({ id, expression: '1', returnData: true });

describe('what else is declared around it', () => {
  it('gets the ids of AWS: a dashboard, a topic, a subscription, a secret', async () => {
    const body = { dashboardName: 'twinmap', dashboardBody: '{"widgets":[]}' };
    expect(await made('aws:cloudwatch/dashboard:Dashboard', body)).toHaveProperty('dashboardArn');
    const arn = 'arn:aws:sns:us-east-2:111122223333:t';
    expect(await made('aws:sns/topic:Topic', { name: 't' })).toEqual({ arn });
    const subscriber = { topic: arn, protocol: 'email', endpoint: 'a@example.com' };
    expect(await made('aws:sns/topicSubscription:TopicSubscription', subscriber)).toMatchObject({
      pendingConfirmation: true,
    });
    expect(await made('aws:secretsmanager/secret:Secret', { name: 'twinmap/github' })).toMatchObject({
      arn: expect.stringMatching(
        /^arn:aws:secretsmanager:us-east-2:111122223333:secret:twinmap\/github-\w{6}$/u,
      ) as string,
    });
  });

  it('a dashboard without widgets is refused', async () => {
    const body = { dashboardName: 'twinmap', dashboardBody: '{}' };
    await expect(made('aws:cloudwatch/dashboard:Dashboard', body)).rejects.toThrow(/no body/u);
  });
});
