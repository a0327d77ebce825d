/** The commands that a move prints: what somebody gave stands in them, so that pasting one does the same thing further. */
import { describe, expect, it } from 'vitest';

import { failback } from '../../../ops/failback.ts';
import { failover } from '../../../ops/failover.ts';
import { commandLine } from '../../../ops/failover/command-line.ts';
import type { RunEnd, RunResult } from '../../../ops/failover/execute.ts';
import { endLines } from '../../../ops/failover/move-lines.ts';
import { FailoverPair, orderTo, plannedOf } from '../../support/failover-pair.ts';

/** As commander hands them over: with what an option is without being given. */
const GIVEN = {
  to: 'secondary',
  yes: true,
  plan: '0123456789ab',
  reason: 'DNS in us-east-2',
  by: 'ada',
  ungraceful: true,
  stackFiles: false,
  stores: '/safe/twinmap.json',
  data: '.twinmap',
  dnsRecord: 'twinmap.example.com',
  json: true,
  input: false,
} as const;

describe('a command that is printed again', () => {
  it('has every option that was given, and none that was not', () => {
    expect(commandLine({ name: 'failover', flags: failover.options, options: GIVEN })).toBe(
      'npx twinmap failover --to secondary --yes --plan 0123456789ab --reason "DNS in us-east-2" --by ada --no-stack-files ' +
        '--dns-record twinmap.example.com --ungraceful --stores /safe/twinmap.json',
    );
    const back = { to: 'primary', stability: '0', acceptDrift: 'known', stackFiles: true, data: '.twinmap' };
    expect(commandLine({ name: 'failback', flags: failback.options, options: back })).toBe(
      'npx twinmap failback --to primary --accept-drift known --stability 0',
    );
  });

  it('leaves out what is replaced', () => {
    const changed = { without: ['--plan', '--take-over'], with: ['--resume'] };
    const options = { to: 'secondary', takeOver: true, plan: 'x', yes: true };
    expect(commandLine({ name: 'failover', flags: failover.options, options }, changed)).toBe(
      'npx twinmap failover --to secondary --yes --resume',
    );
  });

  it.each([
    ['plain', 'plain'],
    ['two words', '"two words"'],
    ["it's $HOME", String.raw`'it'\''s $HOME'`],
    ['say "no"', `'say "no"'`],
    ['', '""'],
  ])('quotes %j for a shell', (word, shown) => {
    const line = commandLine({ name: 'failover', flags: failover.options, options: { reason: word } });
    expect(line).toBe(`npx twinmap failover --reason ${shown}`);
  });
});

describe('the end of a move', () => {
  const next = { again: 'AGAIN', resume: 'RESUME', takeOver: 'TAKE OVER' };
  const STEP = { id: 'claim', startedAt: 0, endedAt: 1, outcome: 'done', detail: '' } as const;

  const linesOf = async (end: RunEnd, steps: RunResult['steps']): Promise<readonly string[]> => {
    const pair = await new FailoverPair().open();
    const plan = plannedOf((await pair.plan(orderTo('secondary'))).planned);
    return endLines(plan, { end, steps, debts: [], channels: [], files: [] }, { endpoint: undefined, next });
  };

  it('names the command that goes on, with what was given', async () => {
    const failed = { kind: 'failed', step: 'drain', why: 'x', isUnreachable: false, isDrift: false } as const;
    expect(await linesOf(failed, [STEP])).toContain('Next: mend that, then RESUME');
  });

  it('where the world has changed depends on whether the epoch was claimed', async () => {
    const changed = { kind: 'changed', changes: ['x'] } as const;
    expect((await linesOf(changed, [])).at(-1)).toBe('Next: AGAIN');
    expect((await linesOf(changed, [STEP])).slice(-2)).toStrictEqual([
      'Next: RESUME',
      'If that is refused, because somebody else has a higher epoch: TAKE OVER',
    ]);
  });
});
