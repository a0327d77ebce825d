/**
 * What a caller may see of an answer. A component of a source that the caller may not read is counted and not named; neither are
 * the files and names that only such a source holds.
 */
import { kindOf } from '../facts/vocabulary.ts';
import { type EdgeView, type Evidence, evidenceOf, type NodeView } from './reader.ts';

/** May the caller read this source? */
export type IsVisible = (source: string) => boolean;

export interface Step {
  /** Node ids; `restricted` where it may not be named. */
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly level: string;
  readonly tie?: string;
  readonly via?: string;
  readonly environment?: string;
  readonly expression?: string;
  readonly hint?: string;
  readonly rule?: string;
  readonly alternates?: readonly string[];
  /** How many equal ties it stands for. */
  readonly count?: number;
  readonly asOf: number;
  readonly evidence: readonly Evidence[];
}

export const RESTRICTED = 'restricted';

export interface Sight {
  isNodeVisible(id: string): boolean;
  step(edge: EdgeView): Step;
}

const SHARED = new Set(['region']);

export const sightOf = (
  isVisible: IsVisible,
  nodes: ReadonlyMap<string, readonly NodeView[]>,
  edges: readonly EdgeView[],
): Sight => {
  const told = new Map<string, boolean>();
  for (const { from, origin } of edges) {
    told.set(from, (told.get(from) ?? false) || isVisible(origin.source));
  }
  const isNodeVisible = (id: string): boolean => {
    const declared = nodes.get(id) ?? [];
    if (SHARED.has(kindOf(id) ?? '')) {
      return true;
    }
    return declared.length > 0 ? declared.some(({ origin }) => isVisible(origin.source)) : (told.get(id) ?? true);
  };
  return {
    isNodeVisible,
    step: (edge) => {
      const isOpen = isVisible(edge.origin.source);
      const shown = (id: string): string =>
        isNodeVisible(id) && (isOpen || kindOf(id) === 'region') ? id : RESTRICTED;
      const { type, level, tie, alternates, count, rule, hint } = edge;
      return {
        from: shown(edge.from),
        to: shown(edge.to),
        type,
        level,
        asOf: edge.origin.asOf,
        evidence: isOpen ? evidenceOf(edge) : [],
        ...(tie === undefined ? {} : { tie }),
        ...(alternates === undefined ? {} : { alternates }),
        ...(count === undefined ? {} : { count }),
        ...(rule === undefined ? {} : { rule }),
        ...(hint === undefined || !isOpen ? {} : { hint }),
        ...(edge.via === undefined || !isOpen ? {} : { via: edge.via }),
        ...(edge.environment === undefined || !isOpen ? {} : { environment: edge.environment }),
        ...(edge.expression === undefined || !isOpen ? {} : { expression: edge.expression }),
      };
    },
  };
};
