/** What a worker hands on of a Region's answer: nothing that steers a router, and nothing that poses as one. */
import { describe, expect, it } from 'vitest';

import { returnedResponse } from '../../../router/entries/worker/returned-response.ts';

describe('an answer that a worker returns', () => {
  it.each(['x-router-no-retry', 'x-router-epoch', 'x-router-standing', 'proxy-connection'])(
    'keeps the origin’s %s to the router',
    (name) => {
      const given = new Response('failed', { status: 502, headers: { [name]: '1', 'x-own': 'kept' } });
      const { headers, status } = returnedResponse(given, ['x-router-region', 'a'], 1000);
      expect(headers.get(name)).toBeNull();
      expect([status, headers.get('x-own'), headers.get('x-router-region')]).toStrictEqual([502, 'kept', 'a']);
    },
  );
});
