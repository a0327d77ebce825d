/**
 * Why a call to one Region did not do what was asked. A failure is a value: callers switch over `reason`,
 * because each reason asks for something else (wait, mend a policy, stop because somebody newer works).
 */

export type FailureReason = 'unreachable' | 'throttled' | 'refused' | 'fenced' | 'unknown';

export interface Failure {
  readonly reason: FailureReason;
  /** The error's own name or system code, for instance `ECONNREFUSED` or `AccessDeniedException`. Never a payload. */
  readonly code: string;
  /** One sentence for a person, without payloads and secrets. */
  readonly message: string;
  /** With `fenced`: the fence that won, where the store told. */
  readonly fence?: string;
}

export type Result<T> =
  { readonly kind: 'done'; readonly value: T } | { readonly kind: 'failed'; readonly failure: Failure };

export const done = <T>(value: T): Result<T> => ({ kind: 'done', value });

/** Done, with nothing to hand back. */
export const DONE: Result<void> = { kind: 'done', value: undefined };

export const failed = (failure: Failure): { readonly kind: 'failed'; readonly failure: Failure } => ({
  kind: 'failed',
  failure,
});

/** A name without an address, by getaddrinfo's codes and by those of c-ares. Asking again within a call never helps. */
const NAME_CODES: readonly string[] = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'ENODATA',
  'ESERVFAIL',
  'EREFUSED',
  'ENOTIMP',
  'EFORMERR',
  'EBADRESP',
  'EBADNAME',
  'ETIMEOUT',
];

/** A host that shows another's certificate, or none that is valid: whoever answers there is not the service. */
const CERTIFICATE_CODES: readonly string[] = [
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'EPROTO',
];

/** DNS failures, refused and broken connections, and every kind of time-out: nobody there, or nobody answering. */
const UNREACHABLE_CODES: ReadonlySet<string> = new Set([
  ...NAME_CODES,
  ...CERTIFICATE_CODES,
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EPIPE',
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'ERR_SOCKET_CLOSED',
  'UND_ERR_SOCKET',
  'AbortError',
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
]);

const THROTTLED_CODES: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'RequestThrottled',
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'TooManyRequestsException',
  'SlowDown',
  'LimitExceededException',
]);

interface ErrorShape {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const codesOf = (error: ErrorShape, depth = 0): string[] => {
  const own = [textOf(error.code), textOf(error.name)].filter((code) => code !== '');
  const { cause } = error;
  return typeof cause === 'object' && cause !== null && depth < 3 ? [...own, ...codesOf(cause, depth + 1)] : own;
};

const reasonOf = (codes: readonly string[], status: number | undefined): FailureReason => {
  if (codes.some((code) => UNREACHABLE_CODES.has(code))) {
    return 'unreachable';
  }
  if (codes.some((code) => THROTTLED_CODES.has(code)) || status === 429) {
    return 'throttled';
  }
  if (status !== undefined && status >= 500) {
    return 'unreachable';
  }
  if (status !== undefined && status >= 400) {
    return 'refused';
  }
  return 'unknown';
};

/** Says whether a call failed because its host's name has no address. */
export const isNameFailure = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && codesOf(error).some((code) => NAME_CODES.includes(code));

/** Errors whose message quotes what they were given: a parser shows the text, a validator the value. */
const QUOTING_CODES: ReadonlySet<string> = new Set(['SyntaxError', 'ValidationException', 'SerializationException']);

const messageOf = (shape: ErrorShape, codes: readonly string[], code: string): string => {
  if (codes.some((one) => QUOTING_CODES.has(one))) {
    return `${code}; the details are left out, because they may quote what was stored`;
  }
  const message = textOf(shape.message).split('\n', 1)[0]?.slice(0, 200) ?? '';
  return message === '' ? code : message;
};

/**
 * Classifies whatever an SDK client threw. A 5xx counts as unreachable: the service is there, but the write is not.
 * The message keeps the error's own first line only where the service wrote it about itself (names, not payloads).
 */
export const classifyFailure = (error: unknown): Failure => {
  if (typeof error !== 'object' || error === null) {
    return { reason: 'unknown', code: 'Unknown', message: 'A call failed with something that is not an error.' };
  }
  const shape = error as ErrorShape;
  const codes = codesOf(shape);
  const status = shape.$metadata?.httpStatusCode;
  const reason = reasonOf(codes, status);
  const code = codes.find((one) => one !== 'Error') ?? 'Unknown';
  return { reason, code, message: messageOf(shape, codes, code) };
};
