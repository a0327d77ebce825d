/**
 * A WebSocket through the router: it goes to another Region only until one of them has agreed; from then on bytes pass both
 * ways untouched, and the end of one side ends the other.
 */
import { STATUS_CODES, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import type { Dispatcher } from 'undici';

import type { Attempt, AttemptFailure, ExchangeHost } from '../../forward/attempt.ts';
import { Exchange, type RouteDecision } from '../../forward/exchange.ts';
import { forwardedHeaders, returnedHeaders } from '../../forward/hygiene.ts';
import { failPassage, type Passage, signPassage } from '../../forward/passage.ts';
import type { RouterProblem } from '../../forward/problem.ts';
import { verdictOf } from '../../forward/verdict.ts';
import { phaseOfCode, type RequestTraits } from '../../policy/phase.ts';
import type { Controller } from './attempt-handler.ts';
import { hopOf } from './request-terms.ts';
import type { RouterContext } from './router-context.ts';

/** As bytes: there is no response object on an upgraded connection. */
export const endWith = (socket: Duplex, { status, headers, body }: RouterProblem): void => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = Buffer.byteLength(body);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}content-length: ${length}\r\nconnection: close\r\n\r\n${body}`,
  );
};

const headLines = (list: readonly string[]): string => {
  let text = '';
  for (let at = 0; at + 1 < list.length; at += 2) {
    text += `${list[at] ?? ''}: ${list[at + 1] ?? ''}\r\n`;
  }
  return text;
};

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN');

export interface UpgradeOptions {
  readonly context: RouterContext;
  readonly req: IncomingMessage;
  readonly socket: Duplex;
  /** What the client has sent already. */
  readonly head: Buffer;
  readonly traits: RequestTraits;
  readonly decision: RouteDecision;
}

type UpgradeAttempt = Attempt<Controller>;

export class UpgradedRequest implements ExchangeHost<Controller> {
  readonly #o: UpgradeOptions;
  readonly #exchange: Exchange<Controller>;
  #agreed: { readonly headers: IncomingHttpHeaders; readonly origin: Duplex } | undefined;
  #refusal: { readonly status: number } | undefined;

  constructor(options: UpgradeOptions) {
    this.#o = options;
    const { context, traits, decision } = options;
    const { tracker, timers } = context;
    this.#exchange = new Exchange({ tracker, timers, traits, decision, host: this });
  }

  start(): void {
    this.#o.socket.once('close', () => {
      this.#exchange.abandon();
    });
    this.#exchange.start();
  }

  // --- for the exchange ---

  send(attempt: UpgradeAttempt): void {
    const { context, req } = this.#o;
    const origin = context.origins.get(attempt.region);
    if (origin === undefined) {
      throw new RangeError(`There is no origin for ${attempt.region}.`);
    }
    const headers = forwardedHeaders(req.rawHeaders, hopOf(req, context));
    headers.push('host', origin.host, 'x-router-attempt', attempt.number.toString());
    origin.pool.dispatch(
      { path: req.url ?? '/', method: 'GET', headers, upgrade: 'websocket', bodyTimeout: 0 },
      this.#handlerOf(attempt),
    );
  }

  abort(attempt: UpgradeAttempt): void {
    attempt.io?.abort(new Error('The router no longer needs this connection.'));
  }

  deliver(attempt: UpgradeAttempt): void {
    const { context, socket, head } = this.#o;
    const { region } = attempt;
    context.metrics.answered(region, this.#agreed === undefined ? (this.#refusal?.status ?? 0) : 101);
    if (this.#agreed === undefined) {
      const status = this.#refusal?.status ?? 502;
      endWith(socket, { status, headers: { 'x-router-region': region }, body: '' });
      return;
    }
    const { headers, origin } = this.#agreed;
    const list = signPassage(context, this.#passage, attempt, returnedHeaders(headers));
    list.push('connection', 'Upgrade', 'upgrade', 'websocket');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headLines(list)}\r\n`);
    origin.write(head);
    join(socket, origin);
  }

  giveUp(failures: readonly AttemptFailure[]): void {
    endWith(this.#o.socket, failPassage(this.#o.context, this.#passage, failures));
  }

  get #passage(): Passage<Controller> {
    const { traits, decision } = this.#o;
    return { exchange: this.#exchange, traits, decision, memory: undefined };
  }

  // --- for undici ---

  #handlerOf(attempt: UpgradeAttempt): Dispatcher.DispatchHandler {
    return {
      onRequestStart: (controller) => {
        attempt.io = controller;
        if (attempt.isOver) {
          this.abort(attempt);
        }
      },
      onRequestUpgrade: (_controller, _status, headers, origin) => {
        if (attempt.isOver) {
          origin.destroy();
          return;
        }
        this.#agreed = { headers, origin };
        this.#exchange.answered(attempt, 'good', '');
      },
      onResponseStart: (controller, status, headers) => {
        this.#refusal = { status };
        this.#exchange.answered(attempt, verdictOf(status, headers['x-drain'] !== undefined, false), `HTTP_${status}`);
        controller.abort(new Error('The Region did not agree to a WebSocket.'));
      },
      onResponseError: (_controller, error) => {
        const code = codeOf(error);
        queueMicrotask(() => {
          this.#exchange.failed(attempt, phaseOfCode(code), code);
        });
      },
    };
  }
}

/** Until either side ends or breaks; then both are over. */
const join = (client: Duplex, origin: Duplex): void => {
  const end = (): void => {
    client.destroy();
    origin.destroy();
  };
  client.once('error', end).once('close', end);
  origin.once('error', end).once('close', end);
  client.pipe(origin);
  origin.pipe(client);
};
