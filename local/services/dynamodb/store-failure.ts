/** What the store under DynamoDB's stand-in throws when its file fails. */
import { TwinmapError } from '../../../functions/domain/errors.ts';

/** A failure of the file itself (disk full, no permission), in the shape that the stand-in answers as a 500. */
export class StoreFailureError extends TwinmapError {
  readonly code = 'TM_LOCAL_STORE';
  readonly audience = 'operator';
  override readonly name = 'StoreFailureError';
  readonly statusCode = 500;
  readonly body: { readonly __type: string; readonly message: string };

  constructor(cause: unknown) {
    const reason = cause instanceof Error ? cause.message : 'unknown reason';
    super(`The file of the local DynamoDB could not be read or written: ${reason}.`, { cause });
    this.body = { __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError', message: this.message };
  }
}

/** Runs work on the file; whatever it throws becomes the one error that the stand-in can answer. */
export const guarded = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw new StoreFailureError(error);
  }
};
