/** What every page has around it: head, navigation, the banner, and which Region answered. */
import { html } from 'hono/html';

import { type Notice, noticesOf } from './banner.ts';
import type { Read } from './console-api.ts';
import type { Fragment } from './page.ts';
import type { RegionStatus } from './status.ts';
import { moment, plain } from './words.ts';

export const NAVIGATION: readonly (readonly [string, string])[] = [
  ['Incident', '/console/incident'],
  ['Search', '/console/search'],
  ['Regions', '/console/regions'],
  ['Sources', '/console/sources'],
  ['Workspaces', '/console/workspaces'],
  ['Audit', '/console/audit'],
];

export interface ShellOptions {
  readonly title: string;
  readonly body: Fragment;
  readonly path: string;
  readonly isSignedIn: boolean;
  readonly status: Read<RegionStatus>;
  readonly degraded: readonly string[];
  readonly region: string;
  readonly now: number;
  readonly requestId: string;
  /** Names the bytes of script and style, so that a browser may keep them for ever. */
  readonly assetsVersion: string;
}

/** What is only worth knowing takes one line; what is wrong says what works and what does not. */
const noticeItem = ({ level, what, works, fails, since }: Notice): Fragment =>
  html`<li class="notice ${level}">
    <strong>${plain(what)}</strong>
    ${level === 'note' ? '' : html`<span><b>Works:</b> ${plain(works)}</span> <span><b>Does not:</b> ${plain(fails)}</span>`}
    <span class="quiet">${plain(since)}</span>
  </li>`;

const banner = (notices: readonly Notice[]): Fragment | undefined =>
  notices.length === 0
    ? undefined
    : html`<section class="banner" aria-label="What is degraded">
        <ul>
          ${notices.map((notice) => noticeItem(notice))}
        </ul>
      </section>`;

const navigation = ({ path }: ShellOptions): Fragment =>
  html`<nav aria-label="Pages">
    ${NAVIGATION.map(
      ([name, address]) =>
        html`<a href="${address}" ${path.startsWith(address) ? html`aria-current="page"` : ''}>${name}</a>`,
    )}
  </nav>`;

const signOut = html`<form method="post" action="/console/sign-out"><button class="plain">Sign out</button></form>`;

const whoAnswered = ({ status, region }: ShellOptions): Fragment => {
  if (status.kind === 'refused') {
    return html`<span class="badge">${region}</span>`;
  }
  const { role, gate } = status.value;
  return html`<span class="badge ${gate.state}"
    >${region} · ${role} · ${gate.state} · epoch ${gate.epoch ?? '?'}</span
  >`;
};

export const shell = (options: ShellOptions): Fragment => {
  const { title, body, isSignedIn, status, degraded, region, now, requestId, assetsVersion } = options;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Twinmap</title>
        <link rel="icon" href="/console/assets/icon.svg?v=${assetsVersion}" type="image/svg+xml" />
        <link rel="stylesheet" href="/console/assets/style.css?v=${assetsVersion}" />
        <script src="/console/assets/script.js?v=${assetsVersion}" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the page</a>
        <header>
          <a class="name" href="/console/incident">Twinmap</a>
          ${isSignedIn ? navigation(options) : ''} ${whoAnswered(options)} ${isSignedIn ? signOut : ''}
        </header>
        ${banner(noticesOf(status, degraded, now)) ?? ''}
        <main id="main" tabindex="-1">
          <h1>${title}</h1>
          ${body}
        </main>
        <footer class="quiet">
          Answered by ${region} at ${moment(now)} from its own stores · request <code>${requestId}</code>
        </footer>
      </body>
    </html>`;
};
