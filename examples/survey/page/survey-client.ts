/**
 * What the page asks and how: the fetch client over both Regions, one idempotency key per vote until somebody has confirmed it,
 * and every outcome as a value with the Region that gave it. No browser in it, so that scenarios and tests run these very lines.
 */
import { type ClientRegion, createRegionClient, type RegionClient } from '../../../router/client/region-client.ts';

/** A vote that nobody has confirmed yet. It outlives the page: sent again, also tomorrow, it is the same vote. */
export interface PendingVote {
  readonly choice: string;
  readonly key: string;
  /** In ms since 1970: a press that was given up and arrives late must not undo a newer one. */
  readonly pressedAt: number;
  readonly generation?: string;
}

export interface SurveyClientOptions {
  readonly survey: string;
  /** Preferred first. */
  readonly regions: readonly ClientRegion[];
  /** An API key with the role `voter`. */
  readonly token: string;
  readonly voter: string;
  readonly memory: {
    readonly read: () => PendingVote | undefined;
    readonly write: (pending: PendingVote | undefined) => void;
  };
  readonly newKey: () => string;
  /** In ms since 1970. */
  readonly now: () => number;
  readonly fetch?: typeof fetch;
  readonly random?: () => number;
}

export interface Served {
  readonly region: string;
  /** 2 where the first Region did not answer. */
  readonly attempts: number;
}

interface NotDone {
  readonly kind: 'refused' | 'unreachable';
  /** 0 where nobody answered. */
  readonly status: number;
  readonly why: string;
}

export interface HeldVote extends Served {
  readonly kind: 'held';
  readonly choice: string;
  readonly generation: string;
  /** `both`: both Regions hold it. `owed`: one does, and will pass it on. */
  readonly replication: string;
}

export interface CountedResults extends Served {
  readonly kind: 'counted';
  readonly generation: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly votes: number;
  /** In ms since 1970, by the Region's clock. */
  readonly asOf: number;
  /** Of these votes, so many the other Region has not confirmed. */
  readonly owed: number;
}

export type VoteOutcome = HeldVote | { readonly kind: 'reset' } | NotDone;
export type ResultsOutcome = CountedResults | NotDone;

/**
 * One person, few requests: the first failure is evidence enough to prefer the other Region, and a Region that is back is in
 * use again within ten seconds. A first attempt that says nothing for 1.2 s is given up, so that a click takes under two.
 */
const SETTINGS = {
  consecutiveFailuresMax: 1,
  attemptTimeoutMs: 1200,
  deadlineMs: 8000,
  recoveryDelayMinMs: 1000,
  recoveryDelayMaxMs: 8000,
};

/** No Region answered: once more after each of these, with the same key. */
const PAUSES_MS = [300, 1000, 2000, 4000, 8000];

type Fields = Readonly<Record<string, unknown>>;

interface Answered extends Served {
  readonly status: number;
  readonly fields: Fields;
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);

const UNREACHABLE: NotDone = { kind: 'unreachable', status: 0, why: 'no Region answered' };

const notDone = ({ status, fields }: Answered): NotDone => ({
  kind: status >= 500 ? 'unreachable' : 'refused',
  status,
  why: [fields['what'], fields['next']].map((text) => textOf(text)).join('. '),
});

export class SurveyClient {
  readonly #options: SurveyClientOptions;
  readonly #client: RegionClient;
  readonly #base: string;
  /** The generation that the voter has in sight. */
  #seen = '';
  #pressedAt = 0;
  #sending: Promise<VoteOutcome> | undefined;

  constructor(options: SurveyClientOptions) {
    this.#options = options;
    this.#base = `/v1/surveys/${options.survey}`;
    const { regions, random, fetch: send } = options;
    this.#client = createRegionClient({
      regions,
      settings: SETTINGS,
      sharedKeyPaths: [this.#base],
      // Reads the table that votes need: a process that is up without its table must not look well.
      livePath: `${this.#base}/ready`,
      ...(send === undefined ? {} : { fetch: send }),
      ...(random === undefined ? {} : { random }),
    });
  }

  /** Two presses at once are one vote; a press after a failure is the same vote again. */
  async vote(choice: string): Promise<VoteOutcome> {
    const unconfirmed = this.#options.memory.read();
    const seen = this.#seen === '' ? {} : { generation: this.#seen };
    const { newKey, now } = this.#options;
    this.#pressedAt = Math.max(now(), this.#pressedAt + 1);
    const pending =
      unconfirmed?.choice === choice ? unconfirmed : { choice, key: newKey(), pressedAt: this.#pressedAt, ...seen };
    this.#sending ??= this.#send(pending).finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async results(): Promise<ResultsOutcome> {
    const answered = await this.#ask('results', {});
    if (answered?.status !== 200) {
      return answered === undefined ? UNREACHABLE : notDone(answered);
    }
    const { region, attempts, fields } = answered;
    const { asOf, owed } = isFields(fields['freshness']) ? fields['freshness'] : {};
    const counts = Object.entries(isFields(fields['counts']) ? fields['counts'] : {});
    this.#seen = textOf(fields['generation']);
    return {
      kind: 'counted',
      region,
      attempts,
      generation: this.#seen,
      counts: Object.fromEntries(counts.map(([choice, count]) => [choice, numberOf(count)])),
      votes: numberOf(fields['votes']),
      asOf: numberOf(asOf),
      owed: numberOf(owed),
    };
  }

  close(): void {
    this.#client.close();
  }

  async #send(pending: PendingVote): Promise<VoteOutcome> {
    const { memory, voter, regions } = this.#options;
    const { key, ...vote } = pending;
    memory.write(pending);
    const init = { method: 'PUT', body: JSON.stringify({ ...vote, voter }) };
    const headers = { 'content-type': 'application/json', 'idempotency-key': key };
    let answered = await this.#ask('votes', init, headers);
    for (const [at, pauseMs] of PAUSES_MS.entries()) {
      if (answered !== undefined && answered.status < 500) {
        break;
      }
      await new Promise((resolve) => {
        setTimeout(resolve, pauseMs);
      });
      // Slow is better than none: each Region gets all the time there is, the fallback first.
      const region = regions[(at + 1) % regions.length]?.id ?? '';
      this.#client.setMode({ kind: 'pin', region });
      answered = await this.#ask('votes', init, headers);
      this.#client.setMode(undefined);
    }
    if (answered === undefined || answered.status >= 500) {
      // It may have arrived: it stays in memory, and the next press sends it under the same key.
      return answered === undefined ? UNREACHABLE : notDone(answered);
    }
    memory.write(undefined);
    const { status, fields, region, attempts } = answered;
    const generation = textOf(fields['generation']);
    this.#seen = generation || this.#seen;
    if (status === 200) {
      const { choice } = vote;
      const replication = textOf(fields['replication']);
      return { kind: 'held', choice, generation, replication, region, attempts };
    }
    // The only refusal that names a generation: the one that has begun since.
    return generation === '' ? notDone(answered) : { kind: 'reset' };
  }

  /** Undefined where no Region answered, or an answer broke off. */
  async #ask(path: string, init: RequestInit, more: Record<string, string> = {}): Promise<Answered | undefined> {
    const headers = { authorization: `Bearer ${this.#options.token}`, ...more };
    try {
      const response = await this.#client.fetch(`${this.#base}/${path}`, { ...init, headers });
      const { region = '', attempts = 1 } = this.#client.answeredBy(response) ?? {};
      const body: unknown = await response.json();
      return { status: response.status, fields: isFields(body) ? body : {}, region, attempts };
    } catch {
      // Browsers do not say why, and it makes no difference: what was sent may have arrived.
      return undefined;
    }
  }
}
