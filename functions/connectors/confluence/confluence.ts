/**
 * Confluence Cloud: the pages of named spaces. Changes come from CQL, deletions do not: they show when the listing of a space is
 * compared. Times in CQL would be read in the time zone of the account, so changes are asked for by age.
 */
import { z } from 'zod';

import { SourceError } from '../../domain/errors.ts';
import { FeedConnector } from '../feed/feed-connector.ts';
import { type Feed, type FeedContent, type FeedEntry, type FeedItem, type FeedPage, isoTime } from '../feed/feed.ts';
import { HttpClient } from '../http/http-client.ts';
import { basicAuthorization } from '../http/authorization.ts';
import { ageMinutes, dateOf } from '../http/source-time.ts';
import { defineKind, httpSettingOf } from '../kind.ts';
import { secretReferenceSchema } from '../secrets.ts';
import { SourceTrouble } from '../source-trouble.ts';
import { htmlToText } from '../text/html-text.ts';
import { pathName, titledText } from '../text/titled.ts';

const configSchema = z.strictObject({
  /** `https://example.atlassian.net` */
  url: z.url(),
  spaces: z
    .array(z.string().regex(/^[\w~.-]{1,255}$/u))
    .min(1)
    .max(100),
  email: z.email(),
  token: secretReferenceSchema,
});

type Config = z.infer<typeof configSchema>;

const PAGE_ITEMS_MAX = 100;
/** With bodies the service hands out no more. */
const BODIES_MAX = 50;
/** The search index lags, and its grain is a minute. */
const OVERLAP_MS = 10 * 60 * 1000;

const linksSchema = z.looseObject({ next: z.string().optional(), webui: z.string().optional() }).optional();
const spacesSchema = z.looseObject({
  results: z.array(z.looseObject({ id: z.string(), key: z.string() })),
});
const pageSchema = z.looseObject({
  id: z.string(),
  title: z.string(),
  version: z.looseObject({ number: z.int(), createdAt: z.string().optional() }),
  body: z.looseObject({ storage: z.looseObject({ value: z.string() }).optional() }).optional(),
  _links: linksSchema,
});
const pagesSchema = z.looseObject({ results: z.array(pageSchema), _links: linksSchema });
const foundSchema = z.looseObject({
  results: z.array(
    z.looseObject({
      id: z.string(),
      title: z.string(),
      version: z.looseObject({ number: z.int(), when: z.string() }),
      space: z.looseObject({ key: z.string() }),
      _links: linksSchema,
    }),
  ),
  _links: linksSchema,
});
const countSchema = z.looseObject({ totalSize: z.int() });

type Links = z.infer<typeof linksSchema>;

const linksOf = ({ _links: links }: { readonly _links?: Links; readonly [other: string]: unknown }): Links => links;

interface Space {
  readonly id: string;
  readonly key: string;
}

interface PageFacts {
  readonly id: string;
  readonly title: string;
  readonly version: number;
  readonly changedAt: string;
  readonly webui: string | undefined;
}

/** The two interfaces write their next page differently: below the host, and below `/wiki`. */
const nextOf = (next: string | undefined): string | null =>
  next === undefined ? null : next.startsWith('/wiki/') ? next : `/wiki${next}`;

class ConfluenceFeed implements Feed {
  readonly kind = 'confluence';
  readonly deletions = 'listing';
  readonly readItemsMax = BODIES_MAX;
  readonly display: string;
  readonly #http: HttpClient;
  readonly #config: Config;
  #spaces: readonly Space[] | null = null;

  constructor(config: Config, http: HttpClient) {
    this.#config = config;
    this.#http = http;
    this.display = `Confluence at ${http.base.host}`;
  }

  async begin(signal: AbortSignal): Promise<string> {
    const answer = await this.#askSpaces(signal);
    this.#refuseHidden(answer.spaces);
    return dateOf(answer, this.display);
  }

  async list(page: string | null, signal: AbortSignal): Promise<FeedPage> {
    const spaces = await this.#allSpaces(signal);
    // A page is named by its space and the way to it: `ENG /wiki/api/v2/...`.
    const [key = '', url = ''] = page === null ? [] : page.split(' ', 2);
    const at = page === null ? 0 : spaces.findIndex((space) => space.key === key);
    const space = spaces[at];
    if (space === undefined) {
      throw new SourceTrouble('expired', `The space ${key} is no longer part of the source.`);
    }
    const start = `/wiki/api/v2/spaces/${space.id}/pages?status=current&limit=${String(PAGE_ITEMS_MAX)}`;
    const { value } = await this.#http.json(
      { url: url === '' ? start : url, what: `the pages of space ${space.key}`, signal },
      pagesSchema,
    );
    const next = nextOf(linksOf(value)?.next);
    const after = spaces[at + 1];
    return {
      entries: value.results.map((result) =>
        this.#entry(space.key, {
          id: result.id,
          title: result.title,
          version: result.version.number,
          changedAt: isoTime(result.version.createdAt),
          webui: linksOf(result)?.webui,
        }),
      ),
      next: next === null ? (after === undefined ? null : `${after.key} `) : `${space.key} ${next}`,
    };
  }

  async changes(mark: string, page: string | null, signal: AbortSignal): Promise<FeedPage> {
    const url = page ?? (await this.#firstChanges(mark, signal));
    const { value } = await this.#http.json({ url, what: 'what changed', signal }, foundSchema);
    return {
      entries: value.results.map(({ id, title, version, space, _links: links }) =>
        this.#entry(space.key, {
          id,
          title,
          version: version.number,
          changedAt: isoTime(version.when),
          webui: links?.webui,
        }),
      ),
      next: nextOf(linksOf(value)?.next),
    };
  }

  async read(items: readonly FeedItem[], signal: AbortSignal): Promise<ReadonlyMap<string, FeedContent>> {
    const ids = items.map(({ id }) => encodeURIComponent(id)).join(',');
    const url = `/wiki/api/v2/pages?id=${ids}&body-format=storage&limit=${String(BODIES_MAX)}`;
    const { value } = await this.#http.json({ url, what: 'page bodies', signal }, pagesSchema);
    return new Map(
      value.results.map(({ id, title, body }) => [
        id,
        { kind: 'text', text: titledText(title, [], htmlToText(body?.storage?.value ?? '')) },
      ]),
    );
  }

  async count(signal: AbortSignal): Promise<number> {
    const cql = `type=page and space in (${this.#spaceList()})`;
    const url = `/wiki/rest/api/search?cql=${encodeURIComponent(cql)}&limit=1`;
    const { value } = await this.#http.json({ url, what: 'the number of pages', signal }, countSchema);
    return value.totalSize;
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  #spaceList(): string {
    return this.#config.spaces.map((key) => `"${key}"`).join(',');
  }

  async #firstChanges(mark: string, signal: AbortSignal): Promise<string> {
    const minutes = ageMinutes(mark, await this.begin(signal), OVERLAP_MS);
    const cql = `type=page and space in (${this.#spaceList()}) and lastmodified >= now("-${String(minutes)}m") order by lastmodified asc`;
    return `/wiki/rest/api/content/search?cql=${encodeURIComponent(cql)}&expand=version,space&limit=${String(PAGE_ITEMS_MAX)}`;
  }

  async #askSpaces(
    signal: AbortSignal,
  ): Promise<{ readonly sourceTime: number | null; readonly spaces: readonly Space[] }> {
    const keys = this.#config.spaces.map((key) => encodeURIComponent(key)).join(',');
    const url = `/wiki/api/v2/spaces?keys=${keys}&limit=${String(PAGE_ITEMS_MAX)}`;
    const { value, sourceTime } = await this.#http.json({ url, what: 'the configured spaces', signal }, spacesSchema);
    return { sourceTime, spaces: value.results };
  }

  async #allSpaces(signal: AbortSignal): Promise<readonly Space[]> {
    this.#spaces ??= this.#refuseHidden((await this.#askSpaces(signal)).spaces);
    return this.#spaces;
  }

  /** In the order of the configuration. A space that is not shown is one that we may not see any more, not one without pages. */
  #refuseHidden(shown: readonly Space[]): readonly Space[] {
    return this.#config.spaces.map((key) => {
      const space = shown.find((one) => one.key === key);
      if (space === undefined) {
        throw new SourceTrouble(
          'refused',
          `${this.display} does not show the space ${key}. Check its key and what the account may read.`,
        );
      }
      return space;
    });
  }

  #entry(space: string, { id, title, version, changedAt, webui }: PageFacts): FeedEntry {
    const item: FeedItem = {
      id,
      rev: String(version),
      path: `${space}/${pathName(title)}.md`,
      changedAt,
      ...(webui === undefined ? {} : { url: `${this.#http.base.origin}/wiki${webui}` }),
    };
    return { kind: 'item', item };
  }
}

export const confluence = defineKind({
  kind: 'confluence',
  schema: configSchema,
  open: (config, setting) => {
    if (new Set(config.spaces).size !== config.spaces.length) {
      throw new SourceError(`The source "${setting.sourceId}" names a space twice.`);
    }
    const authorize = basicAuthorization(setting.secrets, config.email, config.token);
    return new FeedConnector(
      new ConfluenceFeed(config, new HttpClient(config.url, httpSettingOf(setting), authorize)),
      setting,
    );
  },
});
