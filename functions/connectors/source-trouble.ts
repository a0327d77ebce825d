/**
 * What can go wrong between us and a source, told apart because each asks for something else. All of them are `SourceError`s:
 * whoever does not care stops the cycle, keeps what is indexed, and shows the message.
 */
import { SourceError } from '../domain/errors.ts';

export type TroubleKind =
  /** 401 or 403, or the source says that we may not see what is configured. A person has to act; nothing was deleted. */
  | 'refused'
  /** What was asked for is not there, or is hidden from us. */
  | 'missing'
  /** A cursor or token that the source no longer knows. */
  | 'expired'
  | 'throttled'
  /** No connection, no answer in time, 5xx: worth another try later. */
  | 'unavailable'
  /** An answer in a form that its documentation does not have. */
  | 'unexpected'
  /** A listing that ends before its end. */
  | 'incomplete'
  | 'too-large';

export class SourceTrouble extends SourceError {
  readonly trouble: TroubleKind;
  readonly status: number | null;
  /** How long the source asked to be left alone, if it did. */
  readonly retryAfterMs: number | null;

  constructor(
    trouble: TroubleKind,
    message: string,
    details: { readonly status?: number; readonly retryAfterMs?: number | null } = {},
  ) {
    super(message);
    this.trouble = trouble;
    this.status = details.status ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}

/** A part, such as a repository, that can't be listed: no listing of the source is total without it. */
export class PartTrouble extends SourceTrouble {
  readonly part: string;

  constructor(part: string, cause: SourceError) {
    super(cause instanceof SourceTrouble ? cause.trouble : 'unexpected', cause.message);
    this.part = part;
  }
}

/** The trouble that a thrown value stands for; undefined for a defect, which must not be taken for a source's trouble. */
export const troubleOf = (error: unknown): TroubleKind | undefined => {
  if (error instanceof SourceTrouble) {
    return error.trouble;
  }
  return error instanceof SourceError ? 'unexpected' : undefined;
};
