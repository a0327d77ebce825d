/**
 * Reads the gate document through the AppConfig data plane in a fresh session. Never through the Lambda extension: it serves
 * what it has when AppConfig is slow, and a gate that trusts an hour-old "active" makes two active Regions.
 */
import {
  AppConfigDataClient,
  GetLatestConfigurationCommand,
  type GetLatestConfigurationCommandOutput,
  StartConfigurationSessionCommand,
} from '@aws-sdk/client-appconfigdata';

import { boundedCall, clientOptions, type ClientTarget } from '../aws/client-options.ts';
import { done, type Result } from '../domain/failure.ts';
import type { DocumentReading } from './decide.ts';
import { parseGateDocument } from './document.ts';

export interface GateAddress {
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
}

/** The shortest that AppConfig takes. */
const POLL_SECONDS = 15;

export interface GateSource {
  read(): Promise<DocumentReading>;
}

const readingOf = (configuration: Uint8Array | undefined): DocumentReading => {
  const text = Buffer.from(configuration ?? []).toString('utf8');
  if (text === '') {
    return { kind: 'invalid', why: 'nothing was deployed' };
  }
  const parsed = parseGateDocument(text);
  return parsed.kind === 'valid' ? { kind: 'document', document: parsed.document } : parsed;
};

/** The two calls of the data plane, bounded. */
class GateSession {
  readonly #client: AppConfigDataClient;
  readonly #address: GateAddress;
  readonly #callTimeoutMs: number;

  constructor(target: ClientTarget, address: GateAddress) {
    this.#client = new AppConfigDataClient(clientOptions(target));
    this.#address = address;
    this.#callTimeoutMs = target.bounds.callTimeoutMs;
  }

  /** Answers with the token of the first reading. */
  async start(): Promise<Result<string | undefined>> {
    const { application, environment, profile } = this.#address;
    const command = new StartConfigurationSessionCommand({
      ApplicationIdentifier: application,
      EnvironmentIdentifier: environment,
      ConfigurationProfileIdentifier: profile,
      RequiredMinimumPollIntervalInSeconds: POLL_SECONDS,
    });
    const session = await boundedCall(this.#callTimeoutMs, (bound) => this.#client.send(command, bound));
    return session.kind === 'failed' ? session : done(session.value.InitialConfigurationToken);
  }

  async latest(token: string | undefined): Promise<Result<GetLatestConfigurationCommandOutput>> {
    const command = new GetLatestConfigurationCommand({ ConfigurationToken: token });
    return boundedCall(this.#callTimeoutMs, (bound) => this.#client.send(command, bound));
  }
}

export class AppConfigGateSource implements GateSource {
  readonly #session: GateSession;

  constructor(target: ClientTarget, address: GateAddress) {
    this.#session = new GateSession(target, address);
  }

  async read(): Promise<DocumentReading> {
    const started = await this.#session.start();
    const latest = started.kind === 'failed' ? started : await this.#session.latest(started.value);
    return latest.kind === 'failed'
      ? { kind: 'unreadable', failure: latest.failure }
      : readingOf(latest.value.Configuration);
  }
}

interface Kept {
  readonly reading: DocumentReading;
  readonly token: string | undefined;
  /** AppConfig refuses an earlier question of this session. */
  readonly dueMs: number;
}

/**
 * For showing the gate, and never for obeying it: one session, asked as often as AppConfig allows. A fresh session for every
 * status would be billed as a configuration received, hundreds of dollars a month where a router probes every few seconds.
 */
export class PolledGateSource implements GateSource {
  readonly #session: GateSession;
  readonly #now: () => number;
  #kept: Kept | undefined;
  #reading: Promise<DocumentReading> | undefined;

  constructor(target: ClientTarget, address: GateAddress, now: () => number) {
    this.#session = new GateSession(target, address);
    this.#now = now;
  }

  /** Asked by many at once, it asks once. */
  async read(): Promise<DocumentReading> {
    if (this.#kept !== undefined && this.#now() < this.#kept.dueMs) {
      return this.#kept.reading;
    }
    this.#reading ??= this.#poll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** The next reading begins a new session: something else says that this one may be behind. */
  renew(): void {
    this.#kept = undefined;
  }

  async #poll(): Promise<DocumentReading> {
    const kept = this.#kept;
    this.#kept = undefined;
    const again = kept?.token === undefined ? undefined : await this.#session.latest(kept.token);
    // A token ends after a day, and clocks differ: refused, it is replaced. Who can't be reached is not asked twice.
    const isOver = again?.kind === 'failed' && again.failure.reason === 'refused';
    const before = isOver ? undefined : kept;
    const latest = again === undefined || isOver ? await this.#first() : again;
    if (latest.kind === 'failed') {
      return { kind: 'unreadable', failure: latest.failure };
    }
    const { Configuration, NextPollConfigurationToken, NextPollIntervalInSeconds } = latest.value;
    // Nothing in an answer of a session that goes on: what it gave before is what there is.
    const isUnchanged = before !== undefined && (Configuration?.length ?? 0) === 0;
    const reading = isUnchanged ? before.reading : readingOf(Configuration);
    const dueMs = this.#now() + (NextPollIntervalInSeconds ?? POLL_SECONDS) * 1000;
    this.#kept = { reading, token: NextPollConfigurationToken, dueMs };
    return reading;
  }

  async #first(): Promise<Result<GetLatestConfigurationCommandOutput>> {
    const started = await this.#session.start();
    return started.kind === 'failed' ? started : this.#session.latest(started.value);
  }
}
