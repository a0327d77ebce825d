/** The command line of `npm start`: every mistake is told at once, before anything is touched. */
import { describe, expect, it } from 'vitest';

import { parseStartOptions } from '../../../local/start/options.ts';

const optionsOf = (...args: readonly string[]): unknown => {
  const parsed = parseStartOptions(args);
  return parsed.kind === 'options' ? parsed.options : parsed;
};

describe('parseStartOptions', () => {
  it('reads this repository on the schedule when nothing is said', () => {
    expect(optionsOf()).toStrictEqual({
      sources: [],
      once: false,
      json: false,
      intervalMs: undefined,
      dataDirectory: '.twinmap',
      faults: [],
      sourcesFile: undefined,
      survey: false,
    });
  });

  it('takes sources again and again', () => {
    expect(optionsOf('--source', 'a b', '--source', 'https://git.example/x')).toMatchObject({
      sources: ['a b', 'https://git.example/x'],
    });
  });

  it.each([
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
  ])('reads the interval %s', (text, intervalMs) => {
    expect(optionsOf('--interval', text)).toMatchObject({ intervalMs });
  });

  it('reads a fault', () => {
    expect(optionsOf('--fault', 'secondary:*:refuse')).toMatchObject({
      faults: [{ role: 'secondary', service: '*', mode: 'refuse' }],
    });
  });

  it.each(['tls-stall', 'header-stall', 'truncate', 'delay', 'dns-silent'])('knows the fault %s', (mode) => {
    expect(optionsOf('--fault', `primary:s3vectors:${mode}`)).toMatchObject({ faults: [{ mode }] });
  });

  it.each([
    [['--bogus'], '--bogus'],
    [['positional'], 'positional'],
    [['--interval', '0s'], '30s, 5m or 1h'],
    [['--interval', 'soon'], '30s, 5m or 1h'],
    [['--fault', 'eu:dynamodb:refuse'], 'ROLE:SERVICE:MODE'],
    [['--fault', 'primary:dynamodb:none'], 'ROLE:SERVICE:MODE'],
    [['--source', ' '], 'empty'],
    [['--once', '--interval', '1m'], 'exclude each other'],
    [['--once', '--survey'], 'nobody could vote'],
  ])('refuses %j and says what to write', (args, text) => {
    const parsed = parseStartOptions(args);
    expect(parsed).toMatchObject({ kind: 'wrong' });
    expect(JSON.stringify(parsed)).toContain(text);
  });

  it('tells all mistakes at once', () => {
    const parsed = parseStartOptions(['--interval', 'x', '--fault', 'y', '--source', '']);
    expect(parsed.kind === 'wrong' ? parsed.problems : []).toHaveLength(3);
  });
});
