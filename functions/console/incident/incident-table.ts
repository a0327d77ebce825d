/** The rows of an incident: what happens to each component, whose it is, whom to page, what to do, and the lines that prove it. */
import { html, raw } from 'hono/html';

import { evidenceAddress, outsideAddress } from '../links.ts';
import type { Fragment } from '../page.ts';
import { ago, counted, moment, plain } from '../words.ts';
import { wireBytes } from '../wire-bytes.ts';
import { type Evidence, placeOf, type Row, type Said, type Step } from './incident-data.ts';

const evidenceLink = (evidence: Evidence): Fragment =>
  html`<a class="evidence" href="${evidenceAddress(evidence)}"><code>${plain(placeOf(evidence))}</code></a>`;

const age = (asOf: number, now: number): Fragment =>
  html`<time class="quiet" datetime="${new Date(asOf).toISOString()}" title="${moment(asOf)}"
    >as of ${ago(asOf, now)}</time
  >`;

const firstProof = ({ evidence }: Pick<Said, 'evidence'>): Fragment | '' => {
  const [proof] = evidence;
  return proof === undefined ? '' : html` <a class="proof" href="${evidenceAddress(proof)}">source</a>`;
};

/** What somebody needs to reach them: the pager's service, an address, and until when the shift is. */
const said = (one: Said, now: number, shown: readonly string[]): Fragment => {
  const more = shown.flatMap((name) => one.attributes[name] ?? []).filter((text) => text !== '');
  const dated = one.attributes['asOf'];
  return html`<li>
    ${plain(one.name)}${more.length === 0 ? '' : ` (${plain(more.join(', '))})`}
    <span class="quiet"
      >from ${plain(one.from)}, ${dated === undefined ? '' : `dated ${plain(dated)}, `}${age(one.asOf, now)}</span
    >${firstProof(one)}
  </li>`;
};

const people = ({ owner, onCall }: Row, now: number): Fragment =>
  html`<ul class="lines">
      ${owner === undefined ? html`<li class="quiet">no owner is known</li>` : said(owner, now, ['email'])}
    </ul>
    ${
      onCall.length === 0
        ? html`<p class="quiet">nobody on call is known</p>`
        : html`<p class="label">On call</p>
            <ul class="lines">
              ${onCall.map((one) => said(one, now, ['service', 'email', 'shift']))}
            </ul>`
    }`;

/** The line of the section that says what to do, in the same document. */
const sectionLink = ({ name, attributes: { section, sectionLine }, evidence: [proof] }: Said): Fragment | '' =>
  section === undefined || section === name || sectionLine === undefined || proof === undefined
    ? ''
    : html` · <a href="${evidenceAddress({ ...proof, line: Number(sectionLine) })}">${plain(section)}</a>`;

const paper = (one: Said, kind: string): Fragment => {
  const [proof] = one.evidence;
  const { status, title, url } = one.attributes;
  const name = title ?? one.name;
  const page = url === undefined ? undefined : outsideAddress(url);
  const place = page ?? (proof === undefined ? undefined : evidenceAddress(proof));
  return html`<li>
    <span class="quiet">${kind}${status === undefined ? '' : `, ${plain(status)}`}:</span>
    ${place === undefined ? plain(name) : html`<a href="${place}" rel="noreferrer">${plain(name)}</a>`}${sectionLink(one)}${
      page === undefined ? '' : firstProof(one)
    }
  </li>`;
};

const alternatesOf = ({ ties, path }: Row): readonly string[] => [
  ...new Set([...ties, ...path].flatMap(({ alternates }) => alternates ?? [])),
];

const whatToDo = (row: Row): Fragment => {
  const alternates = alternatesOf(row);
  const papers = [
    ...row.runbooks.map((one) => paper(one, 'Runbook')),
    ...row.decisions.map((one) => paper(one, 'Decision')),
  ];
  return html`<ul class="lines">
    ${papers}
    ${alternates.length === 0 ? '' : html`<li><span class="quiet">Copies in</span> ${alternates.join(', ')}</li>`}
    ${
      papers.length === 0 && alternates.length === 0
        ? html`<li class="quiet">no runbook, decision or copy is known</li>`
        : ''
    }
  </ul>`;
};

const optional = (label: string, value: string | undefined): Fragment | '' =>
  value === undefined ? '' : html`<span class="quiet">${label}</span> ${plain(value)} `;

const step = (one: Step): Fragment =>
  html`<li>
    <span class="step">${plain(one.from)} <b>${one.type}</b> ${plain(one.to)}</span>
    <span class="quiet">${one.level}${one.tie === undefined ? '' : `, ${one.tie}`}</span>
    ${optional('rule', one.rule)}${optional('expression', one.expression)}${optional('hint', one.hint)}
    ${one.evidence.map((evidence) => evidenceLink(evidence))}
  </li>`;

const why = ({ path, ties, unknowns }: Row): Fragment => {
  const further = ties.filter(
    (tie) => !path.some((one) => one.from === tie.from && one.to === tie.to && one.via === tie.via),
  );
  return html`<details>
    <summary>${counted(path.length, 'step')}${unknowns === 0 ? '' : `, ${counted(unknowns, 'tie')} unknown`}</summary>
    <ol class="lines">
      ${path.map((one) => step(one))}
    </ol>
    ${
      further.length === 0
        ? ''
        : html`<p class="label">Further ties</p>
            <ul class="lines">
              ${further.map((one) => step(one))}
            </ul>`
    }
  </details>`;
};

const tableRow = (row: Row, now: number): Fragment =>
  html`<tr data-component="${plain(row.component)}">
    <td data-label="Impact"><span class="impact ${row.impact}">${row.impact}</span></td>
    <th scope="row" data-label="Component">
      ${plain(row.name)}
      <span class="quiet">
        ${row.tier === undefined ? 'tier unknown' : `tier ${row.tier}`}${row.reach === 0 ? '' : `, takes ${row.reach} along`}
        ${row.environments.length === 0 ? '' : `· ${plain(row.environments.join(', '))}`}
      </span>
    </th>
    <td data-label="Owner">${people(row, now)}</td>
    <td data-label="What to do">${whatToDo(row)}</td>
    <td data-label="Why">${why(row)} ${age(row.asOf, now)}</td>
  </tr>`;

export interface ShownRows {
  readonly table: Fragment;
  readonly shown: number;
}

/** Markup is indented for whoever reads the source, and nobody else: no text of a row has a line of its own. */
const compact = (text: string): string => text.replaceAll(/\s*\n\s*/gu, '\n');

/** As many rows as a page has room for; all of them are in the files. */
export const incidentTable = async (rows: readonly Row[], now: number, bytesMax: number): Promise<ShownRows> => {
  const markup: string[] = [];
  let bytes = 0;
  for (const row of rows) {
    const text = compact((await tableRow(row, now)).toString());
    bytes += wireBytes(text);
    if (bytes > bytesMax) {
      break;
    }
    markup.push(text);
  }
  const table = html`<div class="below">
    <table class="cards incident">
      <caption class="visually-hidden">
        Components, the worst first
      </caption>
      <thead>
        <tr>
          <th scope="col">Impact</th>
          <th scope="col">Component</th>
          <th scope="col">Owner and on call</th>
          <th scope="col">What to do</th>
          <th scope="col">Why, and how fresh</th>
        </tr>
      </thead>
      <tbody>
        ${raw(markup.join(''))}
      </tbody>
    </table>
  </div>`;
  return { table, shown: markup.length };
};
