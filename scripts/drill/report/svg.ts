/** The timeline of a drill as a picture: what was wrong, what the operator ran, which slots ran where, and what people saw. Pure. */
import type { DrillReport } from './drill-report.ts';

const WIDTH = 1080;
const LEFT = 132;
const RIGHT = 24;
const TOP = 62;
const LANE = 60;
const GAP = 12;
const TICKS_MAX = 12;
const STEPS_S = [1, 2, 5, 10, 15, 20, 30, 60, 120] as const;
const LABEL_CHARS_MAX = 62;
const CHAR_PX = 6.1;
const ROW = 14;
const ROWS = 3;

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

type Scale = (ms: number) => number;

const n = (value: number): string => String(Math.round(value * 10) / 10);

const scaleOf = (tookMs: number): Scale => {
  const span = Math.max(1, tookMs);
  return (ms) => LEFT + (Math.min(Math.max(ms, 0), span) / span) * (WIDTH - LEFT - RIGHT);
};

const text = (x: number, y: number, words: string, more = ''): string =>
  `<text x="${n(x)}" y="${n(y)}"${more}>${escapeXml(words)}</text>`;

const box = (from: number, to: number, y: number, height: number, kind: string, title: string): string =>
  `<rect class="${kind}" x="${n(from)}" y="${n(y)}" width="${n(Math.max(2, to - from))}" height="${n(height)}" rx="2">` +
  `<title>${escapeXml(title)}</title></rect>`;

const axis = (tookMs: number, x: Scale, bottom: number): string => {
  const step = STEPS_S.find((seconds) => tookMs / 1000 / seconds <= TICKS_MAX) ?? 300;
  const ticks = Array.from({ length: Math.floor(tookMs / 1000 / step) + 1 }, (_, at) => at * step);
  return ticks
    .map((seconds) => {
      const at = x(seconds * 1000);
      return (
        `<line class="grid" x1="${n(at)}" y1="${TOP - 6}" x2="${n(at)}" y2="${n(bottom)}"/>` +
        text(at, TOP - 12, `${seconds} s`, ' class="small" text-anchor="middle"')
      );
    })
    .join('');
};

/** Short words first: what does not fit in its box is in its title. */
const shortOf = (words: string): string =>
  words.length > LABEL_CHARS_MAX ? `${words.slice(0, LABEL_CHARS_MAX - 1)}…` : words;

interface Label {
  readonly x: number;
  readonly y: number;
  readonly words: string;
}

/** Where words go below a line at `y`: labels that would overlap go one row down, and none leaves the picture. */
const placed = (items: readonly { readonly x: number; readonly words: string }[], y: number): readonly Label[] => {
  const ends = Array.from({ length: ROWS }, () => 0);
  return items.map(({ x, words: given }) => {
    const words = shortOf(given);
    const width = words.length * CHAR_PX;
    const at = Math.min(x, WIDTH - RIGHT - width);
    const free = ends.findIndex((end) => end < at);
    const row = free === -1 ? ROWS - 1 : free;
    ends[row] = at + width + 6;
    return { x: at, y: y + row * ROW, words };
  });
};

const labels = (items: readonly { readonly x: number; readonly words: string }[], y: number): string =>
  placed(items, y)
    .map(({ x, y: line, words }) => text(x, line, words, ' class="small"'))
    .join('');

const labelled = (
  moments: readonly { readonly atMs: number; readonly what: string }[],
  x: Scale,
  y: number,
  kind: string,
): string =>
  moments
    .map(({ atMs }) => x(atMs))
    .map((at) => `<line class="${kind}" x1="${n(at)}" y1="${n(y)}" x2="${n(at)}" y2="${n(y + LANE - 4)}"/>`)
    .join('') +
  labels(
    moments.map(({ atMs, what }) => ({ x: x(atMs) + 3, words: what })),
    y + ROW,
  );

const toldOf = ({ words, exitCode, tookMs }: DrillReport['commands'][number]): string =>
  `${words.split(' ')[0] ?? ''} (exit ${exitCode ?? 'killed'}, ${(tookMs / 1000).toFixed(1)} s)`;

const commands = ({ commands: ran }: DrillReport, x: Scale, y: number): string =>
  ran
    .map((command) => {
      const { words, exitCode, tookMs, atMs } = command;
      const kind = exitCode === null ? 'killed' : 'command';
      return box(x(atMs), x(atMs + tookMs), y, 18, kind, `twinmap ${words}: ${toldOf(command)}`);
    })
    .join('') +
  labels(
    ran.map((command) => ({ x: x(command.atMs), words: toldOf(command) })),
    y + 18 + ROW,
  );

const slots = ({ timeline }: DrillReport, x: Scale, y: number): string => {
  const fired = timeline.filter(({ lane, tookMs }) => lane === 'region' && tookMs !== undefined);
  return (
    fired.map(({ atMs, tookMs = 0, what }) => box(x(atMs), x(atMs + tookMs), y, 12, 'slot', what)).join('') +
    labels(
      fired.map(({ atMs, what }) => ({ x: x(atMs), words: what.split(': ').at(-1) ?? '' })),
      y + 12 + ROW,
    )
  );
};

/** A column a second: what succeeded above the line of what failed. */
const client = ({ buckets }: DrillReport, path: string, x: Scale, y: number): string => {
  const own = buckets.filter((bucket) => bucket.path === path);
  const most = own.reduce((max, { sent }) => Math.max(max, sent), 1);
  const height = LANE - 8;
  return own
    .map(({ atMs, sent, failed, p99Ms }) => {
      const whole = (sent / most) * height;
      const bad = (failed / most) * height;
      const [from, to] = [x(atMs), x(atMs + 1000) - 0.5];
      const title = `${(atMs / 1000).toFixed(0)} s: ${sent} sent, ${failed} failed, p99 ${p99Ms} ms`;
      return (
        box(from, to, y + 4 + height - whole, whole - bad, 'good', title) +
        (failed > 0 ? box(from, to, y + 4 + height - bad, bad, 'bad', title) : '')
      );
    })
    .join('');
};

const clocks = (report: DrillReport, x: Scale): string => {
  const { detectMs, decideMs, executeMs } = report.clocks;
  const begin = report.timeline.findLast(
    ({ lane, what }) =>
      lane === 'trouble' && what.startsWith(`${report.regions.failing}:`) && !what.includes('back, with'),
  );
  const move = report.commands.find(({ words }) => words.startsWith('failover'));
  if (begin === undefined || move === undefined) {
    return '';
  }
  const spans = [
    ['detect', begin.atMs, begin.atMs + detectMs],
    ['decide', move.atMs - decideMs, move.atMs],
    ['execute', move.atMs, move.atMs + executeMs],
  ] as const;
  return spans
    .map(([name, from, to]) => box(x(from), x(to), 16, 12, name, `${name} ${((to - from) / 1000).toFixed(1)} s`))
    .join('');
};

const STYLE = `
  svg { font: 12px system-ui, sans-serif; }
  svg text { fill: currentColor; } svg .small { font-size: 10.5px; } svg .lane { font-weight: 600; }
  svg .grid { stroke: currentColor; opacity: .14; } svg .mark { stroke: #c2410c; stroke-width: 1.5; }
  svg .said { stroke: currentColor; opacity: .55; stroke-dasharray: 2 2; }
  svg .good { fill: #2f855a; } svg .bad { fill: #c53030; } svg .command { fill: #2b6cb0; } svg .killed { fill: #9b2c2c; }
  svg .slot { fill: #6b46c1; } svg .detect { fill: #d69e2e; } svg .decide { fill: #b7791f; } svg .execute { fill: #2b6cb0; }`;

export const timelineSvg = (report: DrillReport): string => {
  const x = scaleOf(report.tookMs);
  const { failing, survivor } = report.regions;
  const lanes: readonly (readonly [name: string, draw: (y: number) => string])[] = [
    [
      'what is wrong',
      (y) =>
        labelled(
          report.timeline.filter(({ lane }) => lane === 'trouble'),
          x,
          y,
          'mark',
        ),
    ],
    [
      'the drill',
      (y) =>
        labelled(
          report.timeline.filter(({ lane }) => lane === 'drill'),
          x,
          y,
          'said',
        ),
    ],
    ['the operator', (y) => commands(report, x, y)],
    ['the schedule', (y) => slots(report, x, y)],
    ['router', (y) => client(report, 'router', x, y)],
    [failing, (y) => client(report, 'primary', x, y)],
    [survivor, (y) => client(report, 'secondary', x, y)],
  ];
  const height = TOP + lanes.length * (LANE + GAP) + 10;
  const drawn = lanes.map(([name, draw], at) => {
    const y = TOP + at * (LANE + GAP);
    return text(8, y + 18, name, ' class="lane"') + draw(y);
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escapeXml(`Timeline of the drill: ${report.title}`)}</title>`,
    `<desc id="d">${escapeXml('Columns are seconds of requests: green succeeded, red failed. Bars are commands and slots.')}</desc>`,
    `<style>${STYLE}</style>`,
    text(8, 26, 'clocks', ' class="lane"'),
    axis(report.tookMs, x, height - 10),
    clocks(report, x),
    ...drawn,
    '</svg>',
  ].join('\n');
};
