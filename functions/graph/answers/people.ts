/** Whose a component is, whom to page, and what to read: from the catalog, else from CODEOWNERS, each with its proof and age. */
import type { EdgeType } from '../facts/vocabulary.ts';
import { nameOf } from '../facts/vocabulary.ts';
import { type EdgeView, type Evidence, evidenceOf, type GraphReader, type NodeView } from './reader.ts';
import type { IsVisible } from './view.ts';

export interface Said {
  readonly id: string;
  readonly name: string;
  /** Where it was read: `catalog`, `CODEOWNERS`. */
  readonly from: string;
  /** In ms since 1970. */
  readonly asOf: number;
  readonly evidence: readonly Evidence[];
  readonly attributes: Readonly<Record<string, string>>;
}

export interface People {
  readonly owner?: Said;
  /** Services and schedules that page somebody; then, where known, the people. */
  readonly onCall: readonly Said[];
  readonly runbooks: readonly Said[];
  readonly decisions: readonly Said[];
}

type Edges = ReadonlyMap<string, readonly EdgeView[]>;

const NO_EDGES: Edges = new Map();

const unique = (ids: readonly string[]): readonly string[] => [...new Set(ids)];

const CODEOWNERS = 'CODEOWNERS';

interface Known {
  readonly nodes: ReadonlyMap<string, readonly NodeView[]>;
}

const said = (known: Known, edge: EdgeView, id: string): Said => {
  const node = (known.nodes.get(id) ?? [])[0];
  return {
    id,
    name: node?.name ?? nameOf(id),
    from: edge.via ?? (edge.level === 'catalog' ? 'catalog' : edge.level),
    asOf: edge.origin.asOf,
    evidence: evidenceOf(edge),
    attributes: node?.attributes ?? {},
  };
};

/** A record that was replaced helps nobody; what is in force comes first. */
const isCurrent = ({ attributes }: Said): boolean =>
  !/supersede|deprecated|rejected|obsolete/iu.test(attributes['status'] ?? '');

const currentFirst = (all: readonly Said[]): readonly Said[] =>
  all.toSorted((left, right) => Number(isCurrent(right)) - Number(isCurrent(left)) || (left.id < right.id ? -1 : 1));

const ownersFirst = (edges: readonly EdgeView[]): readonly EdgeView[] =>
  edges
    .filter(({ type }) => type === 'ownedBy')
    .toSorted(
      (left, right) =>
        Number(left.via === CODEOWNERS) - Number(right.via === CODEOWNERS) || (left.to < right.to ? -1 : 1),
    );

const read = async (reader: GraphReader, ids: readonly string[], types: readonly EdgeType[]): Promise<Edges> =>
  ids.length === 0 ? NO_EDGES : reader.outOf(ids, types);

const targetsOf = (edges: Edges, type: EdgeType): readonly string[] =>
  unique(
    [...edges.values()]
      .flat()
      .filter((edge) => edge.type === type)
      .map(({ to }) => to),
  );

export const peopleOf = async (
  reader: GraphReader,
  components: readonly string[],
  isVisible: IsVisible,
): Promise<ReadonlyMap<string, People>> => {
  const shown = (edges: readonly EdgeView[] | undefined): readonly EdgeView[] =>
    (edges ?? []).filter(({ origin }) => isVisible(origin.source));
  const [own, documents] = await Promise.all([
    read(reader, components, ['ownedBy', 'onCall']),
    components.length === 0 ? NO_EDGES : reader.into(components, ['documents']),
  ]);
  const ofGroups = await read(reader, targetsOf(own, 'ownedBy'), ['onCall']);
  const pagers = unique([...targetsOf(own, 'onCall'), ...targetsOf(ofGroups, 'onCall')]);
  const ofPagers = await read(reader, pagers, ['onCall']);
  const papers = unique([...documents.values()].flat().map(({ from }) => from));
  const known: Known = {
    nodes: await reader.nodes(
      unique([...targetsOf(own, 'ownedBy'), ...pagers, ...targetsOf(ofPagers, 'onCall'), ...papers]),
    ),
  };
  return new Map(
    components.map((component): [string, People] => {
      const edges = shown(own.get(component));
      const [owner] = ownersFirst(edges);
      const direct = edges.filter(({ type }) => type === 'onCall');
      const paged = direct.length > 0 || owner === undefined ? direct : shown(ofGroups.get(owner.to));
      const people = paged.flatMap(({ to }) => shown(ofPagers.get(to)));
      const read1 = shown(documents.get(component)).map((edge) => said(known, edge, edge.from));
      return [
        component,
        {
          ...(owner === undefined ? {} : { owner: said(known, owner, owner.to) }),
          onCall: [...paged, ...people].map((edge) => said(known, edge, edge.to)),
          runbooks: currentFirst(read1.filter(({ id }) => id.startsWith('runbook:'))),
          decisions: currentFirst(read1.filter(({ id }) => id.startsWith('decision:'))),
        },
      ];
    }),
  );
};
