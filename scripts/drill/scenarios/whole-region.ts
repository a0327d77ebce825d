/** A whole Region fails, each time in another way: what the wire does differs, what the person on call does is the same. */
import type { Scenario } from '../scenario.ts';

const FAILING = 'primary';
const SUCCESS_MIN = 0.999;

export const blackHole: Scenario = {
  name: 'black-hole',
  title: 'A Region answers nobody',
  story:
    'Connections to the Region are taken and never answered, as behind a network that drops everything. Nothing says no.',
  failing: FAILING,
  successMin: SUCCESS_MIN,
  stages: [
    {
      trouble: {
        what: 'nothing answers any more, and nothing says no',
        functions: { services: ['*'], mode: 'blackhole' },
        operator: { mode: 'hang' },
        people: { mode: 'hang' },
      },
      holdMs: 0,
    },
  ],
};

export const errorStorm: Scenario = {
  name: 'error-storm',
  title: 'A Region answers 503 to everything',
  story:
    'Every service of the Region answers at once, and says that it is unavailable: the retries of everybody make it worse.',
  failing: FAILING,
  successMin: SUCCESS_MIN,
  stages: [
    {
      trouble: {
        what: 'every service answers 503',
        functions: { services: ['*'], mode: 'error-503' },
        operator: { mode: 'error-503' },
        people: { mode: 'error-503' },
      },
      holdMs: 0,
    },
  ],
};

export const throttling: Scenario = {
  name: 'throttling',
  title: 'A Region throttles everything',
  story:
    'Every call to the Region’s stores is refused for its rate, the API of the Region included, because it can read nothing.',
  failing: FAILING,
  successMin: SUCCESS_MIN,
  stages: [
    {
      trouble: {
        what: 'every service answers that there are too many requests',
        functions: { services: ['*'], mode: 'throttle' },
        operator: { mode: 'throttle' },
        // Its API runs and can read nothing: that is a 503, and so is a function that may not start.
        people: { mode: 'error-503' },
      },
      holdMs: 0,
    },
  ],
};

export const slowRegion: Scenario = {
  name: 'slow-region',
  title: 'A Region answers correctly, and far too late',
  story: 'Every answer of the Region is right and takes many seconds. Nothing fails, and nobody can work with it.',
  failing: FAILING,
  successMin: SUCCESS_MIN,
  stages: [
    {
      trouble: {
        what: 'every answer takes many seconds',
        functions: { services: ['dynamodb', 's3vectors', 'appconfig', 'sqs'], mode: 'delay', delayMs: 8000 },
        operator: { mode: 'slow-200' },
        people: { mode: 'slow-200' },
      },
      holdMs: 0,
    },
  ],
};

/** And it comes back with what it had before the last release. */
export const oldCodeReturns: Scenario = {
  name: 'old-code-returns',
  title: 'A Region resets every handshake, and returns with the code of the previous commit',
  story:
    'The Region runs the previous commit, as in the middle of a staggered release. It fails by resetting every TLS handshake, ' +
    'and comes back with that code, its flag still active, and a sync on its queue.',
  failing: FAILING,
  successMin: SUCCESS_MIN,
  hasPreviousBundle: true,
  stages: [
    {
      trouble: {
        what: 'every handshake is reset',
        functions: { services: ['*'], mode: 'reset' },
        operator: { mode: 'tls-reset' },
        people: { mode: 'tls-reset' },
      },
      holdMs: 0,
    },
  ],
};
