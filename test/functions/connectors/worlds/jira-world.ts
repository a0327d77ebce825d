/** Issues in two projects of a Jira that is imitated. */
import { jira } from '../../../../functions/connectors/jira/jira.ts';
import { FakeJira } from '../../../../local/fakes/fake-jira.ts';
import type { ConnectorHarness } from '../../../contracts/connector-world.ts';
import { FakeWorld } from './fake-world.ts';
import { KeyedIds } from './keyed.ts';

export const jiraHarness: ConnectorHarness = {
  name: 'jira',
  create: async () => {
    const fake = await new FakeJira().start();
    const ids = new KeyedIds();
    const world = new FakeWorld({
      fake,
      kind: jira,
      config: { url: fake.origin, projects: ['SHOP', 'OPS'], email: fake.email, token: 'env:TOKEN' },
      environment: { TOKEN: fake.token },
      isLaterPage: ({ body }) => body.includes('nextPageToken'),
      isRead: ({ path, body }, key) => path.endsWith('/bulkfetch') && body.includes(`"${ids.of(key)}"`),
      setShort: (short) => {
        fake.short = short;
      },
    });
    return {
      open: (options) => world.open(options),
      put: async (documents) =>
        ids.putAll(
          documents,
          (key, text) => fake.create(ids.count % 3 === 2 ? 'OPS' : 'SHOP', key, text),
          (id, text) => {
            fake.edit(id, { description: text });
          },
        ),
      rename: async (from, to) => {
        fake.edit(ids.of(from), { summary: to });
        ids.rename(from, to);
      },
      remove: async (key) => {
        fake.remove(ids.remove(key));
      },
      idOf: (key) => ids.of(key),
      freeze: (frozen) => {
        fake.freeze(frozen);
      },
      setFault: (fault) => {
        world.setFault(fault);
      },
      elapse: (ms) => {
        world.elapse(ms);
      },
      sleeps: world.sleeps,
      limits: {
        textless: 'an issue always has text; attachments are not read',
        expiry: 'a search by age has no cursor that expires',
      },
      secrets: [fake.token, Buffer.from(`${fake.email}:${fake.token}`).toString('base64'), 'theta', 'gamma'],
      close: async () => {
        await world.close();
      },
    };
  },
};
