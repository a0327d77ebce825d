/** The Bedrock embedder against the wire: the contract, what it asks for, and every way in which a model fails to answer. */
import path from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import type { Failure } from '../../../functions/domain/failure.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { cutText } from '../../../functions/embed/bedrock-body.ts';
import {
  type BedrockEmbedderOptions,
  createBedrockEmbedder,
  type EmbedNote,
} from '../../../functions/embed/bedrock-embedder.ts';
import { parseBedrockModel, TITAN_MODEL } from '../../../functions/embed/bedrock-model.ts';
import type { Embedder } from '../../../functions/embed/embedder.ts';
import { type EmbedderSetting, openEmbedder } from '../../../functions/handlers/open-embedder.ts';
import { indexName } from '../../../functions/ingest/index-name.ts';
import { embedderContract, vectorsOf } from '../../contracts/embedder.ts';
import { type EmbeddedRegion, openEmbeddedRegion } from '../stores/embedded-region.ts';
import { openRawServer } from '../stores/raw-server.ts';

const CALM = { connectTimeoutMs: 5000, callTimeoutMs: 15_000, attemptsMax: 1 };
const HASTY = { ...CALM, callTimeoutMs: 80 };
const never = (): AbortSignal => new AbortController().signal;

let region: EmbeddedRegion;
let notes: EmbedNote[] = [];
/** A clock that only rests move. */
let nowMs = 1_000_000;
let rests: number[] = [];

const make = (options: Partial<BedrockEmbedderOptions> = {}): Embedder =>
  createBedrockEmbedder({
    model: parseBedrockModel(TITAN_MODEL, '256'),
    target: region.target(CALM, 'bedrock'),
    inFlightMax: 4,
    patienceMs: 60_000,
    now: () => nowMs,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      rests.push(ms);
      nowMs += ms;
    },
    note: (what) => {
      notes.push(what);
    },
    ...options,
  });

const failureOf = async (embedder: Embedder, texts: readonly string[], signal = never()): Promise<Failure> => {
  const result = await embedder.embed(texts, signal);
  if (result.kind === 'done') {
    throw new Error('it embedded what it could not');
  }
  return result.failure;
};

beforeAll(async () => {
  region = await openEmbeddedRegion('us-west-2');
});

afterEach(() => {
  region.services.faults.clear();
  region.services.models.setAccess(true);
  vi.unstubAllEnvs();
  region.calls.length = 0;
  notes = [];
  rests = [];
});

afterAll(async () => {
  await region.close();
});

embedderContract('The Bedrock embedder', () => make());

describe('the identity of its vectors', () => {
  it.each(['256', '512', '1024'])(
    'holds model and %s dimensions, so that a change embeds everything again',
    async (text) => {
      const embedder = make({ model: parseBedrockModel(TITAN_MODEL, text) });
      const [vector] = await vectorsOf(embedder, ['who owns payments']);
      expect(vector).toHaveLength(Number(text));
      expect(indexName({ embedder, source: {} })).toMatch(
        new RegExp(`^amazon.titan-embed-text-v2:0/${text}/split-\\d+/`, 'u'),
      );
    },
  );

  it.each([
    ['us.amazon.titan-embed-text-v2:0', '256', /cross-Region inference profile/u],
    ['global.cohere.embed-v4:0', '256', /cross-Region inference profile/u],
    ['us-gov.amazon.titan-embed-text-v2:0', '256', /cross-Region inference profile/u],
    ['arn:x:bedrock:us-east-1:1:inference-profile/p', '256', /cross-Region inference profile/u],
    ['amazon.titan-embed-text-v1', '256', /is not known/u],
    [TITAN_MODEL, '300', /256, 512, 1024 numbers/u],
  ])('refuses %s with %s numbers', (model, dimensions, why) => {
    expect(() => parseBedrockModel(model, dimensions)).toThrow(why);
  });
});

describe('a call', () => {
  it('is signed by the role, also where a bearer token lies about', async () => {
    vi.stubEnv('AWS_BEARER_TOKEN_BEDROCK', 'somebody-elses');
    await vectorsOf(make(), ['a runbook']);
    expect(region.calls).toMatchObject([
      { service: 'bedrock', operation: 'InvokeModel', status: 200, accessKeyId: 'AKLOCAL' },
    ]);
  });

  it('is not made for a text without a character', async () => {
    await vectorsOf(make(), ['', ' \n']);
    expect(region.calls).toHaveLength(0);
  });

  it('is one of a few at once', async () => {
    let [running, most] = [0, 0];
    const server = await openRawServer((response) => {
      running += 1;
      most = Math.max(most, running);
      setTimeout(() => {
        running -= 1;
        response.end('{}');
      }, 5);
    });
    await make({ inFlightMax: 3, target: { ...region.target(CALM), endpoint: server.endpoint } }).embed(
      Array.from({ length: 20 }, (_, at) => `text ${at}`),
      never(),
    );
    expect(most).toBe(3);
    await server.close();
  });
});

describe('a text over the limits of the model', () => {
  it('is cut at a whole character and counted', async () => {
    const whole = 'a'.repeat(LIMITS.embedTextCharsMax - 1);
    const embedder = make({ patienceMs: 0 });
    const [cut] = await vectorsOf(embedder, [`${whole}🔥 and more`]);
    expect(notes[0]).toBe('cut');
    expect(await vectorsOf(embedder, [whole])).toEqual([cut]);
  });

  it('never ends in half a character', () => {
    expect(cutText('ab🔥c', 3)).toBe('ab');
    expect(cutText('ab🔥c', 4)).toBe('ab🔥');
    expect(cutText('ab🔥c', 5)).toBe('ab🔥c');
  });

  it('is cut again where its tokens are too many, and embedded by its beginning', async () => {
    const [vector] = await vectorsOf(make(), ['障'.repeat(20_000)]);
    expect(notes).toEqual(['cut', 'cut']);
    expect(await vectorsOf(make(), ['障'.repeat(5000)])).toEqual([vector]);
  });
});

describe('a model that throttles', () => {
  it('is asked again after a rest, and everything is embedded', async () => {
    region.services.faults.set({ service: 'bedrock', mode: 'throttle', times: 3 });
    const texts = Array.from({ length: 12 }, (_, at) => `text ${at}`);
    expect(await vectorsOf(make(), texts)).toHaveLength(12);
    expect(notes.filter((note) => note === 'throttled')).toHaveLength(3);
    expect(rests.length).toBeGreaterThan(0);
  });

  it('ends in "throttled" once patience is over', async () => {
    region.services.faults.set({ service: 'bedrock', mode: 'throttle' });
    const startedAtMs = nowMs;
    expect(await failureOf(make(), ['one', 'two'])).toMatchObject({ reason: 'throttled', code: 'ThrottlingException' });
    expect(nowMs - startedAtMs).toBeGreaterThan(60_000);
    expect(nowMs - startedAtMs).toBeLessThan(90_000);
    expect(region.calls.length).toBeLessThan(25);
  });

  it('is left alone when the caller gives up while it rests', async () => {
    region.services.faults.set({ service: 'bedrock', mode: 'throttle' });
    const caller = new AbortController();
    const sleep = async (): Promise<void> => {
      caller.abort();
      caller.signal.throwIfAborted();
    };
    const failure = await failureOf(make({ sleep }), ['one', 'two', 'three', 'four', 'five', 'six'], caller.signal);
    expect(failure).toMatchObject({ reason: 'unreachable', code: 'AbortError' });
  });
});

describe('a model that fails', () => {
  it('is asked again after a 500, a few times', async () => {
    region.services.faults.set({ service: 'bedrock', mode: 'error-500', times: 2 });
    expect(await vectorsOf(make(), ['one'])).toHaveLength(1);
    region.services.faults.set({ service: 'bedrock', mode: 'error-500' });
    expect(await failureOf(make(), ['one'])).toMatchObject({ reason: 'unreachable', code: 'InternalServerException' });
    expect(region.calls).toHaveLength(3 + LIMITS.embedAttemptsMax);
  });

  it.each(['blackhole', 'header-stall', 'body-stall', 'truncate', 'reset', 'refuse'] as const)(
    'is "unreachable" within its bound when the wire does: %s',
    async (mode) => {
      region.services.faults.set({ service: 'bedrock', mode });
      const startedAt = performance.now();
      const failure = await failureOf(make({ target: region.target(HASTY, 'bedrock') }), ['one', 'two']);
      expect(failure.reason).toBe('unreachable');
      expect(performance.now() - startedAt).toBeLessThan(HASTY.callTimeoutMs * LIMITS.embedAttemptsMax + 2500);
    },
  );

  it('drips its answer for ever, and is given up all the same', async () => {
    const server = await openRawServer((response) => {
      response.writeHead(200, { 'content-length': 100_000 });
      const drip = setInterval(() => response.write('.'), 20);
      response.once('close', () => {
        clearInterval(drip);
      });
    });
    const failure = await failureOf(make({ target: { ...region.target(HASTY), endpoint: server.endpoint } }), ['one']);
    await server.close();
    expect(failure.reason).toBe('unreachable');
  });

  it('whose name has no address is not asked again', async () => {
    region.services.faults.set({ service: 'bedrock', mode: 'dns-nxdomain' });
    expect(await failureOf(make(), ['one'])).toMatchObject({ reason: 'unreachable', code: 'ENOTFOUND' });
    expect(notes).toEqual([]);
  });

  it('that the account may not use says what to enable', async () => {
    region.services.models.setAccess(false);
    const { reason, message } = await failureOf(make(), ['one', 'two']);
    expect(reason).toBe('refused');
    expect(message).toMatch(/^model access not granted: enable amazon\.titan-embed-text-v2:0 in us-west-2/u);
  });
});

describe('an answer that is none', () => {
  const numbers = (count: number, value = 1 / Math.sqrt(count)): string =>
    JSON.stringify({ embedding: Array.from({ length: count }, () => value) });

  it.each([
    ['no JSON', 'not json', /is no embedding/u],
    ['half a JSON', numbers(256).slice(0, 90), /is no embedding/u],
    ['an object without numbers', '{"embedding":"no"}', /is no embedding/u],
    ['a null among the numbers', '{"embedding":[null]}', /is no embedding/u],
    ['too few numbers', numbers(255), /255 numbers instead of 256/u],
    ['too many numbers', numbers(1024), /1024 numbers instead of 256/u],
    ['zeros', numbers(256, 0), /not of unit length/u],
    ['numbers beyond float32', `{"embedding":[${'1e300,'.repeat(255)}1]}`, /not of unit length/u],
    ['whole numbers beyond 2^53', `{"embedding":[${'99999999999999999999,'.repeat(255)}1]}`, /not of unit length/u],
  ])('%s is a failure, and is not quoted', async (_what, body, why) => {
    const server = await openRawServer((response) => {
      response.end(body);
    });
    const failure = await failureOf(make({ target: { ...region.target(CALM), endpoint: server.endpoint } }), ['one']);
    await server.close();
    expect(failure).toMatchObject({ reason: 'unknown', code: 'MalformedEmbedding' });
    expect(failure.message).toMatch(why);
  });

  it('a negative zero and whole numbers become plain float32 values', async () => {
    const server = await openRawServer((response) => {
      response.end(`{"embedding":[1,${'-0,'.repeat(254)}-0.0]}`);
    });
    const [vector] = await vectorsOf(make({ target: { ...region.target(CALM), endpoint: server.endpoint } }), ['one']);
    await server.close();
    expect([...(vector ?? [])]).toStrictEqual([1, ...Array.from({ length: 255 }, () => 0)]);
  });
});

describe('the embedder that a stack declares', () => {
  const counted: unknown[] = [];
  const opened = async (variables: Readonly<Record<string, string>>, more: Partial<EmbedderSetting> = {}) => {
    const { endpoint = '', dnsServers = [] } = region.target(CALM, 'bedrock');
    return openEmbedder({
      environment: {
        TWINMAP_HOME_REGION: 'us-west-2',
        TWINMAP_BEDROCK_ENDPOINT: endpoint,
        TWINMAP_DNS_SERVERS: dnsServers.join(','),
        ...variables,
      },
      telemetry: {
        log: () => undefined,
        write: () => undefined,
        flush: () => undefined,
        count: (metric, dimensions, value) => counted.push([metric, dimensions, value]),
      },
      use: 'query',
      now: () => Date.now(),
      directory: path.join(import.meta.dirname, '../../../functions/embed/model'),
      ...more,
    });
  };

  it('is the table that ships with the functions, where nothing else is said', async () => {
    const { model, dimensions } = await opened({});
    expect(model).toMatch(/^use-lite-static/u);
    expect(dimensions).toBe(256);
    expect(region.calls).toHaveLength(0);
  });

  it('is Titan in the home Region, in the declared dimensions, and counts what it had to do', async () => {
    region.services.faults.set({ service: 'bedrock', mode: 'error-503', times: 1 });
    const embedder = await opened({ TWINMAP_EMBEDDER: 'bedrock', TWINMAP_EMBEDDING_DIMENSIONS: '512' });
    expect((await vectorsOf(embedder, ['who is on call']))[0]).toHaveLength(512);
    expect(counted).toEqual([['EmbedRetried', { Region: 'us-west-2' }, 1]]);
  });

  it.each([
    [{ TWINMAP_EMBEDDER: 'openai' }, /static or bedrock/u],
    [{ TWINMAP_EMBEDDER: 'bedrock' }, /TWINMAP_EMBEDDING_DIMENSIONS is not set/u],
    [
      { TWINMAP_EMBEDDER: 'bedrock', TWINMAP_EMBEDDING_DIMENSIONS: '256', TWINMAP_EMBEDDER_MODEL: 'eu.amazon.titan' },
      /cross-Region/u,
    ],
  ])('is refused where %j makes no sense', async (variables, why) => {
    await expect(opened(variables as Readonly<Record<string, string>>)).rejects.toThrow(why);
  });
});
