/** Why a page shows nothing: what, why, and what to do next. */
import { html } from 'hono/html';

import type { Trouble } from '../console-api.ts';
import type { Fragment } from '../page.ts';
import { sentence } from '../words.ts';

export const refusedBody = ({ status, what, why, next }: Trouble): Fragment =>
  html`<section class="card trouble" role="alert">
    <h2>${sentence(what)}</h2>
    <p>${sentence(why)}</p>
    <p><b>Next:</b> ${sentence(next)}</p>
    <p class="quiet">Status ${status}</p>
  </section>`;
