/** The load balancer's two translations, without a network: what the real service's guide says, case by case. */
import { describe, expect, it } from 'vitest';
import { errorPage, statusOfFailure } from '../../../local/lambda/alb-errors.ts';
import type { AlbRequest } from '../../../local/lambda/alb-event.ts';
import { healthCheckEvent, toAlbEvent, traceIdFor } from '../../../local/lambda/alb-event.ts';
import { toAlbResponse } from '../../../local/lambda/alb-response.ts';

const TARGET = {
  targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-2:1:targetgroup/api/1',
  multiValueHeaders: true,
};

const request = (parts: Partial<AlbRequest> = {}): AlbRequest => ({
  method: 'GET',
  target: '/',
  rawHeaders: ['Host', 'twinmap1.example'],
  body: Buffer.alloc(0),
  clientAddress: '127.0.0.1',
  port: 443,
  traceId: 'Root=1-67891233-abcdef012345678912345678',
  ...parts,
});

describe('a request as an event', () => {
  it('has exactly the fields of the guide, the names of headers in lower case, and what the load balancer adds', () => {
    expect(toAlbEvent(request({ target: '/v1/search?q=a' }), TARGET)).toEqual({
      requestContext: { elb: { targetGroupArn: TARGET.targetGroupArn } },
      httpMethod: 'GET',
      path: '/v1/search',
      multiValueQueryStringParameters: { q: ['a'] },
      multiValueHeaders: {
        host: ['twinmap1.example'],
        'x-forwarded-for': ['127.0.0.1'],
        'x-forwarded-port': ['443'],
        'x-forwarded-proto': ['http'],
        'x-amzn-trace-id': ['Root=1-67891233-abcdef012345678912345678'],
      },
      body: '',
      isBase64Encoded: false,
    });
  });

  it('keeps every value of a repeated header and parameter, or only the last without multi-value headers', () => {
    const repeated = request({ target: '/?a=1&a=2&b=3', rawHeaders: ['Cookie', 'n=1', 'COOKIE', 'm=2'] });
    expect(toAlbEvent(repeated, TARGET)).toMatchObject({
      multiValueQueryStringParameters: { a: ['1', '2'], b: ['3'] },
      multiValueHeaders: { cookie: ['n=1', 'm=2'] },
    });
    const single = toAlbEvent(repeated, { ...TARGET, multiValueHeaders: false });
    expect(single).toMatchObject({ queryStringParameters: { a: '2', b: '3' }, headers: { cookie: 'm=2' } });
    expect(single).not.toHaveProperty('multiValueHeaders');
    expect(single).not.toHaveProperty('multiValueQueryStringParameters');
  });

  it.each([
    ['/p%20q/%C3%A9?k%3D=a%2Bb+c&empty=&flag', '/p%20q/%C3%A9', { 'k%3D': ['a%2Bb+c'], empty: [''], flag: [''] }],
    ['/?&x=1&&y=a=b', '/', { x: ['1'], y: ['a=b'] }],
    ['http://twinmap1.example/v1?z=1', '/v1', { z: ['1'] }],
    ['http://twinmap1.example', '/', {}],
    ['/?__proto__=1', '/', JSON.parse('{"__proto__":["1"]}') as object],
  ])('leaves path and query of %s as the client encoded them', (target, path, query) => {
    expect(toAlbEvent(request({ target }), TARGET)).toMatchObject({ path, multiValueQueryStringParameters: query });
  });

  it.each([
    ['text/plain; charset=utf-8', 'plain'],
    ['application/json', 'plain'],
    ['Application/JSON;charset=utf-8', 'plain'],
    ['application/javascript', 'plain'],
    ['application/xml', 'plain'],
    ['application/problem+json', 'base64'],
    ['application/octet-stream', 'base64'],
    ['application/x-www-form-urlencoded', 'base64'],
  ])('a body of %s is %s', (type, form) => {
    const event = toAlbEvent(request({ rawHeaders: ['Content-Type', type], body: Buffer.from('{"é":1}') }), TARGET);
    expect(event).toMatchObject(
      form === 'plain'
        ? { body: '{"é":1}', isBase64Encoded: false }
        : { body: Buffer.from('{"é":1}').toString('base64'), isBase64Encoded: true },
    );
  });

  it('a body with a content encoding, and one without a type, are Base64', () => {
    const body = Buffer.from([0x1f, 0x8b, 0xff]);
    const encoded = ['Content-Type', 'application/json', 'Content-Encoding', 'gzip'];
    expect(toAlbEvent(request({ rawHeaders: encoded, body }), TARGET)).toMatchObject({
      body: 'H4v/',
      isBase64Encoded: true,
    });
    expect(toAlbEvent(request({ body }), TARGET)).toMatchObject({ body: 'H4v/', isBase64Encoded: true });
  });

  it('adds the client to the forwarding chain and drops what speaks of one connection', () => {
    const rawHeaders = ['X-Forwarded-For', '10.0.0.1', 'Connection', 'keep-alive', 'Transfer-Encoding', 'chunked'];
    const { multiValueHeaders } = toAlbEvent(request({ rawHeaders }), TARGET);
    expect(multiValueHeaders?.['x-forwarded-for']).toEqual(['10.0.0.1, 127.0.0.1']);
    expect(multiValueHeaders).not.toHaveProperty('connection');
    expect(multiValueHeaders).not.toHaveProperty('transfer-encoding');
  });

  it.each([
    [undefined, /^Root=1-67891233-[0-9a-f]{24}$/u],
    ['Root=1-1-a;CalledFrom=app', /^Self=1-67891233-[0-9a-f]{24};Root=1-1-a;CalledFrom=app$/u],
    ['Self=1-0-b;Root=1-1-a', /^Self=1-67891233-[0-9a-f]{24};Root=1-1-a$/u],
  ])('a trace id %s is continued', (incoming, expected) => {
    expect(traceIdFor(incoming, 0x67_89_12_33 * 1000)).toMatch(expected);
  });

  it('a health check has one header and no host', () => {
    expect(healthCheckEvent('/healthz', TARGET)).toEqual({
      requestContext: { elb: { targetGroupArn: TARGET.targetGroupArn } },
      httpMethod: 'GET',
      path: '/healthz',
      multiValueQueryStringParameters: {},
      multiValueHeaders: { 'user-agent': ['ELB-HealthChecker/2.0'] },
      body: '',
      isBase64Encoded: false,
    });
  });
});

describe('a result as a response', () => {
  it('has its status, its words, each value of a header, and a computed length', () => {
    const result = {
      statusCode: 201,
      statusDescription: '201 Created',
      multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'], 'Content-Type': ['text/plain'], Connection: ['close'] },
      body: 'é',
    };
    expect(toAlbResponse(result, true)).toEqual({
      kind: 'response',
      statusCode: 201,
      statusDescription: 'Created',
      rawHeaders: ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Content-Type', 'text/plain', 'Content-Length', '2'],
      body: Buffer.from('é'),
    });
  });

  it('reads the one header field that the target group is set to', () => {
    const result = { statusCode: 200, headers: { 'X-One': '1' }, multiValueHeaders: { 'X-Many': ['1', '2'] } };
    const type = ['Content-Type', 'application/octet-stream', 'Content-Length', '0'];
    expect(toAlbResponse(result, true)).toMatchObject({ rawHeaders: ['X-Many', '1', 'X-Many', '2', ...type] });
    expect(toAlbResponse(result, false)).toMatchObject({ rawHeaders: ['X-One', '1', ...type] });
  });

  it('a Base64 body is sent as its bytes, and an answer that has no body gets no length', () => {
    expect(toAlbResponse({ statusCode: 200, body: 'H4v/', isBase64Encoded: true }, true)).toMatchObject({
      body: Buffer.from([0x1f, 0x8b, 0xff]),
    });
    expect(toAlbResponse({ statusCode: 204 }, true)).toMatchObject({ statusCode: 204, rawHeaders: [] });
  });

  it.each([
    ['nothing', null, /not an object/u],
    ['a string', '200', /not an object/u],
    ['a list', [], /not an object/u],
    ['no status', { body: 'x' }, /statusCode/u],
    ['a status in words', { statusCode: '200' }, /statusCode/u],
    ['an interim status', { statusCode: 101 }, /101/u],
    ['a body that is not text', { statusCode: 200, body: { a: 1 } }, /body/u],
    ['a flag that is not one', { statusCode: 200, isBase64Encoded: 'no' }, /isBase64Encoded/u],
    ['a header that is not a list', { statusCode: 200, multiValueHeaders: { A: 'x' } }, /multiValueHeaders\.A/u],
    ['a number as a header', { statusCode: 200, multiValueHeaders: { A: [1] } }, /header A/u],
    ['a line break in a header', { statusCode: 200, multiValueHeaders: { A: ['x\r\nB: y'] } }, /header A/u],
    ['a space in a header name', { statusCode: 200, multiValueHeaders: { 'A B': ['x'] } }, /header A B/u],
    ['a line break in the status words', { statusCode: 200, statusDescription: 'OK\r\n' }, /statusDescription/u],
    ['over 1 MiB', { statusCode: 200, body: 'x'.repeat(1024 * 1024) }, /1048/u],
  ])('%s is malformed', (_what, result, reason) => {
    expect(toAlbResponse(result, true)).toEqual({ kind: 'malformed', reason: expect.stringMatching(reason) as string });
  });
});

describe('the answers of the load balancer itself', () => {
  it.each([
    [{ kind: 'function-error', errorType: 'Error', message: '', trace: [] }, 502],
    [{ kind: 'timed-out', timeoutMs: 1 }, 502],
    [{ kind: 'out-of-memory', memoryMb: 1 }, 502],
    [{ kind: 'storage-exceeded', ephemeralStorageMb: 1 }, 502],
    [{ kind: 'crashed', exitCode: 1, signal: null }, 502],
    [{ kind: 'throttled' }, 502],
    [{ kind: 'too-large', part: 'response', bytes: 2, bytesMax: 1 }, 502],
    [{ kind: 'too-large', part: 'payload', bytes: 2, bytesMax: 1 }, 413],
    [{ kind: 'unknown-function', functionName: 'x' }, 503],
    [{ kind: 'aborted' }, 503],
  ] as const)('%j is %i', (outcome, status) => {
    expect(statusOfFailure(outcome)).toBe(status);
  });

  it('name their status and nothing of the reason', () => {
    const page = errorPage(502);
    expect(page.body.toString()).toContain('<title>502 Bad Gateway</title>');
    expect(page.rawHeaders).toContain('awselb/2.0');
  });
});
