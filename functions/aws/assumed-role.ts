/**
 * The credentials of a role in the peer's account, from the STS of the own Region: the peer's would be asked of a Region that may be
 * gone, and the global endpoint is served from one Region for many. Renewed long before they end, so that an outage of STS is survived
 * for as long as what it gave last is valid; one renewal at a time, and after a failed one a pause.
 */
import type { Credentials } from '@aws-sdk/client-sts';

import { LIMITS } from '../domain/limits.ts';
import { clientOptions, type ClientTarget } from './client-options.ts';

export interface AssumedRoleOptions {
  /** STS in the home Region. */
  readonly target: ClientTarget;
  readonly roleArn: string;
  /** Shown in the peer's audit trail: who it was. */
  readonly sessionName: string;
  /** In ms since 1970, as AWS says when credentials end. */
  readonly now: () => number;
}

/** As the SDK takes them. */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration: Date;
}

export type CredentialSource = () => Promise<SessionCredentials>;

interface Session {
  readonly credentials: SessionCredentials;
  readonly endsAtMs: number;
}

/** The SDK asks again this long before the end that it is told. */
const SDK_MARGIN_MS = 5 * 60 * 1000;

/** What is not valid for this long any more could end on the way. */
const SPARE_MS = 30_000;

/** STS takes these characters, and no more. */
const sessionNameOf = (text: string): string => text.replaceAll(/[^\w+=,.@-]/gu, '-').slice(0, 64);

class IncompleteSession extends Error {
  override readonly name = 'IncompleteSession';
}

const sessionOf = (given: Credentials | undefined): Session => {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = given ?? {};
  if (AccessKeyId === undefined || SecretAccessKey === undefined || Expiration === undefined) {
    throw new IncompleteSession('STS answered without credentials');
  }
  const endsAtMs = Expiration.getTime();
  return {
    endsAtMs,
    credentials: {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      ...(SessionToken === undefined ? {} : { sessionToken: SessionToken }),
      // Told earlier than it is, so that the SDK asks when there is still time to be refused a few times.
      expiration: new Date(endsAtMs - LIMITS.peerRoleRenewMs + SDK_MARGIN_MS),
    },
  };
};

type Ask = () => Promise<Session>;

/** STS's client is loaded only where it is used: inside one account nobody asks it. */
const openSts = async ({ target, roleArn, sessionName }: AssumedRoleOptions): Promise<Ask> => {
  const { AssumeRoleCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient(clientOptions(target));
  const question = new AssumeRoleCommand({
    RoleArn: roleArn,
    RoleSessionName: sessionNameOf(sessionName),
    DurationSeconds: LIMITS.peerRoleSessionSeconds,
  });
  return async () => {
    const answer = await client.send(question, { abortSignal: AbortSignal.timeout(target.bounds.callTimeoutMs) });
    return sessionOf(answer.Credentials);
  };
};

export const assumedRole = (options: AssumedRoleOptions): CredentialSource => {
  const { now } = options;
  let opened: Promise<Ask> | undefined;
  let session: Session | undefined;
  let renewing: Promise<Session> | undefined;
  let notBeforeMs = 0;

  const renew = async (): Promise<Session> => {
    opened ??= openSts(options);
    renewing ??= opened
      .then(async (ask) => ask())
      .then((fresh) => {
        session = fresh;
        return fresh;
      })
      .finally(() => {
        renewing = undefined;
      });
    return renewing;
  };

  return async () => {
    const leftMs = session === undefined ? 0 : session.endsAtMs - now();
    if (session === undefined || leftMs <= SPARE_MS) {
      return (await renew()).credentials;
    }
    if (leftMs > LIMITS.peerRoleRenewMs || now() < notBeforeMs) {
      return session.credentials;
    }
    try {
      return (await renew()).credentials;
    } catch {
      // What was given last is still valid: the peer goes on being written while STS is out.
      notBeforeMs = now() + LIMITS.peerRoleRetryMs;
      return session.credentials;
    }
  };
};
