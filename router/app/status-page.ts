/** The status as a page for people: no script, no asset, readable on a phone at three in the morning. */
import { html, raw } from 'hono/html';

import type { RegionView, RouterView } from './router-view.ts';

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1a1a1a}
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}
.closed{color:#0a6b2d}.suspect,.half-open{color:#8a5a00}.open{color:#a3121f;font-weight:600}
@media(prefers-color-scheme:dark){body{background:#14161a;color:#e6e6e6}th,td{border-color:#333}.closed{color:#5fd38a}.suspect,.half-open{color:#e6b450}.open{color:#ff7a85}}`;

const shown = (value: string | number | null): string => (value === null || value === '' ? '–' : value.toString());

type Fragment = ReturnType<typeof html>;

const regionRow = (region: RegionView): Fragment =>
  html`<tr>
    <td>${region.id}<br /><small>${region.endpoint}</small></td>
    <td class="${region.state}">
      ${region.state}${region.isBehind ? ', behind' : ''}${region.isDraining ? ', draining' : ''}<br /><small
        >for ${region.stateSeconds} s</small
      >
    </td>
    <td>${region.gate}, epoch ${shown(region.epoch)}<br /><small>${region.replication}</small></td>
    <td>${shown(region.p50Ms)} / ${shown(region.p95Ms)}</td>
    <td>${region.dns.mode}<br /><small>${region.dns.addresses.join(', ')}</small></td>
    <td>${shown(region.lastError)}</td>
  </tr>`;

export const statusPage = (view: RouterView): Fragment => {
  const { inForce, next } = view;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="refresh" content="5" />
        <title>${view.name}: ${view.isReady ? 'ready' : 'not ready'}</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <h1>${view.name}</h1>
        <p>
          ${view.isReady ? 'Ready' : 'Not ready'}: ${view.why}. A read goes to
          <strong>${next.region}</strong>
          (${next.reason}). The Regions declare ${shown(view.declaredActive)} active.
        </p>
        <p>
          Mode <strong>${inForce.mode}</strong>, from
          ${inForce.origin}${inForce.by === null ? '' : `, by ${inForce.by}`}
          ${inForce.why === null ? '' : `because: ${inForce.why}`}
          ${inForce.until === null ? '' : `until ${inForce.until}`}
        </p>
        <table>
          <thead>
            <tr>
              <th>Region</th>
              <th>Breaker</th>
              <th>Says</th>
              <th>p50 / p95 ms</th>
              <th>Addresses</th>
              <th>Last error</th>
            </tr>
          </thead>
          <tbody>
            ${view.regions.map((region) => regionRow(region))}
          </tbody>
        </table>
        <h2>What changed last</h2>
        <ul>
          ${view.transitions
            .toReversed()
            .map(
              ({ region, secondsAgo, from, to, why }) =>
                html`<li>${secondsAgo} s ago: ${region} from ${from} to ${to} (${why})</li>`,
            )}
        </ul>
        <p><small>config ${view.configHash} · hedges left ${view.hedgeTokens}</small></p>
      </body>
    </html>`;
};
