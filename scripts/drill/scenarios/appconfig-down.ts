/** The Region fails, and in the survivor nobody can deploy a gate document: break-glass writes the gate record. */
import type { Scenario } from '../scenario.ts';

export const appConfigDown: Scenario = {
  name: 'appconfig-down',
  title: 'A Region is gone, and AppConfig’s control plane is down in the other one',
  story:
    'No name of the Region exists any more. In the survivor AppConfig still serves the old document, but takes no new one: the gate ' +
    'record is written instead, with --break-glass, and stays in force with an alarm until AppConfig can be told.',
  failing: 'primary',
  successMin: 0.999,
  failoverWords: ['--break-glass'],
  stages: [
    {
      trouble: {
        what: 'no name of the Region exists any more',
        functions: { services: ['*'], mode: 'dns-nxdomain' },
        operator: { mode: 'dns-nxdomain' },
        people: { mode: 'dns-nxdomain' },
        isCold: true,
      },
      holdMs: 0,
    },
  ],
  beforeFailover: async (drive) => {
    await drive.break(drive.survivor, {
      what: 'AppConfig’s control plane answers 503',
      operator: { mode: 'error-503', services: ['appconfig'] },
    });
  },
  afterFailover: async (drive) => {
    await drive.mend(drive.survivor);
  },
};
