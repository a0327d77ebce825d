/** The queue contract: a FIFO queue whose groups are sources, so that one source never has two cycles at once. */
import type { Result } from '../domain/failure.ts';

export interface SyncQueue {
  /** `dedupe`: the same text within five minutes is one message (at most 128 characters). */
  send(message: { readonly group: string; readonly dedupe: string; readonly body: string }): Promise<Result<void>>;
}
