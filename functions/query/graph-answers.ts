/**
 * The questions of an incident, asked of the graph that the home Region holds: no model, no embedding, no other Region. What the
 * caller may not read is counted and never named. REST, MCP and the console ask here.
 */
import { isSourceAllowed } from '../domain/access.ts';
import type { Failure, Result } from '../domain/failure.ts';
import { type NeighborsAnswer, neighborsOf } from '../graph/answers/neighbors.ts';
import {
  blastRadius,
  type BlastRadiusAnswer,
  type Dependent,
  dependentsOf,
  type DependentsAnswer,
  type IncidentAnswer,
  incidentOf,
  onCallOf,
  type OnCallAnswer,
  type WorkaroundsAnswer,
  workaroundsFor,
} from '../graph/answers/questions.ts';
import { KNOWN_REGIONS } from '../graph/answers/known-regions.ts';
import { regionId } from '../graph/facts/vocabulary.ts';
import { isRegion } from '../graph/region/names.ts';
import { RULES_VERSION } from '../graph/region/rules.ts';
import { type DefinitionsRead, readSourceDefinitions } from '../stores/source-definitions.ts';
import { auditChange } from './write-answer.ts';
import { type GraphDirectory, GraphIndexCache, type GraphRecords } from './graph-index.ts';
import { meantName, nearNames } from './graph-names.ts';
import { GraphUnavailableError, StoreGraphReader } from './graph-reader.ts';
import type { GuardedContext } from './route.ts';

/** What an asking needs of a request: any route, tool or page has it. */
export type Asking = Pick<GuardedContext, 'deps' | 'home' | 'caller' | 'requestId' | 'startedAt'>;

/** How fresh a source is that the answer rests on. */
export interface SourceFreshness {
  readonly source: string;
  readonly name: string;
  readonly snapshot: string;
  /** When it was read last, in ms since 1970. */
  readonly asOf: number;
}

export interface Told<T> {
  readonly kind: 'told';
  readonly value: T;
  /** Of the sources that the answer names, the oldest first. */
  readonly freshness: readonly SourceFreshness[];
  /** The version of the table of hidden ties. */
  readonly rules: string;
  /** Sources that the caller may read and of which no graph was derived yet. */
  readonly missing: readonly string[];
  /**
   * What the answer cost: calls to the store, and bytes that they brought. Null for whoever may not read every source: the reading is
   * of all of them, and its cost would tell how much there is of the others.
   */
  readonly cost: { readonly calls: number; readonly bytes: number; readonly records: number } | null;
}

export type GraphAnswer<T> =
  | Told<T>
  /** No component that the caller may read has this name; or no Region, neither of AWS nor in any file. */
  | {
      readonly kind: 'unknown';
      readonly what: 'region' | 'component';
      readonly near: readonly string[];
      readonly some?: readonly string[];
    }
  | { readonly kind: 'failed'; readonly part: string; readonly failure: Failure };

/** One for each store: what it keeps is compared with the store for every answer. */
const caches = new WeakMap<GraphRecords, GraphIndexCache>();

export const cacheOf = (records: GraphRecords): GraphIndexCache => {
  const known = caches.get(records) ?? new GraphIndexCache(records);
  caches.set(records, known);
  return known;
};

interface Opened {
  readonly directory: GraphDirectory;
  readonly reader: StoreGraphReader;
  readonly isVisible: (source: string) => boolean;
  /** Nothing is hidden from the caller. */
  readonly seesAll: boolean;
  readonly known: ReadonlyMap<string, SourceFreshness>;
  /** Every source that is configured or was read, as far as that could be found out. */
  readonly wanted: readonly string[];
}

type OpenedGraph =
  { readonly kind: 'opened'; readonly value: Opened } | Extract<GraphAnswer<never>, { kind: 'failed' }>;

/** One that was never read is missing in the answer, and said so; where nobody knows what is configured, the answer stands without. */
const enabledIn = (configured: Result<DefinitionsRead>): readonly string[] =>
  configured.kind === 'failed'
    ? []
    : configured.value.sources
        .filter((one) => one.definition.enabled && one.purge === undefined)
        .map((one) => one.definition.id);

/** Of every source, also those that the caller may not read: their components are counted. */
const openGraph = async ({ deps, home, caller }: Asking): Promise<OpenedGraph> => {
  const [{ sources }, configured] = await Promise.all([
    home.get(),
    readSourceDefinitions(deps.workspaces, deps.ownSources ?? []),
  ]);
  if (sources.kind === 'failed') {
    return { kind: 'failed', part: 'records', failure: sources.failure };
  }
  const known = new Map(
    sources.value.map(({ payload: { id, name, snapshot, cycle } }): [string, SourceFreshness] => [
      id,
      { source: id, name, snapshot, asOf: cycle.finishedAt },
    ]),
  );
  const directory: Result<GraphDirectory> = await cacheOf(deps.records).directory([...known.keys()]);
  if (directory.kind === 'failed') {
    return { kind: 'failed', part: 'graph', failure: directory.failure };
  }
  const readAt = new Map([...known].map(([id, { asOf }]) => [id, asOf]));
  return {
    kind: 'opened',
    value: {
      directory: directory.value,
      reader: new StoreGraphReader({ records: deps.records, directory: directory.value, readAt }),
      isVisible: (source) => isSourceAllowed(caller, source),
      seesAll: caller.sources === 'all',
      known,
      wanted: [...known.keys(), ...enabledIn(configured)],
    },
  };
};

/** Names of this kind that the caller may read. */
const namesOf = ({ directory, isVisible }: Opened, kind: 'component' | 'region'): readonly string[] => {
  const prefix = `${kind}:`;
  const names = new Set<string>();
  for (const { index } of directory.units.filter(({ source }) => isVisible(source))) {
    for (const name of index.names.filter((one) => one.startsWith(prefix))) {
      names.add(name.slice(prefix.length));
    }
  }
  return [...names].toSorted();
};

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Sources named anywhere in the evidence of an answer. */
const sourcesIn = (value: unknown, found: Set<string> = new Set()): Set<string> => {
  if (Array.isArray(value)) {
    for (const one of value) {
      sourcesIn(one, found);
    }
  } else if (isFields(value)) {
    // Only a piece of evidence has both.
    if (typeof value['source'] === 'string' && typeof value['repository'] === 'string') {
      found.add(value['source']);
    }
    for (const one of Object.values(value)) {
      sourcesIn(one, found);
    }
  }
  return found;
};

const told = <T>({ directory, reader, isVisible, seesAll, known, wanted }: Opened, value: T): Told<T> => {
  const named = sourcesIn(value);
  const derived = new Set(directory.units.map(({ source }) => source));
  return {
    kind: 'told',
    value,
    rules: RULES_VERSION,
    freshness: [...known.values()]
      .filter(({ source }) => named.has(source) && isVisible(source))
      .toSorted((left, right) => left.asOf - right.asOf || (left.source < right.source ? -1 : 1)),
    missing: [...new Set(wanted)].filter((source) => isVisible(source) && !derived.has(source)).toSorted(),
    cost: seesAll ? { ...reader.cost } : null,
  };
};

type Ask<T> = (opened: Opened) => Promise<GraphAnswer<T>>;

/**
 * An answer that a person may need at three in the morning does not wait for its audit event: that is written at home, and the peer,
 * which may be what the question is about, gets it later. One that was not kept is said in the log and a metric.
 */
const AUDIT_WAIT_MS = 250;

const soon = async (audited: Promise<unknown>): Promise<void> => {
  const turn = Promise.withResolvers<undefined>();
  const timer = setTimeout(turn.resolve, AUDIT_WAIT_MS, undefined);
  await Promise.race([audited, turn.promise]);
  clearTimeout(timer);
};

const answer = async <T>(asking: Asking, run: Ask<T>): Promise<GraphAnswer<T>> => {
  try {
    const opened = await openGraph(asking);
    return opened.kind === 'failed' ? opened : await run(opened.value);
  } catch (error) {
    if (error instanceof GraphUnavailableError) {
      return { kind: 'failed', part: 'graph', failure: error.failure };
    }
    throw error;
  }
};

/** Who asked about what is recorded, whatever the answer. */
const ask = async <T>(asking: Asking, target: string, run: Ask<T>): Promise<GraphAnswer<T>> => {
  const audited = auditChange(asking, { action: 'incident.read', target }, { later: true });
  try {
    return await answer(asking, run);
  } finally {
    await soon(audited);
  }
};

/** Of what somebody may not read, too: its components are counted in the answer. */
const isKnownRegion = ({ directory }: Opened, region: string): boolean =>
  isRegion(region) && (KNOWN_REGIONS.has(region) || directory.has('in', regionId(region)));

const nearRegions = (opened: Opened, region: string): readonly string[] =>
  nearNames(region, [...new Set([...KNOWN_REGIONS, ...namesOf(opened, 'region')])]);

const aboutRegion = async <T>(
  asking: Asking,
  asked: string,
  question: (opened: Opened, region: string) => Promise<T>,
): Promise<GraphAnswer<T>> => {
  const region = asked.trim().toLowerCase();
  return ask(asking, `region:${region}`, async (opened) =>
    isKnownRegion(opened, region)
      ? told(opened, await question(opened, region))
      : { kind: 'unknown', what: 'region', near: nearRegions(opened, region) },
  );
};

/** Which components depend on a Region, what happens to each when it fails, whose they are, and what to do. */
export const answerIncident = async (asking: Asking, region: string): Promise<GraphAnswer<IncidentAnswer>> =>
  aboutRegion(asking, region, async ({ reader, isVisible }, code) => incidentOf(reader, code, isVisible));

/** The same as a plain list, with the path of each. */
export const answerDependents = async (asking: Asking, region: string): Promise<GraphAnswer<DependentsAnswer>> =>
  aboutRegion(asking, region, async ({ reader, isVisible }, code) => dependentsOf(reader, code, isVisible));

const NAMES_SHOWN = 5;
const COMPONENT_PREFIX = 'component:';

const plainName = (component: string): string =>
  component.startsWith(COMPONENT_PREFIX) ? component.slice(COMPONENT_PREFIX.length) : component;

/** Without a name that the caller may read there is no component, whatever others may know of it. */
const aboutComponent = async <T>(
  asking: Asking,
  component: string,
  question: (opened: Opened, id: string) => Promise<T | undefined>,
): Promise<GraphAnswer<T>> => {
  const name = plainName(component);
  return ask(asking, `${COMPONENT_PREFIX}${name}`, async (opened) => {
    const names = namesOf(opened, 'component');
    const meant = meantName(name, names);
    const value = meant === undefined ? undefined : await question(opened, `${COMPONENT_PREFIX}${meant}`);
    return value === undefined
      ? { kind: 'unknown', what: 'component', near: nearNames(name, names), some: names.slice(0, NAMES_SHOWN) }
      : told(opened, value);
  });
};

/** What fails when this component does. */
export const answerBlastRadius = async (asking: Asking, component: string): Promise<GraphAnswer<BlastRadiusAnswer>> =>
  aboutComponent(asking, component, async ({ reader, isVisible }, id) => blastRadius(reader, id, isVisible));

export const answerOnCall = async (asking: Asking, component: string): Promise<GraphAnswer<OnCallAnswer>> =>
  aboutComponent(asking, component, async ({ reader, isVisible }, id) => onCallOf(reader, id, isVisible));

export const answerWorkarounds = async (asking: Asking, component: string): Promise<GraphAnswer<WorkaroundsAnswer>> =>
  aboutComponent(asking, component, async ({ reader, isVisible }, id) => workaroundsFor(reader, id, isVisible));

/** What one component is tied to. */
export const answerNeighbors = async (asking: Asking, component: string): Promise<GraphAnswer<NeighborsAnswer>> =>
  aboutComponent(asking, component, async ({ reader, isVisible }, id) => neighborsOf(reader, id, isVisible));

export interface GraphNames {
  readonly components: readonly string[];
  /** Regions that something is tied to. */
  readonly regions: readonly string[];
}

/** What there is to ask for: no answer of an incident, and asked by a page before anybody has asked anything, so not recorded. */
export const answerNames = async (asking: Asking): Promise<GraphAnswer<GraphNames>> =>
  answer(asking, async (opened) =>
    told(opened, { components: namesOf(opened, 'component'), regions: namesOf(opened, 'region') }),
  );

export type { Dependent };
