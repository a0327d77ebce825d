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

export const isSafe = (method: string): boolean => /^(?:GET|HEAD|OPTIONS|TRACE)$/u.test(method);

type Rule = (traits: RequestTraits) => boolean;

/** One row per phase. PUT and DELETE are idempotent in one Region, but not across two that are merging: they aren't safe here. */
const RULES: Readonly<Record<Phase, Rule>> = {
  unsent: ({ isReplayable }) => isReplayable,
  ambiguous: ({ method, isReplayable, hasSharedKey }) => isReplayable && (isSafe(method) || hasSharedKey),
  started: () => false,
};

/** May the request be sent to another Region after a failure of this phase? */
export const mayResend = (phase: Phase, traits: RequestTraits): boolean => RULES[phase](traits);

/** May two Regions work on it at once? Reads only: a key makes a second send harmless, not free. */
export const mayHedge = ({ method, isHedgeable, isReplayable }: RequestTraits): boolean =>
  isHedgeable && isReplayable && (method === 'GET' || method === 'HEAD');

/** Codes of Node's and undici's errors after which the origin can't have seen the request: no connection, or no trust in it. */
const UNSENT =
  /^E(?:CONNREFUSED|NOTFOUND|AI_AGAIN|(?:HOST|NET)UNREACH|ADDRNOTAVAIL|PROTO)$|CONNECT_TIMEOUT|NO_ADDRESS|CERT|_TLS_|_SSL_|VERIFY/u;

/** Phase of a failed send; what is not known to be unsent is ambiguous. */
export const phaseOfCode = (code: string): 'unsent' | 'ambiguous' => (UNSENT.test(code) ? 'unsent' : 'ambiguous');

/** Answers that count as a failure of the Region. 500 is often deterministic; 429 elsewhere would double the load. */
export const isFailureStatus = (status: number): boolean => status >= 502 && status <= 504;
