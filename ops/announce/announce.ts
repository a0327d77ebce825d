/**
 * Sends one line to every channel at once, each within its own bound and none waiting for another. A channel that fails is a value:
 * nothing that moves the work may wait for a chat. An address of a webhook is a secret, so no outcome and no error repeats it, and
 * its host is not looked at: providers change theirs.
 */
import { type Secret, type SecretSource } from '../../functions/connectors/secrets.ts';
import { TwinmapError } from '../../functions/domain/errors.ts';
import { bodyFor, type ChannelKind } from './bodies.ts';

export interface Channel {
  /** For the report: `slack`, or what its owner calls it. */
  readonly name: string;
  readonly kind: ChannelKind;
  /** `env:NAME` or `secretsmanager:NAME` in the Region that survives. */
  readonly url: string;
}

export type ChannelOutcome =
  /** Taken; whether anybody was shown it is not known. */
  { readonly kind: 'sent' } | { readonly kind: 'failed'; readonly why: string };

export interface ChannelResult {
  readonly channel: string;
  readonly outcome: ChannelOutcome;
}

export interface AnnounceOptions {
  readonly secrets: SecretSource;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

const failed = (why: string): ChannelOutcome => ({ kind: 'failed', why });

/** https to anywhere; http only to this machine, where tests listen. */
const parseAddress = (secret: Secret): URL | undefined => {
  const text = secret.reveal();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.has(url.hostname)) ? url : undefined;
};

/** What a failed request says of itself may hold the address: only its code is told. */
const whyNot = (error: unknown, timeoutMs: number): string => {
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')) {
    return error.name === 'TimeoutError' ? `no answer within ${timeoutMs} ms` : 'given up';
  }
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no connection';
  return /^[A-Z0-9_]{1,40}$/u.test(code) ? `no connection (${code})` : 'no connection';
};

const explain = (status: number): string => {
  if (status === 404 || status === 410) {
    return `HTTP ${status}: the webhook is gone; make a new one and store its address`;
  }
  return status === 429 ? 'HTTP 429: too many messages; paste the line by hand' : `HTTP ${status}`;
};

const post = async (url: URL, body: string, signal: AbortSignal): Promise<ChannelOutcome> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    // Followed, a redirect would carry the line to a server that nobody named.
    redirect: 'manual',
    signal,
  });
  await response.body?.cancel();
  return response.status >= 200 && response.status < 300 ? { kind: 'sent' } : failed(explain(response.status));
};

const sendOne = async (text: string, channel: Channel, options: AnnounceOptions): Promise<ChannelOutcome> => {
  const bound = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined ? bound : AbortSignal.any([bound, options.signal]);
  try {
    const body = bodyFor(channel.kind, text);
    const url = parseAddress(await options.secrets.read(channel.url, signal));
    return url === undefined
      ? failed(`what ${channel.url} holds is no https address of a webhook`)
      : await post(url, body, signal);
  } catch (error) {
    return failed(error instanceof TwinmapError ? error.message : whyNot(error, options.timeoutMs));
  }
};

/** Ends when a channel's bound is over, even where something below it does not listen to its signal. */
const bounded = async (sending: Promise<ChannelOutcome>, timeoutMs: number): Promise<ChannelOutcome> => {
  const late = Promise.withResolvers<ChannelOutcome>();
  const timer = setTimeout(() => {
    late.resolve(failed(`no answer within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    return await Promise.race([sending, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};

/** Never rejects: every channel has an outcome. */
export const announce = async (
  text: string,
  channels: readonly Channel[],
  options: AnnounceOptions,
): Promise<readonly ChannelResult[]> =>
  Promise.all(
    channels.map(async (channel) => ({
      channel: channel.name,
      outcome: await bounded(sendOne(text, channel, options), options.timeoutMs),
    })),
  );
