/** Files and pages of one SharePoint site behind a Graph that is imitated. */
import { sharepoint } from '../../../../functions/connectors/sharepoint/sharepoint.ts';
import { FakeSharePoint } from '../../../../local/fakes/fake-sharepoint.ts';
import type { ConnectorHarness } from '../../../contracts/connector-world.ts';
import { serviceWorld } from './service-world.ts';

const SITE = 'contoso.sharepoint.com,1111,2222';
const nativeId = (id: string): string => id.slice(id.lastIndexOf('!') + 1);
const isPage = (id: string): boolean => id.startsWith('pages/');
const htmlOf = (text: string): string => `<h2>Notes</h2><p>${text}</p>`;

export const sharepointHarness: ConnectorHarness = {
  name: 'sharepoint',
  create: async () => {
    const fake = await new FakeSharePoint().start();
    return serviceWorld({
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
      isRead: ({ path }, id) =>
        path.endsWith(`/items/${nativeId(id)}/content`) ||
        path.endsWith(`/pages/${nativeId(id)}/microsoft.graph.sitePage`),
      setShort: (short) => {
        fake.short = short;
      },
      create: (key, text, count) =>
        count % 4 === 3
          ? `pages/${SITE}!${fake.createPage(key, htmlOf(text))}`
          : `files/b!drive-1!${fake.createFile(`${key}.md`, text, 'Runbooks')}`,
      edit: (id, text) => {
        if (isPage(id)) {
          fake.editPage(nativeId(id), { html: htmlOf(text) });
        } else {
          fake.editFile(nativeId(id), { content: text });
        }
      },
      rename: (id, to) => {
        if (isPage(id)) {
          fake.editPage(nativeId(id), { title: to });
        } else {
          fake.editFile(nativeId(id), { name: `${to}.md` });
        }
      },
      remove: (id) => {
        if (isPage(id)) {
          fake.deletePage(nativeId(id));
        } else {
          fake.deleteFile(nativeId(id));
        }
      },
      textless: {
        create: (key) => `files/b!drive-1!${fake.createFile(`${key}.png`, Buffer.from([1, 0, 2]))}`,
        reason: 'binary',
      },
      expireCursors: () => {
        fake.expireLinks();
      },
      limits: {},
      secrets: [fake.clientSecret, 'graph-token-'],
    });
  },
};
