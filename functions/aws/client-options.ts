/**
 * How every AWS client of Twinmap is built: one per Region and service, with its own sockets, an explicit number of
 * attempts and explicit time-outs. The SDK's defaults hang (no time-out at all, and `requestTimeout` only warns and ends
 * at the response headers), so each call is also bounded by an abort signal that covers headers and body.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import { NodeHttpHandler } from '@smithy/node-http-handler';

import { classifyFailure, done, failed, type Result } from '../domain/failure.ts';

export interface CallBounds {
  readonly connectTimeoutMs: number;
  /** One call with all its attempts, headers and body. */
  readonly callTimeoutMs: number;
  readonly attemptsMax: number;
}

export interface ClientTarget {
  readonly region: string;
  /** A VPC endpoint's URL, or an embedded Region's; absent means the Regional public endpoint. */
  readonly endpoint?: string;
  readonly bounds: CallBounds;
}

export interface ClientOptions {
  readonly region: string;
  readonly endpoint?: string;
  readonly maxAttempts: number;
  readonly retryMode: 'standard';
  readonly requestHandler: NodeHttpHandler;
}

const SOCKETS_MAX = 64;

/** Shared constructor options of all clients; spread them into `new XClient({...})`. */
export const clientOptions = (target: ClientTarget): ClientOptions => {
  const { bounds } = target;
  const agentOptions = { keepAlive: true, maxSockets: SOCKETS_MAX };
  return {
    region: target.region,
    ...(target.endpoint === undefined ? {} : { endpoint: target.endpoint }),
    maxAttempts: bounds.attemptsMax,
    retryMode: 'standard',
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
): Promise<Result<T>> => {
  try {
    return done(await send({ abortSignal: AbortSignal.timeout(callTimeoutMs) }));
  } catch (error) {
    return failed(classifyFailure(error));
  }
};
