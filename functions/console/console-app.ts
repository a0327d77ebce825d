/** The console on the API's app: pages below `/console`, each asked of the API as its visitor; a strict policy on every answer. */
import type { Context, Hono } from 'hono';

import { requestIdOf } from '../query/request-id.ts';
import type { ConsoleAssets } from './assets.ts';
import { askAs, type FetchApi } from './console-api.ts';
import { CONSOLE_HEADERS, EXPORT_HEADERS, PAGE_HEADERS } from './headers.ts';
import type { ConsolePage, FormFields, Fragment, Shown, Visit } from './page.ts';
import { PAGES } from './pages.ts';
import { refusedBody } from './pages/refused.ts';
import { signInBody } from './pages/sign-in.ts';
import {
  authorizationOf,
  endedCookie,
  isFromElsewhere,
  isSameOrigin,
  isSecure,
  sessionCookie,
  tokenTrouble,
} from './session.ts';
import { shell } from './shell.ts';
import { type ReadGate, statusOf, withNewerGate } from './status.ts';
import { PAGE_BYTES_MAX, wireBytes } from './wire-bytes.ts';

export interface ConsoleOptions {
  readonly api: FetchApi;
  readonly assets: ConsoleAssets;
  readonly region: string;
  readonly peerRegion: string | undefined;
  /** The kinds of sources that can be added here. */
  readonly kinds: readonly string[];
  readonly now: () => number;
  readonly newId: () => string;
}

const HOME = '/console/incident';

/** Only a page of the console may be gone back to after a sign-in. */
const placeToReturn = (asked: string | undefined): string =>
  asked !== undefined && /^\/console\/(?!sign-|assets\/)[a-z][\w./?&=%~+:,-]*$/u.test(asked) ? asked : HOME;

const readForm = async (request: Request): Promise<FormFields> => {
  const type = request.headers.get('content-type') ?? '';
  return type.startsWith('application/x-www-form-urlencoded')
    ? Object.fromEntries(new URLSearchParams(await request.text()))
    : {};
};

/** The load balancer would answer with an error of its own, which helps nobody. */
const TOO_LARGE: Extract<Shown, { kind: 'refused' }> = {
  kind: 'refused',
  title: 'Too large',
  trouble: {
    status: 413,
    what: 'this is larger than a load balancer takes from a function',
    why: `It would have more than ${PAGE_BYTES_MAX} bytes.`,
    next: 'Narrow what you ask for, or ask the API or the twinmap command.',
  },
};

const moved = (to: string, more: Readonly<Record<string, string>> = {}): Response =>
  new Response(null, { status: 303, headers: { ...PAGE_HEADERS, location: to, ...more } });

interface Framed {
  readonly title: string;
  readonly body: Fragment;
  readonly status: number;
  readonly isSignedIn: boolean;
  readonly degraded: readonly string[];
  readonly gate?: ReadGate | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

class Console {
  readonly #options: ConsoleOptions;

  constructor(options: ConsoleOptions) {
    this.#options = options;
  }

  asset(name: string): Response {
    const found = this.#options.assets.files.get(name);
    return found === undefined
      ? new Response('There is no such file.\n', { status: 404, headers: CONSOLE_HEADERS })
      : new Response(found.text, {
          headers: {
            ...CONSOLE_HEADERS,
            'content-type': found.type,
            'cache-control': 'public, max-age=31536000, immutable',
          },
        });
  }

  async page(c: Context, page: ConsolePage): Promise<Response> {
    const request = c.req.raw;
    const authorization = authorizationOf(request.headers.get('cookie'));
    const isForm = page.method === 'POST';
    if (authorization === undefined) {
      return !isForm && isFromElsewhere(request) ? this.#askAgain() : this.signIn(c, '', isForm ? HOME : undefined);
    }
    const visit = this.#visit(c, authorization, isForm ? await readForm(request) : {});
    const shown = await page.answer(visit);
    switch (shown.kind) {
      case 'moved': {
        return moved(shown.to);
      }
      case 'file': {
        if (wireBytes(shown.text) > PAGE_BYTES_MAX) {
          return this.#refused(c, visit, TOO_LARGE);
        }
        const disposition = `attachment; filename="${shown.name}"`;
        return new Response(shown.text, {
          headers: { ...EXPORT_HEADERS, 'content-type': shown.type, 'content-disposition': disposition },
        });
      }
      case 'page': {
        const { title, body, status = 200, degraded = [], gate } = shown;
        return this.#frame(c, visit, { title, body, status, isSignedIn: true, degraded, gate, headers: {} });
      }
      case 'refused': {
        return this.#refused(c, visit, shown);
      }
    }
  }

  async signIn(c: Context, why: string, to?: string): Promise<Response> {
    const visit = this.#visit(c, undefined, {});
    const status = await visit.status();
    const body = signInBody({ status, why, to: placeToReturn(to ?? visit.address), now: visit.now });
    // Whoever comes to this very page has asked for it; in place of another one it says that a token is missing.
    const isAsked = why === '' && visit.address.startsWith('/console/sign-in');
    const headers = why === '' ? {} : { 'set-cookie': endedCookie(isSecure(c.req.raw)) };
    return this.#frame(c, visit, {
      title: 'Sign in',
      body,
      status: isAsked ? 200 : 401,
      isSignedIn: false,
      degraded: [],
      headers,
    });
  }

  async takeToken(c: Context): Promise<Response> {
    const form = await readForm(c.req.raw);
    const token = (form['token'] ?? '').trim().replace(/^Bearer\s+/iu, '');
    const trouble = tokenTrouble(token);
    if (trouble !== undefined) {
      return this.signIn(c, trouble, form['to']);
    }
    const status = await this.#visit(c, `Bearer ${token}`, form).status();
    return status.kind === 'refused' && status.trouble.status === 401
      ? this.signIn(c, 'The token is not accepted: it is not known here, has expired, or was revoked.', form['to'])
      : moved(placeToReturn(form['to']), { 'set-cookie': sessionCookie(token, isSecure(c.req.raw)) });
  }

  signOut(c: Context): Response {
    return moved('/console/sign-in', { 'set-cookie': endedCookie(isSecure(c.req.raw)) });
  }

  /** For what would change something and was not sent by a page of this console. */
  crossSite(): Response {
    return new Response('This form was not sent by one of these pages. Open the page here, and send it again.\n', {
      status: 403,
      headers: { ...PAGE_HEADERS, 'content-type': 'text/plain; charset=utf-8' },
    });
  }

  async noPage(c: Context): Promise<Response> {
    const trouble = {
      status: 404,
      what: 'there is no such page',
      why: 'The console has no page at this address.',
      next: 'Go to one of the pages above.',
    };
    return this.#refused(c, this.#visit(c, authorizationOf(c.req.raw.headers.get('cookie')), {}), {
      kind: 'refused',
      title: 'No such page',
      trouble,
    });
  }

  /** The browser keeps the cookie from a link of another site; a page of this one asks for the same address, and is sent it. */
  #askAgain(): Response {
    const page = '<!doctype html><html lang="en"><title>Twinmap</title><p>One moment: opening the page.</p></html>';
    return new Response(page, {
      headers: { ...PAGE_HEADERS, 'content-type': 'text/html; charset=utf-8', refresh: '0' },
    });
  }

  async #refused(c: Context, visit: Visit, { title, trouble }: Extract<Shown, { kind: 'refused' }>): Promise<Response> {
    return trouble.status === 401
      ? this.signIn(c, `${trouble.what}. ${trouble.why}`)
      : this.#frame(c, visit, {
          title,
          body: refusedBody(trouble),
          status: trouble.status,
          isSignedIn: authorizationOf(c.req.raw.headers.get('cookie')) !== undefined,
          degraded: [],
          headers: {},
        });
  }

  async #frame(c: Context, visit: Visit, framed: Framed): Promise<Response> {
    const { region, assets } = this.#options;
    const { requestId, now } = visit;
    const { title, body, degraded } = framed;
    const page = shell({
      title,
      body,
      degraded,
      path: new URL(c.req.url).pathname,
      isSignedIn: framed.isSignedIn,
      status: withNewerGate(await visit.status(), framed.gate),
      region,
      now,
      requestId,
      assetsVersion: assets.version,
    });
    const text = (await page).toString();
    if (wireBytes(text) > PAGE_BYTES_MAX && framed.status !== TOO_LARGE.trouble.status) {
      return this.#refused(c, visit, TOO_LARGE);
    }
    return new Response(text, {
      status: framed.status,
      headers: {
        ...PAGE_HEADERS,
        'content-type': 'text/html; charset=utf-8',
        'x-request-id': requestId,
        ...framed.headers,
      },
    });
  }

  #visit(c: Context, authorization: string | undefined, form: FormFields): Visit {
    const { api, region, peerRegion, kinds, now, newId } = this.#options;
    const { pathname, search, searchParams } = new URL(c.req.url);
    const requestId = requestIdOf(c.req.raw.headers, newId);
    const ask = askAs(api, { authorization, requestId });
    return {
      ask,
      status: statusOf(ask),
      parameters: searchParams,
      form,
      now: now(),
      newId,
      region,
      peerRegion,
      kinds,
      address: `${pathname}${search}`,
      requestId,
    };
  }
}

/** A form may change something: it is taken from a page of this origin alone. */
const guarded =
  (site: Console, take: (c: Context) => Response | Promise<Response>) =>
  async (c: Context): Promise<Response> =>
    isSameOrigin(c.req.raw) ? take(c) : site.crossSite();

export const mountConsole = (app: Hono, options: ConsoleOptions): void => {
  const site = new Console(options);
  for (const address of ['/console', '/console/']) {
    app.get(address, () => moved(HOME));
  }
  app.get('/console/assets/:name', (c) => site.asset(c.req.param('name')));
  app.get('/console/sign-in', async (c) => site.signIn(c, '', HOME));
  app.post(
    '/console/sign-in',
    guarded(site, async (c) => site.takeToken(c)),
  );
  app.post(
    '/console/sign-out',
    guarded(site, (c) => site.signOut(c)),
  );
  for (const page of PAGES) {
    const path = `/console${page.path}`;
    const answer = async (c: Context): Promise<Response> => site.page(c, page);
    if (page.method === 'POST') {
      app.post(path, guarded(site, answer));
    } else {
      app.get(path, answer);
    }
  }
  app.all('/console/*', async (c) => site.noPage(c));
};
