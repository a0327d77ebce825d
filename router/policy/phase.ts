/**
 * When may a request go to the other Region? A failure has a phase: `unsent` (no byte of the request can have reached the
 * origin), `ambiguous` (it may have been carried out), `started` (bytes of the answer already went to the client).
 * The rule is a table, because each exception to it is a duplicated write.
 */

export type Phase = 'unsent' | 'ambiguous' | 'started';

export interface RequestTraits {
  readonly method: string;
  /** The whole body is at hand: empty, or buffered. A streamed body can be sent once. */
  readonly isReplayable: boolean;
  /** Carries an Idempotency-Key on a route that both Regions honour with one and the same write. */
  readonly hasSharedKey: boolean;
  /** Event streams, ranges and upgrades are not asked for twice. */
  readonly isHedgeable: boolean;
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

export const isSafe = (method: string): boolean => SAFE.has(method);

type Rule = (traits: RequestTraits) => boolean;

/** One row per phase. PUT and DELETE are idempotent in one Region, but not across two that are merging: they aren't safe here. */
const RULES: Readonly<Record<Phase, Rule>> = {
  unsent: ({ isReplayable }) => isReplayable,
  ambiguous: ({ method, isReplayable, hasSharedKey }) => isReplayable && (SAFE.has(method) || hasSharedKey),
  started: () => false,
};

/** May the request be sent to another Region after a failure of this phase? */
export const mayResend = (phase: Phase, traits: RequestTraits): boolean => RULES[phase](traits);

/** May two Regions work on it at once? Reads only: a key makes a second send harmless, not free. */
export const mayHedge = ({ method, isHedgeable, isReplayable }: RequestTraits): boolean =>
  isHedgeable && isReplayable && (method === 'GET' || method === 'HEAD');

/** Codes of Node's and undici's errors after which the origin can't have seen the request. */
const UNSENT_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'NO_ADDRESS',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'EPROTO',
]);

/** Phase of a failed send; what is not known to be unsent is ambiguous. */
export const phaseOfCode = (code: string): 'unsent' | 'ambiguous' =>
  UNSENT_CODES.has(code) || code.startsWith('ERR_TLS_') || code.startsWith('ERR_SSL_') ? 'unsent' : 'ambiguous';

/** Answers that count as a failure of the Region. 500 is often deterministic; 429 elsewhere would double the load. */
export const isFailureStatus = (status: number): boolean => status === 502 || status === 503 || status === 504;
