/** A Region that is out and back every few seconds: the worst moment to trust what one probe said. */
import type { Drive } from '../drive.ts';
import type { Ran } from '../operator.ts';
import type { Scenario } from '../scenario.ts';
import type { Trouble } from '../trouble.ts';

const OUT: Trouble = {
  what: 'refuses every connection',
  functions: { services: ['*'], mode: 'refuse' },
  operator: { mode: 'refuse' },
  people: { mode: 'refuse' },
};

const OUT_MS = 2500;
const BACK_MS = 1200;

/** Goes on flapping until the command has ended; out at the end. */
const whileFlapping = async (drive: Drive, work: () => Promise<Ran>): Promise<Ran> => {
  const state = { isOver: false };
  const flapping = (async (): Promise<void> => {
    while (!state.isOver) {
      await drive.mend(drive.failing);
      await drive.hold(BACK_MS);
      await drive.break(drive.failing, OUT);
      await drive.hold(OUT_MS);
    }
  })();
  try {
    return await work();
  } finally {
    state.isOver = true;
    await flapping;
  }
};

export const flapping: Scenario = {
  name: 'flapping',
  title: 'A Region is out and back every few seconds',
  story:
    'The Region refuses every connection for a few seconds, answers for one, and is gone again, also while the work is moved away ' +
    'from it. The operator declares it out, whatever it answers at the moment.',
  failing: 'primary',
  successMin: 0.995,
  stages: [{ trouble: OUT, holdMs: 0 }],
  moveTheWork: async (drive, words) => whileFlapping(drive, async () => drive.run(words)),
};
