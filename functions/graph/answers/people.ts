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

/** Of several files that speak of somebody, what the first says of each thing: a rota has the shift, the catalog the address. */
const said = (known: Known, edge: EdgeView, id: string): Said => {
  const nodes = known.nodes.get(id) ?? [];
  return {
    id,
    name: nodes[0]?.name ?? nameOf(id),
    from: edge.via ?? (edge.level === 'catalog' ? 'catalog' : edge.level),
    asOf: edge.origin.asOf,
    evidence: evidenceOf(edge),
    attributes: Object.fromEntries(nodes.toReversed().flatMap(({ attributes }) => Object.entries(attributes ?? {}))),
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

/** An owner's own; and of a person who has none, that of the groups that they are in. */
const pagedFor = (owner: string, edgesOf: (id: string) => readonly EdgeView[]): readonly EdgeView[] => {
  const onCallOf = (id: string): readonly EdgeView[] => edgesOf(id).filter(({ type }) => type === 'onCall');
  const own = onCallOf(owner);
  const groups = edgesOf(owner).filter(({ type }) => type === 'memberOf');
  return own.length > 0 || !owner.startsWith('user:')
    ? own
    : unique(groups.map(({ to }) => to)).flatMap((group) => onCallOf(group));
};

export const peopleOf = async (
  reader: GraphReader,
  components: readonly string[],
  isVisible: IsVisible,
): Promise<ReadonlyMap<string, People>> => {
  const shown = (edges: readonly EdgeView[] | undefined): readonly EdgeView[] =>
    (edges ?? []).filter(({ origin }) => isVisible(origin.source));
  const [own, documents] = await Promise.all([
    read(reader, components, ['ownedBy', 'onCall', 'partOf']),
    components.length === 0 ? NO_EDGES : reader.into(components, ['documents']),
  ]);
  const ofOwners = await read(reader, targetsOf(own, 'ownedBy'), ['onCall', 'memberOf']);
  const groups = targetsOf(ofOwners, 'memberOf');
  const ofGroups = new Map([...(await read(reader, groups, ['onCall'])), ...ofOwners]);
  const pagers = unique([...targetsOf(own, 'onCall'), ...targetsOf(ofGroups, 'onCall')]);
  const ofPagers = await read(reader, pagers, ['onCall']);
  const wholes = targetsOf(own, 'partOf').filter((id) => id.startsWith('component:'));
  const ofWholes = wholes.length === 0 ? NO_EDGES : await reader.into(wholes, ['documents']);
  const papers = unique([...documents.values(), ...ofWholes.values()].flat().map(({ from }) => from));
  const nodes = await reader.nodes(
    unique([...targetsOf(own, 'ownedBy'), ...pagers, ...targetsOf(ofPagers, 'onCall'), ...papers]),
  );
  const known: Known = {
    nodes: new Map([...nodes].map(([id, all]) => [id, all.filter(({ origin }) => isVisible(origin.source))])),
  };
  return new Map(
    components.map((component): [string, People] => {
      const edges = shown(own.get(component));
      const [owner] = ownersFirst(edges);
      const direct = edges.filter(({ type }) => type === 'onCall');
      const paged =
        direct.length > 0 || owner === undefined ? direct : pagedFor(owner.to, (id) => shown(ofGroups.get(id)));
      const people = paged.flatMap(({ to }) => shown(ofPagers.get(to)));
      // What is written for the whole helps with its part.
      const around = edges.filter(({ type }) => type === 'partOf').flatMap(({ to }) => shown(ofWholes.get(to)));
      const written = new Map([...around, ...shown(documents.get(component))].map((edge) => [edge.from, edge]));
      const read1 = [...written.values()].map((edge) => said(known, edge, edge.from));
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
