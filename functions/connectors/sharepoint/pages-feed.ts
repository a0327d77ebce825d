/** The pages of one site. Graph has no changes of them, so every pull walks the list, which is short, and reads what is new in it. */
import { z } from 'zod';

import { type Feed, type FeedContent, type FeedItem, type FeedPage, isoTime } from '../feed/feed.ts';
import type { HttpClient } from '../http/http-client.ts';
import { dateOf } from '../http/source-time.ts';
import { htmlToText } from '../text/html-text.ts';
import { pathName, titledText } from '../text/titled.ts';

const PAGE_ITEMS_MAX = 100;

const listSchema = z.looseObject({
  value: z.array(
    z.looseObject({
      id: z.string(),
      name: z.string(),
      eTag: z.string(),
      webUrl: z.string().optional(),
      lastModifiedDateTime: z.string().optional(),
    }),
  ),
  '@odata.nextLink': z.string().optional(),
});
const columnsSchema = z.array(
  z.looseObject({ webparts: z.array(z.looseObject({ innerHtml: z.string().nullish() })).nullish() }),
);
const pageSchema = z.looseObject({
  title: z.string().nullish(),
  description: z.string().nullish(),
  canvasLayout: z
    .looseObject({
      horizontalSections: z.array(z.looseObject({ columns: columnsSchema.nullish() })).nullish(),
      verticalSection: z.looseObject({ webparts: columnsSchema.element.shape.webparts }).nullish(),
    })
    .nullish(),
});

const bodyOf = ({ canvasLayout }: z.infer<typeof pageSchema>): string => {
  const columns = (canvasLayout?.horizontalSections ?? []).flatMap(({ columns: some }) => some ?? []);
  const parts = [...columns.map(({ webparts }) => webparts ?? []), canvasLayout?.verticalSection?.webparts ?? []];
  return parts
    .flat()
    .map(({ innerHtml }) => htmlToText(innerHtml ?? ''))
    .filter((text) => text !== '')
    .join('\n\n');
};

export interface PagesOptions {
  readonly http: HttpClient;
  readonly site: { readonly id: string; readonly name: string };
}

export class PagesFeed implements Feed {
  readonly kind = 'sharepoint-pages';
  readonly deletions = 'listing';
  readonly readItemsMax = 1;
  readonly display: string;
  readonly #options: PagesOptions;

  constructor(options: PagesOptions) {
    this.#options = options;
    this.display = `the pages of ${options.site.name}`;
  }

  async begin(signal: AbortSignal): Promise<string> {
    const call = { url: `/v1.0/sites/${this.#site()}?$select=id`, what: this.display, signal };
    return dateOf(await this.#options.http.json(call, z.looseObject({ id: z.string() })), this.display);
  }

  async list(page: string | null, signal: AbortSignal): Promise<FeedPage> {
    const first = `/v1.0/sites/${this.#site()}/pages/microsoft.graph.sitePage?$top=${String(PAGE_ITEMS_MAX)}`;
    const { value } = await this.#options.http.json({ url: page ?? first, what: this.display, signal }, listSchema);
    const items = value.value.map((one): FeedItem => ({
      id: one.id,
      rev: one.eTag,
      path: `pages/${pathName(one.name.replace(/\.aspx$/u, ''))}.md`,
      changedAt: isoTime(one.lastModifiedDateTime),
      ...(one.webUrl === undefined ? {} : { url: one.webUrl }),
    }));
    return { entries: items.map((item) => ({ kind: 'item', item })), next: value['@odata.nextLink'] ?? null };
  }

  async read([item]: readonly FeedItem[], signal: AbortSignal): Promise<ReadonlyMap<string, FeedContent>> {
    if (item === undefined) {
      return new Map();
    }
    const url = `/v1.0/sites/${this.#site()}/pages/${encodeURIComponent(item.id)}/microsoft.graph.sitePage?$expand=canvasLayout`;
    const { value } = await this.#options.http.json({ url, what: 'a page', signal }, pageSchema);
    const body = [value.description ?? '', bodyOf(value)].filter((text) => text !== '').join('\n\n');
    return new Map([[item.id, { kind: 'text', text: titledText(value.title ?? '', [], body) }]]);
  }

  async close(): Promise<void> {
    // The client belongs to the whole source.
  }

  #site(): string {
    return encodeURIComponent(this.#options.site.id);
  }
}
