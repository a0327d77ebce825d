/** The page for whoever has no token yet: a place to paste one, and the state that is open to anybody. */
import { html } from 'hono/html';

import type { Read } from '../console-api.ts';
import type { Fragment } from '../page.ts';
import type { RegionStatus } from '../status.ts';
import { plain } from '../words.ts';

export interface SignInOptions {
  readonly status: Read<RegionStatus>;
  /** Why the page is shown; empty where somebody simply came. */
  readonly why: string;
  /** Where to go with a token. */
  readonly to: string;
  readonly now: number;
}

const WORDS: Readonly<Record<string, string>> = {
  'in-sync': 'holds the same as this one',
  down: 'does not answer',
  'catching-up': 'is catching up',
  unknown: 'is not known to hold the same',
};

const openStatus = (read: Read<RegionStatus>): Fragment => {
  if (read.kind === 'refused') {
    return html`<p>${read.trouble.what}. ${read.trouble.why}</p>`;
  }
  const { region, role, gate, peerRegion, replication } = read.value;
  return html`<dl class="facts">
    <div>
      <dt>This Region</dt>
      <dd>${region}, ${role}</dd>
    </div>
    <div>
      <dt>Scheduled work here</dt>
      <dd>${gate.state} (${plain(gate.reason)})</dd>
    </div>
    <div>
      <dt>Epoch</dt>
      <dd>${gate.epoch ?? 'unknown'}</dd>
    </div>
    ${
      peerRegion === null
        ? ''
        : html`<div>
            <dt>Other Region</dt>
            <dd>${peerRegion} ${WORDS[replication?.state ?? 'unknown'] ?? ''}</dd>
          </div>`
    }
  </dl>`;
};

export const signInBody = ({ status, why, to }: SignInOptions): Fragment =>
  html`${why === '' ? '' : html`<p class="card trouble" role="alert">${plain(why)}</p>`}
    <form method="post" action="/console/sign-in" class="card stack" autocomplete="off">
      <input type="hidden" name="to" value="${to}" />
      <label for="token">Token</label>
      <input
        id="token"
        name="token"
        type="password"
        required
        autofocus
        spellcheck="false"
        autocomplete="current-password"
        aria-describedby="token-help"
      />
      <p id="token-help" class="quiet">
        An operator makes one: <code>twinmap key create</code>. The browser keeps it for this site alone, for a day.
      </p>
      <div><button>Sign in</button></div>
    </form>
    <section class="card">
      <h2>State, for anybody</h2>
      ${openStatus(status)}
    </section>`;
