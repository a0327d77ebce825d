/**
 * How every AWS client of Twinmap is built: one per Region and service, with its own sockets and look-ups, an explicit
 * number of attempts and explicit time-outs. The SDK's defaults hang (no time-out at all, and `requestTimeout` only warns and ends
 * at the response headers), so each call is also bounded by an abort signal that covers headers and body.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import { NodeHttpHandler } from '@smithy/node-http-handler';

import { classifyFailure, done, failed, type Result } from '../domain/failure.ts';
import { BoundedLookup } from './bounded-lookup.ts';
import type { CredentialSource } from './assumed-role.ts';
import type { CallBounds } from './call-bounds.ts';
import { BoundedRetry } from './retry.ts';

export type { CallBounds } from './call-bounds.ts';

export interface ClientTarget {
  readonly region: string;
  /** A VPC endpoint's URL, or an embedded Region's; absent means the Regional public endpoint. */
  readonly endpoint?: string;
  readonly bounds: CallBounds;
  /** Name servers, `ip:port`; absent or empty means those of the operating system. */
  readonly dnsServers?: readonly string[] | undefined;
  /** Of a role in another account; absent means the function's own. */
  readonly credentials?: CredentialSource | undefined;
  /** In ms since 1970, as a server's `Retry-After` is read; absent means this process's steady clock. */
  readonly now?: () => number;
}

export interface ClientOptions {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: CredentialSource;
  readonly maxAttempts: number;
  readonly retryMode: 'standard';
  readonly retryStrategy: BoundedRetry;
  readonly requestHandler: NodeHttpHandler;
}

const SOCKETS_MAX = 64;

/** Of the time to connect: a look-up that fails ends first, so that DNS is named as the cause. */
const DNS_SHARE = 0.75;

/** Never set back by a time server: what is measured with it are durations within one process. */
const steadyNow = (): number => performance.timeOrigin + performance.now();

/** Shared constructor options of all clients; spread them into `new XClient({...})`. */
export const clientOptions = (target: ClientTarget): ClientOptions => {
  const { bounds } = target;
  const now = target.now ?? steadyNow;
  const timeoutMs = bounds.connectTimeoutMs * DNS_SHARE;
  const { lookup } = new BoundedLookup({ servers: target.dnsServers, timeoutMs, now });
  const agentOptions = { keepAlive: true, maxSockets: SOCKETS_MAX, lookup };
  return {
    region: target.region,
    ...(target.endpoint === undefined ? {} : { endpoint: target.endpoint }),
    ...(target.credentials === undefined ? {} : { credentials: target.credentials }),
    maxAttempts: bounds.attemptsMax,
    retryMode: 'standard',
    retryStrategy: new BoundedRetry(bounds, now),
    requestHandler: new NodeHttpHandler({
      connectionTimeout: bounds.connectTimeoutMs,
      requestTimeout: bounds.callTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: bounds.callTimeoutMs,
      httpAgent: new HttpAgent(agentOptions),
      httpsAgent: new HttpsAgent(agentOptions),
    }),
  };
};

/** Runs one SDK call under its bound; whatever it throws becomes a failure value. */
export const boundedCall = async <T>(
  callTimeoutMs: number,
  send: (options: { readonly abortSignal: AbortSignal }) => Promise<T>,
  deadline: (timeoutMs: number) => AbortSignal = (timeoutMs) => AbortSignal.timeout(timeoutMs),
): Promise<Result<T>> => {
  try {
    return done(await send({ abortSignal: deadline(callTimeoutMs) }));
  } catch (error) {
    return failed(classifyFailure(error));
  }
};
