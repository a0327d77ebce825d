/** SharePoint through Microsoft Graph: the document libraries and the pages of named sites, each a part with its own cursor. */
import { z } from 'zod';

import { CompositeConnector, type Part } from '../composite.ts';
import { FeedConnector } from '../feed/feed-connector.ts';
import type { HttpClient } from '../http/http-client.ts';
import { type ConnectorSetting, defineKind, httpSettingOf } from '../kind.ts';
import { SourceTrouble } from '../source-trouble.ts';
import { DriveFeed } from './drive-feed.ts';
import { openGraph } from './graph-client.ts';
import { PagesFeed } from './pages-feed.ts';
import { type SharePointConfig, sharePointConfigSchema } from './sharepoint-config.ts';

const siteSchema = z.looseObject({ id: z.string(), displayName: z.string().nullish(), name: z.string().nullish() });
const drivesSchema = z.looseObject({
  value: z.array(z.looseObject({ id: z.string(), name: z.string(), webUrl: z.string() })),
  '@odata.nextLink': z.string().optional(),
});

const partsOfSite = async (
  site: string,
  config: SharePointConfig,
  setting: ConnectorSetting,
  http: HttpClient,
  signal: AbortSignal,
): Promise<readonly Part[]> => {
  const { value } = await http.json({ url: `/v1.0/sites/${site}`, what: `the site ${site}`, signal }, siteSchema);
  const name = value.displayName ?? value.name ?? site;
  const parts: Part[] = [];
  if (config.pages) {
    const feed = new PagesFeed({ http, site: { id: value.id, name } });
    parts.push({ key: `pages/${value.id}`, pathPrefix: `${name}/`, connector: new FeedConnector(feed, setting) });
  }
  if (config.files) {
    const url = `/v1.0/sites/${encodeURIComponent(value.id)}/drives`;
    const drives = await http.json({ url, what: `the libraries of ${site}`, signal }, drivesSchema);
    if (drives.value['@odata.nextLink'] !== undefined) {
      throw new SourceTrouble('incomplete', `The site ${site} has more libraries than one answer holds.`);
    }
    for (const drive of drives.value.value) {
      const feed = new DriveFeed({ http, extractor: setting.extractor, drive });
      const pathPrefix = `${name}/${drive.name}/`;
      parts.push({ key: `files/${drive.id}`, pathPrefix, connector: new FeedConnector(feed, setting) });
    }
  }
  return parts;
};

export const sharepoint = defineKind({
  kind: 'sharepoint',
  schema: sharePointConfigSchema,
  open: (config, setting) => {
    const http = openGraph(config, setting.secrets, httpSettingOf(setting));
    return new CompositeConnector({
      kind: 'sharepoint',
      display: `SharePoint at ${http.base.host}`,
      snapshotOf: null,
      discover: async (signal) => {
        const parts: Part[] = [];
        for (const site of config.sites) {
          parts.push(...(await partsOfSite(site, config, setting, http, signal)));
        }
        return parts;
      },
      close: async () => http.close(),
    });
  },
});
