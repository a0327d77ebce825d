/** The laptop dies in the middle of a failover; somebody else goes on with it. */
import type { Drive } from '../drive.ts';
import type { Ran } from '../operator.ts';
import type { Scenario } from '../scenario.ts';

/** The last step that the first operator saw ending. */
const DIES_AFTER = '[3/';

const dieThenResume = async (drive: Drive, words: readonly string[]): Promise<Ran> => {
  const { operator, timeline } = drive.world;
  const died = await operator.run(words, (said) => said.includes(DIES_AFTER));
  timeline.mark('operator', 'the laptop dies in the middle of the failover', died.tookMs);
  const refused = await drive.run(words);
  if (refused.exitCode === 0) {
    timeline.mark('drill', 'a second failover was not refused although one was open');
  }
  return drive.run([...words, '--resume']);
};

export const deathMidway: Scenario = {
  name: 'death-midway',
  title: 'The operator’s laptop dies in the middle of a failover',
  story:
    'The Region answers nobody. The failover has fenced and activated the survivor when its process is killed. Another operator who ' +
    'begins anew is refused and told how to go on; with --resume the move ends under the same epoch.',
  failing: 'primary',
  successMin: 0.999,
  stages: [
    {
      trouble: {
        what: 'nothing answers any more',
        functions: { services: ['*'], mode: 'blackhole' },
        operator: { mode: 'refuse' },
        people: { mode: 'refuse' },
      },
      holdMs: 0,
    },
  ],
  moveTheWork: dieThenResume,
};
