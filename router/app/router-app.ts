/** What people and probes talk to: status, health, readiness, metrics, and the override by PUT or by link. */
import { type Context, Hono } from 'hono';

import { routerProblem, type RouterProblem } from '../forward/problem.ts';
import type { RouterMetrics } from '../forward/metrics.ts';
import type { OverrideState } from '../override/override-state.ts';
import type { RouterView } from './router-view.ts';
import { statusPage } from './status-page.ts';

export interface RouterAppOptions {
  readonly view: () => RouterView;
  readonly override: OverrideState;
  readonly metrics: RouterMetrics;
  readonly log: (
    level: 'info' | 'warn',
    event: string,
    fields: Readonly<Record<string, string | number | undefined>>,
  ) => void;
  readonly isSecure: boolean;
  readonly wallMs: () => number;
}

const TOKEN_CHARS_MAX = 2048;
const PAGE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const respond = ({ status, headers, body }: RouterProblem): Response => new Response(body, { status, headers });

const refuse = (status: number, why: string): Response =>
  respond(
    routerProblem(status, 'override', {
      what: 'this override is not taken',
      why: `The router refuses it: ${why}.`,
      next: 'Mint a new token with `twinmap router token`; /__router/status shows what is in force.',
    }),
  );

const putOverride = async (c: Context, { override, log }: RouterAppOptions): Promise<Response> => {
  const token = (await c.req.text()).trim();
  if (token === '' || token.length > TOKEN_CHARS_MAX) {
    return refuse(400, 'the body has to be a token');
  }
  const applied = await override.apply(token);
  if (applied.kind === 'refused') {
    log('warn', 'override.refused', { why: applied.why });
    return refuse(applied.status, applied.why);
  }
  const { mode, by, why, seq, expMs } = applied.payload;
  const region = 'region' in mode ? mode.region : undefined;
  log('info', 'override.applied', {
    mode: mode.kind,
    region,
    by,
    why,
    seq,
    until: new Date(expMs).toISOString(),
  });
  return c.json({
    applied: true,
    mode: mode.kind,
    region: region ?? null,
    seq,
    until: new Date(expMs).toISOString(),
  });
};

/** A link from a chat: a request token becomes a cookie of whoever follows it, and of nobody else. */
const followLink = async (c: Context, { override, log, isSecure, wallMs }: RouterAppOptions): Promise<Response> => {
  const token = c.req.query('token') ?? '';
  const verified = await override.inspect(token);
  if (verified.kind === 'refused') {
    return refuse(403, verified.why);
  }
  const { scope, expMs, mode, by } = verified.payload;
  if (scope !== 'request') {
    return refuse(403, 'a fleet token is taken by PUT only');
  }
  log('info', 'override.link', { mode: mode.kind, by });
  const name = isSecure ? '__Host-router-override' : 'router-override';
  const age = Math.max(1, Math.floor((expMs - wallMs()) / 1000));
  c.header(
    'set-cookie',
    `${name}=${token}; Max-Age=${age}; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`,
  );
  return c.redirect('/__router/status', 303);
};

export const createRouterApp = (options: RouterAppOptions): Hono => {
  const { view, metrics, isSecure } = options;
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(PAGE_HEADERS)) {
      c.res.headers.set(name, value);
    }
  });
  app.get('/healthz', (c) => c.json({ status: 'up', name: view().name }));
  app.get('/readyz', (c) => {
    const { isReady, why } = view();
    return c.json({ status: isReady ? 'ready' : 'not-ready', why }, isReady ? 200 : 503);
  });
  app.get('/metrics', (c) => c.text(metrics.render(), 200, { 'content-type': 'text/plain; version=0.0.4' }));
  app.get('/__router/status', async (c) =>
    c.req.header('accept')?.includes('text/html') === true ? c.html(statusPage(view())) : c.json(view()),
  );
  app.put('/__router/override', async (c) => putOverride(c, options));
  app.get('/__router/override', async (c) => followLink(c, options));
  app.get('/__router/override/clear', (c) => {
    const name = isSecure ? '__Host-router-override' : 'router-override';
    c.header('set-cookie', `${name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`);
    return c.redirect('/__router/status', 303);
  });
  app.notFound(() =>
    respond(
      routerProblem(404, 'no-page', {
        what: 'the router has no such page',
        why: 'Paths under /__router/ are its own.',
        next: 'See /__router/status, /healthz, /readyz and /metrics.',
      }),
    ),
  );
  return app;
};
