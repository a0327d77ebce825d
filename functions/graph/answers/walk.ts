/**
 * Follows a failure to everything that needs what failed: breadth first against the edges, worst impact first, each node once, so
 * that cycles end. What only changes need (CONTROL-PLANE) is not followed: traffic that depends on such a component runs on.
 */
import { LIMITS } from '../../domain/limits.ts';
import type { EdgeType } from '../facts/vocabulary.ts';
import type { Impact, Reached } from './impact.ts';
import { IMPACTS, rankOf } from './impact.ts';
import type { EdgeView, GraphReader } from './reader.ts';

/** An edge of these types says that `from` fails with `to`. */
export const FAILS_WITH: readonly EdgeType[] = ['dependsOn', 'consumesApi', 'providedBy', 'names'];

const FOLLOWED: readonly Impact[] = IMPACTS.filter((impact) => impact !== 'CONTROL-PLANE');

export interface Walked {
  readonly reached: ReadonlyMap<string, Reached>;
  /** Who fails with a node, as far as the walk looked: every edge that it saw, also to what it had reached before. */
  readonly dependents: ReadonlyMap<string, readonly string[]>;
  /** More was there than one answer takes. */
  readonly isCut: boolean;
}

const byId = (left: { readonly id: string }, right: { readonly id: string }): number => (left.id < right.id ? -1 : 1);

/** A node that hands an impact on, and the steps from it to what failed. */
interface Carrier {
  readonly id: string;
  readonly path: readonly EdgeView[];
}

/** Changes of it need the Region, and something of it is unknown as well: that is what its dependents inherit. */
const carrierOf = ({ id, impact, path, ties }: Reached, wanted: Impact): readonly Carrier[] => {
  if (impact === wanted) {
    return [{ id, path }];
  }
  const unknown =
    impact === 'CONTROL-PLANE' && wanted === 'UNKNOWN' ? ties.find(({ tie }) => tie === 'unknown') : undefined;
  return unknown === undefined ? [] : [{ id, path: [unknown] }];
};

class Walk {
  readonly #reader: GraphReader;
  readonly #reached: Map<string, Reached>;
  readonly #dependents = new Map<string, readonly string[]>();
  #isCut = false;

  constructor(reader: GraphReader, seeds: ReadonlyMap<string, Reached>) {
    this.#reader = reader;
    this.#reached = new Map(seeds);
  }

  async run(): Promise<Walked> {
    for (const impact of FOLLOWED) {
      await this.#follow(impact);
    }
    return { reached: this.#reached, dependents: this.#dependents, isCut: this.#isCut };
  }

  async #follow(impact: Impact): Promise<void> {
    let frontier = [...this.#reached.values()].flatMap((one) => carrierOf(one, impact)).toSorted(byId);
    const seen = new Set(frontier.map(({ id }) => id));
    for (let hop = 0; frontier.length > 0 && !this.#isCut; hop += 1) {
      this.#isCut = hop >= LIMITS.graphHopsMax || this.#reached.size > LIMITS.graphReachMax;
      frontier = this.#isCut ? [] : await this.#step(impact, frontier, seen);
    }
  }

  async #step(impact: Impact, frontier: readonly Carrier[], seen: Set<string>): Promise<Carrier[]> {
    const incoming = await this.#reader.into(
      frontier.map(({ id }) => id),
      FAILS_WITH,
    );
    const next: Carrier[] = [];
    for (const target of frontier) {
      const edges = incoming.get(target.id) ?? [];
      this.#dependents.set(
        target.id,
        edges.map(({ from }) => from),
      );
      for (const edge of edges.filter(({ from }) => !seen.has(from))) {
        const carrier = { id: edge.from, path: [edge, ...target.path] };
        if (this.#take(carrier, impact)) {
          seen.add(edge.from);
          next.push(carrier);
        }
      }
    }
    return next;
  }

  /** True where the node hands the impact on; one of which only changes suffer does, and keeps what it shows. */
  #take({ id, path }: Carrier, impact: Impact): boolean {
    const known = this.#reached.get(id);
    if (known === undefined || rankOf(known.impact) > rankOf(impact)) {
      this.#reached.set(id, { id, impact, path, ties: known?.ties ?? [] });
      return true;
    }
    return known.impact === 'CONTROL-PLANE';
  }
}

export const walk = async (reader: GraphReader, seeds: ReadonlyMap<string, Reached>): Promise<Walked> =>
  new Walk(reader, seeds).run();

/** Enough to sort by; counting every path of a large outage would cost more than the answer. */
const REACH_COUNTED_MAX = 500;

/** How many components fail with a node. */
export const reachOf = (id: string, { dependents }: Pick<Walked, 'dependents'>): number => {
  const seen = new Set([id]);
  const queue = [id];
  for (let at = 0; at < queue.length && seen.size <= REACH_COUNTED_MAX; at += 1) {
    for (const from of dependents.get(queue[at] ?? '') ?? []) {
      if (!seen.has(from)) {
        seen.add(from);
        queue.push(from);
      }
    }
  }
  return [...seen].filter((node) => node !== id && node.startsWith('component:')).length;
};
