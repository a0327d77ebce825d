/** What an environment's process may say over its channel. A bundle can write there too, so nothing is taken on trust. */
import type { Verdict } from './outcome.ts';

export interface RequestMessage {
  readonly requestId: string;
  readonly payload: string;
  readonly timeoutMs: number;
  readonly functionArn: string;
  readonly logStreamName: string;
  readonly responseBytesMax: number;
}

export type EnvironmentMessage =
  | { readonly type: 'ready' }
  /** An answer; after a fatal one the process ends. */
  | { readonly type: 'answer'; readonly verdict: Verdict; readonly fatal: boolean };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const textOr = (value: unknown, other: string): string => (typeof value === 'string' ? value : other);

const errorVerdict = (error: unknown): Verdict => {
  const fields = isObject(error) ? error : {};
  const trace = fields['trace'];
  return {
    kind: 'function-error',
    errorType: textOr(fields['errorType'], 'Error'),
    message: textOr(fields['errorMessage'], ''),
    trace: Array.isArray(trace) ? trace.map(String) : [],
  };
};

const resultVerdict = (payload: unknown): Verdict => {
  try {
    return { kind: 'returned', payload: JSON.parse(String(payload)) as unknown };
  } catch (error) {
    return { kind: 'function-error', errorType: 'Runtime.MalformedResponse', message: String(error), trace: [] };
  }
};

/** `undefined`: not one of ours. */
export const parseEnvironmentMessage = (raw: unknown, responseBytesMax: number): EnvironmentMessage | undefined => {
  const message = isObject(raw) ? raw : {};
  switch (message['type']) {
    case 'ready':
      return { type: 'ready' };
    case 'result':
      return { type: 'answer', verdict: resultVerdict(message['payload']), fatal: false };
    case 'error':
      return { type: 'answer', verdict: errorVerdict(message['error']), fatal: false };
    case 'fatal':
      return { type: 'answer', verdict: errorVerdict(message['error']), fatal: true };
    case 'too-large':
      return {
        type: 'answer',
        verdict: { kind: 'too-large', part: 'response', bytes: Number(message['bytes']), bytesMax: responseBytesMax },
        fatal: false,
      };
    default:
      return undefined;
  }
};
