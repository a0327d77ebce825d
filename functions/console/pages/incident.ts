/** *Incident*: what depends on a Region, how far its failure reaches, whose it is and what to do; as a page and as files. */
import { html } from 'hono/html';

import { type Impact, IMPACTS } from '../../graph/answers/impact.ts';
import { isRegion } from '../../graph/region/names.ts';
import { type Read, readAs } from '../console-api.ts';
import {
  IMPACT_WORDS,
  type Incident,
  incidentSchema,
  lacksOf,
  namesSchema,
  oldestOf,
  type Row,
} from '../incident/incident-data.ts';
import { incidentCsv, incidentMarkdown } from '../incident/incident-export.ts';
import { incidentTable } from '../incident/incident-table.ts';
import { radiusOf } from '../incident/radius-graph.ts';
import { layoutRadius } from '../incident/radius-layout.ts';
import { FILE_STYLE, radiusSvg } from '../incident/radius-svg.ts';
import { addressOf } from '../links.ts';
import type { ConsolePage, Fragment, Shown, Visit } from '../page.ts';
import { PAGE_BYTES_MAX } from '../wire-bytes.ts';
import { ago, count, counted, plain } from '../words.ts';

const TITLE = 'Incident';
const TEXT_CHARS_MAX = 100;

interface Asked {
  readonly region: string;
  readonly impact: Impact | undefined;
  readonly text: string;
}

const askedOf = ({ parameters, peerRegion, region }: Visit): Asked => {
  const impact = parameters.get('impact');
  return {
    // Whoever opens the page without a word mostly fears for the other Region: this one answers.
    region: (parameters.get('region') ?? peerRegion ?? region).trim().toLowerCase(),
    impact: IMPACTS.find((one) => one === impact),
    text: (parameters.get('text') ?? '').slice(0, TEXT_CHARS_MAX),
  };
};

const readIncident = async ({ ask }: Visit, region: string): Promise<Read<Incident>> => {
  if (!isRegion(region)) {
    return {
      kind: 'refused',
      trouble: {
        status: 400,
        what: `"${plain(region).slice(0, TEXT_CHARS_MAX)}" is no AWS Region`,
        why: 'An incident is of one Region of AWS.',
        next: 'Write it as us-east-1.',
      },
    };
  }
  return readAs(await ask({ path: `/v1/incidents/region/${region}` }), incidentSchema);
};

const isNear = ({ name, owner, onCall }: Row, text: string): boolean =>
  [name, owner?.name ?? '', ...onCall.map((one) => one.name)].some((one) =>
    one.toLowerCase().includes(text.toLowerCase()),
  );

const chosen = ({ rows }: Incident, { impact, text }: Asked): readonly Row[] =>
  rows.filter((row) => (impact === undefined || row.impact === impact) && (text === '' || isNear(row, text)));

/** In words; undefined where all rows are wanted. */
const choiceOf = ({ impact, text }: Asked): string | undefined => {
  const parts = [...(impact === undefined ? [] : [impact]), ...(text === '' ? [] : [`with "${text}"`])];
  return parts.length === 0 ? undefined : parts.join(' ');
};

const picker = ({ region, impact, text }: Asked, regions: readonly string[]): Fragment =>
  html`<form method="get" action="/console/incident" class="row" role="search" aria-label="Which Region">
    <div class="field">
      <label for="region">Region that fails</label>
      <input
        id="region"
        name="region"
        value="${plain(region)}"
        list="regions"
        required
        spellcheck="false"
        autocomplete="off"
      />
      <datalist id="regions">${regions.map((one) => html`<option value="${one}"></option>`)}</datalist>
    </div>
    <div class="field">
      <label for="impact">Impact</label>
      <select id="impact" name="impact">
        <option value="">all</option>
        ${IMPACTS.map((one) => html`<option ${one === impact ? 'selected' : ''}>${one}</option>`)}
      </select>
    </div>
    <div class="field">
      <label for="text">Component or team</label>
      <input id="text" name="text" value="${plain(text)}" type="search" />
    </div>
    <div><button>Show</button></div>
  </form>`;

const tiles = ({ counts, restricted }: Incident, { region }: Asked): Fragment =>
  html`<ul class="tiles">
    ${IMPACTS.map(
      (impact) =>
        html`<li>
          <a class="tile ${impact}" href="${addressOf('/console/incident', { region, impact })}">
            <strong>${count(counts[impact])}</strong> <span class="impact ${impact}">${impact}</span>
            <span class="quiet">${IMPACT_WORDS[impact]}</span>
            ${restricted[impact] === 0 ? '' : html`<span class="quiet">${count(restricted[impact])} not named to you</span>`}
          </a>
        </li>`,
    )}
  </ul>`;

const exports = (asked: Asked): Fragment => {
  const to = (kind: string): string =>
    addressOf(`/console/incident.${kind}`, { region: asked.region, impact: asked.impact, text: asked.text });
  return html`<p class="row">
    <span>Take it along:</span> <a href="${to('md')}">Markdown</a> <a href="${to('csv')}">CSV</a>
    <a href="${to('svg')}">SVG</a>
    <button type="button" class="plain" data-copy-address hidden>Copy the address of this page</button>
  </p>`;
};

const describe = (region: string, incident: Incident, shown: number, left: number): string =>
  [
    `What fails with ${region}: ${IMPACTS.map((impact) => `${incident.counts[impact]} ${impact}`).join(', ')}.`,
    `The picture shows ${counted(shown, 'component')}${left === 0 ? '' : `; ${count(left)} more are in the table`}.`,
    ...lacksOf(incident),
  ].join(' ');

const picture = (incident: Incident, rows: readonly Row[], { region }: Asked): Fragment => {
  const radius = radiusOf(region, rows);
  const description = describe(region, incident, radius.nodes.length, radius.left);
  return html`<figure class="picture">
    <div class="scroll" tabindex="0" role="group" aria-label="Blast radius, scrolls sideways">
      ${radiusSvg(layoutRadius(radius), { description })}
    </div>
    <figcaption class="quiet">
      ${description} A line leads from what fails to what fails with it: ✕ down, ▲ degraded, ■ only changes, ? unknown.
    </figcaption>
  </figure>`;
};

/** The rest of the page is the picture, which is bounded by itself. */
const TABLE_BYTES_MAX = PAGE_BYTES_MAX / 2;
const SOURCES_SHOWN = 3;

const freshness = (incident: Incident, now: number): Fragment => {
  const { rows, freshness: sources, rules, unchecked } = incident;
  const oldest = oldestOf(rows);
  const named = sources.slice(0, SOURCES_SHOWN).map(({ name, asOf }) => `${plain(name)} ${ago(asOf, now)}`);
  return html`<p class="quiet">
    ${oldest === undefined ? '' : `The oldest file behind this answer was read ${ago(oldest, now)}. `}
    ${named.length === 0 ? '' : `Sources, the oldest first: ${named.join(', ')}${sources.length > named.length ? ' …' : ''}. `}
    ${rules === undefined ? '' : `Table of hidden ties: ${plain(rules)}. `}
    ${unchecked === 0 ? '' : `${counted(unchecked, 'name')} without a place were not looked up. `}
  </p>`;
};

const cut = ({ isCut, truncated, missing }: Incident): readonly string[] => [
  ...(missing.length === 0
    ? []
    : [`no graph was made yet of ${missing.slice(0, SOURCES_SHOWN).join(', ')}: what they say is missing here`]),
  ...(isCut ? ['more components are reached than one answer takes'] : []),
  ...(truncated ? ['the answer was too large: the last of its rows are left out; the counts are whole'] : []),
];

const COMMON_REGIONS: readonly string[] = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'ap-northeast-1',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'sa-east-1',
  'us-gov-west-1',
];

/** Those that something is tied to come first. */
const knownRegions = async ({ ask, region, peerRegion }: Visit): Promise<readonly string[]> => {
  const read = readAs(await ask({ path: '/v1/graph/names' }), namesSchema);
  const tied = read.kind === 'read' ? read.value.regions : [];
  return [...new Set([...tied, ...(peerRegion === undefined ? [] : [peerRegion]), region, ...COMMON_REGIONS])];
};

const incidentPage = async (visit: Visit): Promise<Shown> => {
  const asked = askedOf(visit);
  const [read, regions] = await Promise.all([readIncident(visit, asked.region), knownRegions(visit)]);
  if (read.kind === 'refused') {
    return { kind: 'refused', title: TITLE, trouble: read.trouble };
  }
  const incident = read.value;
  const rows = chosen(incident, asked);
  const { table, shown } = await incidentTable(rows, visit.now, TABLE_BYTES_MAX);
  const more = rows.length - shown;
  return {
    kind: 'page',
    title: `If ${asked.region} fails`,
    degraded: cut(incident),
    body: html`${picker(asked, regions)} ${tiles(incident, asked)} ${freshness(incident, visit.now)}
    ${
      rows.length === 0
        ? html`<p class="card">
            ${incident.rows.length === 0 ? 'Nothing that you may read is known to depend on it.' : 'Nothing fits what you chose.'}
          </p>`
        : html`${picture(incident, rows, asked)} ${exports(asked)} ${table}`
    }
    ${more > 0 ? html`<p>${counted(more, 'more row')}: narrow by impact or name, or take the CSV.</p>` : ''}`,
  };
};

const file = (kind: 'md' | 'csv' | 'svg'): ConsolePage => ({
  path: `/incident.${kind}`,
  answer: async (visit) => {
    const asked = askedOf(visit);
    const read = await readIncident(visit, asked.region);
    if (read.kind === 'refused') {
      return { kind: 'refused', title: TITLE, trouble: read.trouble };
    }
    const rows = chosen(read.value, asked);
    const incident = { ...read.value, rows: [...rows] };
    const name = `incident-${asked.region}.${kind}`;
    switch (kind) {
      case 'md': {
        const { region, now } = visit;
        const text = incidentMarkdown(incident, {
          region: asked.region,
          choice: choiceOf(asked),
          answeredBy: region,
          now,
        });
        return { kind: 'file', name, type: 'text/markdown; charset=utf-8', text };
      }
      case 'csv': {
        return { kind: 'file', name, type: 'text/csv; charset=utf-8', text: incidentCsv(incident) };
      }
      case 'svg': {
        const radius = radiusOf(asked.region, rows);
        const description = describe(asked.region, incident, radius.nodes.length, radius.left);
        const svg = await radiusSvg(layoutRadius(radius), { description, style: FILE_STYLE });
        return { kind: 'file', name, type: 'image/svg+xml; charset=utf-8', text: `${svg.toString()}\n` };
      }
    }
  },
});

export const INCIDENT_PAGES: readonly ConsolePage[] = [
  { path: '/incident', answer: incidentPage },
  file('md'),
  file('csv'),
  file('svg'),
];
