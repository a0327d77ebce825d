/**
 * Sessions of AppConfig's data plane: a token is good for one call, lives 24 hours and is replaced by the next one. A lost
 * reply loses the token, and the client has to start a new session, exactly what it has to survive on AWS.
 */
import { randomUUID } from 'node:crypto';

import { WireError } from '../service.ts';

const TOKEN_LIFE_MS = 24 * 60 * 60 * 1000;
const TOKENS_MAX = 10_000;
const POLL_INTERVAL_DEFAULT_SECONDS = 60;

export interface SessionTarget {
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
}

export interface ConfigSession extends SessionTarget {
  /** Undefined where the client set no constraint: then it may poll as often as it likes. */
  readonly pollIntervalSeconds: number | undefined;
  readonly polledAt: number | undefined;
  readonly seenVersion: number | undefined;
}

interface Token {
  readonly session: ConfigSession;
  readonly issuedAt: number;
  used: boolean;
}

const badToken = (problem: 'Corrupted' | 'Expired' | 'PollIntervalNotSatisfied', message: string): WireError =>
  new WireError(400, 'BadRequestException', message, {
    Reason: 'InvalidParameters',
    Details: { InvalidParameters: { ConfigurationToken: { Problem: problem } } },
  });

export const nextPollSeconds = (session: ConfigSession): number =>
  session.pollIntervalSeconds ?? POLL_INTERVAL_DEFAULT_SECONDS;

export class ConfigSessions {
  readonly #now: () => number;
  readonly #tokens = new Map<string, Token>();

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(session: ConfigSession): string {
    const token = Buffer.from(randomUUID()).toString('base64url');
    this.#tokens.set(token, { session, issuedAt: this.#now(), used: false });
    const [oldest] = this.#tokens.keys();
    if (this.#tokens.size > TOKENS_MAX && oldest !== undefined) {
      this.#tokens.delete(oldest);
    }
    return token;
  }

  peek(token: string): ConfigSession | undefined {
    return this.#tokens.get(token)?.session;
  }

  /** Uses the token up; a call that comes too early leaves it good. */
  take(token: string): ConfigSession {
    const known = this.#tokens.get(token);
    if (known === undefined) {
      throw badToken('Corrupted', 'The configuration token is not one of this Region; start a new session.');
    }
    if (known.used || this.#now() - known.issuedAt > TOKEN_LIFE_MS) {
      throw badToken(
        'Expired',
        'The configuration token was used before or is over 24 hours old; start a new session.',
      );
    }
    const { pollIntervalSeconds, polledAt } = known.session;
    if (polledAt !== undefined && this.#now() - polledAt < (pollIntervalSeconds ?? 0) * 1000) {
      throw badToken('PollIntervalNotSatisfied', `The session polls at most every ${pollIntervalSeconds} seconds.`);
    }
    known.used = true;
    return { ...known.session, polledAt: this.#now() };
  }
}
