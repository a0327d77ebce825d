/** Schedules and escalation policies of a PagerDuty that is imitated; what a test writes is their description. */
import { pagerduty } from '../../../../functions/connectors/pagerduty/pagerduty.ts';
import { FakePagerDuty } from '../../../../local/fakes/fake-pagerduty.ts';
import type { ConnectorHarness } from '../../../contracts/connector-world.ts';
import { FakeWorld } from './fake-world.ts';
import { KeyedIds } from './keyed.ts';

const nativeId = (id: string): string => id.slice(id.indexOf('/') + 1);

export const pagerdutyHarness: ConnectorHarness = {
  name: 'pagerduty',
  create: async () => {
    const fake = await new FakePagerDuty().start();
    const ids = new KeyedIds();
    const world = new FakeWorld({
      fake,
      kind: pagerduty,
      config: { url: fake.origin, token: 'env:TOKEN', daysAhead: 2 },
      environment: { TOKEN: fake.token },
      isLaterPage: ({ path, query }) => path === '/schedules' && Number(query.get('offset') ?? '0') > 0,
      setShort: (short) => {
        fake.short = short;
      },
    });
    return {
      open: (options) => world.open(options),
      put: async (documents) =>
        ids.putAll(
          documents,
          (key, text) =>
            ids.count % 4 === 3
              ? `policy/${fake.create('escalation_policies', key, text)}`
              : `schedule/${fake.create('schedules', key, text)}`,
          (id, text) => {
            fake.edit(nativeId(id), { description: text });
          },
        ),
      rename: async (from, to) => {
        fake.edit(nativeId(ids.of(from)), { name: to });
        ids.rename(from, to);
      },
      remove: async (key) => {
        fake.remove(nativeId(ids.remove(key)));
      },
      idOf: (key) => ids.of(key),
      freeze: () => undefined,
      setFault: (fault) => {
        world.setFault(fault);
      },
      elapse: (ms) => {
        world.elapse(ms);
      },
      sleeps: world.sleeps,
      limits: {
        poison: 'pages bring everything; there is no request for one schedule',
        textless: 'a schedule always has text',
        expiry: 'every pull reads everything, so no cursor expires',
        sameInstant: 'every pull reads everything, whenever it changed',
      },
      secrets: [fake.token, 'theta', 'gamma'],
      close: async () => {
        await world.close();
      },
    };
  },
};
