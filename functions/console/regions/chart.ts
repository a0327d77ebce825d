/** A chart of one measurement over time, as SVG: up to three lines, the numbers of the newest minute beside it, and words for its ends. */
import { html } from 'hono/html';

import type { Fragment } from '../page.ts';
import { moment } from '../words.ts';

export interface ChartLine {
  readonly name: string;
  /** Moments in ms since 1970 and values, the oldest first. */
  readonly points: readonly (readonly [number, number])[];
}

export interface ChartOptions {
  readonly title: string;
  readonly help: string;
  readonly lines: readonly ChartLine[];
  readonly from: number;
  readonly to: number;
  readonly unit?: string;
}

const WIDTH = 320;
const HEIGHT = 96;
const LEFT = 4;
const TOP = 14;
const BOTTOM = 16;
const CLASSES: readonly string[] = ['', 'second', 'third'];
export const CHART_LINES_MAX = CLASSES.length;

const round = (value: number): string => (Math.round(value * 10) / 10).toString();

export const figure = (value: number): string => {
  if (value >= 10_000) {
    return `${(value / 1000).toFixed(value >= 100_000 ? 0 : 1)} k`;
  }
  return Number.isInteger(value) ? value.toString() : value.toFixed(1);
};

const scaled = ({ from, to }: ChartOptions, top: number): ((point: readonly [number, number]) => string) => {
  const [wide, high] = [WIDTH - 2 * LEFT, HEIGHT - TOP - BOTTOM];
  return ([at, value]) =>
    `${round(LEFT + (wide * (at - from)) / Math.max(1, to - from))} ${round(TOP + high * (1 - value / top))}`;
};

/** One measurement alone is a point, which a line would not show. */
const drawn = (
  { points }: ChartLine,
  at: number,
  place: (point: readonly [number, number]) => string,
): Fragment | '' => {
  const [only] = points;
  if (points.length === 1 && only !== undefined) {
    const [x = '0', y = '0'] = place(only).split(' ');
    return html`<circle class="dot" cx="${x}" cy="${y}" r="2.5" />`;
  }
  return points.length === 0
    ? ''
    : html`<path class="line ${CLASSES[at] ?? ''}" d="M${points.map((point) => place(point)).join('L')}" />`;
};

const newest = ({ points }: ChartLine): string => {
  const last = points.at(-1);
  return last === undefined ? 'none' : figure(last[1]);
};

const inWords = ({ title, lines, unit = '' }: ChartOptions, top: number): string =>
  `${title}: ${lines.map((line) => `${line.name} ${newest(line)}${unit}`).join(', ')}; highest ${figure(top)}${unit}.`;

export const chart = (options: ChartOptions): Fragment => {
  const { title, help, lines, from, to, unit = '' } = options;
  const shown = lines.slice(0, CHART_LINES_MAX);
  const top = Math.max(1, ...shown.flatMap(({ points }) => points.map(([, value]) => value)));
  const place = scaled(options, top);
  const isEmpty = shown.every(({ points }) => points.length === 0);
  return html`<figure class="chart">
    <figcaption>
      <span>${title}</span>
      <span class="number">${shown.map((line) => `${line.name} ${newest(line)}${unit}`).join(' · ')}</span>
    </figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${inWords(options, top)}">
      <path class="axis" d="M${LEFT} ${HEIGHT - BOTTOM}H${WIDTH - LEFT}" />
      ${shown.map((line, at) => drawn(line, at, place))}
      <text x="${LEFT}" y="10">${isEmpty ? 'nothing was measured' : `${figure(top)}${unit}`}</text>
      <text x="${LEFT}" y="${HEIGHT - 3}">${moment(from).slice(11, 16)}</text>
      <text x="${WIDTH - LEFT}" y="${HEIGHT - 3}" text-anchor="end">${moment(to).slice(11, 16)} UTC</text>
    </svg>
    <p class="quiet">${help}</p>
  </figure>`;
};
