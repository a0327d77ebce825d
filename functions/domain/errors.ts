/**
 * Errors that end something. Each has a stable code, an audience (`user`: did or configured something that can be mended;
 * `operator`: a Region or a service is in trouble; `builder`: our own defect), and one sentence that says when it happens.
 */

export type Audience = 'user' | 'operator' | 'builder';

export abstract class TwinmapError extends Error {
  abstract readonly code: string;
  abstract readonly audience: Audience;
}

/** A setting is missing, unknown or of the wrong shape; the message names it and what mends it. */
export class ConfigError extends TwinmapError {
  readonly code = 'TM_CONFIG';
  readonly audience = 'user';
  override readonly name = 'ConfigError';
}

/** A source can't be read as a whole: not a repository, no permission, no such branch, a host that isn't allowed. */
export class SourceError extends TwinmapError {
  readonly code = 'TM_SOURCE';
  readonly audience = 'user';
  override readonly name = 'SourceError';
}

/** A Region's service did not answer where the caller has no way on without it. */
export class RegionUnavailableError extends TwinmapError {
  readonly code = 'TM_REGION_UNAVAILABLE';
  readonly audience = 'operator';
  override readonly name = 'RegionUnavailableError';
}

/** Stored bytes are not what a reader may rely on: a record without its envelope, a payload that is not JSON. */
export class DamagedRecordError extends TwinmapError {
  readonly code = 'TM_DAMAGED_RECORD';
  readonly audience = 'operator';
  override readonly name = 'DamagedRecordError';
}

/** Our own code broke a rule that it should have kept; nothing that a user does may cause it. */
export class InvariantError extends TwinmapError {
  readonly code = 'TM_INVARIANT';
  readonly audience = 'builder';
  override readonly name = 'InvariantError';
}

/** Ends a switch over a union: the compiler refuses the call when a case was forgotten. */
export const unreachableCase = (value: never): never => {
  throw new InvariantError(`unhandled case ${JSON.stringify(value)}`);
};
