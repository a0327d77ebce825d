import { connect } from 'node:net';

import { DescribeTableCommand, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutVectorsCommand } from '@aws-sdk/client-s3vectors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { parseScope } from '../../../local/services/credential-scope.ts';
import type { AuthorizationRequest, ServiceCall } from '../../../local/services/gateway.ts';
import { openServices } from '../../../local/services/open-services.ts';
import { ACCOUNT, createClients, openRegion, type OpenRegion, RECORDS } from './open-region.ts';

let region: OpenRegion;
let calls: ServiceCall[];
let asked: AuthorizationRequest[];
let denied: string | undefined;

beforeEach(async () => {
  calls = [];
  asked = [];
  denied = undefined;
  region = await openRegion({
    onRequest: (call) => {
      calls.push(call);
    },
    authorize: (request) => {
      asked.push(request);
      return denied === undefined ? { kind: 'allowed' } : { kind: 'denied', message: denied };
    },
  });
  await region.services.tables.ensureTable(RECORDS);
});

afterEach(async () => {
  await region.close();
});

const authorization = (service: string, scopeRegion: string): string =>
  `AWS4-HMAC-SHA256 Credential=AKX/20251121/${scopeRegion}/${service}/aws4_request, SignedHeaders=host, Signature=0`;

const post = async (service: string, scopeRegion: string, path = '/'): Promise<Response> =>
  fetch(`${region.services.endpoint}${path}`, {
    method: 'POST',
    headers: { authorization: authorization(service, scopeRegion) },
    body: '{}',
  });

describe('dispatch', () => {
  test('a credential scope is read from a header or from a presigned query, and nothing else is one', () => {
    const expected = { accessKeyId: 'AKX', region: 'us-east-2', service: 'sqs' };
    expect(parseScope(authorization('sqs', 'us-east-2'), undefined)).toEqual(expected);
    expect(parseScope(undefined, 'AKX/20251121/us-east-2/sqs/aws4_request')).toEqual(expected);
    expect(parseScope('Bearer x', undefined)).toBeUndefined();
    expect(parseScope(undefined, 'AKX/20251121/us-east-2/sqs/aws3_request')).toBeUndefined();
  });

  test.each([
    ['dynamodb', '/', 400],
    ['sqs', '/', 403],
    ['s3vectors', '/ListVectors', 403],
    ['appconfig', '/configurationsessions', 403],
  ])('%s refuses a scope of another Region as a signature error', async (service, path, status) => {
    const response = await post(service, 'eu-west-1', path);
    expect(response.status).toBe(status);
    const text = `${response.headers.get('x-amzn-errortype') ?? ''} ${await response.text()}`;
    expect(text).toContain('InvalidSignatureException');
    expect(text).toContain("not 'eu-west-1'");
  });

  test('the SDK client of another Region throws that error', async () => {
    const { dynamodb } = createClients(region.services.endpoint, { region: 'eu-west-1' });
    await expect(dynamodb.send(new ListTablesCommand({}))).rejects.toMatchObject({ name: 'InvalidSignatureException' });
  });

  test('a service that the Region does not have and an unsigned request get a 4xx that says so', async () => {
    const unknown = await post('sns', 'us-east-2');
    expect(unknown.status).toBe(400);
    await expect(unknown.text()).resolves.toContain("signed for 'sns'");
    const unsigned = await fetch(region.services.endpoint);
    expect(unsigned.status).toBe(403);
    await expect(unsigned.text()).resolves.toContain('MissingAuthenticationTokenException');
  });

  test.each([
    ['dynamodb', '/', 404],
    ['sqs', '/', 400],
    ['s3vectors', '/Nothing', 404],
    ['appconfig', '/nothing', 404],
  ])('%s answers an unknown operation with a 4xx', async (service, path, status) => {
    expect((await post(service, 'us-east-2', path)).status).toBe(status);
  });

  test('the listener is on loopback only', () => {
    expect(new URL(region.services.endpoint).hostname).toBe('127.0.0.1');
  });

  test('two Regions in one process keep their tables and their names apart', async () => {
    const options = { region: 'us-west-2', accountId: ACCOUNT, dataDirectory: `${region.directory}/west` };
    const west = await openServices(options);
    await west.tables.ensureTable({ ...RECORDS, name: 'western' });
    const { dynamodb } = createClients(west.endpoint, { region: 'us-west-2' });
    const { TableNames } = await dynamodb.send(new ListTablesCommand({}));
    expect(TableNames).toEqual(['western']);
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: 'western' }));
    expect(Table?.TableArn).toBe(`arn:aws:dynamodb:us-west-2:${ACCOUNT}:table/western`);
    await west.close();
    const home = await region.dynamodb.send(new ListTablesCommand({}));
    expect(home.TableNames).toEqual(['records']);
  });

  test('a port that is taken is an error, and the files are closed again', async () => {
    const port = Number(new URL(region.services.endpoint).port);
    const other = { region: 'us-east-2', accountId: ACCOUNT, dataDirectory: `${region.directory}/other` };
    await expect(openServices({ ...other, port })).rejects.toThrow('EADDRINUSE');
    const reopened = await openServices(other);
    await reopened.close();
  });
});

describe('calls', () => {
  const put = async (): Promise<unknown> =>
    region.dynamodb.send(
      new PutItemCommand({ TableName: 'records', Item: { pk: { S: 'p' }, sk: { S: 's' }, v: { S: 'v1' } } }),
    );

  test('every request is reported once with service, operation, key and status', async () => {
    await put();
    await region.s3vectors
      .send(new PutVectorsCommand({ vectorBucketName: 'nobody', indexName: 'none', vectors: [] }))
      .catch(() => undefined);
    await expect.poll(() => calls.length).toBe(2);
    expect(calls).toMatchObject([
      { service: 'dynamodb', operation: 'PutItem', accessKeyId: 'AKLOCAL', status: 200, fault: 'none' },
      { service: 's3vectors', operation: 'PutVectors', accessKeyId: 'AKLOCAL', status: 404, fault: 'none' },
    ]);
    expect(calls.every(({ durationMs }) => durationMs > 0)).toBe(true);
  });

  test('the authorizer sees action and resource, and its refusal applies nothing', async () => {
    denied = 'The role has no dynamodb:PutItem.';
    await expect(put()).rejects.toMatchObject({ name: 'AccessDeniedException', message: denied });
    expect(asked).toEqual([
      {
        service: 'dynamodb',
        operation: 'PutItem',
        accessKeyId: 'AKLOCAL',
        permissions: [
          { action: 'dynamodb:PutItem', resource: 'arn:aws:dynamodb:us-east-2:111122223333:table/records' },
        ],
      },
    ]);
    denied = undefined;
    await expect(put()).resolves.toBeDefined();
  });

  test('a client that hangs up inside its request, or talks nonsense, breaks nothing', async () => {
    const { hostname, port } = new URL(region.services.endpoint);
    const lines = [
      'POST / HTTP/1.1',
      'host: x',
      `authorization: ${authorization('dynamodb', 'us-east-2')}`,
      'x-amz-target: DynamoDB_20120810.PutItem',
      'content-type: application/x-amz-json-1.0',
      'content-length: 1000',
      '',
      '{"TableName":',
    ];
    for (const text of [lines.join('\r\n'), 'nonsense\r\n\r\n']) {
      const socket = connect({ host: hostname, port: Number(port) });
      await new Promise((resolve) => {
        socket.write(text, resolve);
      });
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
      socket.resetAndDestroy();
    }
    await expect.poll(() => calls.filter(({ status }) => status === 0).length).toBe(1);
    await expect(put()).resolves.toBeDefined();
  });

  test.each([
    ['s3vectors', '/tags/%E0%A4%A', 400],
    ['appconfig', '/applications/%E0%A4%A/environments', 404],
  ])('a path of %s that does not decode is refused: %s', async (service, path, status) => {
    expect((await post(service, 'us-east-2', path)).status).toBe(status);
    await expect(put()).resolves.toBeDefined();
  });

  test('a request that the stand-in of DynamoDB trips over is a 400, and the Region goes on', async () => {
    const response = await fetch(region.services.endpoint, {
      method: 'POST',
      headers: {
        authorization: authorization('dynamodb', 'us-east-2'),
        'x-amz-date': '20251121T000000Z',
        'x-amz-target': 'DynamoDB_20120810.DeleteItem',
        'content-type': 'application/x-amz-json-1.0',
      },
      body: '{"TableName":"records","Key":{"pk":{"S":"p"},"sk":null}}',
    });
    expect(response.status).toBe(400);
    await expect(response.text()).resolves.toContain('SerializationException');
    await expect(put()).resolves.toBeDefined();
  });

  test('a body over the bound is refused, and the connection goes on', async () => {
    const response = await fetch(`${region.services.endpoint}/PutVectors`, {
      method: 'POST',
      headers: { authorization: authorization('s3vectors', 'us-east-2') },
      body: Buffer.alloc(20 * 1024 * 1024 + 1, ' '),
    });
    expect(response.status).toBe(400);
    await expect(response.text()).resolves.toContain('20971520 bytes');
  });
});
