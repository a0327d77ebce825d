/**
 * People who vote: each has a page of their own, with the page's own client in it, and clicks in turn at a steady pace. Every click
 * is another choice, so that a vote that was lost can't be taken for one that was kept.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { type PendingVote, SurveyClient, type VoteOutcome } from '../../examples/survey/page/survey-client.ts';
import type { ClientRegion } from '../../router/client/region-client.ts';

export interface VotersOptions {
  readonly survey: string;
  readonly voters: number;
  readonly clicksPerSecond: number;
  readonly token: string;
  /** What a page knows; preferred first. */
  readonly regions: readonly ClientRegion[];
  readonly fetch: typeof fetch;
}

export interface Click {
  readonly voter: string;
  readonly choice: string;
  /** Names the vote wherever it went. */
  readonly key: string;
  /** In ms since 1970. */
  readonly startedAt: number;
  readonly tookMs: number;
  readonly outcome: VoteOutcome;
}

interface Voter {
  readonly name: string;
  readonly client: SurveyClient;
  lastKey: string;
  busy: Promise<void>;
}

export class Voters {
  readonly clicks: Click[] = [];
  readonly #options: VotersOptions;
  readonly #voters: readonly Voter[];
  #sent = 0;

  constructor(options: VotersOptions) {
    this.#options = options;
    this.#voters = Array.from({ length: options.voters }, (_, at) => this.#newVoter(`voter-${at}`));
  }

  /** Clicks at the pace for so long; the last ones may still be on their way. */
  async clickFor(ms: number): Promise<void> {
    const gapMs = 1000 / this.#options.clicksPerSecond;
    const startedMs = performance.now();
    const count = Math.round(ms / gapMs);
    for (let nth = 0; nth < count; nth += 1) {
      await sleep(Math.max(0, startedMs + nth * gapMs - performance.now()));
      this.#clickNext();
    }
    await sleep(Math.max(0, startedMs + ms - performance.now()));
  }

  /** Whoever has clicked knows what became of it. */
  async settled(): Promise<void> {
    await Promise.all(this.#voters.map(async ({ busy }) => busy));
  }

  close(): void {
    for (const { client } of this.#voters) {
      client.close();
    }
  }

  #clickNext(): void {
    const voter = this.#voters[this.#sent % this.#voters.length];
    const choice = `choice-${this.#sent}`;
    this.#sent += 1;
    if (voter !== undefined) {
      // A button is busy while its vote is on its way: the next click waits for that.
      voter.busy = voter.busy.then(async () => this.#click(voter, choice));
    }
  }

  async #click(voter: Voter, choice: string): Promise<void> {
    const startedAt = Date.now();
    const startedMs = performance.now();
    const outcome = await voter.client.vote(choice);
    const tookMs = performance.now() - startedMs;
    this.clicks.push({ voter: voter.name, choice, key: voter.lastKey, startedAt, tookMs, outcome });
  }

  #newVoter(name: string): Voter {
    const { survey, regions, token, fetch } = this.#options;
    let pending: PendingVote | undefined;
    const voter: Voter = {
      name,
      lastKey: '',
      busy: Promise.resolve(),
      client: new SurveyClient({
        survey,
        regions,
        token,
        voter: name,
        fetch,
        random: () => Math.random(),
        now: () => Date.now(),
        memory: {
          read: () => pending,
          write: (vote) => {
            pending = vote;
          },
        },
        newKey: () => {
          voter.lastKey = randomUUID();
          return voter.lastKey;
        },
      }),
    };
    return voter;
  }
}
