/** Both Regions are in trouble: a failover that would make it worse is refused, and goes through when the survivor has recovered. */
import type { Drive } from '../drive.ts';
import type { Ran } from '../operator.ts';
import type { Scenario } from '../scenario.ts';

const refusedThenDone = async (drive: Drive, words: readonly string[]): Promise<Ran> => {
  const first = await drive.run(words);
  if (first.exitCode === 0) {
    drive.world.timeline.mark('drill', 'the failover to a Region that does not answer was not refused');
  }
  await drive.mend(drive.survivor);
  await drive.hold(1000);
  return drive.run(words);
};

export const bothSick: Scenario = {
  name: 'both-sick',
  title: 'Both Regions are in trouble',
  story:
    'The Region answers 503 to everything, and the stores of the other one throttle. A failover now is refused with the reason and ' +
    'changes nothing. The other Region recovers, and the same command goes through.',
  failing: 'primary',
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
  beforeFailover: async (drive) => {
    await drive.break(drive.survivor, {
      what: 'its stores throttle',
      functions: { services: ['dynamodb'], mode: 'throttle' },
      operator: { mode: 'throttle', services: ['dynamodb', 's3vectors'] },
    });
  },
  moveTheWork: refusedThenDone,
};
