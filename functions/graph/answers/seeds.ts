/** Where the walk of a failed Region begins: what is tied to it, and what nobody can place. */
import { LIMITS } from '../../domain/limits.ts';
import { isAliasId, regionId, UNKNOWN_REGION, UNPLACED_NAME } from '../facts/vocabulary.ts';
import { impactOfTie, type Impact, rankOf, type Reached } from './impact.ts';
import type { EdgeView, GraphReader } from './reader.ts';

export interface Seeds {
  readonly reached: ReadonlyMap<string, Reached>;
  /** Names without a place that were not looked up: there were too many. */
  readonly unchecked: number;
}

const aliasesOf = (edges: readonly EdgeView[]): readonly string[] => [
  ...new Set(edges.flatMap(({ via }) => (via !== undefined && isAliasId(via) ? [via] : []))),
];

/** What the declaring repositories say of the names that ties go through. */
const namesOf = async (
  reader: GraphReader,
  aliases: readonly string[],
): Promise<ReadonlyMap<string, readonly EdgeView[]>> =>
  aliases.length === 0 ? new Map() : reader.outOf(aliases, ['names']);

/** Two different things of one name: only a use that says the Region means one of them. */
const isAmbiguous = (own: readonly EdgeView[], region: string): boolean => {
  const vias = new Set(own.filter(({ to }) => to === regionId(region)).map(({ via }) => via));
  return own.some(({ to, via, tie }) => to !== regionId(region) && tie === 'runtime' && !vias.has(via));
};

const unplaced = async (
  reader: GraphReader,
): Promise<{ readonly edges: readonly EdgeView[]; readonly unchecked: number }> => {
  const all = (await reader.into([UNPLACED_NAME], ['inRegion'])).get(UNPLACED_NAME) ?? [];
  const checked = all.slice(0, LIMITS.graphUnplacedMax);
  const names = await namesOf(reader, aliasesOf(checked));
  const edges = checked.filter(({ via }) => via === undefined || (names.get(via) ?? []).length === 0);
  return { edges, unchecked: all.length - checked.length };
};

const worst = (ties: readonly (readonly [EdgeView, Impact])[]): readonly [EdgeView, Impact] | undefined =>
  ties.toSorted(([left, a], [right, b]) => rankOf(a) - rankOf(b) || (left.from < right.from ? -1 : 1))[0];

export const seedsOf = async (reader: GraphReader, region: string): Promise<Seeds> => {
  const failed = regionId(region);
  const [ties, placeless] = await Promise.all([reader.into([failed, UNKNOWN_REGION], ['inRegion']), unplaced(reader)]);
  const edges = [...(ties.get(failed) ?? []), ...(ties.get(UNKNOWN_REGION) ?? []), ...placeless.edges];
  const names = await namesOf(reader, aliasesOf(edges));
  const bare = [...new Set(edges.map(({ from }) => from).filter((from) => isAliasId(from)))];
  const places = bare.length === 0 ? new Map<string, readonly EdgeView[]>() : await reader.outOf(bare, ['inRegion']);
  const byNode = new Map<string, (readonly [EdgeView, Impact])[]>();
  for (const edge of edges) {
    const declared = (edge.via === undefined ? undefined : names.get(edge.via)) ?? [];
    const alternates = declared.flatMap((name) => name.alternates ?? []);
    const ambiguous =
      isAliasId(edge.from) && edge.tie === 'runtime' && isAmbiguous(places.get(edge.from) ?? [], region);
    const impact = ambiguous ? 'UNKNOWN' : impactOfTie(edge, region, alternates);
    byNode.set(edge.from, [...(byNode.get(edge.from) ?? []), [edge, impact]]);
  }
  const reached = new Map<string, Reached>();
  for (const [id, own] of byNode) {
    const [edge, impact] = worst(own) ?? [];
    if (edge !== undefined && impact !== undefined) {
      reached.set(id, { id, impact, path: [edge], ties: own.map(([tie]) => tie) });
    }
  }
  return { reached, unchecked: placeless.unchecked };
};
