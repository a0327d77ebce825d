/** *Regions*: which of them answered, who is active, where each source stands in both, what is owed, whether they hold the same, and why. */
import { html } from 'hono/html';

import { readAs } from '../console-api.ts';
import { addressOf } from '../links.ts';
import type { ConsolePage, Shown, Visit } from '../page.ts';
import { regionsSchema, whoWorks } from '../regions/region-data.ts';
import {
  charts,
  cursors,
  owedCard,
  regionCard,
  reports,
  timeline,
  underWay,
  verdictCard,
} from '../regions/region-parts.ts';
import { reportBody, reportSchema } from '../regions/report-view.ts';
import { plain } from '../words.ts';

const TITLE = 'Regions';
const REFRESH_SECONDS = 15;

const HOURS: readonly (readonly [string, string])[] = [
  ['1 hour', '60'],
  ['3 hours', '180'],
  ['6 hours', '360'],
];

const minutesOf = ({ parameters }: Visit): string =>
  HOURS.find(([, minutes]) => minutes === parameters.get('minutes'))?.[1] ?? '60';

const regionsPage = async (visit: Visit): Promise<Shown> => {
  const { ask, now, region } = visit;
  const minutes = minutesOf(visit);
  const [pair, status, metrics, audit, told] = await Promise.all([
    ask({ path: '/v1/regions' }),
    visit.status(),
    ask({ path: `/v1/metrics?minutes=${minutes}` }),
    ask({ path: '/v1/audit?action=gate' }),
    ask({ path: '/v1/reports' }),
  ]);
  const read = readAs(pair, regionsSchema);
  if (read.kind === 'refused') {
    return { kind: 'refused', title: TITLE, trouble: read.trouble };
  }
  const regions = read.value;
  const own = regions.regions.find((view) => view.region === region);
  const served = status.kind === 'read' ? status.value.gate : undefined;
  return {
    kind: 'page',
    title: TITLE,
    gate: own?.gate ?? undefined,
    degraded: [...regions.degraded, ...whoWorks(regions), ...underWay(told)],
    body: html`<p data-refresh-label hidden>
        <label
          ><input type="checkbox" data-refresh-seconds="${REFRESH_SECONDS}" /> Read it anew every ${REFRESH_SECONDS}
          seconds</label
        >
      </p>
      <div class="columns">
        ${regions.regions.map((view) => regionCard(view, { now, served: view === own ? served : undefined, isOwn: view === own }))}
        ${verdictCard(regions, now)} ${status.kind === 'read' ? owedCard(status.value) : ''}
      </div>
      ${cursors(regions, now)}
      <div class="columns">
        <section class="card">
          <h2>Failovers and drills</h2>
          ${reports(told, now)}
        </section>
        <section class="card">
          <h2>Changes of the gate</h2>
          ${timeline(audit, regions.regions, now)}
        </section>
      </div>
      <h2>Measured in ${region}</h2>
      <p class="quiet">
        From the functions' own lines, by the minute.
        ${HOURS.map(
          ([name, value]) =>
            html`<a
              href="${addressOf('/console/regions', { minutes: value })}"
              ${value === minutes ? html`aria-current="true"` : ''}
              >${name}</a
            > `,
        )}
      </p>
      ${charts(metrics)}`,
  };
};

const reportPage = async ({ ask, parameters }: Visit): Promise<Shown> => {
  const [kind, id] = [parameters.get('kind') ?? '', parameters.get('id') ?? ''];
  const reply = await ask({ path: `/v1/reports/${encodeURIComponent(kind)}/${encodeURIComponent(id)}` });
  const read = readAs(reply, reportSchema);
  return read.kind === 'refused'
    ? { kind: 'refused', title: 'Report', trouble: read.trouble }
    : { kind: 'page', title: `Report of a ${plain(kind)}`, body: reportBody(read.value) };
};

export const REGION_PAGES: readonly ConsolePage[] = [
  { path: '/regions', answer: regionsPage },
  { path: '/report', answer: reportPage },
];
