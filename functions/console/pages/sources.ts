/** *Sources*: what is read, how far, what failed and what to do about it. */
import { html } from 'hono/html';

import { readAs } from '../console-api.ts';
import { changeKey, changeNotice, type Changed } from '../changes.ts';
import { addressOf, outsideAddress } from '../links.ts';
import type { ConsolePage, Fragment, Shown, Visit } from '../page.ts';
import { oneSourceSchema, STATE_BADGES, STATE_WORDS, type SourceItem, sourcesSchema } from '../sources/source-data.ts';
import { ago, count, counted, moment, plain, shortened } from '../words.ts';

const TITLE = 'Sources';

const age = (at: number, now: number): Fragment =>
  html`<time datetime="${new Date(at).toISOString()}" title="${moment(at)}">${ago(at, now)}</time>`;

const stateBadge = ({ state }: SourceItem): Fragment =>
  html`<span class="badge ${STATE_BADGES[state]}">${state}</span>`;

const troubles = ({ lastFailure, failures, held, uncompared }: SourceItem, now: number): Fragment | '' => {
  const lines = [
    lastFailure === null
      ? ''
      : html`<li>
          ${plain(lastFailure.message)} <b>Next:</b> ${plain(lastFailure.next)}
          <span class="quiet">since ${age(lastFailure.since, now)}</span>
        </li>`,
    held === null
      ? ''
      : html`<li>${counted(held.documents, 'deletion')} wait for a person's word (plan ${plain(held.plan)}).</li>`,
    failures.count === 0 ? '' : html`<li>${counted(failures.count, 'document')} failed; they are tried again.</li>`,
    uncompared === null ? '' : html`<li>The last full cycle compared nothing: ${plain(uncompared)}</li>`,
  ].filter((line) => line !== '');
  return lines.length === 0
    ? ''
    : html`<ul class="lines">
        ${lines}
      </ul>`;
};

const row = (source: SourceItem, now: number): Fragment => {
  const { id, name, kind, workspace, counts, cycle, nextRunAt } = source;
  return html`<tr>
    <th scope="row" data-label="Source">
      <a href="${addressOf('/console/source', { id })}">${plain(name)}</a>
      <span class="quiet">${plain(kind)} · ${plain(workspace)}</span>
    </th>
    <td data-label="State">${stateBadge(source)}</td>
    <td data-label="Holds">
      ${counts === null ? 'nothing yet' : html`${counted(counts.documents, 'document')}, ${counted(counts.chunks, 'chunk')}`}
    </td>
    <td data-label="Last acknowledged">
      ${cycle === null ? 'never' : age(cycle.finishedAt, now)}
      ${nextRunAt === null ? '' : html`<span class="quiet">next ${age(nextRunAt, now)}</span>`}
    </td>
    <td data-label="What to do">${troubles(source, now)} <span class="quiet">${STATE_WORDS[source.state]}</span></td>
  </tr>`;
};

const sourcesPage = async ({ ask, now }: Visit): Promise<Shown> => {
  const read = readAs(await ask({ path: '/v1/sources' }), sourcesSchema);
  if (read.kind === 'refused') {
    return { kind: 'refused', title: TITLE, trouble: read.trouble };
  }
  const { items, degraded, truncated } = read.value;
  return {
    kind: 'page',
    title: TITLE,
    degraded: [...degraded, ...(truncated ? ['the list is longer than one answer'] : [])],
    body: html`<p><a href="/console/source-edit">Add a source</a></p>
      ${
        items.length === 0
          ? html`<p class="card">There is no source that you may read. Add one, or ask for access to a workspace.</p>`
          : html`<table class="cards">
              <caption class="visually-hidden">
                Sources
              </caption>
              <thead>
                <tr>
                  <th scope="col">Source</th>
                  <th scope="col">State</th>
                  <th scope="col">Holds</th>
                  <th scope="col">Last acknowledged</th>
                  <th scope="col">What to do</th>
                </tr>
              </thead>
              <tbody>
                ${items.map((source) => row(source, now))}
              </tbody>
            </table>`
      }`,
  };
};

const fact = (name: string, value: Fragment | string): Fragment =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;

const origin = ({ url }: SourceItem): Fragment | string => {
  const address = outsideAddress(url);
  return address === undefined ? plain(url) : html`<a href="${address}" rel="noreferrer">${plain(url)}</a>`;
};

const facts = (source: SourceItem, now: number): Fragment => {
  const { kind, workspace, from, redaction, snapshot, counts, lastFullAt, cycle, nextRunAt } = source;
  const skipped = counts?.skipped ?? 0;
  return html`<dl class="facts">
    ${fact('State', html`${stateBadge(source)} ${STATE_WORDS[source.state]}`)} ${fact('Kind', plain(kind))}
    ${fact('Origin', origin(source))} ${fact('Workspace', plain(workspace))}
    ${fact('Configured by', from === 'stack' ? 'the stack file' : 'a person, here')}
    ${fact('Taken out of texts', redaction)}
    ${fact('Snapshot', html`<code>${shortened(snapshot ?? 'none', 60)}</code>`)}
    ${
      counts === null
        ? ''
        : fact(
            'Holds',
            `${counted(counts.documents, 'document')}, ${counted(counts.chunks, 'chunk')}${skipped === 0 ? '' : `, ${count(skipped)} without text`}`,
          )
    }
    ${cycle === null ? '' : fact('Last acknowledged', html`${age(cycle.finishedAt, now)} by ${plain(cycle.region)}, epoch ${cycle.epoch}`)}
    ${lastFullAt === null ? '' : fact('Compared whole', age(lastFullAt, now))}
    ${nextRunAt === null ? '' : fact('Next run', html`about ${age(nextRunAt, now)}`)}
  </dl>`;
};

const action = (visit: Visit, id: string, name: string, label: string, more: Fragment | '' = ''): Fragment =>
  html`<form method="post" action="/console/source-action" class="row">
    ${changeKey(visit)}
    <input type="hidden" name="id" value="${id}" />
    <input type="hidden" name="action" value="${name}" />
    ${more}
    <button class="${name === 'remove' ? 'danger' : 'plain'}">${label}</button>
  </form>`;

const actions = (visit: Visit, { id, held }: SourceItem): Fragment =>
  html`<section class="card" aria-label="What you can do">
    <h2>What you can do</h2>
    <div class="row">
      ${action(visit, id, 'check', 'Check credentials and reach')} ${action(visit, id, 'sync', 'Sync now')}
      <p><a href="${addressOf('/console/source-edit', { id })}">Change it</a></p>
    </div>
    ${
      held === null
        ? ''
        : action(
            visit,
            id,
            'prune',
            `Approve ${counted(held.documents, 'deletion')}`,
            html`<input type="hidden" name="plan" value="${plain(held.plan)}" />`,
          )
    }
    ${action(
      visit,
      id,
      'remove',
      'Remove it from both Regions',
      html`<div class="field">
        <label for="confirm">To remove it with everything read of it, type ${plain(id)}</label>
        <input id="confirm" name="confirm" autocomplete="off" spellcheck="false" required />
      </div>`,
    )}
  </section>`;

const failures = ({ failures: all }: SourceItem, now: number): Fragment | '' =>
  all.count === 0
    ? ''
    : html`<table class="cards">
        <caption>
          What failed, and is tried again (${count(all.count)})
        </caption>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Why</th>
            <th scope="col">Tries</th>
          </tr>
        </thead>
        <tbody>
          ${all.listed.map(
            (one) =>
              html`<tr>
                <th scope="row"><code>${plain(one.id)}</code></th>
                <td data-label="Why">
                  ${plain(one.message)} <span class="quiet">${plain(one.reason)}, since ${age(one.since, now)}</span>
                </td>
                <td data-label="Tries">
                  ${one.tries}${one.nextTryAt === undefined ? '' : html`, next ${age(one.nextTryAt, now)}`}
                </td>
              </tr>`,
          )}
        </tbody>
      </table>`;

/** Also after a change: with what became of it. */
export const showSource = async (visit: Visit, id: string, changed?: Changed): Promise<Shown> => {
  const { ask, now } = visit;
  const read = readAs(await ask({ path: `/v1/sources/${encodeURIComponent(id)}` }), oneSourceSchema);
  if (read.kind === 'refused') {
    return changed?.kind === 'changed'
      ? {
          kind: 'page',
          title: TITLE,
          body: html`${changeNotice(changed)}
            <p><a href="/console/sources">All sources</a></p>`,
        }
      : { kind: 'refused', title: TITLE, trouble: read.trouble };
  }
  const { source, check, degraded } = read.value;
  return {
    kind: 'page',
    title: plain(source.name),
    degraded,
    ...(changed?.kind === 'refused' ? { status: changed.trouble.status } : {}),
    body: html`${changeNotice(changed)}
      <section class="card" aria-label="State">${facts(source, now)} ${troubles(source, now)}</section>
      ${
        check === null
          ? ''
          : html`<section class="card" aria-label="Last check">
              <h2>Last check, ${age(check.at, now)}</h2>
              <ul class="lines">
                ${check.findings.map(({ level, message }) => html`<li><b>${plain(level)}</b> ${plain(message)}</li>`)}
              </ul>
            </section>`
      }
      ${failures(source, now)} ${actions(visit, source)}
      <p><a href="/console/sources">All sources</a></p>`,
  };
};

export const SOURCE_PAGES: readonly ConsolePage[] = [
  { path: '/sources', answer: sourcesPage },
  { path: '/source', answer: async (visit) => showSource(visit, visit.parameters.get('id') ?? '') },
];
