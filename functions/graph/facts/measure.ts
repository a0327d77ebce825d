/** Counts what facts hold, for a report: nothing that is unknown, dead or unread goes uncounted. */
import type { FileFacts } from './vocabulary.ts';

export interface Measured {
  readonly files: number;
  readonly dead: number;
  readonly nodes: Readonly<Record<string, number>>;
  readonly edges: Readonly<Record<string, number>>;
  readonly levels: Readonly<Record<string, number>>;
  readonly ties: Readonly<Record<string, number>>;
  readonly unknowns: Readonly<Record<string, number>>;
  readonly symbols: number;
}

const countBy = <T>(items: readonly T[], keyOf: (item: T) => string | undefined): Readonly<Record<string, number>> => {
  const counts = new Map<string, number>();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== undefined) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return Object.fromEntries([...counts].toSorted(([left], [right]) => (left < right ? -1 : 1)));
};

export const measureFacts = (facts: readonly FileFacts[]): Measured => {
  const edges = facts.flatMap((file) => file.edges);
  return {
    files: facts.length,
    dead: facts.filter(({ dead }) => dead !== undefined).length,
    nodes: countBy(
      facts.flatMap((file) => file.nodes),
      ({ kind }) => kind,
    ),
    edges: countBy(edges, ({ type }) => type),
    levels: countBy(edges, ({ level }) => level),
    ties: countBy(edges, ({ tie }) => tie),
    unknowns: countBy(
      facts.flatMap((file) => file.unknowns),
      ({ reason }) => reason,
    ),
    symbols: facts.reduce((sum, { code }) => sum + (code?.symbols.length ?? 0), 0),
  };
};
