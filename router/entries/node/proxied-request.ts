/**
 * One request on the data path of Node: undici's dispatch on one side, the client's response on the other, the exchange in
 * between. No streams, no fetch: both cost five times what the decision does.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

import type { Attempt, AttemptFailure, ExchangeHost } from '../../forward/attempt.ts';
import { Exchange, type RouteDecision } from '../../forward/exchange.ts';
import { forwardedHeaders, returnedHeaders } from '../../forward/hygiene.ts';
import { countPassage, failPassage, type Passage, signPassage } from '../../forward/passage.ts';
import { routerProblem } from '../../forward/problem.ts';
import { DRAIN_HEADER, NO_RETRY_HEADER, verdictOf } from '../../forward/verdict.ts';
import { phaseOfCode, type RequestTraits } from '../../policy/phase.ts';
import type { ClientMemory } from '../../policy/router-policy.ts';
import { AttemptHandler, type AttemptReceiver, type Controller } from './attempt-handler.ts';
import { BODY_BROKEN, BODY_TOO_LARGE, type RequestBody } from './request-body.ts';
import { hopOf, isEventStream } from './request-terms.ts';
import type { RouterContext } from './router-context.ts';
import { sendProblem } from './send-problem.ts';

export interface ProxiedOptions {
  readonly context: RouterContext;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly traits: RequestTraits;
  readonly decision: RouteDecision;
  readonly body: RequestBody;
  readonly memory: ClientMemory | undefined;
}

class AbandonedError extends Error {
  override readonly name = 'AbandonedError';
  readonly code = 'ABANDONED';
}

/** Above it a copy costs more than a second buffer in one `writev`. */
const ONE_WRITE_BYTES_MAX = 8192;

const ABANDONED = new AbandonedError('The router no longer needs this answer.');

const codeOf = (error: unknown): string => {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
};

const sentBody = (body: RequestBody): Buffer | Readable | null => {
  if (body.kind === 'kept') {
    return body.bytes;
  }
  return body.kind === 'stream' ? body.chunks : null;
};

const bodyProblem = (bytesMax: number): ReturnType<typeof routerProblem> =>
  routerProblem(413, 'too-large', {
    what: 'the body is too large',
    why: `It has more than the ${bytesMax} bytes that are allowed, or it broke off.`,
    next: 'Send less at once.',
  });

export class ProxiedRequest implements ExchangeHost<Controller>, AttemptReceiver {
  readonly #o: ProxiedOptions;
  readonly #headers: string[];
  readonly #commonHeaders: number;
  readonly #exchange: Exchange<Controller>;
  readonly #passage: Passage<Controller>;
  #delivered: Attempt<Controller> | undefined;
  #answer: { readonly status: number; readonly headers: IncomingHttpHeaders } | undefined;
  /** Of the answer's body, what has not come yet; NaN where the answer does not say. */
  #bytesLeft = NaN;
  #lastBytes: Buffer | undefined;
  #isEnded = false;

  constructor(options: ProxiedOptions) {
    this.#o = options;
    const { context, req, traits, decision, memory } = options;
    const hop = hopOf(req, context);
    this.#headers = forwardedHeaders(req.rawHeaders, hop);
    this.#commonHeaders = this.#headers.length;
    const { tracker, timers } = context;
    this.#exchange = new Exchange({ tracker, timers, traits, decision, host: this });
    this.#passage = { exchange: this.#exchange, traits, decision, memory, requestId: hop.requestId };
  }

  start(): void {
    // It comes once: `once` would only wrap it.
    this.#o.res.on('close', () => {
      this.#clientClosed();
    });
    this.#exchange.start();
  }

  // --- for the exchange ---

  send(attempt: Attempt<Controller>): void {
    const { context, req, body } = this.#o;
    const origin = context.origins.get(attempt.region);
    if (origin === undefined) {
      throw new RangeError(`There is no origin for ${attempt.region}.`);
    }
    // undici has read them when `dispatch` returns, so the next attempt may use the same list.
    const headers = this.#headers;
    headers.length = this.#commonHeaders;
    headers.push('host', origin.host, 'x-router-attempt', attempt.number.toString());
    if (body.kind === 'stream' && body.length !== undefined) {
      headers.push('content-length', body.length);
    }
    const sent = { path: req.url ?? '/', method: this.#o.traits.method, headers, body: sentBody(body) };
    origin.pool.dispatch(isEventStream(req) ? { ...sent, bodyTimeout: 0 } : sent, new AttemptHandler(this, attempt));
  }

  abort(attempt: Attempt<Controller>): void {
    attempt.io?.abort(ABANDONED);
  }

  deliver(attempt: Attempt<Controller>): void {
    this.#delivered = attempt;
    const { context, res } = this.#o;
    const answer = this.#answer;
    if (answer === undefined || res.destroyed) {
      return;
    }
    const headers = signPassage(context, this.#passage, attempt, returnedHeaders(answer.headers));
    countPassage(context, this.#passage, attempt, answer.status);
    res.writeHead(answer.status, headers);
    this.#bytesLeft = Number(answer.headers['content-length']);
    if (answer.headers['transfer-encoding'] !== undefined) {
      // A stream: its first event may be long in coming, and its head must not wait for it.
      res.flushHeaders();
    }
  }

  giveUp(failures: readonly AttemptFailure[]): void {
    const { context, res, req } = this.#o;
    sendProblem(req, res, failPassage(context, this.#passage, failures));
  }

  // --- for undici ---

  /** The request is on its way: from now on it can be aborted. */
  requested(attempt: Attempt<Controller>, controller: Controller): void {
    attempt.io = controller;
    if (attempt.isOver && attempt !== this.#delivered) {
      controller.abort(ABANDONED);
    }
  }

  headed(attempt: Attempt<Controller>, status: number, headers: IncomingHttpHeaders): void {
    if (status >= 200) {
      this.#answer = attempt.isOver ? this.#answer : { status, headers };
      this.#judge(attempt, status, headers);
    }
  }

  chunk(attempt: Attempt<Controller>, controller: Controller, bytes: Buffer): void {
    if (attempt !== this.#delivered) {
      return;
    }
    this.#bytesLeft -= bytes.length;
    if (this.#bytesLeft === 0) {
      // undici tells the end before it returns from here to the event loop: head, body and end become one write.
      this.#lastBytes = bytes;
    } else if (!this.#o.res.write(bytes)) {
      controller.pause();
      this.#o.res.once('drain', () => {
        controller.resume();
      });
    }
  }

  ended(attempt: Attempt<Controller>): void {
    if (attempt === this.#delivered) {
      this.#isEnded = true;
      const bytes = this.#lastBytes;
      if (bytes !== undefined && bytes.length <= ONE_WRITE_BYTES_MAX) {
        // Node joins a string, not a buffer, with the head; latin1 keeps every byte.
        this.#o.res.end(bytes.toString('latin1'), 'latin1');
      } else {
        this.#o.res.end(bytes);
      }
    }
  }

  #judge(attempt: Attempt<Controller>, status: number, headers: IncomingHttpHeaders): void {
    const verdict = verdictOf(status, headers[DRAIN_HEADER] !== undefined, headers[NO_RETRY_HEADER] !== undefined);
    if (verdict === 'draining') {
      const { policy, timers, config } = this.#o.context;
      policy.drain(attempt.region, timers.now() + config.limits.originDrainMs);
    }
    this.#exchange.answered(attempt, verdict, verdict === 'good' ? '' : `HTTP_${status}`);
  }

  broken(attempt: Attempt<Controller>, error: Error): void {
    const code = codeOf(error);
    if (attempt === this.#delivered) {
      if (!this.#isEnded && error !== ABANDONED) {
        // A truncated 200 must look truncated: never a clean end.
        this.#o.context.log('warn', 'request.cut', { region: attempt.region, code });
        this.#o.context.metrics.count('cut_answers', `region="${attempt.region}"`);
        this.#o.res.destroy();
      }
      return;
    }
    if (code === BODY_TOO_LARGE || code === BODY_BROKEN) {
      this.#exchange.abandon();
      sendProblem(this.#o.req, this.#o.res, bodyProblem(this.#o.context.config.limits.bodyBytesMax));
      return;
    }
    // undici may tell a refusal before `send` has returned; the exchange wants to have heard of the attempt first.
    queueMicrotask(() => {
      this.#exchange.failed(attempt, phaseOfCode(code), code);
    });
  }

  #clientClosed(): void {
    if (this.#isEnded || this.#o.res.writableFinished) {
      return;
    }
    this.#o.context.metrics.count('client_aborts', '');
    if (this.#delivered === undefined) {
      this.#exchange.abandon();
    } else {
      this.#delivered.io?.abort(ABANDONED);
    }
  }
}
