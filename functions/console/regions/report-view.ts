/** A report of a failover or a drill as a page: what every report has, its steps where it tells them, and the whole of it as text. */
import { html } from 'hono/html';
import { z } from 'zod';

import { oneReportShape } from '../../query/report-routes.ts';
import type { Fragment } from '../page.ts';
import { moment, plain } from '../words.ts';

export const reportSchema = z.object(oneReportShape);

export type ReportAnswer = z.infer<typeof reportSchema>;

/** As a failover writes them; another kind has none, or others. */
const stepsSchema = z.array(
  z.object({
    id: z.string(),
    outcome: z.string(),
    detail: z.string().default(''),
    startedAt: z.number().optional(),
    endedAt: z.number().optional(),
  }),
);

const stepsOf = (report: Readonly<Record<string, unknown>>): z.infer<typeof stepsSchema> => {
  const nested = z.object({ steps: z.unknown() }).safeParse(report['executed'] ?? report);
  const parsed = stepsSchema.safeParse(nested.success ? nested.data.steps : undefined);
  return parsed.success ? parsed.data : [];
};

const took = (startedAt: number | undefined, endedAt: number | undefined): string =>
  startedAt === undefined || endedAt === undefined ? '' : `${((endedAt - startedAt) / 1000).toFixed(1)} s`;

const steps = (report: Readonly<Record<string, unknown>>): Fragment | '' => {
  const all = stepsOf(report);
  return all.length === 0
    ? ''
    : html`<table class="cards">
        <caption>
          Steps
        </caption>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Outcome</th>
            <th scope="col" class="number">Took</th>
            <th scope="col">What happened</th>
          </tr>
        </thead>
        <tbody>
          ${all.map(
            ({ id, outcome, detail, startedAt, endedAt }) =>
              html`<tr>
                <th scope="row">${plain(id)}</th>
                <td data-label="Outcome"><span class="badge ${plain(outcome)}">${plain(outcome)}</span></td>
                <td data-label="Took" class="number">${took(startedAt, endedAt)}</td>
                <td data-label="What happened">${plain(detail)}</td>
              </tr>`,
          )}
        </tbody>
      </table>`;
};

export const reportBody = ({ kind, id, report }: ReportAnswer): Fragment => {
  const { state, at, by, summary, markdown, ...rest } = report;
  return html`<section class="card" aria-label="In short">
      <p><b>${plain(summary)}</b> <span class="badge ${plain(state)}">${plain(state)}</span></p>
      <p class="quiet">${plain(kind)} ${plain(id)} · ${moment(at)} · by ${plain(by)}</p>
    </section>
    ${steps(rest)} ${markdown === undefined ? '' : html`<div class="chunk"><pre tabindex="0">${markdown}</pre></div>`}
    <details>
      <summary>The whole report</summary>
      <div class="chunk"><pre tabindex="0">${JSON.stringify(rest, null, 2)}</pre></div>
    </details>
    <p><a href="/console/regions">Regions</a></p>`;
};
