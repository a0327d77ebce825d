/** Rows of an answer: one component each, worst first, then by tier, then by how much it drags along. */
import { nameOf } from '../facts/vocabulary.ts';
import { type Impact, IMPACTS, rankOf } from './impact.ts';
import { type People, peopleOf } from './people.ts';
import type { GraphReader, NodeView } from './reader.ts';
import { reachOf, type Walked } from './walk.ts';
import { type IsVisible, sightOf, type Step } from './view.ts';

export interface ImpactRow extends People {
  readonly component: string;
  readonly name: string;
  readonly impact: Impact;
  /** 1 is the most important; absent where the catalog does not say. */
  readonly tier?: number;
  /** Components that fail through this one. */
  readonly reach: number;
  /** From the component to what failed. */
  readonly path: readonly Step[];
  /** Further ties of its own, the worst first. */
  readonly ties: readonly Step[];
  /** Ties of its own that could not be decided, whatever the impact is. */
  readonly unknowns: number;
  readonly environments: readonly string[];
  /** When the oldest source of this row was read, in ms since 1970. */
  readonly asOf: number;
}

export type ImpactCounts = Readonly<Record<Impact, number>>;

export interface Rows {
  readonly rows: readonly ImpactRow[];
  /** Rows and restricted components together: counts stay honest. */
  readonly counts: ImpactCounts;
  readonly restricted: ImpactCounts;
}

const TIES_SHOWN = 10;

const tierOf = (nodes: readonly NodeView[]): number | undefined => {
  const tier = Number(
    nodes.map(({ attributes }) => attributes['tier']).find((text) => text !== undefined) ?? Number.NaN,
  );
  return Number.isFinite(tier) ? tier : undefined;
};

const countsOf = (all: readonly { readonly impact: Impact }[]): ImpactCounts => {
  const count = (impact: Impact): number => all.filter((one) => one.impact === impact).length;
  return {
    DOWN: count('DOWN'),
    DEGRADED: count('DEGRADED'),
    'CONTROL-PLANE': count('CONTROL-PLANE'),
    UNKNOWN: count('UNKNOWN'),
  };
};

const compare = (left: ImpactRow, right: ImpactRow): number =>
  rankOf(left.impact) - rankOf(right.impact) ||
  (left.tier ?? IMPACTS.length * 100) - (right.tier ?? IMPACTS.length * 100) ||
  right.reach - left.reach ||
  (left.name < right.name ? -1 : 1);

const NOBODY: People = { onCall: [], runbooks: [], decisions: [] };

export const rowsOf = async (
  reader: GraphReader,
  walked: Pick<Walked, 'reached' | 'dependents'>,
  isVisible: IsVisible,
): Promise<Rows> => {
  const components = [...walked.reached.values()].filter(({ id }) => id.startsWith('component:'));
  const edges = components.flatMap(({ path, ties }) => [...path, ...ties]);
  const ids = [...new Set([...components.map(({ id }) => id), ...edges.flatMap(({ from, to }) => [from, to])])].filter(
    (id) => /^(?:component|api):/u.test(id),
  );
  const nodes = await reader.nodes(ids);
  const sight = sightOf(isVisible, nodes, edges);
  const visible = components.filter(({ id }) => sight.isNodeVisible(id));
  const people = await peopleOf(
    reader,
    visible.map(({ id }) => id),
    isVisible,
  );
  const rows = visible.flatMap(({ id, impact, path, ties }): ImpactRow[] => {
    const tier = tierOf(nodes.get(id) ?? []);
    const environments = ties.flatMap(({ environment }) => environment ?? []);
    const row: ImpactRow = {
      component: id,
      name: nameOf(id),
      impact,
      ...(tier === undefined ? {} : { tier }),
      reach: reachOf(id, walked),
      path: path.map((edge) => sight.step(edge)),
      ties: ties.slice(0, TIES_SHOWN).map((edge) => sight.step(edge)),
      unknowns: ties.filter(({ tie }) => tie === 'unknown').length,
      environments: [...new Set(environments)].toSorted(),
      asOf: Math.min(...[...path, ...ties].map(({ origin }) => origin.asOf)),
      ...(people.get(id) ?? NOBODY),
    };
    return [row];
  });
  return {
    rows: rows.toSorted(compare),
    counts: countsOf(components),
    restricted: countsOf(components.filter(({ id }) => !sight.isNodeVisible(id))),
  };
};
