/** Which measurements the page of the Regions shows, and how each is read from the series that the API answers with. Pure. */
import { CHART_LINES_MAX, type ChartLine, type ChartOptions } from './chart.ts';
import type { Metrics } from './region-data.ts';

type Series = Metrics['items'][number];
type Point = Series['points'][number];

/** `sum`: what happened in a minute. `mean` and `highest`: of what was seen in it. */
type Reading = 'sum' | 'mean' | 'highest';

interface Chosen {
  readonly title: string;
  readonly help: string;
  readonly metric: string;
  readonly reading: Reading;
  /** One line for each value of this dimension. */
  readonly by?: string;
  readonly only?: (dimensions: Readonly<Record<string, string>>) => boolean;
  readonly name?: string;
  readonly unit?: string;
}

const valueOf = (reading: Reading, [, count, sum, highest]: Point): number => {
  switch (reading) {
    case 'sum': {
      return sum;
    }
    case 'mean': {
      return sum / Math.max(1, count);
    }
    case 'highest': {
      return highest;
    }
  }
};

const CHOSEN: readonly Chosen[] = [
  {
    title: 'Requests to the API',
    help: 'In a minute, by how they ended. Alarm: more than 5 % failed for two minutes.',
    metric: 'ApiRequest',
    reading: 'sum',
    by: 'Outcome',
  },
  {
    title: 'Duration of a request',
    help: 'Mean of a minute, in milliseconds.',
    metric: 'ApiRequestMs',
    reading: 'mean',
    name: 'mean',
    unit: ' ms',
  },
  {
    title: 'Degraded answers',
    help: 'Answers that said what they lack.',
    metric: 'DegradedAnswer',
    reading: 'sum',
    name: 'answers',
  },
  {
    title: 'Writes, by Region',
    help: 'Of cycles, drains and repairs, to each Region, however they ended.',
    metric: 'DualWrite',
    reading: 'sum',
    by: 'Region',
  },
  {
    title: 'Writes that did not get through',
    help: 'Unreachable, refused or unknown, by the Region that was written to.',
    metric: 'WriteFailed',
    reading: 'sum',
    by: 'Target',
  },
  {
    title: 'Throttled writes',
    help: 'A service took less than it was sent.',
    metric: 'DualWrite',
    reading: 'sum',
    by: 'Store',
    only: (dimensions) => dimensions['Outcome'] === 'throttled',
  },
  {
    title: 'Owed records',
    help: 'What this Region has that the other has not confirmed.',
    metric: 'OwedRecords',
    reading: 'highest',
    name: 'records',
  },
  {
    title: 'Age of the oldest debt',
    help: 'The recovery point of this moment.',
    metric: 'OwedOldestAgeSeconds',
    reading: 'highest',
    name: 'age',
    unit: ' s',
  },
  {
    title: 'Drift',
    help: 'Differences that nobody owes, of the last comparison: a defect where it is not 0.',
    metric: 'DriftStanding',
    reading: 'highest',
    name: 'records',
  },
  {
    title: 'Age of the newest cycle',
    help: 'Since any source was last committed, by either Region.',
    metric: 'CycleAgeSeconds',
    reading: 'highest',
    name: 'age',
    unit: ' s',
  },
  { title: 'Cycles', help: 'By how they ended.', metric: 'Cycle', reading: 'sum', by: 'Outcome' },
  {
    title: 'State of the gate',
    help: 'How often a run read it as active or passive.',
    metric: 'GateState',
    reading: 'sum',
    by: 'State',
  },
  {
    title: 'Active Regions',
    help: 'As both gates tell: 1 is right.',
    metric: 'RegionsActive',
    reading: 'highest',
    name: 'Regions',
  },
  {
    title: 'People’s own writes',
    help: 'Held by both Regions, or owed to one.',
    metric: 'InteractiveWrite',
    reading: 'sum',
    by: 'Replication',
  },
];

/** Series that a chart puts into one line are added up, or the highest of them is taken. */
const combine = (reading: Reading, all: readonly Series[]): ChartLine['points'] => {
  const minutes = new Map<number, Point>();
  for (const [minute, count, sum, highest] of all.flatMap(({ points }) => points)) {
    const [, n = 0, total = 0, most = Number.NEGATIVE_INFINITY] = minutes.get(minute) ?? [];
    minutes.set(minute, [minute, n + count, total + sum, Math.max(most, highest)]);
  }
  return [...minutes.values()]
    .toSorted(([a], [b]) => a - b)
    .map((point) => [point[0], valueOf(reading, point)] as const);
};

const totalOf = ({ points }: ChartLine): number => points.reduce((total, [, value]) => total + value, 0);

const linesOf = (chosen: Chosen, { items }: Metrics): readonly ChartLine[] => {
  const { metric, by, reading, only, name = '' } = chosen;
  const mine = items.filter((series) => series.metric === metric && (only?.(series.dimensions) ?? true));
  const names = by === undefined ? [name] : [...new Set(mine.map(({ dimensions }) => dimensions[by] ?? ''))];
  return names
    .map((line) => ({
      name: line,
      points: combine(reading, by === undefined ? mine : mine.filter(({ dimensions }) => dimensions[by] === line)),
    }))
    .toSorted((left, right) => totalOf(right) - totalOf(left) || (left.name < right.name ? -1 : 1))
    .slice(0, CHART_LINES_MAX);
};

export const chartsOf = (metrics: Metrics): readonly ChartOptions[] => {
  const { from, to } = metrics;
  return CHOSEN.map((chosen): ChartOptions => {
    const { title, help, unit = '' } = chosen;
    return { title, help, unit, lines: linesOf(chosen, metrics), from, to };
  });
};

export interface WriteOutcome {
  readonly store: string;
  readonly region: string;
  readonly outcome: string;
  readonly writes: number;
}

/** Every store, Region and outcome of the writes, added up: which Region drifted is always to be seen. */
export const writeOutcomes = ({ items }: Metrics): readonly WriteOutcome[] =>
  items
    .filter(({ metric }) => metric === 'DualWrite')
    .map(({ dimensions, points }) => ({
      store: dimensions['Store'] ?? '',
      region: dimensions['Region'] ?? '',
      outcome: dimensions['Outcome'] ?? '',
      writes: points.reduce((total, [, , sum]) => total + sum, 0),
    }))
    .toSorted((left, right) => (`${left.store} ${left.region}` < `${right.store} ${right.region}` ? -1 : 1));
