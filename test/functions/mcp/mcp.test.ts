/** Agents, by the official client of both eras: what they are offered, what they get, and what they can't do. */
import type { Hono } from 'hono';
import { beforeAll, describe, expect, it } from 'vitest';

import type { Authenticator } from '../../../functions/access/authenticator.ts';
import { createApiApp } from '../../../functions/handlers/api-app.ts';
import { offeredTools } from '../../../functions/mcp/server.ts';
import { addressOf, TOOLS } from '../../../functions/mcp/tools.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { ROUTES } from '../../../functions/query/routes.ts';
import { ApiStage, bodyOf, type Json, requestOf } from '../query/api-stage.ts';
import { type Agent, agentOf, ERAS, serveOnLoopback } from './agent-stage.ts';

const stage = new ApiStage();
let app: Hono;
let token = '';
let some = '';
let documentId = '';

beforeAll(async () => {
  for (const source of ['shop', 'bank']) {
    await stage.corpus.commitSource(source);
    await stage.corpus.add(source, `${source}.md`, `# ${source}\n\nThe dead letter queue keeps ${source} orders.\n`);
  }
  documentId =
    [...stage.corpus.vectors.vectors.values()].find(({ metadata }) => metadata.src === 'shop')?.metadata.doc ?? '';
  token = await stage.token(['reader']);
  some = await stage.token(['reader'], ['shop']);
  app = stage.app();
});

const call = async (
  { client }: Agent,
  name: string,
  input: Json,
): Promise<{ fields: Json; isError: boolean; text: string }> => {
  const result = await client.callTool({ name, arguments: { ...input } });
  const [first] = result.content as readonly { readonly text?: string }[];
  return {
    fields: (result.structuredContent ?? {}) as Json,
    isError: result.isError === true,
    text: first?.text ?? '',
  };
};

const sourcesIn = (fields: Json): ReadonlySet<unknown> =>
  new Set((fields['passages'] as readonly Json[]).map(({ source }) => source));

describe.each(ERAS)('a client of the %s era', (era) => {
  it('is offered tools that only read, each with what it takes and gives', async () => {
    const { client } = await agentOf(app, token, era);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toStrictEqual(offeredTools(ROUTES).map(({ tool }) => tool.name));
    for (const { annotations, inputSchema, outputSchema, description } of tools) {
      expect(annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false, openWorldHint: false });
      expect(inputSchema['type']).toBe('object');
      expect(outputSchema?.['type']).toBe('object');
      expect(description).toMatch(/^[A-Z].{30,}\.$/u);
    }
    await client.close();
  });

  it('gets the same answer as over REST, as structure and as text', async () => {
    const agent = await agentOf(app, token, era);
    const { fields, text } = await call(agent, 'search', { query: 'dead letter queue', limit: 3 });
    const rest = await bodyOf(await app.request('/v1/search?q=dead%20letter%20queue&limit=3', requestOf({ token })));
    expect(fields).toStrictEqual(rest);
    expect(JSON.parse(text)).toStrictEqual(rest);
    const read = await call(agent, 'get_document', { document: documentId });
    expect(read.fields).toMatchObject({ document: { id: documentId, src: 'shop' }, region: 'us-east-2' });
    expect((await call(agent, 'region_status', {})).fields).toMatchObject({ gate: { state: 'active', epoch: 7 } });
    await agent.client.close();
  });

  it('sees what its token may read, and of the rest not even that it is there', async () => {
    const agent = await agentOf(app, some, era);
    expect(sourcesIn((await call(agent, 'search', { query: 'dead letter queue' })).fields)).toStrictEqual(
      new Set(['shop']),
    );
    const hidden = [...stage.corpus.vectors.vectors.values()].find(({ metadata }) => metadata.src === 'bank');
    const hiddenId = hidden?.metadata.doc ?? '';
    const nowhere = hiddenId.replace('bank', 'nope');
    const refused = await call(agent, 'get_document', { document: hiddenId });
    expect(refused.isError).toBe(true);
    expect(refused.text.replaceAll('bank', 'nope')).toBe(
      (await call(agent, 'get_document', { document: nowhere })).text,
    );
    await agent.client.close();
  });

  it('is told what is wrong with a call, in words', async () => {
    const agent = await agentOf(app, token, era);
    expect((await call(agent, 'search', { query: 'x', source: 'nowhere' })).text).toContain('there is no source');
    expect((await call(agent, 'incident', { region: 'us-east-9' })).text).toMatch(
      /^"us-east-9" is no AWS Region\. .+\. Did you mean us-east-1/u,
    );
    expect(await call(agent, 'search', { query: '' })).toMatchObject({ isError: true });
    expect(await call(agent, 'search', { query: 'x', more: true })).toMatchObject({ isError: false });
    await agent.client.close();
  });

  it('is asked who it is once for each request, and not again by what it reads', async () => {
    const { authenticator } = stage.dependencies();
    let asked = 0;
    const counted: Authenticator = {
      authenticate: async (credentials) => {
        asked += 1;
        return authenticator.authenticate(credentials);
      },
    };
    const agent = await agentOf(stage.app({ authenticator: counted }), token, era);
    const before = [asked, agent.exchanges.length] as const;
    await call(agent, 'region_status', {});
    await call(agent, 'search', { query: 'queue' });
    expect(asked - before[0]).toBe(agent.exchanges.length - before[1]);
    expect(asked - before[0]).toBeGreaterThanOrEqual(2);
    await agent.client.close();
  });

  it('is not let in without a token', async () => {
    await expect(agentOf(app, 'twm_nonsense', era)).rejects.toThrow();
  });
});

describe('over HTTP', () => {
  it.each(ERAS)('a client of the %s era is answered whole, one body for each request', async (era) => {
    const served = await serveOnLoopback(app);
    const agent = await served.agent(token, era);
    expect(sourcesIn((await call(agent, 'search', { query: 'queue' })).fields)).toStrictEqual(
      new Set(['shop', 'bank']),
    );
    await agent.client.close();
    await served.close();
    expect(agent.exchanges.every((line) => /^(?:POST 20[02]|GET 405) /u.test(line))).toBe(true);
  });

  it('is answered by either Region, call by call: nothing is kept between them', async () => {
    const regions = [app, stage.peerApp()];
    let turn = 0;
    const alternating = {
      fetch: async (request: Request): Promise<Response> => {
        turn += 1;
        return (regions[turn % 2] ?? app).fetch(request);
      },
    };
    const agent = await agentOf(alternating as unknown as Hono, token, 'modern');
    const answered = new Set<unknown>();
    for (let at = 0; at < 4; at += 1) {
      answered.add((await call(agent, 'region_status', {})).fields['region']);
    }
    expect(answered).toStrictEqual(new Set(['us-east-2', 'us-west-2']));
    await agent.client.close();
  });
});

const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };

const post = async (
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  to: Pick<Hono, 'request'> = app,
): Promise<Response> =>
  to.request('/mcp', {
    method: 'POST',
    headers: {
      host: 'localhost',
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('the address of agents', () => {
  it('takes only hosts of this Region and no page of anybody else', async () => {
    const named = createApiApp({ ...stage.dependencies(), endpointNames: ['twinmap1.example.com'] });
    for (const [headers, status] of [
      [{ host: 'twinmap1.example.com' }, 200],
      [{ host: 'twinmap1.example.com:443' }, 200],
      [{ host: 'evil.example.com' }, 403],
      [{ host: 'twinmap1.example.com', origin: 'https://evil.example.com' }, 403],
      [{ host: 'twinmap1.example.com', origin: 'null' }, 403],
      [{ host: 'twinmap1.example.com', origin: 'https://twinmap1.example.com' }, 200],
    ] as const) {
      expect((await post(LIST, headers, named)).status, JSON.stringify(headers)).toBe(status);
    }
  });

  it('asks for a token before it reads anything', async () => {
    for (const authorization of ['', 'Bearer nonsense']) {
      const response = await post('not json', { authorization });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain('Bearer');
    }
    expect((await post(LIST, { authorization: `Bearer ${await stage.token(['voter'])}` })).status).toBe(403);
  });

  it('takes one bounded message of JSON, by POST', async () => {
    expect((await post('not json')).status).toBe(400);
    expect((await post([LIST, LIST])).status).toBe(400);
    expect((await post({ ...LIST, pad: 'x'.repeat(LIMITS.agentRequestBytesMax) })).status).toBe(413);
    expect((await post(LIST, { 'content-type': 'text/plain' })).status).toBe(415);
    const got = await app.request('/mcp', { headers: { host: 'localhost', authorization: `Bearer ${token}` } });
    expect([got.status, got.headers.get('allow')]).toStrictEqual([405, 'POST']);
  });

  it('keeps no stream open', async () => {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const params = { _meta: meta, notifications: { toolsListChanged: true } };
    const listen = { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params };
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' };
    const response = await post(listen, headers);
    expect(await response.text()).toContain('error');
  });

  it('logs who was answered, never what was asked', async () => {
    const quiet = new ApiStage();
    const own = await quiet.token(['reader']);
    await quiet.corpus.commitSource('shop');
    const agent = await agentOf(quiet.app(), own, 'modern');
    await call(agent, 'search', { query: 'a secret plan' });
    await agent.client.close();
    const logs = quiet.telemetry.logs.join('\n');
    expect(logs).toContain('mcp.answered');
    expect(logs).not.toContain('secret plan');
    expect(logs).not.toContain(own);
  });
});

describe('an answer', () => {
  it('is cut at the end of its list where a load balancer carries no more, and says so', async () => {
    const large = new ApiStage();
    await large.corpus.commitSource('shop');
    const text = Array.from({ length: 260 }, (_, at) => `## Part ${at}\n\n${'"quoted" words '.repeat(90)}\n`).join(
      '\n',
    );
    const id = await large.corpus.add('shop', 'large.md', `# Large\n\n${text}`);
    const agent = await agentOf(large.app(), await large.token(['reader']), 'modern');
    const result = await agent.client.callTool({ name: 'get_document', arguments: { document: id } });
    const fields = result.structuredContent as Json;
    expect(fields['truncated']).toBe(true);
    expect((fields['chunks'] as readonly Json[]).length).toBeGreaterThan(20);
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(700_000);
    expect(Buffer.byteLength(JSON.stringify(JSON.stringify(result)))).toBeLessThan(LIMITS.albBodyBytesMax);
    await agent.client.close();
  });
});

describe('the tools', () => {
  it('have routes that read, and put what they are given where it belongs', () => {
    expect(TOOLS.map(({ name }) => name)).toStrictEqual([
      'incident',
      'region_dependents',
      'blast_radius',
      'who_is_on_call',
      'find_workaround',
      'graph_neighbors',
      'search',
      'get_document',
      'region_status',
    ]);
    const tool = (name: string): (typeof TOOLS)[number] => TOOLS.find((one) => one.name === name) ?? TOOLS[0] ?? fail();
    expect(addressOf(tool('blast_radius'), { component: 'component:a/b?c#d' })).toBe(
      '/v1/components/component%3Aa%2Fb%3Fc%23d/blast-radius',
    );
    expect(addressOf(tool('search'), { query: 'a&limit=50', limit: 2 })).toBe('/v1/search?q=a%26limit%3D50&limit=2');
    expect(addressOf(tool('region_status'), {})).toBe('/v1/status');
  });

  it('say nothing that tells an agent what to do', () => {
    for (const { description, title } of TOOLS) {
      expect(`${title} ${description}`).not.toMatch(/\b(?:you must|always|never|ignore|please|should)\b/iu);
    }
  });
});

const fail = (): never => {
  throw new Error('there are no tools');
};
