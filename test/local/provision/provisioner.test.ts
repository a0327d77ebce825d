/** The provisioner on single declared resources; what it makes of the whole program is asserted in `test/infra/stacks.test.ts`. */
import { describe, expect, it } from 'vitest';

import type { RegisteredResource } from '../../../local/monitor/registered-resource.ts';
import { createProvisioner, type Provisioner } from '../../../local/provision/provisioner.ts';
import { recordingServices, type RecordingServices } from './recording-services.ts';

const resource = (type: string, inputs: Record<string, unknown>, name = 'thing'): RegisteredResource => ({
  urn: `urn:pulumi:primary::twinmap::${type}::${name}`,
  type,
  name,
  custom: true,
  inputs,
  secretInputs: [],
  protect: false,
  retainOnDelete: false,
  deleteBeforeReplace: false,
  ignoreChanges: [],
  dependencies: [],
});

const open = (region = 'us-east-2'): { services: RecordingServices; provisioner: Provisioner } => {
  const services = recordingServices(region);
  return { services, provisioner: createProvisioner(services, {}) };
};

const TABLE = {
  name: 'twinmap-us-east-2-graph',
  billingMode: 'PAY_PER_REQUEST',
  hashKey: 'pk',
  rangeKey: 'sk',
  attributes: [{ name: 'pk', type: 'S' }],
};

const QUEUE = { name: 'q.fifo', fifoQueue: true };

describe('a resource that the Region has', () => {
  it('reads both spellings of an index key', async () => {
    const { services, provisioner } = open();
    const older = { name: 'owed', hashKey: 'owedShard', rangeKey: 'v', projectionType: 'KEYS_ONLY' };
    const keySchemas = [
      { attributeName: 'owedShard', keyType: 'HASH' },
      { attributeName: 'v', keyType: 'RANGE' },
    ];
    const newer = { name: 'owed', keySchemas, projectionType: 'KEYS_ONLY' };
    for (const index of [older, newer]) {
      await provisioner.onResource(resource('aws:dynamodb/table:Table', { ...TABLE, globalSecondaryIndexes: [index] }));
    }
    const expected = { name: 'owed', hashKey: 'owedShard', rangeKey: 'v', projection: 'KEYS_ONLY' };
    expect(services.calls.tables.map(({ indexes }) => indexes)).toEqual([[expected], [expected]]);
  });

  it('gives a queue the defaults of the service where the program says nothing', async () => {
    const { services, provisioner } = open();
    const made = await provisioner.onResource(resource('aws:sqs/queue:Queue', QUEUE));
    expect(services.calls.queues).toEqual([
      { name: 'q.fifo', fifo: true, visibilityTimeoutSeconds: 30, messageRetentionSeconds: 345_600 },
    ]);
    expect(made.outputs['url']).toBe('http://127.0.0.1:9324/111122223333/q.fifo');
  });

  it('deploys a hosted version only when its deployment is declared', async () => {
    const { services, provisioner } = open();
    const version = {
      applicationId: 'app0001',
      configurationProfileId: 'pro0001',
      content: '{"a":1}',
      contentType: 'application/json',
    };
    const made = await provisioner.onResource(
      resource('aws:appconfig/hostedConfigurationVersion:HostedConfigurationVersion', version),
    );
    expect(services.calls.deployments).toEqual([]);
    await provisioner.onResource(
      resource('aws:appconfig/deployment:Deployment', {
        applicationId: 'app0001',
        environmentId: 'env0001',
        configurationProfileId: 'pro0001',
        configurationVersion: String(made.outputs['versionNumber']),
        deploymentStrategyId: 'abc1234',
      }),
    );
    expect(services.calls.deployments.map(({ content }) => content)).toEqual(['{"a":1}']);
  });

  it('connects a queue to a function by name, whatever names the function', async () => {
    const { services, provisioner } = open();
    const reference = 'arn:aws:lambda:us-east-2:111122223333:function:twinmap-us-east-2-sync';
    for (const functionName of [reference, 'twinmap-us-east-2-sync']) {
      await provisioner.onResource(
        resource('aws:lambda/eventSourceMapping:EventSourceMapping', {
          eventSourceArn: 'arn:q',
          functionName,
          batchSize: 1,
        }),
      );
    }
    expect(services.calls.eventSources.map(({ functionName }) => functionName)).toEqual([
      'twinmap-us-east-2-sync',
      'twinmap-us-east-2-sync',
    ]);
  });

  it('keeps the statements of a role, with single texts as lists', async () => {
    const { provisioner } = open('us-gov-west-1');
    await provisioner.onResource(resource('aws:iam/role:Role', { name: 'reader', assumeRolePolicy: '{}' }));
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'dynamodb:GetItem',
          Resource: 'arn:aws-us-gov:dynamodb:us-gov-west-1:111122223333:table/x',
        },
      ],
    });
    await provisioner.onResource(resource('aws:iam/rolePolicy:RolePolicy', { name: 'p', role: 'reader', policy }));
    const role = provisioner.roles().get('arn:aws-us-gov:iam::111122223333:role/reader');
    expect(role?.policies.get('p')).toEqual([
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem'],
        Resource: ['arn:aws-us-gov:dynamodb:us-gov-west-1:111122223333:table/x'],
      },
    ]);
  });

  it('gives a key the same id in every run, since policies name it', async () => {
    const key = resource('aws:kms/key:Key', { description: 'x' });
    const first = await open().provisioner.onResource(key);
    const second = await open().provisioner.onResource(key);
    expect(first).toEqual(second);
    expect(first.outputs['arn']).toMatch(/^arn:aws:kms:us-east-2:111122223333:key\/[0-9a-f-]{36}$/u);
  });
});

describe('a resource that it refuses', () => {
  const provider = { region: 'us-east-2', allowedAccountIds: '["111122223333"]' };
  const strangerPolicy = { name: 'p', role: 'nobody', policy: '{"Version":"2012-10-17","Statement":[]}' };

  it.each([
    [
      'a type without a stand-in',
      'aws:dynamodb/globalTable:GlobalTable',
      {},
      /no local stand-in for the type aws:dynamodb\/globalTable/u,
    ],
    [
      'a property without a stand-in',
      'aws:dynamodb/table:Table',
      { ...TABLE, replicas: [] },
      /property replicas has no local stand-in/u,
    ],
    [
      'another billing mode',
      'aws:dynamodb/table:Table',
      { ...TABLE, billingMode: 'PROVISIONED' },
      /property billingMode/u,
    ],
    [
      'a strategy that bakes',
      'aws:appconfig/deploymentStrategy:DeploymentStrategy',
      { name: 's', deploymentDurationInMinutes: 0, growthFactor: 100, finalBakeTimeInMinutes: 10, replicateTo: 'NONE' },
      /finalBakeTimeInMinutes/u,
    ],
    [
      'a provider of another Region',
      'pulumi:providers:aws',
      { ...provider, region: 'us-west-2' },
      /for us-west-2.*us-east-2/u,
    ],
    [
      'a provider of another account',
      'pulumi:providers:aws',
      { ...provider, allowedAccountIds: '["999900001111"]' },
      /999900001111/u,
    ],
    [
      'a policy of a role that is not declared',
      'aws:iam/rolePolicy:RolePolicy',
      strangerPolicy,
      /role nobody is not declared/u,
    ],
    [
      'a schedule that is switched off',
      'aws:scheduler/schedule:Schedule',
      {
        name: 's',
        scheduleExpression: 'rate(1 hour)',
        scheduleExpressionTimezone: 'UTC',
        flexibleTimeWindow: { mode: 'OFF' },
        state: 'DISABLED',
        target: {},
      },
      /property state/u,
    ],
    ['a key alias without a name', 'aws:kms/alias:Alias', {}, /property name is not set/u],
    [
      'a deployment of no version',
      'aws:appconfig/deployment:Deployment',
      { applicationId: 'a', environmentId: 'e', configurationProfileId: 'p', configurationVersion: '9' },
      /version 9/u,
    ],
  ])('%s', async (_what, type, inputs, message) => {
    await expect(open().provisioner.onResource(resource(type, inputs))).rejects.toThrow(message);
  });

  it('a listener whose target group has no function yet', async () => {
    const { provisioner } = open();
    const group = await provisioner.onResource(
      resource('aws:lb/targetGroup:TargetGroup', { name: 'api', targetType: 'lambda' }),
    );
    const listener = resource('aws:lb/listener:Listener', {
      loadBalancerArn: 'arn:lb',
      port: 443,
      protocol: 'HTTPS',
      defaultActions: [{ type: 'forward', targetGroupArn: group.outputs['arn'] }],
    });
    await expect(provisioner.onResource(listener)).rejects.toThrow(/nothing is attached/u);
    expect(() => provisioner.frontUrl()).toThrow(/no listener/u);
  });
});
