/** The queue contract: a FIFO queue whose groups are sources, so that one source never has two cycles at once. */
import type { Result } from '../domain/failure.ts';

export interface SyncQueue {
  /** `dedupe`: the same text, of any length, within five minutes is one message of the queue, whatever its group. */
  send(message: { readonly group: string; readonly dedupe: string; readonly body: string }): Promise<Result<void>>;
}
