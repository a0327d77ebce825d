/**
 * What can go wrong on the way to a git server, told apart because each asks for something else:
 * `transport` is worth another try, `remote` says that the server gave this request up (perhaps for one damaged object),
 * and a plain `SourceError` is final.
 */
import { SourceError } from '../../domain/errors.ts';

export class GitTrouble extends SourceError {
  readonly trouble: 'transport' | 'remote';
  /** What the server asked for with `Retry-After`, if it did. */
  readonly retryAfterMs: number | null;

  constructor(
    trouble: 'transport' | 'remote',
    message: string,
    options: ErrorOptions & { readonly retryAfterMs?: number | null } = {},
  ) {
    super(message, options);
    this.trouble = trouble;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

const REMOTE_TEXT_CHARS_MAX = 200;

/** A server's own words, fit for a message: one line, no control characters, no credentials, short. */
export const quoteRemoteText = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .replaceAll(/:\/\/[^\s/@]*@/gu, '://')
    .trim()
    .slice(0, REMOTE_TEXT_CHARS_MAX)
    .toWellFormed();

/** The code of a system or library error, for instance `ECONNREFUSED`; its message may hold addresses and payloads. */
export const codeOf = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) {
    return 'unknown';
  }
  if ('code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return 'name' in error && typeof error.name === 'string' ? error.name : 'unknown';
};
