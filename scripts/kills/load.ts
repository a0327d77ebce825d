/**
 * People at work while processes die: voters who vote again and again at whichever Region answers, each vote under one
 * idempotency key until it is acknowledged. Keeps what was acknowledged, for the reckoning.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Endpoint {
  readonly url: string;
}

export interface LoadOptions {
  readonly voters: number;
  readonly survey: string;
  readonly token: () => string;
  /** The Regions that may answer now, in no order. */
  readonly endpoints: () => readonly string[];
  readonly random: () => number;
}

export interface Acknowledged {
  readonly choice: string;
  readonly key: string;
}

/** Longer than a function takes to start on a busy machine: given up earlier, every retry would start another one. */
const REQUEST_TIMEOUT_MS = 20_000;
const PAUSE_MS = 150;

export class VotingLoad {
  /** By voter: the last vote that was acknowledged. */
  readonly acknowledged = new Map<string, Acknowledged>();
  votes = 0;
  retries = 0;
  readonly #options: LoadOptions;
  #stopping = false;
  #running: readonly Promise<void>[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = Array.from({ length: this.#options.voters }, async (_, at) => this.#voteOn(`voter-${at}`));
  }

  /** People are at work: nothing is killed before that. */
  async underWay(): Promise<void> {
    while (this.votes < this.#options.voters) {
      await sleep(PAUSE_MS);
    }
  }

  /** Every voter ends with an acknowledged vote: Regions have to answer by then. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  async #voteOn(voter: string): Promise<void> {
    for (let round = 0; !this.#stopping; round += 1) {
      const choice = `choice-${round}`;
      const key = randomUUID();
      const pressedAt = Date.now();
      while (!(await this.#vote(voter, choice, key, pressedAt))) {
        await sleep(PAUSE_MS);
      }
      this.acknowledged.set(voter, { choice, key });
      this.votes += 1;
      await sleep(PAUSE_MS * this.#options.random());
    }
  }

  async #vote(voter: string, choice: string, key: string, pressedAt: number): Promise<boolean> {
    const { endpoints, random, survey, token } = this.#options;
    const all = endpoints();
    const endpoint = all[Math.floor(random() * all.length)];
    if (endpoint === undefined) {
      // Nobody is there to be asked.
      return false;
    }
    try {
      const response = await fetch(new URL(`/v1/surveys/${survey}/votes`, endpoint), {
        method: 'PUT',
        headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ choice, voter, pressedAt }),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      await response.arrayBuffer();
      this.retries += response.ok ? 0 : 1;
      return response.ok;
    } catch {
      // Killed in the middle: the same key goes out again until somebody confirms it.
      this.retries += 1;
      return false;
    }
  }
}
