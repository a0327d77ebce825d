/** Pages in two spaces of a Confluence that is imitated. */
import { confluence } from '../../../../functions/connectors/confluence/confluence.ts';
import { FakeConfluence } from '../../../../local/fakes/fake-confluence.ts';
import type { ConnectorHarness } from '../../../contracts/connector-world.ts';
import { FakeWorld } from './fake-world.ts';
import { KeyedIds } from './keyed.ts';

const storageOf = (text: string): string => `<h2>Notes</h2><p>${text}</p>`;

export const confluenceHarness: ConnectorHarness = {
  name: 'confluence',
  create: async () => {
    const fake = await new FakeConfluence().start();
    const ids = new KeyedIds();
    const world = new FakeWorld({
      fake,
      kind: confluence,
      config: { url: fake.origin, spaces: ['ENG', 'OPS'], email: fake.email, token: 'env:TOKEN' },
      environment: { TOKEN: fake.token },
      isLaterPage: ({ query }) => query.has('cursor'),
      isRead: ({ path, query }, key) =>
        path === '/wiki/api/v2/pages' && (query.get('id') ?? '').split(',').includes(ids.of(key)),
      setShort: (short) => {
        fake.short = short;
      },
    });
    return {
      open: (options) => world.open(options),
      put: async (documents) =>
        ids.putAll(
          documents,
          (key, text) => fake.create(ids.count % 3 === 2 ? 'OPS' : 'ENG', key, storageOf(text)),
          (id, text) => {
            fake.edit(id, { storage: storageOf(text) });
          },
        ),
      rename: async (from, to) => {
        fake.edit(ids.of(from), { title: to });
        ids.rename(from, to);
      },
      remove: async (key) => {
        fake.trash(ids.remove(key));
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
        textless: 'a page always has text; attachments are not read',
        expiry: 'a search by age has no cursor that expires',
      },
      secrets: [fake.token, Buffer.from(`${fake.email}:${fake.token}`).toString('base64'), 'theta', 'gamma'],
      close: async () => {
        await world.close();
      },
    };
  },
};
