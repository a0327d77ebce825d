/** Issues in two projects of a Jira that is imitated. */
import { jira } from '../../../../functions/connectors/jira/jira.ts';
import { FakeJira } from '../../../../local/fakes/fake-jira.ts';
import type { ConnectorHarness } from '../../../contracts/connector-world.ts';
import { serviceWorld } from './service-world.ts';

export const jiraHarness: ConnectorHarness = {
  name: 'jira',
  create: async () => {
    const fake = await new FakeJira().start();
    return serviceWorld({
      fake,
      kind: jira,
      config: { url: fake.origin, projects: ['SHOP', 'OPS'], email: fake.email, token: 'env:TOKEN' },
      environment: { TOKEN: fake.token },
      isLaterPage: ({ body }) => body.includes('nextPageToken'),
      isRead: ({ path, body }, id) => path.endsWith('/bulkfetch') && body.includes(`"${id}"`),
      setShort: (short) => {
        fake.short = short;
      },
      create: (key, text, count) => fake.create(count % 3 === 2 ? 'OPS' : 'SHOP', key, text),
      edit: (id, text) => {
        fake.edit(id, { description: text });
      },
      rename: (id, to) => {
        fake.edit(id, { summary: to });
      },
      remove: (id) => {
        fake.remove(id);
      },
      limits: {
        textless: 'an issue always has text; attachments are not read',
        expiry: 'a search by age has no cursor that expires',
      },
      secrets: [fake.token, Buffer.from(`${fake.email}:${fake.token}`).toString('base64')],
    });
  },
};
