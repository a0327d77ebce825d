/** Which command answers a question that somebody asked in words. */
import { expect, it } from 'vitest';

import { hintFor, isOfIncident } from '../../ops/ask-hint.ts';

const NAMES = { components: ['checkout', 'checkout-web', 'mailer'] };

it.each([
  ['who is on call for checkout-web?', 'oncall checkout-web'],
  ['which runbook is there for Mailer', 'workaround mailer'],
  ['what breaks if checkout fails', 'blast-radius checkout'],
  ['which apps depend on eu-west-1', 'dependents eu-west-1'],
  ['what do I do when us-east-1 is down', 'incident us-east-1'],
])('%s: %s', (question, command) => {
  expect(isOfIncident(question)).toBe(true);
  expect(hintFor(question, NAMES)).toBe(command);
});

it.each(['how is a write acknowledged?', 'where do carts live'])('%s is for the search alone', (question) => {
  expect(isOfIncident(question)).toBe(false);
  expect(hintFor(question, NAMES)).toBeUndefined();
});
