/** Pages in two spaces of a Confluence that is imitated. */
import { confluence } from '../../../../functions/connectors/confluence/confluence.ts';
import { FakeConfluence } from '../../../../local/fakes/fake-confluence.ts';
import type { ConnectorHarness } from '../../../contracts/connector-world.ts';
import { serviceWorld } from './service-world.ts';

const storageOf = (text: string): string => `<h2>Notes</h2><p>${text}</p>`;

export const confluenceHarness: ConnectorHarness = {
  name: 'confluence',
  create: async () => {
    const fake = await new FakeConfluence().start();
    return serviceWorld({
      fake,
      kind: confluence,
      config: { url: fake.origin, spaces: ['ENG', 'OPS'], email: fake.email, token: 'env:TOKEN' },
      environment: { TOKEN: fake.token },
      isLaterPage: ({ query }) => query.has('cursor'),
      isRead: ({ path, query }, id) => path === '/wiki/api/v2/pages' && (query.get('id') ?? '').split(',').includes(id),
      setShort: (short) => {
        fake.short = short;
      },
      create: (key, text, count) => fake.create(count % 3 === 2 ? 'OPS' : 'ENG', key, storageOf(text)),
      edit: (id, text) => {
        fake.edit(id, { storage: storageOf(text) });
      },
      rename: (id, to) => {
        fake.edit(id, { title: to });
      },
      remove: (id) => {
        fake.trash(id);
      },
      limits: {
        textless: 'a page always has text; attachments are not read',
        expiry: 'a search by age has no cursor that expires',
      },
      secrets: [fake.token, Buffer.from(`${fake.email}:${fake.token}`).toString('base64')],
    });
  },
};
