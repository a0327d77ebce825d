/** The resource tree of a stack for people: components with what they hold, and counts by type. */
import type { RecordedResource } from '../../local/monitor/registered-resource.ts';

export interface TreeCounts {
  readonly resources: number;
  /** Made in the Region; the others group them. */
  readonly managed: number;
  readonly components: number;
  readonly protected: number;
  readonly byType: Readonly<Record<string, number>>;
}

const byName = (left: RecordedResource, right: RecordedResource): number => left.name.localeCompare(right.name);

export const isManaged = ({ custom, type }: RecordedResource): boolean => custom && !type.startsWith('pulumi:');

export const countTree = (resources: readonly RecordedResource[]): TreeCounts => {
  const byType = Object.entries(Object.groupBy(resources.filter(isManaged), ({ type }) => type))
    .map(([type, group]) => [type, group?.length ?? 0] as const)
    .toSorted(([left], [right]) => left.localeCompare(right));
  return {
    resources: resources.length,
    managed: resources.filter(isManaged).length,
    components: resources.filter(({ custom, type }) => !custom && !type.startsWith('pulumi:')).length,
    protected: resources.filter(({ protect }) => protect).length,
    byType: Object.fromEntries(byType),
  };
};

const COLUMN = 38;

/** A line per resource, children indented under their component. */
export const treeLines = (resources: readonly RecordedResource[]): readonly string[] => {
  const children = Map.groupBy(resources, ({ parent }) => parent ?? '');
  const linesOf = (resource: RecordedResource, depth: number): readonly string[] => {
    const below = (children.get(resource.urn) ?? []).toSorted(byName);
    const mark = resource.protect ? '  [protected]' : '';
    const label = `${'  '.repeat(depth)}${resource.name}`;
    return [`${label.padEnd(COLUMN)} ${resource.type}${mark}`, ...below.flatMap((child) => linesOf(child, depth + 1))];
  };
  return (children.get('') ?? []).toSorted(byName).flatMap((root) => linesOf(root, 0));
};

export const countLines = (counts: TreeCounts): readonly string[] => [
  `${counts.resources} resources: ${counts.managed} in the Region, ${counts.components} components; ${counts.protected} protected`,
  ...Object.entries(counts.byType).map(([type, count]) => `${String(count).padStart(4)}  ${type}`),
];
