/** The answers that a load balancer gives by itself, and which of them belongs to which end of an invocation. */
import { STATUS_CODES } from 'node:http';
import { unreachableCase } from '../../functions/domain/errors.ts';
import type { InvokeOutcome } from './outcome.ts';

export type FailedOutcome = Exclude<InvokeOutcome, { readonly kind: 'returned' }>;

/**
 * The guide's list of causes puts every failure of a Lambda target under 502, its own timeout and throttling included; 503 is
 * a target group without a target, and 504 a Lambda service that does not answer.
 */
export const statusOfFailure = (outcome: FailedOutcome): number => {
  switch (outcome.kind) {
    case 'function-error':
    case 'timed-out':
    case 'out-of-memory':
    case 'storage-exceeded':
    case 'crashed':
    case 'throttled':
      return 502;
    case 'too-large':
      return outcome.part === 'payload' ? 413 : 502;
    case 'unknown-function':
    case 'aborted':
      return 503;
    default:
      return unreachableCase(outcome);
  }
};

/** The same bare page as the real one gives: a client must not find a reason here that it will not find there. */
export const errorPage = (statusCode: number): { readonly rawHeaders: readonly string[]; readonly body: Buffer } => {
  const title = `${statusCode} ${STATUS_CODES[statusCode] ?? ''}`;
  const body = Buffer.from(
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`,
  );
  return {
    rawHeaders: ['Server', 'awselb/2.0', 'Content-Type', 'text/html', 'Content-Length', String(body.length)],
    body,
  };
};
