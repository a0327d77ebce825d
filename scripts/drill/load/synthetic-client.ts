/**
 * What people see during a drill: reads and writes at a steady pace through the router and at both endpoints, over connections that
 * are kept open. Every write is a record of its own, so that one which was acknowledged and lost can't hide behind a later one.
 */
import { randomUUID } from 'node:crypto';
import { Resolver } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Agent, request } from 'undici';

export type Path = 'router' | 'primary' | 'secondary';

export interface Sample {
  /** In ms since 1970. */
  readonly at: number;
  readonly path: Path;
  readonly kind: 'read' | 'write';
  readonly tookMs: number;
  /** 0: no answer. */
  readonly status: number;
  /** Who answered, where the answer says so. */
  readonly region: string;
}

export interface AcknowledgedWrite {
  readonly at: number;
  readonly path: Path;
  readonly voter: string;
  readonly choice: string;
  readonly replication: string;
}

export interface ClientOptions {
  readonly urls: Readonly<Record<Path, string>>;
  /** Reads a second, by path. */
  readonly readsPerSecond: Readonly<Record<Path, number>>;
  readonly writesPerSecond: Readonly<Record<Path, number>>;
  readonly token: string;
  /** What is read, in turn. */
  readonly reads: readonly string[];
  readonly survey: string;
  /** `ip:port` of who knows the names. */
  readonly nameServer: string;
}

/** Of a person. */
const TIMEOUT_MS = 5000;
const LOOKUP_TIMEOUT_MS = 1000;
const TICK_MS = 5;
const CONNECTIONS_MAX = 128;
/** The pace rises to its full height: a Region that gets a hundred requests in its first second starts a hundred functions. */
const RAMP_SECONDS = 6;
const WARM_UP_READS = 8;

/** How much is due after so many seconds, at a pace that rises evenly and then stays. */
const dueAfter = (seconds: number, perSecond: number): number =>
  Math.floor(
    perSecond * (seconds < RAMP_SECONDS ? (seconds * seconds) / (2 * RAMP_SECONDS) : seconds - RAMP_SECONDS / 2),
  );

const agentFor = (server: string): Agent => {
  const resolver = new Resolver({ timeout: LOOKUP_TIMEOUT_MS, tries: 1 });
  resolver.setServers([server]);
  const lookup: LookupFunction = (hostname, options, callback) => {
    resolver.resolve4(hostname, (error, addresses) => {
      if (options.all === true) {
        callback(error, error === null ? addresses.map((address) => ({ address, family: 4 })) : []);
      } else {
        callback(error, error === null ? (addresses[0] ?? '') : '', 4);
      }
    });
  };
  return new Agent({ connect: { lookup, timeout: LOOKUP_TIMEOUT_MS }, connections: CONNECTIONS_MAX });
};

const WARM_UP_VOTE = JSON.stringify({ choice: 'none', voter: 'warm-up', pressedAt: 0 });

interface Sent {
  readonly status: number;
  readonly region: string;
  readonly replication: string;
}

const NO_ANSWER: Sent = { status: 0, region: '', replication: '' };

const textField = (body: string, name: string): string =>
  new RegExp(`"${name}":"(?<value>[^"]{0,60})"`, 'u').exec(body)?.groups?.['value'] ?? '';

export class SyntheticClient {
  readonly samples: Sample[] = [];
  readonly acknowledged: AcknowledgedWrite[] = [];
  readonly #options: ClientOptions;
  readonly #agent: Agent;
  readonly #out = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #pacing: Promise<void> = Promise.resolve();
  #written = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#agent = agentFor(options.nameServer);
  }

  /** One request after the other, until every path has answered some: nothing of it is counted. */
  async warmUp(): Promise<void> {
    for (const path of ['primary', 'secondary', 'router'] as const) {
      for (let nth = 0; nth < WARM_UP_READS; nth += 1) {
        await this.#send(path, 'GET', this.#options.reads[nth % this.#options.reads.length] ?? '/v1/status');
      }
      await this.#send(path, 'PUT', `/v1/surveys/${this.#options.survey}-warm-up/votes`, WARM_UP_VOTE);
    }
  }

  start(): void {
    this.#pacing = this.#pace();
  }

  /** Sends no more, and waits for what is out. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#pacing;
    await Promise.all(this.#out);
    await this.#agent.destroy();
  }

  /** Writes that were sent, whatever became of them. */
  get written(): number {
    return this.#written;
  }

  readsVia(path: Path): number {
    return this.samples.filter((sample) => sample.path === path && sample.kind === 'read').length;
  }

  /** Share of failures among what ended at a path since a moment; 0 where nothing did. */
  errorShare(path: Path, sinceMs: number): number {
    const seen = this.samples.filter(({ path: way, at, tookMs }) => way === path && at + tookMs >= sinceMs);
    return seen.length === 0 ? 0 : seen.filter(({ status }) => status !== 200).length / seen.length;
  }

  async #pace(): Promise<void> {
    const { readsPerSecond, writesPerSecond } = this.#options;
    const startedMs = performance.now();
    // At once, all together fewer than the ten that an embedded Region runs of a function: more would be refused, not slow.
    const lanes = (['router', 'primary', 'secondary'] as const).flatMap((path) => [
      {
        perSecond: readsPerSecond[path],
        sent: 0,
        out: 0,
        outMax: path === 'router' ? 4 : 1,
        send: async (nth: number) => this.#read(path, nth),
      },
      {
        perSecond: writesPerSecond[path],
        sent: 0,
        out: 0,
        outMax: path === 'router' ? 2 : 1,
        send: async () => this.#write(path),
      },
    ]);
    while (!this.#stop.signal.aborted) {
      const elapsed = (performance.now() - startedMs) / 1000;
      for (const lane of lanes) {
        // What a stall or a hanging Region has held up is not caught up in one burst: that would be another load than was meant.
        const due = dueAfter(elapsed, lane.perSecond);
        lane.sent = Math.max(lane.sent, due - lane.outMax);
        while (lane.sent < due && lane.out < lane.outMax) {
          lane.sent += 1;
          lane.out += 1;
          const sending = lane.send(lane.sent).finally(() => {
            lane.out -= 1;
          });
          this.#track(sending);
        }
      }
      await sleep(TICK_MS);
    }
  }

  #track(sending: Promise<void>): void {
    const tracked: Promise<void> = sending.finally(() => {
      this.#out.delete(tracked);
    });
    this.#out.add(tracked);
  }

  async #read(path: Path, nth: number): Promise<void> {
    const { reads } = this.#options;
    await this.#timed(path, 'read', async () => this.#send(path, 'GET', reads[nth % reads.length] ?? '/v1/status'));
  }

  async #write(path: Path): Promise<void> {
    this.#written += 1;
    const voter = `drill-${this.#written}`;
    const choice = randomUUID();
    const body = JSON.stringify({ choice, voter, pressedAt: Date.now() });
    const at = Date.now();
    const sent = await this.#timed(path, 'write', async () =>
      this.#send(path, 'PUT', `/v1/surveys/${this.#options.survey}/votes`, body),
    );
    if (sent.status === 200) {
      this.acknowledged.push({ at, path, voter, choice, replication: sent.replication });
    }
  }

  async #timed(path: Path, kind: 'read' | 'write', send: () => Promise<Sent>): Promise<Sent> {
    const at = Date.now();
    const startedMs = performance.now();
    const sent = await send();
    this.samples.push({
      at,
      path,
      kind,
      tookMs: performance.now() - startedMs,
      status: sent.status,
      region: sent.region,
    });
    return sent;
  }

  async #send(path: Path, method: 'GET' | 'PUT', address: string, body?: string): Promise<Sent> {
    const { urls, token } = this.#options;
    try {
      const answer = await request(new URL(address, urls[path]), {
        method,
        dispatcher: this.#agent,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
        },
        ...(body === undefined ? {} : { body }),
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await answer.body.text();
      return {
        status: answer.statusCode,
        region: textField(text, 'region'),
        replication: body === undefined ? '' : textField(text, 'replication'),
      };
    } catch {
      // Whatever went wrong, a person saw no answer.
      return NO_ANSWER;
    }
  }
}
