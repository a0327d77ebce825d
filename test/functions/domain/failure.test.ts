/** Whatever a client throws becomes one of five reasons, with a code that a person can look up and a message that is short. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { classifyFailure, DONE, done, failed, type FailureReason } from '../../../functions/domain/failure.ts';

interface Thrown {
  readonly name?: string;
  readonly code?: unknown;
  readonly status?: number;
  readonly cause?: unknown;
  readonly message?: string;
}

/** An error as the SDK and Node make them: a name, a system code, the HTTP status among the metadata. */
const thrown = ({ name, code, status, cause, message = 'the call failed' }: Thrown): Error =>
  Object.assign(new Error(message, cause === undefined ? {} : { cause }), {
    ...(name === undefined ? {} : { name }),
    ...(code === undefined ? {} : { code }),
    ...(status === undefined ? {} : { $metadata: { httpStatusCode: status, requestId: 'r' } }),
  });

const ROWS: readonly (readonly [string, Thrown, FailureReason, string])[] = [
  ['no such host', { code: 'ENOTFOUND' }, 'unreachable', 'ENOTFOUND'],
  ['DNS that does not answer', { code: 'EAI_AGAIN' }, 'unreachable', 'EAI_AGAIN'],
  ['nobody listens', { name: 'AggregateError', code: 'ECONNREFUSED' }, 'unreachable', 'ECONNREFUSED'],
  ['a connection that breaks', { code: 'ECONNRESET' }, 'unreachable', 'ECONNRESET'],
  ['a pipe that breaks', { code: 'EPIPE' }, 'unreachable', 'EPIPE'],
  ['no route', { code: 'EHOSTUNREACH' }, 'unreachable', 'EHOSTUNREACH'],
  ['a time-out of the handler', { name: 'TimeoutError' }, 'unreachable', 'TimeoutError'],
  ['our own bound', { name: 'AbortError', code: 20 }, 'unreachable', 'AbortError'],
  ['a time-out that the service tells', { name: 'RequestTimeout', status: 400 }, 'unreachable', 'RequestTimeout'],
  ['an error of the service', { name: 'InternalServerError', status: 500 }, 'unreachable', 'InternalServerError'],
  [
    'a service that is busy',
    { name: 'ServiceUnavailableException', status: 503 },
    'unreachable',
    'ServiceUnavailableException',
  ],
  ['a proxy’s page', { name: 'SyntaxError', status: 502 }, 'unreachable', 'SyntaxError'],
  [
    'throttling of DynamoDB',
    { name: 'ProvisionedThroughputExceededException', status: 400 },
    'throttled',
    'ProvisionedThroughputExceededException',
  ],
  ['throttling of an account', { name: 'RequestLimitExceeded', status: 400 }, 'throttled', 'RequestLimitExceeded'],
  ['throttling of AppConfig', { name: 'ThrottlingException', status: 429 }, 'throttled', 'ThrottlingException'],
  [
    'throttling of S3 Vectors',
    { name: 'TooManyRequestsException', status: 429 },
    'throttled',
    'TooManyRequestsException',
  ],
  ['throttling of SQS', { name: 'RequestThrottled', status: 400 }, 'throttled', 'RequestThrottled'],
  ['throttling by a 503', { name: 'SlowDown', status: 503 }, 'throttled', 'SlowDown'],
  ['a 429 of any name', { name: 'SomethingNew', status: 429 }, 'throttled', 'SomethingNew'],
  ['a missing permission', { name: 'AccessDeniedException', status: 400 }, 'refused', 'AccessDeniedException'],
  ['credentials that ended', { name: 'ExpiredTokenException', status: 403 }, 'refused', 'ExpiredTokenException'],
  ['a request that is wrong', { name: 'ValidationException', status: 400 }, 'refused', 'ValidationException'],
  [
    'a table that is not there',
    { name: 'ResourceNotFoundException', status: 400 },
    'refused',
    'ResourceNotFoundException',
  ],
  ['a full quota', { name: 'ServiceQuotaExceededException', status: 402 }, 'refused', 'ServiceQuotaExceededException'],
  ['no credentials at all', { name: 'CredentialsProviderError' }, 'unknown', 'CredentialsProviderError'],
  ['an error of our own', { name: 'TypeError' }, 'unknown', 'TypeError'],
  ['an error without a name of its own', {}, 'unknown', 'Unknown'],
];

describe('classifyFailure', () => {
  it.each(ROWS)('takes %s for what it is', (_what, error, reason, code) => {
    expect(classifyFailure(thrown(error))).toMatchObject({ reason, code });
  });

  it('looks at what caused an error, and names the outer one', () => {
    const socket = thrown({ code: 'UND_ERR_SOCKET' });
    const failure = classifyFailure(thrown({ name: 'FetchError', cause: thrown({ name: 'Error', cause: socket }) }));
    expect(failure).toMatchObject({ reason: 'unreachable', code: 'FetchError' });
  });

  it('ends where errors cause each other', () => {
    const one = thrown({ name: 'One' });
    const two = thrown({ name: 'Two', cause: one });
    one.cause = two;
    expect(classifyFailure(one)).toMatchObject({ reason: 'unknown', code: 'One' });
  });

  it.each([[undefined], [null], ['text'], [7]])('takes %j, which is no error, as unknown', (value) => {
    expect(classifyFailure(value)).toMatchObject({ reason: 'unknown', code: 'Unknown' });
  });

  it('gives every failure a message: its code where there is none', () => {
    expect(classifyFailure(thrown({ name: 'ThrottlingException', status: 400, message: '' })).message).toBe(
      'ThrottlingException',
    );
    expect(classifyFailure({}).message).toBe('Unknown');
  });

  it('keeps at most 200 characters of the first line, and nothing of metadata, causes or the response', () => {
    const secret = 'canary-7f3a91';
    const error = Object.assign(
      thrown({
        name: 'AccessDeniedException',
        status: 400,
        message: `${'a'.repeat(200)}${secret}\n${secret}`,
        cause: thrown({ message: secret }),
      }),
      { $response: { body: secret }, $fault: secret, data: secret },
    );
    const failure = classifyFailure(error);
    expect(JSON.stringify(failure)).not.toContain(secret);
    expect(failure.message).toBe('a'.repeat(200));
  });

  it.each(['SyntaxError', 'ValidationException', 'SerializationException'])(
    'leaves out what a %s says, because it quotes what it was given',
    (name) => {
      const failure = classifyFailure(thrown({ name, message: 'Unexpected token in "canary-7f3a91"' }));
      expect(failure).toMatchObject({ code: name });
      expect(failure.message).toBe(`${name}; the details are left out, because they may quote what was stored`);
    },
  );

  it('has one of the five reasons, one line and a code for whatever is thrown', () => {
    const reasons = new Set<FailureReason>(['unreachable', 'throttled', 'refused', 'unknown']);
    fc.assert(
      fc.property(fc.anything(), fc.string(), fc.integer({ min: 100, max: 599 }), (value, message, status) => {
        for (const one of [value, thrown({ message, status }), Object.assign(new Error(message), { cause: value })]) {
          const failure = classifyFailure(one);
          expect(reasons.has(failure.reason)).toBe(true);
          expect(failure.message.length).toBeLessThanOrEqual(200);
          expect(failure.message).not.toContain('\n');
          expect(failure.message === '' || failure.code === '').toBe(false);
        }
      }),
    );
  });
});

describe('results', () => {
  it('are done with a value, done with nothing, or failed', () => {
    const failure = classifyFailure(thrown({ code: 'ECONNRESET' }));
    expect([done(1), DONE, failed(failure)]).toEqual([
      { kind: 'done', value: 1 },
      { kind: 'done', value: undefined },
      { kind: 'failed', failure },
    ]);
  });
});
