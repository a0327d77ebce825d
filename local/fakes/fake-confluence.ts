/** A stand-in of Confluence Cloud: spaces, pages with versions, CQL as far as connectors use it, restrictions. */
import { FakeRefusal, type FakeReply, type FakeRequest, FakeServer, pageOf } from './fake-server.ts';

interface Page {
  readonly id: string;
  readonly space: string;
  title: string;
  storage: string;
  version: number;
  changedAt: string;
  status: 'current' | 'trashed';
  restricted: boolean;
}

const MINUTE_MS = 60_000;

export class FakeConfluence extends FakeServer {
  readonly email = 'bot@example.com';
  readonly token = 'confluence-token-7f3a';
  readonly hiddenSpaces = new Set<string>();
  /** The listing ends early, as if that were all. */
  short = false;
  readonly #pages = new Map<string, Page>();
  readonly #spaces: readonly string[];
  #created = 0;

  constructor(spaces: readonly string[] = ['ENG', 'OPS']) {
    super();
    this.#spaces = spaces;
  }

  create(space: string, title: string, storage: string): string {
    this.#created += 1;
    const id = String(65_536 + this.#created);
    this.#pages.set(id, {
      id,
      space,
      title,
      storage,
      version: 1,
      changedAt: this.tick(),
      status: 'current',
      restricted: false,
    });
    return id;
  }

  edit(id: string, change: { readonly title?: string; readonly storage?: string }): void {
    const page = this.#pageOf(id);
    Object.assign(page, change);
    page.version += 1;
    page.changedAt = this.tick();
  }

  trash(id: string): void {
    this.#pageOf(id).status = 'trashed';
  }

  restrict(id: string, restricted: boolean): void {
    this.#pageOf(id).restricted = restricted;
  }

  protected override answer(request: FakeRequest): FakeReply {
    const expected = `Basic ${Buffer.from(`${this.email}:${this.token}`).toString('base64')}`;
    if (request.headers.authorization !== expected) {
      throw new FakeRefusal(401);
    }
    const { path, query } = request;
    if (path === '/wiki/api/v2/spaces') {
      return { json: this.#spacesOf((query.get('keys') ?? '').split(',')) };
    }
    const [, spaceId] = /^\/wiki\/api\/v2\/spaces\/(\d+)\/pages$/u.exec(path) ?? [];
    if (spaceId !== undefined) {
      return { json: this.#list(Number(spaceId) - 1, query) };
    }
    if (path === '/wiki/api/v2/pages') {
      return { json: this.#bodies((query.get('id') ?? '').split(',')) };
    }
    if (path === '/wiki/rest/api/content/search') {
      return { json: this.#search(query) };
    }
    if (path === '/wiki/rest/api/search') {
      return { json: { results: [], totalSize: this.#matching(query.get('cql') ?? '').length } };
    }
    throw new FakeRefusal(404);
  }

  #pageOf(id: string): Page {
    const page = this.#pages.get(id);
    if (page === undefined) {
      throw new Error(`no page ${id}`);
    }
    return page;
  }

  #visible(): readonly Page[] {
    return [...this.#pages.values()].filter(
      ({ status, restricted, space }) => status === 'current' && !restricted && !this.hiddenSpaces.has(space),
    );
  }

  #spacesOf(keys: readonly string[]): unknown {
    const shown = this.#spaces.filter((key) => keys.includes(key) && !this.hiddenSpaces.has(key));
    return {
      results: shown.map((key) => ({ id: String(this.#spaces.indexOf(key) + 1), key, name: key, type: 'global' })),
      _links: { base: `${this.origin}/wiki` },
    };
  }

  #list(spaceIndex: number, query: URLSearchParams): unknown {
    const pages = this.#visible().filter(({ space }) => space === this.#spaces[spaceIndex]);
    const size = Math.min(Number(query.get('limit')), this.pageItemsMax);
    const { items, next } = pageOf(pages, Number(query.get('cursor') ?? '0'), size);
    return {
      results: items.map(({ id, title, version, changedAt }) => ({
        id,
        title,
        status: 'current',
        spaceId: String(spaceIndex + 1),
        version: { number: version, createdAt: changedAt },
        _links: { webui: `/spaces/x/pages/${id}` },
      })),
      _links:
        next === null || this.short
          ? {}
          : {
              next: `/wiki/api/v2/spaces/${String(spaceIndex + 1)}/pages?limit=${String(size)}&cursor=${String(next)}`,
            },
    };
  }

  #bodies(ids: readonly string[]): unknown {
    const results = this.#visible()
      .filter(({ id }) => ids.includes(id))
      .map(({ id, title, version, storage, changedAt }) => ({
        id,
        title,
        version: { number: version, createdAt: changedAt },
        body: { storage: { value: storage, representation: 'storage' } },
      }));
    return { results, _links: {} };
  }

  /** `type=page and space in ("A","B") [and lastmodified >= now("-90m")] [order by lastmodified asc]`, and nothing else. */
  #matching(cql: string): readonly Page[] {
    const parsed =
      /^type=page and space in \((?<spaces>[^)]*)\)(?: and lastmodified >= now\("-(?<minutes>\d+)m"\))?(?: order by lastmodified asc)?$/u.exec(
        cql,
      )?.groups;
    if (parsed === undefined) {
      throw new FakeRefusal(400);
    }
    const since = parsed['minutes'] === undefined ? 0 : this.now - Number(parsed['minutes']) * MINUTE_MS;
    // The grain of the index is a minute.
    return this.#visible()
      .filter(({ space }) => parsed['spaces']?.includes(`"${space}"`))
      .filter(({ changedAt }) => Math.floor(Date.parse(changedAt) / MINUTE_MS) >= Math.floor(since / MINUTE_MS))
      .toSorted((left, right) => (left.changedAt < right.changedAt ? -1 : left.changedAt > right.changedAt ? 1 : 0));
  }

  #search(query: URLSearchParams): unknown {
    const size = Math.min(Number(query.get('limit')), this.pageItemsMax);
    const { items, next } = pageOf(this.#matching(query.get('cql') ?? ''), Number(query.get('cursor') ?? '0'), size);
    const following = new URLSearchParams(query);
    following.set('cursor', String(next));
    return {
      results: items.map(({ id, title, version, changedAt, space }) => ({
        id,
        type: 'page',
        status: 'current',
        title,
        version: { number: version, when: changedAt },
        space: { key: space },
        _links: { webui: `/spaces/${space}/pages/${id}` },
      })),
      size: items.length,
      _links:
        next === null ? { base: `${this.origin}/wiki` } : { next: `/rest/api/content/search?${following.toString()}` },
    };
  }
}
