/** What a page says after a change: whether it was taken, where it is held, and whether it was recorded. */
import { html } from 'hono/html';

import { type ApiReply, type Trouble, troubleOf } from './console-api.ts';
import type { Fragment, Visit } from './page.ts';
import { plain } from './words.ts';

export type Changed =
  { readonly kind: 'changed'; readonly words: string } | { readonly kind: 'refused'; readonly trouble: Trouble };

const HELD: Readonly<Record<string, string>> = {
  both: 'Both Regions hold it.',
  owed: 'This Region holds it; the other one is owed it and gets it as soon as it answers.',
};

const wordOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export const changedOf = (reply: ApiReply, what: string): Changed => {
  if (reply.status >= 300) {
    return { kind: 'refused', trouble: troubleOf(reply) };
  }
  const { replication, audit } = reply.fields;
  const recorded = audit === 'missing' ? ' It could not be recorded in the audit log.' : '';
  return { kind: 'changed', words: `${what} ${HELD[wordOf(replication)] ?? ''}${recorded}`.trim() };
};

export const changeNotice = (changed: Changed | undefined): Fragment | '' => {
  switch (changed?.kind) {
    case undefined: {
      return '';
    }
    case 'changed': {
      return html`<p class="card good" role="status">${plain(changed.words)}</p>`;
    }
    case 'refused': {
      const { what, why, next } = changed.trouble;
      return html`<div class="card trouble" role="alert">
        <p><b>Nothing was changed: ${plain(what)}.</b></p>
        <p>${plain(why)}</p>
        <p><b>Next:</b> ${plain(next)}</p>
      </div>`;
    }
  }
};

/** With every form: sent twice, it is one change. */
export const changeKey = ({ newId }: Visit): Fragment => html`<input type="hidden" name="key" value="${newId()}" />`;

const KEY = /^[\w.-]{8,64}$/u;

export const keyOf = ({ form }: Visit): { readonly idempotencyKey?: string } =>
  KEY.test(form['key'] ?? '') ? { idempotencyKey: form['key'] ?? '' } : {};

/** What can't be taken back is done by whoever types its name. */
export const isConfirmed = ({ form }: Visit, name: string): boolean => (form['confirm'] ?? '').trim() === name;

export const notConfirmed = (name: string): Changed => ({
  kind: 'refused',
  trouble: {
    status: 400,
    what: 'it was not confirmed',
    why: `What goes can't be brought back from here, so its id has to be typed: ${name}.`,
    next: 'Type the id, and send the form again.',
  },
});
