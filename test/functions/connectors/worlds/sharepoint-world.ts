/** Files and pages of one SharePoint site behind a Graph that is imitated. */
import { sharepoint } from '../../../../functions/connectors/sharepoint/sharepoint.ts';
import { FakeSharePoint } from '../../../../local/fakes/fake-sharepoint.ts';
import type { ConnectorHarness } from '../../../contracts/connector-world.ts';
import { FakeWorld } from './fake-world.ts';
import { KeyedIds } from './keyed.ts';

const SITE = 'contoso.sharepoint.com,1111,2222';
const nativeId = (id: string): string => id.slice(id.lastIndexOf('!') + 1);
const isPage = (id: string): boolean => id.startsWith('pages/');
const htmlOf = (text: string): string => `<h2>Notes</h2><p>${text}</p>`;

export const sharepointHarness: ConnectorHarness = {
  name: 'sharepoint',
  create: async () => {
    const fake = await new FakeSharePoint().start();
    const ids = new KeyedIds();
    const create = (key: string, text: string): string =>
      ids.count % 4 === 3
        ? `pages/${SITE}!${fake.createPage(key, htmlOf(text))}`
        : `files/b!drive-1!${fake.createFile(`${key}.md`, text, 'Runbooks')}`;
    const world = new FakeWorld({
      fake,
      kind: sharepoint,
      config: {
        tenantId: 'contoso',
        clientId: 'client-1',
        clientSecret: 'env:SECRET',
        sites: [fake.site],
        graphUrl: fake.origin,
        loginUrl: fake.origin,
      },
      environment: { SECRET: fake.clientSecret },
      isLaterPage: ({ path, query }) => path.endsWith('/delta') && /\.[1-9]\d*$/u.test(query.get('token') ?? ''),
      isRead: ({ path }, key) =>
        path.endsWith(`/items/${nativeId(ids.of(key))}/content`) ||
        path.endsWith(`/pages/${nativeId(ids.of(key))}/microsoft.graph.sitePage`),
      setShort: (short) => {
        fake.short = short;
      },
    });
    return {
      open: (options) => world.open(options),
      put: async (documents) =>
        ids.putAll(documents, create, (id, text) => {
          if (isPage(id)) {
            fake.editPage(nativeId(id), { html: htmlOf(text) });
          } else {
            fake.editFile(nativeId(id), { content: text });
          }
        }),
      putTextless: async (key) => {
        ids.rename(key, key, `files/b!drive-1!${fake.createFile(`${key}.png`, Buffer.from([1, 0, 2]))}`);
        return 'binary';
      },
      rename: async (from, to) => {
        const id = ids.of(from);
        if (isPage(id)) {
          fake.editPage(nativeId(id), { title: to });
        } else {
          fake.editFile(nativeId(id), { name: `${to}.md` });
        }
        ids.rename(from, to);
      },
      remove: async (key) => {
        const id = ids.remove(key);
        if (isPage(id)) {
          fake.deletePage(nativeId(id));
        } else {
          fake.deleteFile(nativeId(id));
        }
      },
      expireCursors: async () => {
        fake.expireLinks();
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
      limits: {},
      secrets: [fake.clientSecret, 'graph-token-', 'theta', 'gamma'],
      close: async () => {
        await world.close();
      },
    };
  },
};
