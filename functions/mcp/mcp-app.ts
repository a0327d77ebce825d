/**
 * The address of agents, `/mcp`: the same door as every route, then one exchange of the protocol, answered whole, without sessions and
 * without streams that stay open, so that it works behind a load balancer and any Region can answer any request. Clients of the
 * protocol of 2025 are answered by the same code.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

import type { Context, Hono } from 'hono';

import type { Principal } from '../domain/access.ts';
import { LIMITS } from '../domain/limits.ts';
import { admit, credentialsOf, REASON_HEADER } from '../query/admission.ts';
import { type Answer, problem, renderAnswer } from '../query/answer.ts';
import { readJson } from '../query/request-body.ts';
import { REQUEST_ID_HEADER, requestIdOf } from '../query/request-id.ts';
import type { ApiDependencies, Route } from '../query/route.ts';
import type { Exchanges } from './exchange.ts';
import { calledAddress } from './tools.ts';

export interface McpOptions {
  readonly deps: ApiDependencies;
  readonly routes: readonly Route[];
  /** The API itself, in this process, for a caller who was let in. */
  readonly api: (request: Request, caller?: Principal) => Promise<Response>;
  readonly timeoutMs: number;
}

export const MCP_PATH = '/mcp';

/** Only the origin matters: nothing is sent anywhere. */
const INSIDE = 'http://twinmap.internal';
/** What a request inside takes along from the one outside: who asks, why, and under which name it is logged. */
const PASSED_ON = ['authorization', REASON_HEADER, REQUEST_ID_HEADER];

/** Who the exchange under way is for: who that is was asked, and recorded, at the door. */
const admitted = new AsyncLocalStorage<Principal>();

const askWith =
  ({ api }: McpOptions) =>
  async (address: string, from: Headers): Promise<Response> => {
    const headers = new Headers();
    for (const name of PASSED_ON) {
      const value = from.get(name);
      if (value !== null) {
        headers.set(name, value);
      }
    }
    return api(new Request(`${INSIDE}${address}`, { headers }), admitted.getStore());
  };

const wrongHost = (): Answer =>
  problem(403, 'wrong-host', {
    what: 'this request was made for another host',
    why: 'Its Host or Origin is not a name of this Region, as a page that was led here would send.',
    next: "Use a name of the setting twinmap:endpointNames; a browser's page is no client of this address.",
  });

const postOnly = (): Answer =>
  problem(
    405,
    'method',
    {
      what: 'this address takes POST only',
      why: 'It has no sessions and no streams: each request is answered whole.',
      next: 'Use a client of the Model Context Protocol over streamable HTTP.',
    },
    { allow: 'POST' },
  );

const noBatch = (): Answer =>
  problem(400, 'bad-body', {
    what: 'several messages came in one request',
    why: 'One request is one call here, so that its cost is bounded.',
    next: 'Send them one by one.',
  });

const tooSlow = (): Answer =>
  problem(503, 'too-slow', {
    what: 'this call did not end in time',
    why: 'Something that it needs neither answered nor failed.',
    next: 'Ask the other Region.',
  });

const HEADERS: Readonly<Record<string, string>> = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

type Exchange =
  { readonly kind: 'refused'; readonly answer: Answer } | { readonly kind: 'answered'; readonly response: Response };

class Agents {
  readonly #options: McpOptions;
  #exchanges: Promise<Exchanges> | undefined;

  constructor(options: McpOptions) {
    this.#options = options;
  }

  async #open(): Promise<Exchanges> {
    const { openExchanges } = await import('./exchange.ts');
    const { routes, deps } = this.#options;
    return openExchanges({ routes, ask: askWith(this.#options) }, (name) => {
      deps.telemetry.log('warn', 'mcp.refused', { name });
    });
  }

  async serve(c: Context): Promise<Response> {
    const { deps } = this.#options;
    const startedAt = deps.now();
    const requestId = requestIdOf(c.req.raw.headers, deps.requestId);
    const exchange = await this.#exchange(c, requestId);
    const response =
      exchange.kind === 'answered'
        ? await this.#whole(exchange.response, requestId)
        : this.#refuse(exchange.answer, requestId);
    deps.telemetry.log(response.status >= 500 ? 'error' : 'info', 'mcp.answered', {
      requestId,
      method: c.req.method,
      status: response.status,
      durationMs: deps.now() - startedAt,
    });
    return response;
  }

  async #exchange(c: Context, requestId: string): Promise<Exchange> {
    const { deps, timeoutMs } = this.#options;
    const { raw } = c.req;
    this.#exchanges ??= this.#open();
    const exchanges = await this.#exchanges;
    if (!exchanges.isOwnHost(deps.endpointNames ?? [], raw.headers)) {
      return { kind: 'refused', answer: wrongHost() };
    }
    if (raw.method !== 'POST') {
      return { kind: 'refused', answer: postOnly() };
    }
    // Read before anybody is asked who that is: what is recorded names what an agent reads, and not this address alone.
    const body = await readJson(raw, LIMITS.agentRequestBytesMax);
    const called = body.kind === 'read' ? calledAddress(body.value) : undefined;
    const address = called === undefined ? MCP_PATH : `${MCP_PATH} ${called}`;
    const admission = await admit(deps, { access: 'corpus:read' }, credentialsOf(raw, address));
    if (admission.kind === 'refused') {
      return { kind: 'refused', answer: admission.answer };
    }
    if (body.kind === 'refused') {
      return { kind: 'refused', answer: body.answer };
    }
    if (Array.isArray(body.value)) {
      return { kind: 'refused', answer: noBatch() };
    }
    const late = AbortSignal.timeout(timeoutMs);
    const headers = new Headers(raw.headers);
    headers.set(REQUEST_ID_HEADER, requestId);
    const asked = new Request(raw.url, { method: 'POST', headers, signal: late });
    try {
      const answer = async (): Promise<Response> => exchanges.answer(asked, body.value);
      const { caller } = admission;
      return { kind: 'answered', response: await (caller === undefined ? answer() : admitted.run(caller, answer)) };
    } catch (error) {
      if (late.aborted) {
        return { kind: 'refused', answer: tooSlow() };
      }
      throw error;
    }
  }

  /** Read to its end: a function answers with one text, also where the protocol of 2025 wants it framed as events. */
  async #whole(response: Response, requestId: string): Promise<Response> {
    const body = await response.text();
    const { region } = this.#options.deps;
    const type = response.headers.get('content-type');
    return new Response(body === '' ? null : body, {
      status: response.status,
      headers: {
        ...HEADERS,
        ...(type === null ? {} : { 'content-type': type }),
        'x-request-id': requestId,
        'x-twinmap-region': region,
      },
    });
  }

  #refuse(answer: Answer, requestId: string): Response {
    const view = { gate: { state: 'unknown', reason: '' }, sources: undefined } as const;
    const { status, headers, body } = renderAnswer(answer, this.#options.deps, view, requestId);
    return new Response(body, { status, headers });
  }
}

export const mountMcp = (app: Hono, options: McpOptions): void => {
  const agents = new Agents(options);
  app.all(MCP_PATH, async (c) => agents.serve(c));
};
