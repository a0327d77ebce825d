/** The self-hosted form, rendered and served by a real workerd, under the same suite as the others. */
import { describe, expect, it } from 'vitest';

import { WHY_NO_WORKERD, WORKERD, WORKERD_ADAPTER } from '../support/running-workerd.ts';
import { adapterSuite } from './adapter-suite.ts';
import { serverSuite } from './server-suite.ts';
import { tlsSuite } from './tls-suite.ts';

describe.runIf(WORKERD !== undefined)('the suites', () => {
  adapterSuite(WORKERD_ADAPTER);
  serverSuite(WORKERD_ADAPTER);
  tlsSuite(WORKERD_ADAPTER);
});

it.runIf(WORKERD === undefined)(`nothing of workerd was checked: ${WHY_NO_WORKERD}`, () => {
  expect(WORKERD).toBeUndefined();
});
