/** How long one call to one Region may take, and how often it may be tried within that time. */

export interface CallBounds {
  readonly connectTimeoutMs: number;
  /** One call with all its attempts, headers and body. */
  readonly callTimeoutMs: number;
  readonly attemptsMax: number;
}
