/** Schedules and escalation policies of a PagerDuty that is imitated; what a test writes is their description. */
import { pagerduty } from '../../../../functions/connectors/pagerduty/pagerduty.ts';
import { FakePagerDuty } from '../../../../local/fakes/fake-pagerduty.ts';
import type { ConnectorHarness } from '../../../contracts/connector-world.ts';
import { serviceWorld } from './service-world.ts';

const nativeId = (id: string): string => id.slice(id.indexOf('/') + 1);

export const pagerdutyHarness: ConnectorHarness = {
  name: 'pagerduty',
  create: async () => {
    const fake = await new FakePagerDuty().start();
    return serviceWorld({
      fake,
      kind: pagerduty,
      config: { url: fake.origin, token: 'env:TOKEN', daysAhead: 2 },
      environment: { TOKEN: fake.token },
      isLaterPage: ({ path, query }) => path === '/schedules' && Number(query.get('offset') ?? '0') > 0,
      setShort: (short) => {
        fake.short = short;
      },
      create: (key, text, count) =>
        count % 4 === 3
          ? `policy/${fake.create('escalation_policies', key, text)}`
          : `schedule/${fake.create('schedules', key, text)}`,
      edit: (id, text) => {
        fake.edit(nativeId(id), { description: text });
      },
      rename: (id, to) => {
        fake.edit(nativeId(id), { name: to });
      },
      remove: (id) => {
        fake.remove(nativeId(id));
      },
      limits: {
        poison: 'pages bring everything; there is no request for one schedule',
        textless: 'a schedule always has text',
        expiry: 'every pull reads everything, so no cursor expires',
        sameInstant: 'every pull reads everything, whenever it changed',
      },
      secrets: [fake.token],
    });
  },
};
