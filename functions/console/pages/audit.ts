/** *Audit*: who did what, chosen from the newest events; whether this Region's copy is whole; and the same as files. */
import { html } from 'hono/html';
import { z } from 'zod';

import { AUDIT_OUTCOMES } from '../../domain/audit-event.ts';
import { LIMITS } from '../../domain/limits.ts';
import { auditVerdictShape } from '../../query/audit-routes.ts';
import { type Read, readAs } from '../console-api.ts';
import { csvTable } from '../csv.ts';
import { addressOf } from '../links.ts';
import type { ConsolePage, Fragment, Shown, Visit } from '../page.ts';
import { type Event, eventsSchema } from '../regions/region-data.ts';
import { ago, count, counted, moment, plain } from '../words.ts';

const TITLE = 'Audit';
const CHOICES = ['actor', 'action', 'target', 'outcome', 'until', 'before'] as const;

const verdictSchema = z.object(auditVerdictShape);

type Choice = Readonly<Record<(typeof CHOICES)[number], string>>;

const choiceOf = ({ parameters }: Visit): Choice => ({
  actor: parameters.get('actor') ?? '',
  action: parameters.get('action') ?? '',
  target: parameters.get('target') ?? '',
  outcome: parameters.get('outcome') ?? '',
  until: parameters.get('until') ?? '',
  // Where an older page begins; a new choice begins with the newest events again.
  before: parameters.get('before') ?? '',
});

type Events = z.infer<typeof eventsSchema>;

const readEvents = async (visit: Visit): Promise<Read<Events>> =>
  readAs(await visit.ask({ path: addressOf('/v1/audit', choiceOf(visit)) }), eventsSchema);

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
        ${AUDIT_OUTCOMES.map((one) => html`<option ${one === choice.outcome ? 'selected' : ''}>${one}</option>`)}
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
    <td data-label="Details">${plain(detailsOf(event))} <span class="quiet">${plain(event.region)}</span></td>
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

/** Of those that were looked at: what was chosen may be among older ones. */
const foundText = ({ items, looked, isAll }: Events): string =>
  `${counted(items.length, 'event')} of ${count(looked)} looked at${isAll ? '' : '; there may be older ones'}.`;

const links = (choice: Choice, { next }: Events): Fragment =>
  html`<p class="row">
    ${choice.before === '' ? '' : html`<a href="${addressOf('/console/audit', { ...choice, before: '' })}">Newest events</a>`}
    ${next === null ? '' : html`<a href="${addressOf('/console/audit', { ...choice, before: next })}">Older events</a>`}
  </p>`;

const auditPage = async (visit: Visit): Promise<Shown> => {
  const choice = choiceOf(visit);
  const read = await readEvents(visit);
  if (read.kind === 'refused') {
    return { kind: 'refused', title: TITLE, trouble: read.trouble };
  }
  const { items, looked } = read.value;
  return {
    kind: 'page',
    title: TITLE,
    body: html`${form(choice)}
      <p class="row">
        <span role="status">${foundText(read.value)}</span>
        <a href="/console/audit-verify">Verify this Region's copy</a>
        <a href="${addressOf('/console/audit.csv', choice)}">CSV</a>
        <a href="${addressOf('/console/audit.json', choice)}">JSON</a>
      </p>
      ${
        items.length === 0
          ? html`<p class="card">
              ${looked === 0 ? `There is no event in the ${LIMITS.auditLookBackDaysMax} days before.` : 'No event fits what you chose.'}
            </p>`
          : table(items, visit.now)
      }
      ${links(choice, read.value)}`,
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

const COLUMNS: readonly string[] = ['at', 'actor', 'action', 'target', 'outcome', 'region', 'details'];

const csvRow = (event: Event): readonly string[] => {
  const { at, actor, action, target, outcome, region } = event;
  return [new Date(at).toISOString(), actor, action, target, outcome, region, detailsOf(event)];
};

/** A file is looked at without the page that it came from. */
const lacksOf = ({ items, isAll }: Events, { before }: Choice): readonly string[] => [
  ...(before === '' ? [] : ['Newer events are not in this file: it goes on where another one ended.']),
  ...(isAll
    ? []
    : [
        `There may be older events than these ${count(items.length)}: "Older events" of the page goes on, and ` +
          'twinmap audit export writes the whole log.',
      ]),
];

const file = (kind: 'csv' | 'json'): ConsolePage => ({
  path: `/audit.${kind}`,
  answer: async (visit) => {
    const read = await readEvents(visit);
    if (read.kind === 'refused') {
      return { kind: 'refused', title: TITLE, trouble: read.trouble };
    }
    const { items, next } = read.value;
    const lacks = lacksOf(read.value, choiceOf(visit));
    const name = `${lacks.length === 0 ? 'audit' : 'audit-part'}.${kind}`;
    return kind === 'csv'
      ? {
          kind: 'file',
          name,
          type: 'text/csv; charset=utf-8',
          text: csvTable(
            COLUMNS,
            items.map((event) => csvRow(event)),
            lacks,
          ),
        }
      : { kind: 'file', name, type: 'application/json', text: `${JSON.stringify({ lacks, next, items }, null, 2)}\n` };
  },
});

export const AUDIT_PAGES: readonly ConsolePage[] = [
  { path: '/audit', answer: auditPage },
  { path: '/audit-verify', answer: verifyPage },
  file('csv'),
  file('json'),
];
