/**
 * Asks the STS of this Region who signed a proof. Only the query comes from outside, and only its known parameters; where it goes,
 * and the header that the signature has to cover, are those of whoever asks here.
 */
import { Agent, request } from 'undici';

import { PROOF_HEADER } from '../domain/caller-proof.ts';
import { classifyFailure, done, failed, type Failure, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { BoundedLookup } from './bounded-lookup.ts';
import { regionalStsHost } from './caller-proof.ts';

export interface CallerIdentityOptions {
  readonly region: string;
  /** Whom the question has to be signed for. */
  readonly audience: string;
  /** Absent means the Region's public endpoint. */
  readonly endpoint?: string;
  readonly dnsServers?: readonly string[] | undefined;
  readonly now: () => number;
}

/** Undefined where STS does not accept the signature. */
export type AskCaller = (query: string) => Promise<Result<string | undefined>>;

const ANSWER_BYTES_MAX = 16 * 1024;
const ARN = /<Arn>(?<arn>arn:[\w+=,.@:/-]{1,400})<\/Arn>/u;

const unclear = (status: number): Failure => ({
  reason: 'unknown',
  code: `HTTP ${status}`,
  message: 'STS did not say who that is',
});

export const callerIdentity = ({ region, audience, endpoint, dnsServers, now }: CallerIdentityOptions): AskCaller => {
  const { lookup } = new BoundedLookup({ servers: dnsServers, now });
  const timeoutMs = LIMITS.callerIdentityTimeoutMs;
  const dispatcher = new Agent({ connect: { lookup, timeout: timeoutMs } });
  const origin = endpoint ?? `https://${regionalStsHost(region)}`;
  return async (query) => {
    try {
      const answer = await request(`${new URL(origin).origin}/?${query}`, {
        method: 'GET',
        headers: { [PROOF_HEADER]: audience },
        dispatcher,
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = (await answer.body.text()).slice(0, ANSWER_BYTES_MAX);
      if (answer.statusCode >= 500) {
        return failed(unclear(answer.statusCode));
      }
      return done(answer.statusCode === 200 ? ARN.exec(text)?.groups?.['arn'] : undefined);
    } catch (error) {
      return failed(classifyFailure(error));
    }
  };
};
