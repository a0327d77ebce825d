/** What becomes of everything that somebody sends to a Region: the six ways in which the bars want it to fail, and being well. */
export const WIRE_MODES = [
  'ok',
  /** The name has no address: an answer without records, as in October 2025. */
  'dns-empty',
  'dns-nxdomain',
  /** A connection that never becomes one: nothing is answered, the handshake included. */
  'hang',
  'tls-reset',
  'error-503',
  'throttle',
  /** A success that comes too late for anybody. */
  'slow-200',
  'refuse',
] as const;

export type WireMode = (typeof WIRE_MODES)[number];

/** One call as the wire saw it. */
export interface WireCall {
  /** In ms since 1970. */
  readonly at: number;
  readonly region: string;
  readonly service: string;
  /** By its AWS name; a connection that never brought a request is `connect`. */
  readonly operation: string;
  readonly tookMs: number;
  /** 0: no answer. */
  readonly status: number;
  readonly mode: WireMode;
}
