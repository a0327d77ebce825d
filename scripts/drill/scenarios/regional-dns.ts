/** October 2025: a Region's DNS answers nothing for DynamoDB, then for everything, while warm connections live on. */
import type { Scenario } from '../scenario.ts';

export const regionalDns: Scenario = {
  name: 'regional-dns',
  title: 'A Region’s DNS answers nothing',
  story:
    'The names of DynamoDB in the Region have no address any more. Functions that are warm go on over open connections and ' +
    'remembered addresses, so nobody notices at first. Then no name of the Region has an address, and new functions know nothing.',
  failing: 'primary',
  readsMin: 10_000,
  successMin: 0.999,
  load: { routerReadsPerSecond: 110 },
  stages: [
    {
      trouble: { what: 'DNS answers nothing for DynamoDB; warm connections live on', namesOnly: ['dynamodb'] },
      holdMs: 5000,
    },
    {
      trouble: {
        what: 'DNS answers nothing for any name; functions start cold',
        functions: { services: ['*'], mode: 'dns-empty' },
        operator: { mode: 'dns-empty' },
        people: { mode: 'dns-empty', keepsWarm: true },
        isCold: true,
      },
      holdMs: 0,
    },
  ],
};
