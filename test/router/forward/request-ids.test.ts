/** One id for a request, from the router to the store: the client's own, or one that the router makes. */
import { describe, expect, it } from 'vitest';

import { forwardedHeaders } from '../../../router/forward/hygiene.ts';
import { createRequestIds } from '../../../router/forward/request-ids.ts';

const HOP = { name: 'router', clientAddress: '10.0.0.1', proto: 'https', host: 'map.example', trustedFor: '' } as const;

const sentIds = (raw: readonly string[], requestId?: string): readonly string[] => {
  const headers = forwardedHeaders(raw, requestId === undefined ? HOP : { ...HOP, requestId });
  return headers.filter((_text, at) => at % 2 === 1 && headers[at - 1] === 'x-request-id');
};

describe('the id of a request', () => {
  it('is its client’s, where that is one word', () => {
    const idOf = createRequestIds(() => 'prefix');
    expect(idOf('client-request-1')).toBe('client-request-1');
    expect(idOf('two words')).toBe('prefix-1');
    expect(idOf('x\r\nset-cookie: a=b')).toBe('prefix-2');
    expect(idOf(undefined)).toBe('prefix-3');
  });

  it('is asked for randomness once, and only when it is needed', () => {
    let asked = 0;
    const idOf = createRequestIds(() => {
      asked += 1;
      return 'prefix';
    });
    expect(asked).toBe(0);
    idOf(undefined);
    idOf(undefined);
    expect(asked).toBe(1);
  });

  it('arrives once at the Region, whatever the client sent', () => {
    expect(sentIds(['X-Request-Id', 'theirs', 'x-request-id', 'again'], 'ours-0001')).toStrictEqual(['ours-0001']);
    expect(sentIds([], 'ours-0001')).toStrictEqual(['ours-0001']);
    expect(sentIds(['x-request-id', 'theirs'])).toStrictEqual(['theirs']);
  });
});
