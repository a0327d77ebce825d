/** A drill's report as one page that needs nothing else: the picture, then the tables. Pure. */
import type { DrillReport } from './drill-report.ts';
import { escapeXml, timelineSvg } from './svg.ts';
import { headLines, type Table, tablesOf } from './tables.ts';

const STYLE = `
  :root { color-scheme: light dark; --line: #8884; --ok: #2f855a; --missed: #c53030; }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 1120px; padding: 24px 16px 64px; }
  h1 { font-size: 1.6rem; margin: 0 0 .4rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
  .verdict { font-weight: 700; } .ok { color: var(--ok); } .missed { color: var(--missed); }
  .wide { overflow-x: auto; } svg { width: 100%; min-width: 860px; height: auto; display: block; margin: 1rem 0; }
  table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
  th, td { text-align: left; padding: .28rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
  th { font-weight: 600; }
  @media (prefers-color-scheme: dark) { :root { --ok: #68d391; --missed: #fc8181; } }`;

const cellOf = (text: string): string => {
  const kind = text === 'ok' ? ' class="ok"' : text === 'MISSED' ? ' class="missed"' : '';
  return `<td${kind}>${escapeXml(text)}</td>`;
};

const tableHtml = ({ title, head, rows }: Table): string =>
  [
    `<h2>${escapeXml(title)}</h2><div class="wide"><table><thead><tr>`,
    ...head.map((text) => `<th scope="col">${escapeXml(text)}</th>`),
    '</tr></thead><tbody>',
    ...rows.map((row) => `<tr>${row.map((text) => cellOf(text)).join('')}</tr>`),
    '</tbody></table></div>',
  ].join('');

export const drillPage = (report: DrillReport, previous: DrillReport | undefined): string => {
  const missed = report.bars.filter(({ ok }) => !ok).length;
  const verdict =
    missed === 0
      ? `<p class="verdict ok">All ${report.bars.length} bars are met.</p>`
      : `<p class="verdict missed">${missed} of ${report.bars.length} bars are missed.</p>`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeXml(`Drill: ${report.title}`)}</title><style>${STYLE}</style></head><body><main>`,
    `<h1>${escapeXml(`Drill: ${report.title}`)}</h1>`,
    verdict,
    ...headLines(report).map((line) => `<p>${escapeXml(line)}</p>`),
    `<div class="wide">${timelineSvg(report)}</div>`,
    ...tablesOf(report, previous).map((table) => tableHtml(table)),
    '</main></body></html>\n',
  ].join('\n');
};
