/** One validator, all errors at once, each with its path. */
import { describe, expect, it } from 'vitest';

import { parseConfigText, validateConfig } from '../../../router/config/validate.ts';

const GOOD = {
  regions: [
    { id: 'us-east-2', endpoint: 'https://twinmap1.example' },
    { id: 'us-west-2', endpoint: 'https://twinmap2.example' },
  ],
};

describe('a config', () => {
  it('needs two Regions only, the rest has defaults', () => {
    const validated = validateConfig(GOOD);
    expect(validated).toMatchObject({ kind: 'valid', config: { mode: 'auto', listen: { port: 8080 } } });
  });

  it('tells every error at once, with its path', () => {
    const validated = validateConfig({
      listen: { port: 99_999, certFile: 'a.pem' },
      mode: 'pin:eu-west-1',
      regions: [
        { id: 'us-east-2', endpoint: 'http://twinmap1.example/path' },
        { id: 'us-east-2', endpoint: 'not a url', addresses: ['nowhere'] },
      ],
      policy: { attemptTimeoutMs: 9000, deadlineMs: 100, atemptTimeoutMs: 1 },
      override: { keys: [{ kid: 'k', publicKey: 'short' }] },
    });
    const paths = validated.kind === 'invalid' ? validated.problems.map(({ path }) => path).toSorted() : [];
    expect(paths).toStrictEqual([
      'listen',
      'listen.port',
      'mode',
      'override.keys.0.publicKey',
      'policy.atemptTimeoutMs',
      'policy.attemptTimeoutMs',
      'regions.0.endpoint',
      'regions.1.addresses.0',
      'regions.1.endpoint',
      'regions.1.id',
    ]);
  });

  it.each([
    ['http://twinmap1.example', 'must be https'],
    ['https://user:pw@twinmap1.example', 'credentials'],
    ['https://twinmap1.example/?q=1', 'origin only'],
  ])('refuses the endpoint %s', (endpoint, expected) => {
    const validated = validateConfig({ regions: [{ id: 'a', endpoint }] });
    expect(JSON.stringify(validated)).toContain(expected);
  });

  it('that is not JSON says where', () => {
    expect(parseConfigText('{"regions": [')).toMatchObject({ kind: 'invalid', problems: [{ path: '' }] });
  });
});
