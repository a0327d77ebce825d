/** Both Regions are well and can't reach each other: the wrong moment for a failover, and a test of who may acknowledge. */
import type { Scenario } from '../scenario.ts';

const SETTLES_MS = 6000;

export const partition: Scenario = {
  name: 'partition',
  title: 'The Regions can’t reach each other, and everybody reaches both',
  story:
    'The path between the Regions is cut. Both answer people and the operator. No cycle can be acknowledged, because the other Region ' +
    'has to hold it too; what people write is owed. Nobody fails over. When the path is back everything is acknowledged, and the ' +
    'work is moved gracefully, with both Regions taking part, as on a quiet day.',
  failing: 'primary',
  successMin: 0.999,
  isPartitioned: true,
  isNoticedBySlot: true,
  answersOperator: true,
  stages: [{ trouble: { what: 'the path between the Regions is cut', between: 'hang' }, holdMs: 3000 }],
  beforeFailover: async (drive) => {
    await drive.mend(drive.failing);
    await drive.slot('the path is back');
    // What people wrote meanwhile is sent, and writes reach both Regions again: nobody moves work in that minute.
    await drive.hold(SETTLES_MS);
  },
};
