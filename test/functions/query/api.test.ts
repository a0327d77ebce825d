/** The HTTP API: what each address answers, what every answer names, and how bad requests and bad hours are told. */
import type { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';

import { documentKey } from '../../../functions/domain/corpus.ts';
import { done } from '../../../functions/domain/failure.ts';
import { encodeFence, ingestVersion } from '../../../functions/domain/version.ts';
import type { ApiDependencies } from '../../../functions/query/route.ts';
import { ApiStage, bodyOf, type Json, requestOf } from './api-stage.ts';
import { type CountedTelemetry, failingEmbedder, FENCE, hashEmbedder, type SmallCorpus } from './small-corpus.ts';

const SNAPSHOT = 'a'.repeat(40);
const STANDING = { snapshot: SNAPSHOT, cursor: { commit: SNAPSHOT } };

let stage = new ApiStage();
let corpus: SmallCorpus = stage.corpus;
let telemetry: CountedTelemetry = stage.telemetry;
let token = '';
let gateReads = 0;

const appWith = (more: Partial<ApiDependencies> = {}, requestTimeoutMs = 5000): Hono =>
  stage.app(
    {
      readGate: async () => {
        gateReads += 1;
        return { state: 'active', epoch: 7, peerWrites: 'required', reason: 'document-active' };
      },
      ...more,
    },
    requestTimeoutMs,
  );

/** As somebody who may read everything. */
const SLOW = { reason: 'throttled', code: 'Slow', message: 'too many questions' } as const;

const ask = async (path: string, app = appWith(), method = 'GET'): Promise<Response> =>
  app.request(path, requestOf({ method, token }));

const failWith =
  (error: Error): (() => Promise<never>) =>
  async () => {
    throw error;
  };

const isProblem = async (response: Response, status: number): Promise<Json> => {
  const body = await bodyOf(response);
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(body).toMatchObject({ status, region: 'us-east-2', role: 'primary' });
  for (const name of ['type', 'title', 'what', 'why', 'next']) {
    expect(body[name]).toMatch(/\S/u);
  }
  return body;
};

let queuesId = '';

beforeEach(async () => {
  stage = new ApiStage();
  ({ corpus, telemetry } = stage);
  token = await stage.token(['reader']);
  telemetry.logs.length = 0;
  gateReads = 0;
  await corpus.commitSource('shop');
  queuesId = await corpus.add(
    'shop',
    'docs/queues.md',
    '# Queues\n\nThe dead letter queue keeps orders for 14 days.\n',
  );
});

describe('every answer', () => {
  it.each([
    ['/v1/status', 200],
    ['/v1/sources', 200],
    ['/v1/search?q=queue', 200],
    ['/v1/search', 400],
    ['/v1/status?verbose=1', 400],
    ['/v1/documents/nonsense', 400],
    ['/v1/documents/shop~00000000000000000000', 404],
  ])('%s names Region, role, epoch and the standing of each source', async (path, status) => {
    const response = await ask(path);
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-twinmap-region': 'us-east-2',
      'x-twinmap-role': 'primary',
      'x-twinmap-epoch': '7',
      'x-request-id': 'request-1',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect(await bodyOf(response)).toMatchObject({
      region: 'us-east-2',
      role: 'primary',
      epoch: 7,
      sources: { shop: STANDING },
    });
  });

  it('to a HEAD request has the headers of the answer, and no body', async () => {
    const response = await ask('/v1/status', appWith(), 'HEAD');
    expect(response.status).toBe(200);
    expect(response.headers.get('x-twinmap-epoch')).toBe('7');
    expect(await response.text()).toBe('');
  });

  it('within the same second shares one reading of gate and sources', async () => {
    const app = appWith();
    await Promise.all([ask('/v1/status', app), ask('/v1/sources', app), ask('/v1/status', app)]);
    stage.clockMs += 999;
    await ask('/v1/status', app);
    expect(gateReads).toBe(1);
    stage.clockMs += 1;
    await ask('/v1/status', app);
    expect(gateReads).toBe(2);
  });

  it("says that it does not know the epoch when the gate can't be read, and still answers", async () => {
    const app = appWith({ readGate: failWith(new Error('secret detail')) });
    const response = await ask('/v1/search?q=queue', app);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-twinmap-epoch')).toBe('unknown');
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ epoch: null, passages: [{ path: 'docs/queues.md' }] });
    expect(text).not.toContain('secret detail');
  });

  it('does not wait for a gate that never answers', async () => {
    const app = appWith({ readGate: async () => Promise.withResolvers<never>().promise });
    expect(await bodyOf(await ask('/v1/status', app))).toMatchObject({ epoch: null, gate: { state: 'unknown' } });
  });

  it('has room for itself however many sources there are', async () => {
    for (let at = 0; at < 40; at += 1) {
      await corpus.commitSource(`source-${at}`, { cursor: { heads: 'h'.repeat(20_000) } });
    }
    const text = await (await ask('/v1/search?q=queue')).text();
    expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThan(500_000);
    expect(JSON.parse(text)).toMatchObject({ sourcesTruncated: true, passages: [{ path: 'docs/queues.md' }] });
  });

  it("says that it does not know the sources when they can't be read", async () => {
    corpus.failures.add('records.query');
    expect(await bodyOf(await ask('/v1/search'))).toMatchObject({ sources: null, epoch: 7 });
  });
});

describe('/healthz', () => {
  it('answers without asking anybody', async () => {
    corpus.failures.add('records.query').add('vectors.get');
    const response = await ask('/healthz');
    expect(response.status).toBe(200);
    expect(await bodyOf(response)).toMatchObject({ status: 'up', region: 'us-east-2', epoch: null });
    expect(gateReads).toBe(0);
  });
});

describe('/readyz', () => {
  it('is ready when stores and gate can be read', async () => {
    expect(await bodyOf(await ask('/readyz'))).toMatchObject({
      status: 'ready',
      checks: { records: 'ready', vectors: 'ready', gate: 'ready' },
    });
  });

  it.each([
    ['records.query', 'records'],
    ['vectors.get', 'vectors'],
  ])('is not ready without %s, and says so', async (operation, part) => {
    corpus.failures.add(operation);
    const body = await isProblem(await ask('/readyz'), 503);
    expect(body['why']).toContain(`${part}: ${operation} is down`);
    expect(body['next']).toContain('us-west-2');
  });

  it('is not ready under an unknown gate', async () => {
    const app = appWith({ readGate: async () => ({ state: 'unknown', reason: 'document-unreadable' }) });
    expect((await isProblem(await ask('/readyz', app), 503))['why']).toBe('gate: document-unreadable');
  });

  it('notices at once that a store is gone', async () => {
    const app = appWith();
    expect((await ask('/readyz', app)).status).toBe(200);
    corpus.failures.add('records.query');
    expect((await ask('/readyz', app)).status).toBe(503);
  });
});

describe('/v1/status', () => {
  it('says who the Region is, what it does and what it holds', async () => {
    expect(await bodyOf(await ask('/v1/status'))).toMatchObject({
      gate: { state: 'active', epoch: 7, peerWrites: 'required', reason: 'document-active' },
      peerRegion: 'us-west-2',
      embedder: { model: 'hash-of-words', dimensions: 64 },
      build: 'build-1',
      replication: { state: 'unknown', owed: null, reason: 'nothing in this Region keeps it yet' },
      sourceCount: 1,
      totals: { documents: 2, chunks: 3, skipped: 1 },
      degraded: [],
    });
  });
});

describe('/v1/sources', () => {
  it('lists each source with what was committed and who claimed it', async () => {
    await corpus.commitSource('bank', { name: 'The bank' });
    const body = await bodyOf(await ask('/v1/sources'));
    expect(body).toMatchObject({
      truncated: false,
      items: [
        { id: 'bank', name: 'The bank' },
        {
          id: 'shop',
          ...STANDING,
          url: 'https://git.example.com/shop',
          counts: { documents: 2, chunks: 3, skipped: 1 },
          f: encodeFence(FENCE),
          v: ingestVersion(encodeFence(FENCE), 1),
          cycle: { epoch: 7, changed: 2, deleted: 0 },
        },
      ],
    });
  });

  it("says what is wrong when they can't be read", async () => {
    corpus.failures.add('records.query');
    expect((await isProblem(await ask('/v1/sources'), 503))['why']).toContain('records.query is down');
  });
});

describe('/v1/search', () => {
  it.each([
    ['q=dead%20letter%20queue', 'dead letter queue'],
    ['q=dead+letter+queue', 'dead letter queue'],
    ['q=%E2%80%AEdead%00letter%20', 'dead letter'],
    ['q=queue&limit=1&source=shop', 'queue'],
    ['q=c%2B%2B+queue', 'c++ queue'],
  ])('reads %s as the question "%s"', async (query, question) => {
    expect(await bodyOf(await ask(`/v1/search?${query}`))).toMatchObject({
      query: question,
      passages: [{ document: queuesId, startLine: 1, endLine: 3, source: 'shop' }],
    });
  });

  it.each([
    ['', 'missing'],
    ['q=', 'missing'],
    ['q=+%00+', 'missing'],
    ['q=a&q=b', 'more than once'],
    [`q=${'a'.repeat(1001)}`, '1001 characters'],
    ['q=a&limit=0', '"limit" is "0"'],
    ['q=a&limit=51', '"limit" is "51"'],
    ['q=a&limit=-1', '"limit" is "-1"'],
    ['q=a&limit=1e1', '"limit" is "1e1"'],
    ['q=a&limit=1&limit=2', '"limit" is "1, 2"'],
    ['q=a&source=', '"source"'],
    ['q=a&source=shop,', '"source"'],
    ['q=a&source=warehouse', 'no source "warehouse"'],
    ['q=a&query=b&%E2%80%AEx=1', 'unknown query parameter "query", "x"'],
  ])('refuses %s', async (query, what) => {
    expect((await isProblem(await ask(`/v1/search?${query}`), 400))['what']).toContain(what);
  });

  it('takes several sources, repeated or separated by commas', async () => {
    await corpus.commitSource('bank');
    await corpus.commitSource('cafe');
    await corpus.add('bank', 'b.md', 'A queue of the bank.\n');
    await corpus.add('cafe', 'c.md', 'A queue of the cafe.\n');
    const body = await bodyOf(await ask('/v1/search?q=queue&source=bank,cafe&source=bank'));
    const passages = body['passages'] as readonly Json[];
    expect(new Set(passages.map((passage) => passage['source']))).toEqual(new Set(['bank', 'cafe']));
  });

  it('without any records says which part is down and who may answer', async () => {
    corpus.failures.add('records.getMany').add('records.query');
    const body = await isProblem(await ask('/v1/search?q=queue'), 503);
    expect(body['why']).toContain('Its records did not do what was asked: records.getMany is down');
    expect(body['next']).toContain('us-west-2');
  });

  it.each([
    ['vectors', 'vectors.query', hashEmbedder],
    ['embedding', 'none', failingEmbedder(SLOW)],
  ])('without %s answers by words and says so', async (part, operation, embedder) => {
    await corpus.indexWords();
    corpus.failures.add(operation);
    const body = await bodyOf(await ask('/v1/search?q=queue', appWith({ embedder })));
    expect(body['degraded']).toEqual([part]);
    expect(body['passages']).not.toEqual([]);
  });

  it('leaves out what a load balancer does not carry, and says so', async () => {
    for (let at = 0; at < 49; at += 1) {
      const id = await corpus.add('shop', `${at}.txt`, `queue ${at}\n`);
      await corpus.replaceTexts('shop', id, `queue ${'"'.repeat(6000)}`);
    }
    const response = await ask('/v1/search?q=queue&limit=50');
    const text = await response.text();
    expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThan(1_000_000);
    expect(JSON.parse(text)).toMatchObject({ truncated: true, region: 'us-east-2' });
  });

  it('shows text without what turns or hides it', async () => {
    const id = await corpus.add('shop', 'hidden.txt', 'queue of orders\n');
    await corpus.replaceTexts('shop', id, 'queue\u202E \u0007of\u200B orders\nline');
    const body = await bodyOf(await ask('/v1/search?q=queue%20of%20orders'));
    expect(JSON.stringify(body['passages'])).toContain('queue of orders\\nline');
  });
});

describe('/v1/documents', () => {
  it('gives the record of a document and its texts in order', async () => {
    const long = Array.from({ length: 6 }, (_none, at) => `## Part ${at}\n\n${'word '.repeat(250)}\n`).join('\n');
    const id = await corpus.add('shop', 'docs/adr/0001-a.md', `# A\n\nStatus: accepted\n\n${long}`);
    const body = await bodyOf(await ask(`/v1/documents/${id}`));
    expect(body).toMatchObject({
      document: { id, src: 'shop', path: 'docs/adr/0001-a.md', kind: 'decision', status: 'Accepted', title: 'A' },
      degraded: [],
      truncated: false,
    });
    const chunks = body['chunks'] as readonly Json[];
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.map((chunk) => chunk['startLine'])).toEqual(
      chunks.map((chunk) => Number(chunk['startLine'])).toSorted((left, right) => left - right),
    );
    expect(chunks.map((chunk) => chunk['text']).join('\n\n')).toBe(
      `# A\n\nStatus: accepted\n\n${long}`.replace(/\n$/u, ''),
    );
  });

  it('takes an id whose tilde is encoded', async () => {
    expect((await ask(`/v1/documents/${queuesId.replace('~', '%7E')}`)).status).toBe(200);
  });

  it.each([
    'shop',
    'shop~XYZ',
    '~00000000000000000000',
    'shop~0000000000000000000g',
    '%zz',
    '%00~00000000000000000000',
  ])('refuses the id %s', async (id) => {
    expect((await isProblem(await ask(`/v1/documents/${id}`), 400))['what']).toContain('is not the id');
  });

  it('does not give a deleted document, though its chunks are still there', async () => {
    await corpus.remove(documentKey('shop', queuesId));
    expect((await isProblem(await ask(`/v1/documents/${queuesId}`), 404))['why']).toContain('gone from its source');
  });

  it('does not give half of a damaged record', async () => {
    await corpus.put(documentKey('shop', queuesId), { id: queuesId, path: 'docs/queues.md' });
    expect((await isProblem(await ask(`/v1/documents/${queuesId}`), 503))['why']).toContain('TM_DAMAGED_RECORD');
  });

  it('is read again when a cycle replaces it between its record and its texts', async () => {
    const query = corpus.records.query.bind(corpus.records);
    corpus.records.query = async (pk, options) => {
      if (!pk.startsWith('chunks#')) {
        return query(pk, options);
      }
      corpus.records.query = query;
      await corpus.add('shop', 'docs/queues.md', '# Queues\n\nNew text.\n');
      // What the record listed when it was read is gone by now.
      return done({ items: [] });
    };
    const body = await bodyOf(await ask(`/v1/documents/${queuesId}`));
    expect(body).toMatchObject({ degraded: [], chunks: [{ text: '# Queues\n\nNew text.' }] });
  });

  it('says how many texts are missing', async () => {
    corpus.records.partitions.forEach((partition, pk) => {
      if (pk.startsWith('chunks#')) {
        partition.clear();
      }
    });
    expect(await bodyOf(await ask(`/v1/documents/${queuesId}`))).toMatchObject({
      degraded: ['the texts of 1 chunks are missing'],
      chunks: [{ startLine: 1, text: null }],
    });
  });

  it('is cut where a load balancer carries no more, and says so', async () => {
    const id = await corpus.add('shop', 'dump.txt', '"quoted", and more of it\n'.repeat(40_000));
    const text = await (await ask(`/v1/documents/${id}`)).text();
    const body = JSON.parse(text) as Json;
    const chunks = body['chunks'] as readonly Json[];
    expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThan(1_000_000);
    expect(body).toMatchObject({ truncated: true });
    expect(chunks.length).toBeGreaterThan(100);
    expect((body['document'] as Json)['chunkCount']).toBeGreaterThan(chunks.length);
  });
});

describe('what is not possible', () => {
  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is answered with what is', async (method) => {
    const response = await ask('/v1/search', appWith(), method);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    await isProblem(response, 405);
  });

  it('is an address that is not there, named without its control characters', async () => {
    const body = await isProblem(await ask('/v1/%E2%80%AEstatus/'), 404);
    expect(body['next']).toContain('/v1/search');
    expect(body['what']).not.toContain('\u202E');
  });

  it('is waiting for ever', async () => {
    const embedder = { ...hashEmbedder, embed: async () => Promise.withResolvers<never>().promise };
    const body = await isProblem(await ask('/v1/search?q=queue', appWith({ embedder }, 50)), 503);
    expect(body['what']).toContain('did not answer in time');
  });

  it('is a defect with details for strangers', async () => {
    const embedder = { ...hashEmbedder, embed: failWith(new TypeError('secret detail')) };
    const response = await ask('/v1/search?q=queue', appWith({ embedder }));
    const text = await response.clone().text();
    await isProblem(response, 500);
    expect(text).not.toContain('secret');
    expect(telemetry.logs.find((line) => line.includes('api.defect'))).toContain('"name":"TypeError"');
    expect(telemetry.logs.join('\n')).not.toContain('secret');
  });
});

describe('the log', () => {
  it('has one line per request, by route, without the question', async () => {
    await ask('/v1/search?q=who+is+on+call');
    expect(telemetry.logs).toEqual([
      expect.stringMatching(
        /^info api.answered \{"requestId":"request-1","method":"GET","path":"\/v1\/search","status":200,"caller":"key:[0-9a-f]{16}","durationMs":0\}$/u,
      ),
    ]);
  });
});
