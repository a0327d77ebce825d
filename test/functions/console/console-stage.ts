/**
 * The console over the API of a small corpus: real pages, real keys, real routes. What a route of the graph would answer comes from
 * the rows that a test hands over, so that a page is judged by its data.
 */
import { Hono } from 'hono';

import { assetsOf, type ConsoleAssets } from '../../../functions/console/assets.ts';
import { mountConsole } from '../../../functions/console/console-app.ts';
import type { AccessRole, SourceGrant } from '../../../functions/domain/access.ts';
import { kindNamesOf } from '../../../functions/domain/source-kinds.ts';
import type { ApiDependencies } from '../../../functions/query/route.ts';
import { ApiStage } from '../query/api-stage.ts';

export type Planted = Readonly<Record<string, { readonly status?: number; readonly fields: object }>>;

const NO_ASSETS = assetsOf(
  new Map([
    ['style.css', 'body{}'],
    ['script.js', '0'],
    ['icon.svg', '<svg/>'],
  ]),
);

export class ConsoleStage {
  readonly api = new ApiStage();
  /** Answers by the path of a request to the API, in place of its own. */
  planted: Planted = {};
  readonly asked: { readonly method: string; readonly path: string; readonly body: string }[] = [];

  app(more: Partial<ApiDependencies> = {}, assets: ConsoleAssets = NO_ASSETS): Hono {
    const api = this.api.app(more);
    const app = new Hono();
    mountConsole(app, {
      api: async (request) => this.#answer(api, request),
      assets,
      region: 'us-east-2',
      peerRegion: 'us-west-2',
      kinds: kindNamesOf(false),
      now: () => this.api.clockMs,
      newId: () => 'request-0001',
    });
    return app;
  }

  async cookie(roles: readonly AccessRole[] = ['reader'], sources: SourceGrant = 'all'): Promise<string> {
    return `twinmap_token=${await this.api.token(roles, sources)}`;
  }

  async #answer(api: Hono, request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const body = request.method === 'GET' ? '' : await request.clone().text();
    this.asked.push({ method: request.method, path: pathname, body });
    const planted = this.planted[`${request.method} ${pathname}`] ?? this.planted[pathname];
    if (planted === undefined) {
      return api.fetch(request);
    }
    // Whoever may not come in gets the door's own answer, also where the route's is planted.
    const door = await api.fetch(new Request('https://api.invalid/v1/sources', { headers: request.headers }));
    return door.status === 401 ? door : Response.json(planted.fields, { status: planted.status ?? 200 });
  }
}

export const pageOf = async (
  app: Hono,
  address: string,
  cookie?: string,
): Promise<{ readonly response: Response; readonly text: string }> => {
  const response = await app.request(address, cookie === undefined ? {} : { headers: { cookie } });
  return { response, text: await response.text() };
};
