/** The blast radius as a tree: the failed Region, what it takes along, and through what. Pure; from the rows of an answer. */
import type { Impact } from '../../graph/answers/impact.ts';
import type { Row } from './incident-data.ts';

export interface RadiusNode {
  readonly id: string;
  readonly label: string;
  readonly impact: Impact;
  /** Undefined where it hangs on the Region itself. */
  readonly parent: string | undefined;
  /** 1 where the component itself is tied to the Region. */
  readonly layer: number;
}

export interface Radius {
  readonly root: string;
  readonly nodes: readonly RadiusNode[];
  /** Rows that are in the table and not in the picture. */
  readonly left: number;
}

/** More layers would leave no room for labels; what lies deeper stands in the last one. */
export const LAYERS_MAX = 6;
export const NODES_MAX = 200;

/** The next component on the way from a row to what failed: through it the failure arrives. */
const parentOf = ({ component, path }: Row, shown: ReadonlySet<string>): string | undefined =>
  path.map(({ to }) => to).find((to) => to !== component && shown.has(to));

export const radiusOf = (region: string, rows: readonly Row[], nodesMax = NODES_MAX): Radius => {
  const taken = rows.slice(0, nodesMax);
  const shown = new Set(taken.map(({ component }) => component));
  const parents = new Map(taken.map((row) => [row.component, parentOf(row, shown)]));
  const layerOf = (id: string): number => {
    const seen = new Set<string>();
    let at: string | undefined = id;
    // Two rows may name each other as the way to the Region: what goes round in a circle ends.
    while (at !== undefined && !seen.has(at)) {
      seen.add(at);
      at = parents.get(at);
    }
    return Math.min(seen.size, LAYERS_MAX);
  };
  const nodes = taken.map(({ component, name, impact }): RadiusNode => ({
    id: component,
    label: name,
    impact,
    parent: parents.get(component),
    layer: layerOf(component),
  }));
  return { root: region, nodes, left: rows.length - taken.length };
};
