/** The parts of the page of the Regions: one card for each Region, the comparison, debts, cursors, the timeline, reports, charts. */
import { html } from 'hono/html';

import { type ApiReply, readAs } from '../console-api.ts';
import { addressOf } from '../links.ts';
import type { Fragment } from '../page.ts';
import type { RegionStatus } from '../status.ts';
import { ago, count, counted, duration, moment, plain, sentence, shortened } from '../words.ts';
import { chart } from './chart.ts';
import { chartsOf, type WriteOutcome, writeOutcomes } from './charts.ts';
import {
  type Event,
  eventsSchema,
  metricsSchema,
  type Regions,
  type RegionView,
  type Report,
  reportsSchema,
} from './region-data.ts';

const ROOT_DIGITS = 16;
const SNAPSHOT_CHARS = 14;
const REPORTS_SHOWN = 8;
const EVENTS_SHOWN = 20;

const age = (at: number, now: number): Fragment =>
  html`<time datetime="${new Date(at).toISOString()}" title="${moment(at)}">${ago(at, now)}</time>`;

const fact = (name: string, value: Fragment | string): Fragment =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;

/** As somebody wrote it into a stack file, where it is no time. */
const whenOf = (text: string): string => (Number.isNaN(Date.parse(text)) ? plain(text) : moment(Date.parse(text)));

export interface CardOptions {
  readonly now: number;
  /** The Region that answers. */
  readonly isOwn: boolean;
  /** What the header says of this Region, from the document that is served now. */
  readonly served: RegionStatus['gate'] | undefined;
}

/** What is told is kept by the next run: until then a document that was just served is newer than it. */
const newerFact = (toldEpoch: number, served: CardOptions['served']): Fragment | '' =>
  served === undefined || (served.epoch ?? 0) <= toldEpoch
    ? ''
    : fact('Served now', `epoch ${served.epoch ?? ''}, ${served.state}: the next run here obeys it`);

const gateFacts = ({ gate }: RegionView, served: CardOptions['served']): Fragment => {
  if (gate === null || gate === undefined) {
    return fact('Gate', 'not known here');
  }
  const { active, epoch, peerWrites, changedAt, changedBy, reason } = gate;
  return html`${fact('Gate', html`<span class="badge ${active ? 'active' : ''}">${active ? 'active' : 'passive'}</span>`)}
  ${fact('Epoch', epoch.toString())} ${fact('Writes to the other', peerWrites)}
  ${fact('Changed', `${whenOf(changedAt)} by ${plain(changedBy)}: ${plain(reason)}`)} ${newerFact(epoch, served)}`;
};

const unreachableText = ({ why = '' }: RegionView): string =>
  sentence(why.includes('AbortError') ? 'it did not answer in time' : why);

export const regionCard = (view: RegionView, { now, isOwn, served }: CardOptions): Fragment =>
  html`<section class="card" aria-label="${view.region}">
    <h2>
      ${view.region} ${isOwn ? html`<span class="badge ok">answered this page</span>` : ''}
      ${view.state === 'unreachable' ? html`<span class="badge down">does not answer</span>` : ''}
    </h2>
    ${
      view.state === 'unreachable'
        ? html`<p>${unreachableText(view)} What it holds can't be shown; ask it directly, at its own address.</p>`
        : html`<dl class="facts">
            ${gateFacts(view, served)}
            ${fact(
              'Own proof',
              view.proof === null || view.proof === undefined
                ? 'none yet'
                : html`<code>${view.proof.root.slice(0, ROOT_DIGITS)}…</code>
                    ${view.proof.deep ? 'deep, ' : ''}${age(view.proof.at, now)}`,
            )}
          </dl>`
    }
  </section>`;

const VERDICTS: Readonly<Record<string, string>> = {
  identical: 'Both Regions hold the same.',
  'owed-only': 'They differ by what is owed, and by nothing else.',
  drift: 'They differ in what nobody owes: a defect. See twinmap drift, and repair.',
};

export const verdictCard = ({ verdict }: Regions, now: number): Fragment =>
  verdict === null
    ? html`<section class="card" aria-label="Comparison">
        <h2>Comparison</h2>
        <p>The two Regions have not been compared yet. The first comparison is at most an hour away.</p>
      </section>`
    : html`<section class="card" aria-label="Comparison">
        <h2>Comparison <span class="badge ${verdict.verdict}">${verdict.verdict}</span></h2>
        <p>
          ${VERDICTS[verdict.verdict] ?? ''} Compared by ${plain(verdict.by)}
          ${age(verdict.at, now)}${verdict.deep ? ', from the stored bytes' : ''}.
        </p>
        <dl class="facts">
          ${Object.entries(verdict.roots).map(([region, root]) =>
            fact(`Root of ${plain(region)}`, html`<code>${plain(root).slice(0, ROOT_DIGITS)}…</code>`),
          )}
          ${fact('Differences', `${counted(verdict.counts.drift, 'record')} drift, ${verdict.counts.owed} owed, ${verdict.counts.unacknowledged} of cycles under way`)}
        </dl>
      </section>`;

export const owedCard = ({ replication, peerRegion }: RegionStatus): Fragment => {
  const owed = replication?.owed;
  return html`<section class="card" aria-label="Owed">
    <h2>
      Owed to ${peerRegion ?? 'nobody'}
      <span class="badge ${replication?.state ?? ''}">${replication?.state ?? 'one Region'}</span>
    </h2>
    <p>
      ${
        owed === null
          ? 'How much is owed is not known at this moment.'
          : owed === undefined
            ? 'How much is owed is told to those who may read every source.'
            : `${counted(owed.count, 'record')}${owed.oldestAgeMs === null ? '' : `, the oldest for ${duration(owed.oldestAgeMs)}`}.`
      }
      ${replication?.reason === undefined ? '' : `Why: ${plain(replication.reason)}.`}
    </p>
  </section>`;
};

const cursorCell = (source: StandingView | undefined, now: number): Fragment =>
  source === undefined
    ? html`<span class="quiet">nothing</span>`
    : html`<code title="${plain(source.snapshot)}">${shortened(source.snapshot, SNAPSHOT_CHARS)}</code>
        <span class="quiet">
          ${age(source.finishedAt, now)} by ${plain(source.by)}, epoch
          ${source.epoch}${source.deferred ? ', not acknowledged' : ''}
        </span>`;

type StandingView = NonNullable<RegionView['sources']>[number];

const standingOf = ({ sources }: RegionView, id: string): StandingView | undefined =>
  (sources ?? []).find((source) => source.id === id);

export const cursors = ({ regions }: Regions, now: number): Fragment => {
  const readable = regions.filter(({ sources }) => sources !== null && sources !== undefined);
  const ids = [...new Set(readable.flatMap(({ sources }) => (sources ?? []).map(({ id }) => id)))].toSorted();
  const isSame = (id: string): boolean => new Set(readable.map((view) => standingOf(view, id)?.v ?? '')).size === 1;
  return html`<table class="cards">
    <caption>
      Where each source stands
    </caption>
    <thead>
      <tr>
        <th scope="col">Source</th>
        ${readable.map(({ region }) => html`<th scope="col">${region}</th>`)}
        <th scope="col">Same</th>
      </tr>
    </thead>
    <tbody>
      ${ids.map(
        (id) =>
          html`<tr>
            <th scope="row">
              ${plain(readable.map((view) => standingOf(view, id)?.name).find((name) => name !== undefined) ?? id)}
            </th>
            ${readable.map((view) => html`<td data-label="${view.region}">${cursorCell(standingOf(view, id), now)}</td>`)}
            <td data-label="Same">
              ${readable.length < 2 ? 'one Region is seen' : isSame(id) ? 'yes' : html`<b>no</b>`}
            </td>
          </tr>`,
      )}
      ${
        ids.length === 0
          ? html`<tr>
              <td colspan="${readable.length + 2}">No source that you may read has been committed yet.</td>
            </tr>`
          : ''
      }
    </tbody>
  </table>`;
};

const FLIPS = /^(?:gate|failover|failback|toggle|override)\b/u;

interface Flip {
  readonly at: number;
  readonly what: string;
  readonly more: string;
}

/** What the gates say of their last change: known to everybody, also where nobody recorded it. */
const lastFlips = (views: readonly RegionView[]): readonly Flip[] =>
  views.flatMap(({ region, gate }) => {
    const at = Date.parse(gate?.changedAt ?? '');
    return gate === null || gate === undefined || Number.isNaN(at)
      ? []
      : [
          {
            at,
            what: `${region} ${gate.active ? 'active' : 'passive'}, epoch ${gate.epoch}`,
            more: `by ${gate.changedBy}: ${gate.reason}`,
          },
        ];
  });

const recordedFlips = (events: readonly Event[]): readonly Flip[] =>
  events
    .filter(({ action }) => FLIPS.test(action))
    .map(({ at, action, outcome, actor, target, details }) => ({
      at,
      what: `${action} ${outcome}`,
      more: [actor, target, ...Object.entries(details ?? {}).map(([name, value]) => `${name} ${value}`)].join(', '),
    }));

export const timeline = (reply: ApiReply, views: readonly RegionView[], now: number): Fragment => {
  const read = readAs(reply, eventsSchema);
  const recorded = read.kind === 'read' ? recordedFlips(read.value.items) : [];
  const flips = [...lastFlips(views), ...recorded].toSorted((left, right) => right.at - left.at).slice(0, EVENTS_SHOWN);
  return html`<ol class="timeline">
      ${flips.map(
        ({ at, what, more }) =>
          html`<li><b>${plain(what)}</b> · ${age(at, now)} <span class="quiet">${shortened(more, 160)}</span></li>`,
      )}
    </ol>
    ${read.kind === 'refused' ? html`<p class="quiet">More is in the audit log: ${plain(read.trouble.what)}.</p>` : ''}`;
};

const reportLine = ({ kind, id, at, by, state, summary }: Report, now: number): Fragment =>
  html`<li>
    <a href="${addressOf('/console/report', { kind, id })}">${plain(summary)}</a>
    <span class="badge ${plain(state)}">${plain(state)}</span>
    <span class="quiet">${plain(kind)}, ${age(at, now)}, by ${plain(by)}</span>
  </li>`;

/** A move that goes on, or that died on its way: everybody who looks should know. */
export const underWay = (reply: ApiReply): readonly string[] => {
  const read = readAs(reply, reportsSchema);
  return (read.kind === 'read' ? read.value.items : [])
    .filter(({ state }) => state === 'running')
    .map(({ kind, by, at }) => `a ${kind} by ${by} is under way since ${moment(at)}`);
};

export const reports = (reply: ApiReply, now: number): Fragment => {
  const read = readAs(reply, reportsSchema);
  if (read.kind === 'refused') {
    return html`<p class="quiet">No reports can be shown: ${plain(read.trouble.what)}.</p>`;
  }
  return read.value.items.length === 0
    ? html`<p>There is none yet. <code>npm run drill</code> rehearses a failover and writes one.</p>`
    : html`<ul class="lines">
        ${read.value.items.slice(0, REPORTS_SHOWN).map((report) => reportLine(report, now))}
      </ul>`;
};

const outcomes = (all: readonly WriteOutcome[]): Fragment | '' =>
  all.length === 0
    ? ''
    : html`<table class="cards">
        <caption>
          Writes by store, Region and outcome
        </caption>
        <thead>
          <tr>
            <th scope="col">Store</th>
            <th scope="col">Region</th>
            <th scope="col">Outcome</th>
            <th scope="col" class="number">Writes</th>
          </tr>
        </thead>
        <tbody>
          ${all.map(
            ({ store, region, outcome, writes }) =>
              html`<tr>
                <th scope="row">${plain(store)}</th>
                <td data-label="Region">${plain(region)}</td>
                <td data-label="Outcome">${plain(outcome)}</td>
                <td data-label="Writes" class="number">${count(writes)}</td>
              </tr>`,
          )}
        </tbody>
      </table>`;

export const charts = (reply: ApiReply): Fragment => {
  const read = readAs(reply, metricsSchema);
  return read.kind === 'refused'
    ? html`<p class="card">The measurements can't be read: ${plain(read.trouble.what)}.</p>`
    : html`<div class="charts">${chartsOf(read.value).map((one) => chart(one))}</div>
        ${outcomes(writeOutcomes(read.value))}`;
};
