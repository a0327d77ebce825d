/** Whom to page, from a catalog's annotation through the dated document of an on-call service to a person. */
import { expect, it } from 'vitest';

import { memoryReader } from '../../../functions/graph/answers/memory-reader.ts';
import { onCallOf } from '../../../functions/graph/answers/questions.ts';
import { extractFiles } from './organisation.ts';

const CATALOG = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations:
    pagerduty.com/service-id: PPAY
`;

const POLICY = `# On call: Payments

- Kind: escalation policy
- As of: 2026-11-20, for 7 days

## Services

- service PPAY Payments API

## Shifts

- 2026-11-20T00:00Z to 2026-11-27T00:00Z: Ada Lovelace (level 1)
- 2026-11-20T00:00Z to 2026-11-27T00:00Z: Grace Hopper (level 2)
`;

it('the service that a catalog names is followed to who has the first level of its shift', async () => {
  const facts = [
    ...(await extractFiles('payments', [{ path: 'catalog-info.yaml', text: CATALOG }])),
    ...(await extractFiles('pagerduty', [{ path: 'on-call/escalation/payments.md', text: POLICY }])),
  ];
  const answer = await onCallOf(memoryReader(facts), 'payments', () => true);
  expect(answer?.onCall.map(({ name }) => name)).toStrictEqual(['PPAY', 'Ada Lovelace']);
  expect(answer?.onCall.at(-1)).toMatchObject({
    from: 'observed',
    attributes: { shift: expect.any(String) as string },
  });
});
