/**
 * The stored graph as a search sees it: names from what is kept in memory, and a reader over the home records within the calls of the
 * lane. A search never waits for the graph to be compared with the store; it asks for that beside its own work, once in a few
 * seconds (`searchGraphKeptMs`), for all searches together.
 */
import { kindOf, nameOf } from '../graph/facts/vocabulary.ts';
import { LIMITS } from '../domain/limits.ts';
import { cacheOf } from './graph-answers.ts';
import type { GraphDirectory, GraphRecords } from './graph-index.ts';
import { type NamedNode, openGraphLane } from './graph-lane.ts';
import { StoreGraphReader } from './graph-reader.ts';
import type { GraphLane } from './lanes.ts';

/**
 * What the indexes name, but for Regions: so much is tied to a Region that a few files of it would be chosen at random, for every
 * question in which one is written. What depends on one is asked of the incident's routes.
 */
const NAMED_KINDS: ReadonlySet<string> = new Set(['component', 'api', 'system', 'group']);
const NONE: readonly NamedNode[] = [];

/** Made once for each state of the graph: it has a hundred thousand names. */
const namesOf = new WeakMap<GraphDirectory, ReadonlyMap<string, readonly NamedNode[]>>();

const namesIn = (directory: GraphDirectory): ReadonlyMap<string, readonly NamedNode[]> => {
  const known = namesOf.get(directory);
  if (known !== undefined) {
    return known;
  }
  const names = new Map<string, NamedNode[]>();
  for (const { source, index } of directory.units) {
    for (const id of index.names.filter((one) => NAMED_KINDS.has(kindOf(one) ?? ''))) {
      const name = nameOf(id).toLowerCase();
      const nodes = names.get(name);
      if (nodes === undefined) {
        names.set(name, [{ id, source }]);
      } else {
        nodes.push({ id, source });
      }
    }
  }
  namesOf.set(directory, names);
  return names;
};

const comparedAt = new WeakMap<GraphRecords, number>();

/** What comes of it is for the next question; a store that does not answer leaves what was kept. */
const compareBeside = (records: GraphRecords, sources: readonly string[], nowMs: number): void => {
  if (nowMs - (comparedAt.get(records) ?? 0) >= LIMITS.searchGraphKeptMs) {
    comparedAt.set(records, nowMs);
    void cacheOf(records).directory(sources);
  }
};

export interface SearchGraphTerms {
  readonly records: GraphRecords;
  /** Every source of this Region: the graph is kept for all callers at once. Undefined where they are not known: it stays as it is. */
  readonly sources: readonly string[] | undefined;
  readonly nowMs: number;
}

/** A search shows no moment of the graph's own. */
const READ_AT: ReadonlyMap<string, number> = new Map();

export const searchGraph = ({ records, sources, nowMs }: SearchGraphTerms): GraphLane =>
  openGraphLane(() => {
    if (sources !== undefined) {
      compareBeside(records, sources, nowMs);
    }
    const directory = cacheOf(records).peek();
    if (directory.units.length === 0) {
      return undefined;
    }
    const names = namesIn(directory);
    return {
      named: (name) => names.get(name) ?? NONE,
      open: (calls, isRead) => new StoreGraphReader({ records, directory, readAt: READ_AT, calls, isRead }),
    };
  });
