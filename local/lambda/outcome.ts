/**
 * What an invocation may end as. A failed function is a value here, never an exception: the callers (load balancer,
 * queue poller, schedule) each treat it as the real service does, and switch over it exhaustively.
 */
import { unreachableCase } from '../../functions/domain/errors.ts';

export interface InvokeReport {
  readonly requestId: string;
  readonly durationMs: number;
  /** The most that the execution environment held during this invocation. */
  readonly maxRssMb: number;
  /** Present when this invocation had to start its environment. */
  readonly initMs?: number;
}

/** What one execution environment made of one request. */
export type Verdict =
  | { readonly kind: 'returned'; readonly payload: unknown }
  | {
      readonly kind: 'function-error';
      readonly errorType: string;
      readonly message: string;
      readonly trace: readonly string[];
    }
  | { readonly kind: 'timed-out'; readonly timeoutMs: number }
  | { readonly kind: 'out-of-memory'; readonly memoryMb: number }
  | { readonly kind: 'storage-exceeded'; readonly ephemeralStorageMb: number }
  | { readonly kind: 'crashed'; readonly exitCode: number | null; readonly signal: string | null }
  /** The caller's signal, or the close of the host, ended it. */
  | { readonly kind: 'aborted' }
  | TooLarge;

interface TooLarge {
  readonly kind: 'too-large';
  readonly part: 'payload' | 'response';
  readonly bytes: number;
  readonly bytesMax: number;
}

export type InvokeOutcome =
  | (Verdict & { readonly report?: InvokeReport })
  | { readonly kind: 'throttled' }
  | { readonly kind: 'unknown-function'; readonly functionName: string };

export type Invoke = (
  functionName: string,
  payload: unknown,
  options?: { readonly signal?: AbortSignal },
) => Promise<InvokeOutcome>;

/** One sentence for a log; never the payload, which may hold what a log must not. */
export const explainOutcome = (outcome: InvokeOutcome | Verdict): string => {
  switch (outcome.kind) {
    case 'returned':
      return 'The function returned.';
    case 'function-error':
      return `The function failed with ${outcome.errorType}: ${outcome.message}`;
    case 'timed-out':
      return `Task timed out after ${(outcome.timeoutMs / 1000).toFixed(2)} seconds.`;
    case 'out-of-memory':
      return `The function used more than its declared ${outcome.memoryMb} MB of memory and was ended.`;
    case 'storage-exceeded':
      return `The function wrote more than its declared ${outcome.ephemeralStorageMb} MB to its temporary folder and was ended.`;
    case 'crashed':
      return `The function's process ended by itself (${outcome.signal ?? `exit code ${outcome.exitCode}`}) without an answer.`;
    case 'aborted':
      return 'The invocation was ended because its caller or the Region stopped.';
    case 'too-large':
      return `The ${outcome.part} has ${outcome.bytes} bytes; Lambda allows ${outcome.bytesMax}.`;
    case 'throttled':
      return 'Every execution environment that the reserved concurrency allows is busy.';
    case 'unknown-function':
      return `No function named ${outcome.functionName} is provisioned in this Region.`;
    default:
      return unreachableCase(outcome);
  }
};
