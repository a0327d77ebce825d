/** The questions of an incident, answered from the graph alone: no model, no search, no other Region. */
import { ConfigError } from '../../domain/errors.ts';
import { type EdgeType, kindOf } from '../facts/vocabulary.ts';
import { isRegion } from '../region/names.ts';
import { RULES_VERSION } from '../region/rules.ts';
import { withDeclaredOwners } from './declared-owners.ts';
import type { Impact, Reached } from './impact.ts';
import { type People, peopleOf, type Said } from './people.ts';
import type { EdgeView, GraphReader } from './reader.ts';
import { type ImpactRow, type Rows, rowsOf } from './rows.ts';
import { seedsOf } from './seeds.ts';
import { type IsVisible, sightOf, type Step } from './view.ts';
import { walk } from './walk.ts';

export interface IncidentAnswer extends Rows {
  readonly region: string;
  /** The version of the table of hidden ties. */
  readonly rules: string;
  /** Names without a place that were not looked up. */
  readonly unchecked: number;
  /** More was reached than one answer takes. */
  readonly isCut: boolean;
}

/** Which components depend on a Region, what happens to each when it fails, whose they are, and what to do. */
export const incidentOf = async (graph: GraphReader, region: string, isVisible: IsVisible): Promise<IncidentAnswer> => {
  if (!isRegion(region)) {
    throw new ConfigError(`"${region}" is no AWS Region; write it as us-east-1`);
  }
  const reader = withDeclaredOwners(graph);
  const seeds = await seedsOf(reader, region);
  const walked = await walk(reader, seeds.reached);
  const rows = await rowsOf(reader, walked, isVisible);
  return { region, rules: RULES_VERSION, unchecked: seeds.unchecked, isCut: walked.isCut, ...rows };
};

export interface Dependent {
  readonly component: string;
  readonly name: string;
  readonly impact: Impact;
  /** 1 where the component itself is tied to the Region. */
  readonly hops: number;
  readonly path: readonly Step[];
}

export interface DependentsAnswer extends Omit<IncidentAnswer, 'rows'> {
  readonly dependents: readonly Dependent[];
}

export const dependentsOf = async (
  reader: GraphReader,
  region: string,
  isVisible: IsVisible,
): Promise<DependentsAnswer> => {
  const { rows, ...rest } = await incidentOf(reader, region, isVisible);
  const dependents = rows.map(({ component, name, impact, path }: ImpactRow) => ({
    component,
    name,
    impact,
    hops: path.length,
    path,
  }));
  return { ...rest, dependents };
};

const USED: readonly EdgeType[] = ['dependsOn', 'names'];

/** What others may depend on in a component: itself, its resources, and the names of both. */
const handlesOf = async (reader: GraphReader, component: string): Promise<ReadonlyMap<string, readonly EdgeView[]>> => {
  const own = (await reader.outOf([component], ['dependsOn'])).get(component) ?? [];
  const declared = own.filter(
    ({ to, level }) => level === 'declared' && to.startsWith('resource:') && !to.startsWith('resource:name/'),
  );
  const handles = new Map<string, readonly EdgeView[]>([[component, []]]);
  const resources = [...new Map(declared.map((edge) => [edge.to, edge])).values()];
  const names =
    resources.length === 0
      ? new Map<string, readonly EdgeView[]>()
      : await reader.into(
          resources.map(({ to }) => to),
          USED,
        );
  for (const resource of resources) {
    for (const edge of (names.get(resource.to) ?? []).filter(({ type }) => type === 'names')) {
      handles.set(edge.from, [edge]);
    }
  }
  return handles;
};

export interface BlastRadiusAnswer extends Rows {
  readonly component: string;
  readonly isCut: boolean;
}

const componentOf = (name: string): string => (kindOf(name) === undefined ? `component:${name}` : name);

/** What fails when this component does. */
export const blastRadius = async (
  graph: GraphReader,
  component: string,
  isVisible: IsVisible,
): Promise<BlastRadiusAnswer> => {
  const reader = withDeclaredOwners(graph);
  const id = componentOf(component);
  const seeds = new Map<string, Reached>();
  for (const [handle, path] of await handlesOf(reader, id)) {
    seeds.set(handle, { id: handle, impact: 'DOWN', path, ties: [] });
  }
  const walked = await walk(reader, seeds);
  const others = new Map([...walked.reached].filter(([node]) => node !== id));
  const rows = await rowsOf(reader, { reached: others, dependents: walked.dependents }, isVisible);
  return { component: id, isCut: walked.isCut, ...rows };
};

export interface OnCallAnswer extends Pick<People, 'owner' | 'onCall'> {
  readonly component: string;
}

/** Undefined where the component does not exist for the caller. */
const visiblePeople = async (reader: GraphReader, id: string, isVisible: IsVisible): Promise<People | undefined> => {
  const [nodes, own] = await Promise.all([
    reader.nodes([id]),
    reader.outOf([id], ['ownedBy', 'inRegion', 'dependsOn']),
  ]);
  const edges = own.get(id) ?? [];
  const isKnown = (nodes.get(id) ?? []).length + edges.length > 0;
  return isKnown && sightOf(isVisible, nodes, edges).isNodeVisible(id)
    ? (await peopleOf(reader, [id], isVisible)).get(id)
    : undefined;
};

export const onCallOf = async (
  reader: GraphReader,
  component: string,
  isVisible: IsVisible,
): Promise<OnCallAnswer | undefined> => {
  const id = componentOf(component);
  const people = await visiblePeople(reader, id, isVisible);
  return people === undefined
    ? undefined
    : { component: id, onCall: people.onCall, ...(people.owner === undefined ? {} : { owner: people.owner }) };
};

export interface WorkaroundsAnswer {
  readonly component: string;
  readonly runbooks: readonly Said[];
  readonly decisions: readonly Said[];
  /** Copies and other instances: where it could run, with the proof. */
  readonly alternates: readonly Step[];
}

export const workaroundsFor = async (
  reader: GraphReader,
  component: string,
  isVisible: IsVisible,
): Promise<WorkaroundsAnswer | undefined> => {
  const id = componentOf(component);
  const people = await visiblePeople(reader, id, isVisible);
  if (people === undefined) {
    return undefined;
  }
  const ties = (await reader.outOf([id], ['inRegion'])).get(id) ?? [];
  const elsewhere = ties.filter(({ alternates, origin }) => alternates !== undefined && isVisible(origin.source));
  const sight = sightOf(isVisible, new Map(), elsewhere);
  return {
    component: id,
    runbooks: people.runbooks,
    decisions: people.decisions,
    alternates: elsewhere.map((edge) => sight.step(edge)),
  };
};
