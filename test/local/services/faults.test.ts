import { GetLatestConfigurationCommand, StartConfigurationSessionCommand } from '@aws-sdk/client-appconfigdata';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ListVectorBucketsCommand } from '@aws-sdk/client-s3vectors';
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createFaults, type FaultMode } from '../../../local/services/faults.ts';
import type { ServiceCall } from '../../../local/services/gateway.ts';
import { openRegion, type OpenRegion, RECORDS } from './open-region.ts';

describe('rules', () => {
  test('after lets requests pass, times ends the rule, and other operations never count', () => {
    const faults = createFaults();
    faults.set({ service: 'dynamodb', operation: 'PutItem', mode: 'reset', after: 1, times: 2 });
    const modes = ['PutItem', 'GetItem', 'PutItem', 'PutItem', 'PutItem'].map(
      (operation) => faults.next('dynamodb', operation).mode,
    );
    expect(modes).toEqual(['none', 'none', 'reset', 'reset', 'none']);
    expect(faults.list()).toMatchObject([{ matched: 4, applied: 2 }]);
  });

  test('the newest fitting rule decides; none shields from an older one', () => {
    const faults = createFaults();
    faults.set({ service: '*', mode: 'blackhole' });
    faults.set({ service: 'sqs', mode: 'none' });
    expect(faults.next('sqs', 'SendMessage').mode).toBe('none');
    expect(faults.next('dynamodb', 'PutItem').mode).toBe('blackhole');
  });

  test('clearing removes one rule, the rules of one service, or all', () => {
    const faults = createFaults();
    const wide = faults.set({ service: '*', mode: 'refuse' });
    faults.set({ service: 'sqs', mode: 'throttle' });
    faults.clear('sqs');
    expect(faults.next('sqs', 'SendMessage').mode).toBe('refuse');
    faults.clear(wide);
    expect(faults.next('sqs', 'SendMessage').mode).toBe('none');
    faults.set({ service: '*', mode: 'refuse' });
    faults.clear();
    expect(faults.list()).toEqual([]);
  });
});

describe('on the wire', () => {
  const TIMEOUT_MS = 400;
  let region: OpenRegion;
  let calls: ServiceCall[];

  beforeEach(async () => {
    calls = [];
    region = await openRegion({
      requestTimeoutMs: TIMEOUT_MS,
      onRequest: (call) => {
        calls.push(call);
      },
    });
    await region.services.tables.ensureTable(RECORDS);
  });

  afterEach(async () => {
    await region.close();
  });

  const put = async (v: string, abortSignal?: AbortSignal): Promise<unknown> =>
    region.dynamodb.send(
      new PutItemCommand({ TableName: 'records', Item: { pk: { S: 'p' }, sk: { S: 's' }, v: { S: v } } }),
      abortSignal === undefined ? {} : { abortSignal },
    );

  const stored = async (): Promise<string | undefined> => {
    const key = { pk: { S: 'p' }, sk: { S: 's' } };
    const { Item } = await region.dynamodb.send(
      new GetItemCommand({ TableName: 'records', Key: key, ConsistentRead: true }),
    );
    return Item?.['v']?.S;
  };

  const failureOf = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work;
      return 'none';
    } catch (error) {
      const { name, code } = error as { name: string; code?: string };
      return code ?? name;
    }
  };

  test.each<[FaultMode & ('refuse' | 'reset' | 'blackhole' | 'error-500' | 'error-503' | 'throttle'), RegExp]>([
    ['refuse', /ECONNRESET/u],
    ['reset', /ECONNRESET/u],
    ['blackhole', /TIMEDOUT|TimeoutError/u],
    ['error-500', /InternalServerError/u],
    ['error-503', /ServiceUnavailable/u],
    ['throttle', /ProvisionedThroughputExceededException/u],
  ])('%s applies nothing, and is over when it is cleared', async (mode, failure) => {
    await put('v1');
    region.services.faults.set({ service: 'dynamodb', operation: 'PutItem', mode });
    expect(await failureOf(put('v2'))).toMatch(failure);
    await expect(stored()).resolves.toBe('v1');
    region.services.faults.clear('dynamodb');
    await put('v3');
    await expect(stored()).resolves.toBe('v3');
    expect(calls.filter(({ fault }) => fault === mode)).toHaveLength(1);
  });

  test('a lost reply has been applied', async () => {
    region.services.faults.set({ service: 'dynamodb', operation: 'PutItem', mode: 'lost-reply', times: 1 });
    expect(await failureOf(put('v1'))).toMatch(/ECONNRESET/u);
    await expect(stored()).resolves.toBe('v1');
  });

  test('a stalled body has been applied, and its headers have arrived', async () => {
    region.services.faults.set({ service: 'dynamodb', operation: 'PutItem', mode: 'body-stall' });
    const started = performance.now();
    const response = await fetch(region.services.endpoint, {
      method: 'POST',
      headers: {
        authorization:
          'AWS4-HMAC-SHA256 Credential=AK/20251121/us-east-2/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
        'x-amz-date': '20251121T000000Z',
        'x-amz-target': 'DynamoDB_20120810.PutItem',
        'content-type': 'application/x-amz-json-1.0',
      },
      body: JSON.stringify({ TableName: 'records', Item: { pk: { S: 'p' }, sk: { S: 's' }, v: { S: 'v1' } } }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow(/abort/u);
    expect(performance.now() - started).toBeGreaterThanOrEqual(TIMEOUT_MS - 5);
    await expect(stored()).resolves.toBe('v1');
  });

  test('the SDK call with a stalled body ends by its abort signal', async () => {
    region.services.faults.set({ service: 'dynamodb', operation: 'PutItem', mode: 'body-stall' });
    expect(await failureOf(put('v1', AbortSignal.timeout(150)))).toMatch(/AbortError/u);
  });

  test('a delayed call is answered late, and is applied even when its client has left', async () => {
    region.services.faults.set({ service: 'dynamodb', operation: 'PutItem', mode: 'delay', delayMs: 150 });
    const started = performance.now();
    await put('v1');
    expect(performance.now() - started).toBeGreaterThanOrEqual(145);
    expect(await failureOf(put('v2', AbortSignal.timeout(30)))).toMatch(/AbortError/u);
    await expect(stored()).resolves.toBe('v1');
    await expect.poll(stored).toBe('v2');
  });

  test('throttling has the shape that each client knows', async () => {
    region.services.faults.set({ service: '*', mode: 'throttle' });
    const { s3vectors, sqs, appconfig } = region;
    expect(await failureOf(s3vectors.send(new ListVectorBucketsCommand({})))).toBe('TooManyRequestsException');
    expect(await failureOf(sqs.send(new GetQueueUrlCommand({ QueueName: 'q' })))).toBe('RequestThrottled');
    const session = new StartConfigurationSessionCommand({
      ApplicationIdentifier: 'a',
      EnvironmentIdentifier: 'e',
      ConfigurationProfileIdentifier: 'p',
    });
    expect(await failureOf(appconfig.send(session))).toBe('ThrottlingException');
  });

  test('an empty answer stalls too', async () => {
    const { config } = region.services;
    const { id: applicationId } = await config.ensureApplication('twinmap');
    const { id: environmentId } = await config.ensureEnvironment(applicationId, 'gate');
    const { id: profileId } = await config.ensureProfile(applicationId, 'gate', []);
    await config.deploy({ applicationId, environmentId, profileId, content: '{}', contentType: 'application/json' });
    const session = await region.appconfig.send(
      new StartConfigurationSessionCommand({
        ApplicationIdentifier: applicationId,
        EnvironmentIdentifier: environmentId,
        ConfigurationProfileIdentifier: profileId,
      }),
    );
    const first = await region.appconfig.send(
      new GetLatestConfigurationCommand({ ConfigurationToken: session.InitialConfigurationToken }),
    );
    region.services.faults.set({ service: 'appconfig', mode: 'body-stall' });
    const second = region.appconfig.send(
      new GetLatestConfigurationCommand({ ConfigurationToken: first.NextPollConfigurationToken }),
      { abortSignal: AbortSignal.timeout(150) },
    );
    expect(await failureOf(second)).toMatch(/AbortError/u);
  });

  test('closing ends requests that a fault holds', async () => {
    region.services.faults.set({ service: 'dynamodb', operation: 'PutItem', mode: 'blackhole' });
    region.services.faults.set({ service: 'dynamodb', operation: 'GetItem', mode: 'delay', delayMs: 60_000 });
    const held = [failureOf(put('v1')), failureOf(stored())];
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    const started = performance.now();
    await region.services.close();
    expect(performance.now() - started).toBeLessThan(TIMEOUT_MS);
    await expect(Promise.all(held)).resolves.not.toContain('none');
  });
});
