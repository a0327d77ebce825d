/**
 * Collects what one file says. Equal edges become one, with their count; ties of a component to a Region are rolled up, so that an
 * incident reads one entry per component and file, and not one per resource.
 */
import { LIMITS } from '../../domain/limits.ts';
import { cutExpression } from './expression-text.ts';
import {
  aliasId,
  type CodeMap,
  type EdgeType,
  EXTRACTOR,
  type FileFacts,
  type GraphEdge,
  type GraphNode,
  isAliasId,
  kindOf,
  type Level,
  nameOf,
  type NodeKind,
  type Place,
  regionId,
  type Tie,
  type Unknown,
  UNKNOWN_REGION,
  UNPLACED_NAME,
} from './vocabulary.ts';

export interface FileOrigin {
  readonly source: string;
  readonly repository: string;
  readonly commit: string;
  readonly path: string;
  readonly asOf: number;
}

export interface TieInput {
  readonly from: string;
  /** Undefined where it is unknown. */
  readonly region: string | undefined;
  readonly tie: Exclude<Tie, 'unknown'>;
  readonly level: Level;
  readonly at: readonly Place[];
  readonly alternates?: readonly string[];
  readonly environment?: string | undefined;
  readonly via?: string;
  readonly expression?: string;
  readonly hint?: string | undefined;
  readonly rule?: string | undefined;
}

export interface NodeInput {
  readonly id: string;
  readonly name?: string;
  readonly attributes?: Readonly<Record<string, string | undefined>>;
  readonly at: Place;
}

const given = (fields: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, cutExpression(value)]])),
  );

const wellFormed = (edge: GraphEdge, otherwise: string | undefined): GraphEdge => ({
  ...edge,
  ...(otherwise === undefined || otherwise === edge.from ? {} : { otherwise }),
  from: edge.from.toWellFormed(),
  to: edge.to.toWellFormed(),
  ...(edge.via === undefined ? {} : { via: edge.via.toWellFormed() }),
  ...(edge.environment === undefined ? {} : { environment: edge.environment.toWellFormed() }),
});

export class FactsBuilder {
  readonly #origin: FileOrigin;
  readonly #nodes = new Map<string, GraphNode>();
  readonly #edges = new Map<string, GraphEdge>();
  readonly #unknowns = new Map<string, Unknown>();
  readonly #fallbacks = new Map<string, string>();
  #code: CodeMap | undefined;
  #dead: string | undefined;

  constructor(origin: FileOrigin) {
    this.#origin = origin;
  }

  get path(): string {
    return this.#origin.path;
  }

  node({ id, name, attributes, at }: NodeInput): void {
    if (id.length > LIMITS.graphIdCharsMax) {
      return;
    }
    const kind: NodeKind = kindOf(id) ?? 'resource';
    const known = this.#nodes.get(id);
    this.#nodes.set(id, {
      id: id.toWellFormed(),
      kind,
      name: cutExpression(name ?? known?.name ?? nameOf(id)),
      attributes: { ...known?.attributes, ...given(attributes ?? {}) },
      at: known?.at ?? this.#place(at),
    });
  }

  edge(
    from: string,
    type: EdgeType,
    to: string,
    level: Level,
    at: readonly Place[],
    more: Partial<Pick<GraphEdge, 'environment' | 'via' | 'alternates'>> = {},
  ): void {
    if (from !== to) {
      const { alternates = [], ...rest } = more;
      const copies = alternates.length === 0 ? {} : { alternates };
      this.#add({ from, to, type, level, at: at.map((place) => this.#place(place)), ...rest, ...copies });
    }
  }

  /** What lies in a Region, or nobody knows where. */
  tie(input: TieInput): void {
    const isKnown = input.region !== undefined;
    const target = isKnown ? regionId(input.region ?? '') : UNKNOWN_REGION;
    const alternates = (input.alternates ?? []).filter((region) => region !== input.region);
    this.#add({
      from: input.from,
      to: target,
      type: 'inRegion',
      level: input.level,
      at: input.at.map((place) => this.#place(place)),
      tie: isKnown ? input.tie : 'unknown',
      ...(alternates.length === 0 ? {} : { alternates: alternates.toSorted() }),
      ...(input.environment === undefined || input.environment === '' ? {} : { environment: input.environment }),
      ...(input.via === undefined ? {} : { via: input.via }),
      ...(input.expression === undefined ? {} : { expression: cutExpression(input.expression) }),
      ...(input.hint === undefined ? {} : { hint: input.hint }),
      ...(input.rule === undefined ? {} : { rule: input.rule }),
    });
    if (!isKnown) {
      const [place] = input.at;
      this.unknown({
        subject: input.via ?? input.from,
        reason: 'unresolved-region',
        expression: cutExpression(input.expression ?? ''),
        line: place?.line ?? 1,
      });
    }
  }

  /** A use by name. Where the Region of the name is known, the user is tied to it; where it is not, another repository may place it. */
  uses(
    from: string,
    service: string,
    name: string | undefined,
    region: string | undefined,
    input: Omit<TieInput, 'from' | 'region'>,
  ): void {
    const alias = name === undefined ? undefined : aliasId(service, name, region);
    if (alias !== undefined) {
      this.edge(
        from,
        'dependsOn',
        alias,
        input.level,
        input.at,
        input.environment === undefined ? {} : { environment: input.environment },
      );
    }
    if (region !== undefined) {
      this.tie({ ...input, from, region, via: alias ?? `resource:service/${service}@${region}` });
    } else if (alias !== undefined) {
      this.#add({
        from,
        to: UNPLACED_NAME,
        type: 'inRegion',
        level: input.level,
        at: input.at.map((place) => this.#place(place)),
        tie: 'unknown',
        via: alias,
        expression: cutExpression(input.expression ?? `${service} "${name ?? ''}"`),
      });
    }
  }

  /** Does any edge begin at this node? */
  speaksOf(id: string): boolean {
    return [...this.#edges.values()].some(({ from }) => from === id);
  }

  unknown(unknown: Unknown): void {
    const key = `${unknown.line}:${unknown.subject}:${unknown.expression}`;
    const { subject, expression } = unknown;
    this.#unknowns.set(
      key,
      this.#unknowns.get(key) ?? { ...unknown, subject: subject.toWellFormed(), expression: cutExpression(expression) },
    );
  }

  code(map: CodeMap): void {
    this.#code = map;
  }

  /** A tag named `component`; where nobody declares it, what is said of it is said of `otherwise`. */
  fallback(component: string, otherwise: string): void {
    this.#fallbacks.set(component, otherwise);
  }

  dead(reason: string): void {
    this.#dead = reason;
  }

  build(): FileFacts {
    const { source, repository, commit, path, asOf } = this.#origin;
    const edges = [...this.#edges.values()];
    if (edges.length > LIMITS.graphEdgesPerFileMax) {
      this.unknown({ subject: path, reason: 'too-large', expression: `${edges.length} edges`, line: 1 });
    }
    return {
      source,
      repository,
      commit,
      path,
      asOf,
      extractor: EXTRACTOR,
      nodes: [...this.#nodes.values()],
      edges: edges.slice(0, LIMITS.graphEdgesPerFileMax),
      unknowns: [...this.#unknowns.values()],
      ...(this.#dead === undefined ? {} : { dead: this.#dead }),
      ...(this.#code === undefined ? {} : { code: this.#code }),
    };
  }

  #place({ line, path }: Place): Place {
    return path === undefined || path === this.#origin.path ? { line } : { line, path };
  }

  #add(edge: GraphEdge): void {
    if ([edge.from, edge.to, edge.via ?? ''].some((id) => id.length > LIMITS.graphIdCharsMax)) {
      const line = edge.at[0]?.line ?? 1;
      this.unknown({ subject: this.#origin.path, reason: 'too-large', expression: cutExpression(edge.to), line });
      return;
    }
    const { from, to, type, level, tie, alternates, environment, via, expression, rule } = edge;
    // Only a name changes what an answer does with a tie; through which resource it goes is shown once.
    const through = via !== undefined && (isAliasId(via) || !from.startsWith('component:')) ? via : '';
    const key = JSON.stringify([from, to, type, level, tie, alternates, environment, through, expression, rule]);
    const known = this.#edges.get(key);
    this.#edges.set(
      key,
      known === undefined ? wellFormed(edge, this.#fallbacks.get(from)) : { ...known, count: (known.count ?? 1) + 1 },
    );
  }
}
