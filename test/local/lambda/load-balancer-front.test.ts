/** The front over real connections, with a real function behind it. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../functions/domain/errors.ts';
import type { AlbEvent } from '../../../local/lambda/alb-event.ts';
import type { Invoke } from '../../../local/lambda/outcome.ts';
import { createLoadBalancerFront } from '../../../local/lambda/load-balancer-front.ts';
import { eventually, openWorkbench } from './fixtures.ts';

const TARGET_GROUP = 'arn:aws:elasticloadbalancing:us-east-2:111122223333:targetgroup/api/abc';

const API = `
export const handler = async (event) => {
  switch (event.path) {
    case '/cookies':
      return { statusCode: 200, statusDescription: '200 Fine', body: 'two', multiValueHeaders:
        { 'set-cookie': ['a=1; Path=/', 'b=2; Path=/'], 'content-type': ['text/plain'] } };
    case '/binary':
      return { statusCode: 200, isBase64Encoded: true, body: Buffer.from([0, 255, 128]).toString('base64') };
    case '/throw': throw new Error('secret reason');
    case '/exit': process.exit(3);
    case '/malformed': return 'hello';
    case '/huge': return { statusCode: 200, body: 'x'.repeat(1024 * 1024) };
    case '/slow': await new Promise((r) => setTimeout(r, Number(event.multiValueQueryStringParameters.ms[0])));
  }
  return { statusCode: 200, multiValueHeaders: { 'content-type': ['application/json'] }, body: JSON.stringify(event) };
};`;

const hanging: Invoke = async () => Promise.withResolvers<never>().promise;

const bench = await openWorkbench();
const textOf = (bytes: number): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'text/plain' },
  body: 'x'.repeat(bytes),
});

const problemsInto =
  (list: string[]) =>
  (text: string): void => {
    list.push(text);
  };
const problems: string[] = [];
const front = createLoadBalancerFront({ invoke: bench.host.invoke, onProblem: problemsInto(problems) });
const SPEC = { functionName: 'api', targetGroupArn: TARGET_GROUP, multiValueHeaders: true };
let url = '';

beforeAll(async () => {
  await bench.provision('api', API, { timeoutSeconds: 2, reservedConcurrency: 3 });
  ({ url } = await front.ensureListener(SPEC));
});
afterAll(async () => {
  await front.close({ graceMs: 0 });
});

const eventOf = async (path: string, init: RequestInit = {}): Promise<AlbEvent> =>
  (await (await fetch(`${url}${path}`, init)).json()) as AlbEvent;

describe('a request', () => {
  it('reaches the function as an event of its target group', async () => {
    const event = await eventOf('/v1/search?q=a%20b&q=c', { headers: { 'X-Mixed': 'Case' } });
    expect(event).toMatchObject({
      requestContext: { elb: { targetGroupArn: TARGET_GROUP } },
      httpMethod: 'GET',
      path: '/v1/search',
      multiValueQueryStringParameters: { q: ['a%20b', 'c'] },
      body: '',
      isBase64Encoded: false,
    });
    expect(event.multiValueHeaders).toMatchObject({
      'x-mixed': ['Case'],
      host: [new URL(url).host],
      'x-forwarded-for': ['127.0.0.1'],
      'x-forwarded-port': [new URL(url).port],
      'x-forwarded-proto': ['http'],
      'x-amzn-trace-id': [expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/u)],
    });
  });

  it('keeps headers that were sent twice', async () => {
    const sent = httpRequest(`${url}/twice`, { headers: { 'X-Tag': ['one', 'two'], Cookie: ['n=1'] } }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const event = JSON.parse((await response.toArray()).join('')) as AlbEvent;
    expect(event.multiValueHeaders?.['x-tag']).toEqual(['one', 'two']);
  });

  it('carries text as it is and bytes as Base64', async () => {
    const headers = { 'content-type': 'application/json' };
    await expect(eventOf('/', { method: 'POST', headers, body: '{"é":1}' })).resolves.toMatchObject({
      httpMethod: 'POST',
      body: '{"é":1}',
      isBase64Encoded: false,
    });
    await expect(eventOf('/', { method: 'PUT', body: Buffer.from([0, 255, 128]) })).resolves.toMatchObject({
      body: 'AP+A',
      isBase64Encoded: true,
    });
  });

  it('with a body of 1 MiB arrives, with one byte more is 413 whether its length was announced or not', async () => {
    // The echo of 1 MiB is itself over the limit of a response: the status says that the request arrived.
    expect((await fetch(`${url}/cookies`, textOf(1024 * 1024))).status).toBe(200);
    expect((await fetch(`${url}/cookies`, textOf(1024 * 1024 + 1))).status).toBe(413);
    const chunked = httpRequest(`${url}/cookies`, { method: 'POST' });
    chunked.end(Buffer.alloc(3 * 1024 * 1024));
    const [response] = (await once(chunked, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(413);
    response.resume();
  });

  it('to upgrade is 400, and TRACE is 405', async () => {
    const upgrade = httpRequest(url, { headers: { connection: 'Upgrade', upgrade: 'websocket' } }).end();
    const [refused] = (await once(upgrade, 'response')) as [IncomingMessage];
    expect(refused.statusCode).toBe(400);
    const trace = httpRequest(url, { method: 'TRACE' }).end();
    const [response] = (await once(trace, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(405);
    response.resume();
  });

  it('of a client that goes away in the middle of its body harms nobody', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc');
    socket.destroy();
    expect((await fetch(`${url}/cookies`)).status).toBe(200);
  });
});

describe('an answer', () => {
  it('has each of two cookies, its words and its type', async () => {
    const response = await fetch(`${url}/cookies`);
    expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2; Path=/']);
    expect(response.statusText).toBe('Fine');
    await expect(response.text()).resolves.toBe('two');
  });

  it('of bytes has these bytes', async () => {
    const response = await fetch(`${url}/binary`);
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255, 128]);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
  });

  it('to HEAD has no body', async () => {
    const response = await fetch(`${url}/cookies`, { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe('3');
    await expect(response.text()).resolves.toBe('');
  });

  it.each([
    ['/throw', /secret reason/u],
    ['/exit', /exit code 3/u],
    ['/malformed', /not an object/u],
    ['/huge', /1048/u],
    ['/slow?ms=60000', /timed out after 2\.00 seconds/u],
  ])('to %s is 502 without its reason, which is told to the operator', async (path, reason) => {
    const response = await fetch(`${url}${path}`);
    expect(response.status).toBe(502);
    await expect(response.text()).resolves.not.toMatch(reason);
    expect(problems.at(-1)).toMatch(reason);
    expect((await fetch(`${url}/cookies`)).status).toBe(200);
  });

  it('of a function at its concurrency is 502 for those beyond', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 4 }, async () => (await fetch(`${url}/slow?ms=500`)).status),
    );
    expect(statuses.toSorted((one, other) => one - other)).toEqual([200, 200, 200, 502]);
    expect(problems.at(-1)).toMatch(/reserved concurrency/u);
  });
});

describe('a listener', () => {
  it('keeps its address when it is declared again, with what changed', async () => {
    await bench.provision(
      'other',
      `export const handler = async (e) => ({ statusCode: 200, body: 'other ' + !!e.headers });`,
    );
    const again = await front.ensureListener({ ...SPEC, functionName: 'other', multiValueHeaders: false });
    expect(again.url).toBe(url);
    await expect((await fetch(url)).text()).resolves.toBe('other true');
    await front.ensureListener({ ...SPEC, functionName: 'nobody' });
    expect((await fetch(url)).status).toBe(503);
    await front.ensureListener(SPEC);
  });

  it('on a port that is taken is refused with what to do', async () => {
    const second = createLoadBalancerFront({ invoke: bench.host.invoke, port: Number(new URL(url).port) });
    await expect(second.ensureListener(SPEC)).rejects.toThrow(ConfigError);
    await expect(second.ensureListener(SPEC)).rejects.toThrow(/another port/u);
  });

  it('answers 504 when its function does not come back at all', async () => {
    const impatient = createLoadBalancerFront({ invoke: hanging, invokeTimeoutMs: 100 });
    const listener = await impatient.ensureListener(SPEC);
    expect((await fetch(listener.url)).status).toBe(504);
    await impatient.close();
  });

  it('lets a request in flight finish when it closes, and takes no new one', async () => {
    const closing = createLoadBalancerFront({ invoke: bench.host.invoke });
    const listener = await closing.ensureListener(SPEC);
    const agent = new Agent({ keepAlive: true });
    const running = httpRequest(`${listener.url}/slow?ms=400`, { agent }).end();
    const answered = once(running, 'response') as Promise<[IncomingMessage]>;
    await eventually(() => bench.host.processIdsOf('api').length > 0, 'the request runs');
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    const closed = closing.close({ graceMs: 3000 });
    await expect(fetch(listener.url)).rejects.toThrow('fetch failed');
    const [response] = await answered;
    expect(response.statusCode).toBe(200);
    response.resume();
    const finishedAtMs = performance.now();
    await closed;
    expect(performance.now() - finishedAtMs).toBeLessThan(1500);
    agent.destroy();
  });

  it('cuts what does not finish within the grace', async () => {
    const closing = createLoadBalancerFront({ invoke: hanging });
    const listener = await closing.ensureListener(SPEC);
    const running = fetch(listener.url).catch(String);
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    await closing.close({ graceMs: 50 });
    await expect(running).resolves.toMatch('fetch failed');
  });

  it('checks the health of its function on a timer, when asked to', async () => {
    const events: unknown[] = [];
    const reports: string[] = [];
    const checking = createLoadBalancerFront({
      invoke: async (_name, event) => {
        events.push(event);
        return events.length === 1 ? { kind: 'returned', payload: { statusCode: 200 } } : { kind: 'throttled' };
      },
      healthCheckIntervalMs: 20,
      onProblem: problemsInto(reports),
    });
    await checking.ensureListener({ ...SPEC, healthCheckPath: '/healthz' });
    await eventually(() => reports.length > 0, 'a failed health check is told');
    expect(events[0]).toMatchObject({
      path: '/healthz',
      multiValueHeaders: { 'user-agent': ['ELB-HealthChecker/2.0'] },
    });
    expect(reports[0]).toBe('api: the health check of /healthz failed.');
    await checking.close();
  });
});
