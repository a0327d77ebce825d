/** *Audit*: who did what, chosen from the newest events; whether this Region's copy is whole; and the same as files. */
import { html } from 'hono/html';
import { z } from 'zod';

import { type Read, readAs } from '../console-api.ts';
import { csvField } from '../incident/incident-export.ts';
import { addressOf } from '../links.ts';
import type { ConsolePage, Fragment, Shown, Visit } from '../page.ts';
import { type Event, eventsSchema } from '../regions/region-data.ts';
import { ago, counted, moment, plain } from '../words.ts';

const TITLE = 'Audit';
const CHOICES = ['actor', 'action', 'target', 'outcome', 'until'] as const;

const listSchema = eventsSchema.extend({
  looked: z.number().optional(),
  isAll: z.boolean().optional(),
  truncated: z.boolean().default(false),
});

const verdictSchema = z.object({
  whole: z.boolean(),
  findings: z.array(z.object({ kind: z.string(), sentence: z.string() })),
  notes: z.array(z.string()),
  counts: z.record(z.string(), z.number()),
  keys: z.array(z.object({ region: z.string(), fingerprint: z.string() })),
});

type Choice = Readonly<Record<(typeof CHOICES)[number], string>>;

const choiceOf = ({ parameters }: Visit): Choice => ({
  actor: parameters.get('actor') ?? '',
  action: parameters.get('action') ?? '',
  target: parameters.get('target') ?? '',
  outcome: parameters.get('outcome') ?? '',
  until: parameters.get('until') ?? '',
});

const readEvents = async (visit: Visit): Promise<Read<z.infer<typeof listSchema>>> =>
  readAs(await visit.ask({ path: addressOf('/v1/audit', choiceOf(visit)) }), listSchema);

const HINTS: Readonly<Record<string, string>> = {
  actor: 'key:… or function:…',
  action: 'gate, source.changed …',
  target: 'source:docs …',
  until: '2026-11-22T09:00:00Z',
};

const form = (choice: Choice): Fragment =>
  html`<form method="get" action="/console/audit" class="row" role="search">
    ${(['actor', 'action', 'target'] as const).map(
      (name) =>
        html`<div class="field">
          <label for="${name}">${name.charAt(0).toUpperCase()}${name.slice(1)} begins with</label>
          <input
            id="${name}"
            name="${name}"
            value="${plain(choice[name])}"
            placeholder="${HINTS[name] ?? ''}"
            spellcheck="false"
          />
        </div>`,
    )}
    <div class="field">
      <label for="outcome">Outcome</label>
      <select id="outcome" name="outcome">
        <option value="">all</option>
        ${['done', 'refused', 'failed'].map((one) => html`<option ${one === choice.outcome ? 'selected' : ''}>${one}</option>`)}
      </select>
    </div>
    <div class="field">
      <label for="until">Until (UTC)</label>
      <input
        id="until"
        name="until"
        value="${plain(choice.until)}"
        placeholder="${HINTS['until'] ?? ''}"
        spellcheck="false"
      />
    </div>
    <div><button>Show</button></div>
  </form>`;

const detailsOf = ({ details }: Event): string =>
  Object.entries(details ?? {})
    .map(([name, value]) => `${name}: ${value}`)
    .join('; ');

const row = (event: Event, now: number): Fragment =>
  html`<tr>
    <td data-label="When">
      <time datetime="${new Date(event.at).toISOString()}">${moment(event.at)}</time>
      <span class="quiet">${ago(event.at, now)}</span>
    </td>
    <td data-label="Who"><code>${plain(event.actor)}</code></td>
    <td data-label="What">${plain(event.action)} <span class="badge ${event.outcome}">${event.outcome}</span></td>
    <td data-label="To what">${plain(event.target)}</td>
    <td data-label="Details">${plain(detailsOf(event))} <span class="quiet">${plain(event.region ?? '')}</span></td>
  </tr>`;

const table = (events: readonly Event[], now: number): Fragment =>
  html`<table class="cards">
    <caption class="visually-hidden">
      Events, the newest first
    </caption>
    <thead>
      <tr>
        <th scope="col">When</th>
        <th scope="col">Who</th>
        <th scope="col">What</th>
        <th scope="col">To what</th>
        <th scope="col">Details, and the Region that wrote it</th>
      </tr>
    </thead>
    <tbody>
      ${events.map((event) => row(event, now))}
    </tbody>
  </table>`;

const auditPage = async (visit: Visit): Promise<Shown> => {
  const choice = choiceOf(visit);
  const read = await readEvents(visit);
  if (read.kind === 'refused') {
    return { kind: 'refused', title: TITLE, trouble: read.trouble };
  }
  const { items, looked, isAll, truncated } = read.value;
  const last = items.at(-1);
  const older = last === undefined ? undefined : { ...choice, until: new Date(last.at - 1).toISOString() };
  return {
    kind: 'page',
    title: TITLE,
    degraded: truncated ? ['the answer was too large: the oldest of its events are left out'] : [],
    body: html`${form(choice)}
      <p class="row">
        <span role="status">
          ${counted(items.length, 'event')}${looked === undefined ? '' : ` of ${looked} looked at`}${isAll === false ? '; there may be older ones' : ''}.
        </span>
        <a href="/console/audit-verify">Verify this Region's copy</a>
        <a href="${addressOf('/console/audit.csv', choice)}">CSV</a>
        <a href="${addressOf('/console/audit.json', choice)}">JSON</a>
      </p>
      ${items.length === 0 ? html`<p class="card">No event fits what you chose.</p>` : table(items, visit.now)}
      ${older === undefined ? '' : html`<p><a href="${addressOf('/console/audit', older)}">Older events</a></p>`}`,
  };
};

const verifyPage = async ({ ask, region, peerRegion }: Visit): Promise<Shown> => {
  const read = readAs(await ask({ path: '/v1/audit/verify' }), verdictSchema);
  if (read.kind === 'refused') {
    return { kind: 'refused', title: 'Audit: verification', trouble: read.trouble };
  }
  const { whole, findings, notes, counts, keys } = read.value;
  return {
    kind: 'page',
    title: 'Audit: verification',
    body: html`<section class="card ${whole ? 'good' : 'trouble'}" role="status">
        <h2>${whole ? `Nothing is wrong with the copy of ${region}.` : `The copy of ${region} is not whole.`}</h2>
        <p>
          ${Object.entries(counts)
            .map(([name, value]) => `${value} ${name}`)
            .join(', ')}.
        </p>
        ${whole ? '' : html`<p><b>Next:</b> Keep both tables as they are (a backup of each), and find out who could write to them.</p>`}
      </section>
      ${
        findings.length === 0
          ? ''
          : html`<ol>
              ${findings.map(({ sentence }) => html`<li>${plain(sentence)}</li>`)}
            </ol>`
      }
      ${
        notes.length === 0
          ? ''
          : html`<ul>
              ${notes.map((note) => html`<li>${plain(note)}</li>`)}
            </ul>`
      }
      <ul class="lines">
        ${keys.map(({ region: one, fingerprint }) => html`<li>${plain(one)} signs with the key <code>${plain(fingerprint)}</code></li>`)}
      </ul>
      <p class="quiet">
        Hashes, chains and signatures of the copy here were recomputed. <code>twinmap audit verify</code> compares it
        with ${peerRegion ?? 'the other Region'} too.
      </p>
      <p><a href="/console/audit">Back to the events</a></p>`,
  };
};

const csv = (events: readonly Event[]): string =>
  [
    'at,actor,action,target,outcome,region,details',
    ...events.map((event) =>
      [
        new Date(event.at).toISOString(),
        ...[event.actor, event.action, event.target, event.outcome, event.region, detailsOf(event)].map((text) =>
          csvField(text),
        ),
      ].join(','),
    ),
    '',
  ].join('\r\n');

const file = (kind: 'csv' | 'json'): ConsolePage => ({
  path: `/audit.${kind}`,
  answer: async (visit) => {
    const read = await readEvents(visit);
    if (read.kind === 'refused') {
      return { kind: 'refused', title: TITLE, trouble: read.trouble };
    }
    const { items } = read.value;
    return kind === 'csv'
      ? { kind: 'file', name: 'audit.csv', type: 'text/csv; charset=utf-8', text: csv(items) }
      : { kind: 'file', name: 'audit.json', type: 'application/json', text: `${JSON.stringify(items, null, 2)}\n` };
  },
});

export const AUDIT_PAGES: readonly ConsolePage[] = [
  { path: '/audit', answer: auditPage },
  { path: '/audit-verify', answer: verifyPage },
  file('csv'),
  file('json'),
];
