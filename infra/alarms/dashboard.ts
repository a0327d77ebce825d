/**
 * The Region's dashboard, from the same definitions as the alarms: what stands under a heading is what wakes people, with the line
 * at which it does. Only metrics of its own Region: it must load while the other one does not answer.
 */
import type { Alarm, AlarmGroup, Metric } from './alarm.ts';
import { descriptionOf, GROUPS } from './alarms.ts';

export interface DashboardFacts {
  readonly region: string;
  readonly peerRegion?: string;
  /** ARNs of the alarms, by name. */
  readonly alarmArn: (name: string) => string;
}

interface Widget {
  readonly type: 'text' | 'alarm' | 'metric';
  readonly width: number;
  readonly height: number;
  readonly properties: Readonly<Record<string, unknown>>;
}

interface PlacedWidget extends Widget {
  readonly x: number;
  readonly y: number;
}

const COLUMNS = 24;
const GRAPH_WIDTH = 8;
const GRAPH_HEIGHT = 6;
const ALARMS_PER_ROW = 6;

const metricRow = ({ namespace, name, dimensions, statistic }: Metric, extra: object): readonly unknown[] => [
  namespace,
  name,
  ...Object.entries(dimensions).flat(),
  { stat: statistic, ...extra },
];

/** What is shown for an alarm: its metric, or the hidden ones of its formula and the result. */
const rowsOf = ({ watches, name }: Alarm): readonly (readonly unknown[])[] => {
  if (watches.kind === 'metric') {
    return [metricRow(watches.metric, { label: name })];
  }
  // Ids are unique within a graph, and several formulas may share one.
  const id = (text: string): string => `${name.replaceAll(/[^a-z0-9]/gu, '_')}_${text}`;
  const steps = Object.keys(watches.steps);
  const words = new RegExp(`\\b(?:${[...Object.keys(watches.metrics), ...steps].join('|')})\\b`, 'gu');
  return [
    ...Object.entries(watches.metrics).map(([key, metric]) => metricRow(metric, { id: id(key), visible: false })),
    ...Object.entries(watches.steps).map(([key, expression]) => [
      { id: id(key), expression: expression.replaceAll(words, id), label: name, visible: key === steps.at(-1) },
    ]),
  ];
};

/** Alarms on the same thing share a graph: the errors of all functions are one. */
const graphKey = ({ watches, threshold, periodSeconds }: Alarm): string => {
  const metric = watches.kind === 'metric' ? watches.metric : Object.values(watches.metrics)[0];
  return [metric?.namespace, metric?.name, threshold, periodSeconds].join(' ');
};

const graph = (alarms: readonly Alarm[], region: string): Widget => {
  const [first] = alarms;
  return {
    type: 'metric',
    width: GRAPH_WIDTH,
    height: GRAPH_HEIGHT,
    properties: {
      title: alarms.length === 1 ? (first?.when ?? '') : alarms.map(({ name }) => name).join(', '),
      region,
      view: 'timeSeries',
      period: first?.periodSeconds,
      metrics: alarms.flatMap(rowsOf),
      yAxis: { left: { min: 0 } },
      annotations: { horizontal: [{ label: `alarm: ${first?.comparison ?? ''}`, value: first?.threshold }] },
    },
  };
};

const groupWidgets = (group: AlarmGroup, alarms: readonly Alarm[], facts: DashboardFacts): readonly Widget[] => {
  const { title, about } = GROUPS[group];
  const graphs = Object.values(Object.groupBy(alarms, graphKey));
  const words = alarms.map((alarm) => `- **${alarm.name}**: ${descriptionOf(alarm)}`).join('\n');
  return [
    { type: 'text', width: COLUMNS, height: 1, properties: { markdown: `## ${title} – ${about}` } },
    {
      type: 'alarm',
      width: COLUMNS,
      height: 1 + Math.ceil(alarms.length / ALARMS_PER_ROW),
      properties: { title, alarms: alarms.map(({ name }) => facts.alarmArn(name)) },
    },
    ...graphs.flatMap((together) => (together === undefined ? [] : [graph(together, facts.region)])),
    { type: 'text', width: COLUMNS, height: 4, properties: { markdown: words } },
  ];
};

/** Left to right, then down; a row is as high as the highest in it. */
const place = (widgets: readonly Widget[]): readonly PlacedWidget[] => {
  let [x, y, rowHeight] = [0, 0, 0];
  return widgets.map((widget) => {
    if (x + widget.width > COLUMNS) {
      [x, y, rowHeight] = [0, y + rowHeight, 0];
    }
    const placed = { ...widget, x, y };
    x += widget.width;
    rowHeight = Math.max(rowHeight, widget.height);
    return placed;
  });
};

const headline = ({ region, peerRegion }: DashboardFacts): Widget => ({
  type: 'text',
  width: COLUMNS,
  height: 2,
  properties: {
    markdown: [
      `# Twinmap in ${region}`,
      peerRegion === undefined
        ? 'A single-Region install.'
        : `Only what ${region} knows itself. ${peerRegion} has a dashboard of its own. Nothing here switches anything: people decide a failover.`,
    ].join('\n'),
  },
});

/** The body as CloudWatch takes it; names that AWS gives are put in by who declares it. */
export const dashboardOf = (
  alarms: readonly Alarm[],
  facts: DashboardFacts,
): { readonly widgets: readonly PlacedWidget[] } => {
  const byGroup = Object.groupBy(alarms, ({ group }) => group);
  const groups = Object.keys(GROUPS).filter((group): group is AlarmGroup => group in byGroup);
  return {
    widgets: place([headline(facts), ...groups.flatMap((group) => groupWidgets(group, byGroup[group] ?? [], facts))]),
  };
};
