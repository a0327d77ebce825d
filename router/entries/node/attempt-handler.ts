/** Between undici's dispatch and a proxied request: tells it which attempt an event is of. */
import type { IncomingHttpHeaders } from 'node:http';

import type { Dispatcher } from 'undici';

import type { Attempt } from '../../forward/attempt.ts';

/** What aborts and pauses a request that is on its way. */
export type Controller = Dispatcher.DispatchController;

export interface AttemptReceiver {
  readonly requested: (attempt: Attempt<Controller>, controller: Controller) => void;
  readonly headed: (attempt: Attempt<Controller>, status: number, headers: IncomingHttpHeaders) => void;
  readonly chunk: (attempt: Attempt<Controller>, controller: Controller, bytes: Buffer) => void;
  readonly ended: (attempt: Attempt<Controller>) => void;
  readonly broken: (attempt: Attempt<Controller>, error: Error) => void;
}

/** undici's side of one attempt: a class, because five closures per request are seen in the profile. */
export class AttemptHandler implements Dispatcher.DispatchHandler {
  readonly #request: AttemptReceiver;
  readonly #attempt: Attempt<Controller>;

  constructor(request: AttemptReceiver, attempt: Attempt<Controller>) {
    this.#request = request;
    this.#attempt = attempt;
  }

  onRequestStart(controller: Controller): void {
    this.#request.requested(this.#attempt, controller);
  }

  onResponseStart(_controller: Controller, status: number, headers: IncomingHttpHeaders): void {
    this.#request.headed(this.#attempt, status, headers);
  }

  onResponseData(controller: Controller, bytes: Buffer): void {
    this.#request.chunk(this.#attempt, controller, bytes);
  }

  onResponseEnd(): void {
    this.#request.ended(this.#attempt);
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#request.broken(this.#attempt, error);
  }
}
