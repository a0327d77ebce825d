/**
 * One request on the data path of a worker: attempts are fetches of bindings. Everything of it happens in the context of its
 * own request: others only wake it, because workerd refuses to touch another request's timers and connections.
 */
import type { Attempt, AttemptFailure, ExchangeHost } from '../../forward/attempt.ts';
import { Exchange, type RouteDecision } from '../../forward/exchange.ts';
import { countPassage, failPassage, type Passage, signPassage } from '../../forward/passage.ts';
import type { RouterProblem } from '../../forward/problem.ts';
import { bodyTooLarge } from '../../forward/request-terms.ts';
import { enterSlot, leaveSlot } from '../../forward/slots.ts';
import { DRAIN_HEADER, NO_RETRY_HEADER, verdictOf } from '../../forward/verdict.ts';
import type { RequestTraits } from '../../policy/phase.ts';
import type { ClientMemory } from '../../policy/router-policy.ts';
import type { WorkerBody } from './request-body.ts';
import { returnedResponse } from './returned-response.ts';
import { failureCodeOf, type Upstream } from './upstream.ts';
import type { Waiting, WorkerContext } from './worker-context.ts';

export interface ProxiedFetchOptions {
  readonly context: WorkerContext;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: WorkerBody;
  readonly traits: RequestTraits;
  readonly decision: RouteDecision;
  readonly memory: ClientMemory | undefined;
  /** Its next part may be long in coming. */
  readonly isEventStream: boolean;
}

/** What aborts an attempt, the address that it went to, and what came of it. */
interface FetchIo {
  /**
   * Only for a streamed body, which must not look whole at the Region. Else the runtime ends what is still out when the
   * answer has gone: a signal on every fetch costs a tenth of the request.
   */
  readonly controller: AbortController | undefined;
  readonly upstream: Upstream;
  at: number;
  response: Response | undefined;
}

type FetchAttempt = Attempt<FetchIo>;

export const answerOf = ({ status, headers, body }: RouterProblem): Response => new Response(body, { status, headers });

export class ProxiedFetch implements ExchangeHost<FetchIo>, Waiting {
  readonly #o: ProxiedFetchOptions;
  readonly #exchange: Exchange<FetchIo>;
  readonly #passage: Passage<FetchIo>;
  slot = -1;
  #answer: Response | undefined;
  #unwell: string | undefined;
  #turn = Promise.withResolvers<undefined>();

  constructor(options: ProxiedFetchOptions) {
    this.#o = options;
    const { context, traits, decision, memory } = options;
    const { tracker, timers } = context;
    this.#exchange = new Exchange({ tracker, timers, traits, decision, host: this });
    this.#passage = { exchange: this.#exchange, traits, decision, memory };
  }

  async run(): Promise<Response> {
    const { waiting } = this.#o.context;
    enterSlot<Waiting>(waiting, this);
    try {
      this.#exchange.start();
      if (this.#o.body.kind === 'stream') {
        void this.#endWithBody(this.#o.body.over);
      }
      for (;;) {
        await this.#turn.promise;
        if (this.#answer !== undefined) {
          return this.#answer;
        }
        this.#turn = Promise.withResolvers();
        this.#exchange.evacuate(this.#unwell ?? '');
      }
    } finally {
      leaveSlot<Waiting>(waiting, this);
    }
  }

  /** From whatever context learned that a Region is in doubt. */
  wake(region: string): void {
    this.#unwell = region;
    this.#turn.resolve(undefined);
  }

  // --- for the exchange ---

  send(attempt: FetchAttempt): void {
    const upstream = this.#o.context.upstreams.get(attempt.region);
    if (upstream === undefined) {
      throw new RangeError(`There is no way to ${attempt.region}.`);
    }
    const controller = this.#o.body.kind === 'stream' ? new AbortController() : undefined;
    const io: FetchIo = { controller, upstream, at: 0, response: undefined };
    attempt.io = io;
    void this.#attempted(attempt, io);
  }

  abort({ io }: FetchAttempt): void {
    if (io !== undefined) {
      // Nothing came of it while we waited: another address of that Region may do better.
      io.upstream.leave(io.at);
      io.controller?.abort();
    }
  }

  deliver(attempt: FetchAttempt): void {
    const response = attempt.io?.response;
    if (response !== undefined) {
      const { context, isEventStream } = this.#o;
      const idleTimeoutMs = isEventStream ? Infinity : context.config.limits.idleTimeoutMs;
      countPassage(context, this.#passage, attempt, response.status);
      this.#settle(returnedResponse(response, signPassage(context, this.#passage, attempt), idleTimeoutMs));
    }
  }

  giveUp(failures: readonly AttemptFailure[]): void {
    this.#settle(answerOf(failPassage(this.#o.context, this.#passage, failures)));
  }

  // --- parts ---

  async #attempted(attempt: FetchAttempt, io: FetchIo): Promise<void> {
    const { path, headers, body, traits } = this.#o;
    // Read when `fetch` is called, so the next attempt may use the same object.
    headers['x-router-attempt'] = attempt.number.toString();
    try {
      const sent = io.upstream.send(path, {
        method: traits.method,
        headers,
        body: body.kind === 'none' ? null : body.kind === 'kept' ? body.bytes : body.chunks,
        redirect: 'manual',
        signal: io.controller?.signal ?? null,
      });
      io.at = sent.at;
      const response = await sent.response;
      if (attempt.isOver) {
        void response.body?.cancel();
        return;
      }
      io.response = response;
      this.#judge(attempt, response);
    } catch (error) {
      this.#failed(attempt, io, error);
    }
  }

  #judge(attempt: FetchAttempt, { status, headers }: Response): void {
    const isPlain = status < 500;
    const verdict = isPlain ? 'good' : verdictOf(status, headers.has(DRAIN_HEADER), headers.has(NO_RETRY_HEADER));
    if (verdict === 'draining') {
      const { policy, timers, config } = this.#o.context;
      policy.drain(attempt.region, timers.now() + config.limits.originDrainMs);
    }
    this.#exchange.answered(attempt, verdict, verdict === 'good' ? '' : `HTTP_${status}`);
  }

  #failed(attempt: FetchAttempt, io: FetchIo, error: unknown): void {
    if (attempt.isOver) {
      return;
    }
    const code = failureCodeOf(error);
    if (this.#o.body.kind === 'stream') {
      // A client that breaks off looks like a Region that does: nobody may trip a Region by half an upload.
      this.#exchange.abandon();
      this.giveUp([{ region: attempt.region, phase: 'ambiguous', code }]);
      return;
    }
    io.upstream.leave(io.at);
    this.#exchange.failed(attempt, 'ambiguous', code);
  }

  /** The client's fault, never the Region's. */
  async #endWithBody(over: Promise<'too-large' | 'broken'>): Promise<void> {
    const why = await over;
    if (this.#answer === undefined) {
      this.#exchange.abandon();
      const { bodyBytesMax } = this.#o.context.config.limits;
      const text = why === 'broken' ? 'It broke off.' : `It has more than the ${bodyBytesMax} bytes that are allowed.`;
      this.#settle(answerOf(bodyTooLarge(text)));
    }
  }

  #settle(answer: Response): void {
    this.#answer = answer;
    this.#turn.resolve(undefined);
  }
}
