/** A frozen stack is refused before any resource, with the reason and what lifts the freeze. */
import { beforeAll, describe, expect, it } from 'vitest';

import { parseRegionConfig } from '../../infra/config.ts';
import { exampleSettings, type Settings } from './complete-settings.ts';

let primary: Settings;

const problemsWith = (more: Settings): readonly string[] => {
  const parsed = parseRegionConfig({ ...primary, ...more });
  return parsed.kind === 'invalid' ? parsed.problems : [];
};

beforeAll(async () => {
  primary = await exampleSettings('primary');
});

describe('twinmap:freeze', () => {
  it.each<readonly [what: string, text: string, told: string]>([
    [
      'as a failover writes it',
      JSON.stringify({ reason: 'failover to us-west-2', by: 'Ada', at: '2026-01-31T09:00:00Z' }),
      'since 2026-01-31T09:00:00Z by Ada: failover to us-west-2',
    ],
    ['as a sentence', 'audit week', ': audit week'],
    ['as a sentence in JSON', '"audit week"', ': audit week'],
    ['without a reason', '{"by":"Ada"}', 'by Ada: no reason is given'],
    ['as something that can not be understood', '[7]', ': no reason is given'],
    ['as yes', 'true', ': no reason is given'],
    ['over several lines', '{"reason":"one\\ntwo"}', ': one two'],
  ])('%s refuses the deployment', (_what, text, told) => {
    const [problem, ...more] = problemsWith({ 'twinmap:freeze': text });
    expect(more).toStrictEqual([]);
    expect(problem).toContain(`this stack is frozen`);
    expect(problem).toContain(told);
    expect(problem).toMatch(/npx twinmap toggle --unfreeze --yes$/u);
  });

  it.each(['', '{}', 'false', 'null'])('of %j freezes nothing', (text) => {
    expect(problemsWith({ 'twinmap:freeze': text })).toStrictEqual([]);
  });

  it('is told beside the other mistakes', () => {
    expect(problemsWith({ 'twinmap:freeze': 'x', 'twinmap:gateEpoch': '0' })).toHaveLength(2);
  });
});
