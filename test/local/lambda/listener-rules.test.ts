/** Which function a request goes to: a load balancer's own path patterns, lowest priority first. */
import { describe, expect, it } from 'vitest';

import { ListenerRules } from '../../../local/lambda/listener-rules.ts';

const OWN = { functionName: 'api', targetGroupArn: 'api', multiValueHeaders: true };

const rules = new ListenerRules();
const add = (priority: number, functionName: string, ...pathPatterns: readonly string[]): void => {
  const target = { functionName, targetGroupArn: functionName, multiValueHeaders: true };
  rules.ensure({ listenerTargetGroupArn: 'api', priority, pathPatterns, ...target });
};
add(20, 'wide', '/v1/*');
add(10, 'survey', '/v1/surveys/*', '/v?/x.y');

describe('a rule', () => {
  it.each([
    ['/v1/surveys/lunch/votes', 'survey'],
    ['/v1/surveys/', 'survey'],
    ['/v1/surveys', 'wide'],
    ['/v1/surveys?x=/v1/surveys/', 'wide'],
    ['http://host/v1/surveys/lunch', 'survey'],
    ['/V1/surveys/lunch', 'api'],
    ['/v2/x.y', 'survey'],
    ['/v2/xzy', 'api'],
    ['/v22/x.y', 'api'],
    ['/', 'api'],
  ])('sends %s to %s', (target, functionName) => {
    expect(rules.choose(target, OWN).functionName).toBe(functionName);
  });

  it('of the same priority replaces the one before', () => {
    add(20, 'other', '/other/*');
    expect([rules.choose('/v1/status', OWN).functionName, rules.choose('/other/x', OWN).functionName]).toStrictEqual([
      'api',
      'other',
    ]);
  });
});
