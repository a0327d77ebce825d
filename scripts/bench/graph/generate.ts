/**
 * Graphs of many repositories with a known truth (`truth.ts`). First the plan: which repository runs in which Region, and whom its components
 * need; then the edges that say so, among many that no incident reaches. It imports no extractor and no answer: only the words that
 * both write in.
 */
import {
  EXTRACTOR,
  type FileFacts,
  type GraphEdge,
  type GraphNode,
} from '../../../functions/graph/facts/vocabulary.ts';
import { type Random, seeded } from './random.ts';

/** Region and its share of the repositories; two are small whatever the size of the organisation is. */
export const SHARES: readonly (readonly [string, number])[] = [
  ['us-east-1', 0.35],
  ['eu-west-1', 0.3],
  ['us-west-2', 0.2],
  ['ap-southeast-2', 0.1],
];
const REST = 'ca-central-1';
/** So many repositories each, the first ones. */
const SMALL: readonly (readonly [string, number])[] = [
  ['af-south-1', 2],
  ['sa-east-1', 6],
];

export const REGIONS: readonly string[] = [
  ...SMALL.map(([region]) => region),
  ...SHARES.map(([region]) => region),
  REST,
];

const COMPONENTS = 2;
const FILES = 8;
const RESOURCES_PER_FILE = 24;
const NAMES_PER_FILE = 19;
const NEIGHBOURS = 7;
const PACKAGES = 160;
const NAMED_USES = 6;
const UNKNOWN_SHARE = 0.03;

export interface RepositoryPlan {
  readonly name: string;
  readonly region: string;
  readonly isOpen: boolean;
  /** By component: the repositories of which it uses a name, and the components that it needs. */
  readonly components: readonly {
    readonly name: string;
    readonly uses: readonly { readonly repository: string; readonly name: string }[];
    readonly needs: readonly string[];
  }[];
}

const repositoryName = (at: number): string => `repo-${String(at).padStart(4, '0')}`;

const regionOf = (at: number, random: Random): string => {
  let first = 0;
  for (const [region, count] of SMALL) {
    first += count;
    if (at < first) {
      return region;
    }
  }
  const dice = random.below(1000) / 1000;
  let sum = 0;
  for (const [region, share] of SHARES) {
    sum += share;
    if (dice < sum) {
      return region;
    }
  }
  return REST;
};

const nameIn = (repository: string, file: number, at: number): string => `${repository}-queue-${file}-${at}`;

/** Those of the small Regions keep to themselves, so that who is down with them stays as it is while the organisation grows. */
const isSmall = (at: number): boolean => at < SMALL.reduce((sum, [, count]) => sum + count, 0);

/** The first repository of each small Region, by number. */
const FIRST_OF_SMALL: readonly number[] = SMALL.map((_, at) =>
  SMALL.slice(0, at).reduce((sum, [, count]) => sum + count, 0),
);

/** The same ones need it at every size: what its failure reaches is an answer that never changes. */
export const CONSTANT_COMPONENT = `${repositoryName(FIRST_OF_SMALL.at(-1) ?? 0)}-service-0`;

const needsOfSmall = (at: number, index: number): readonly string[] => {
  const first = FIRST_OF_SMALL.findLast((one) => one <= at) ?? 0;
  return at === first || index === 0 ? [] : [`${repositoryName(first)}-service-0`];
};

const needsOf = (others: readonly number[], random: Random): readonly string[] =>
  others.length === 0 || !random.chance(0.4)
    ? []
    : [`${repositoryName(random.pick(others))}-service-${random.below(COMPONENTS)}`];

export const planOf = (seed: number, repositories: number): readonly RepositoryPlan[] =>
  Array.from({ length: repositories }, (_, at): RepositoryPlan => {
    const random = seeded(seed * 10_007 + at);
    const region = regionOf(at, random);
    const name = repositoryName(at);
    // Only of repositories before it: a larger organisation is a smaller one with more around it.
    const others = isSmall(at)
      ? []
      : Array.from({ length: at }, (_other, index) => index).filter((one) => !isSmall(one));
    const components = Array.from({ length: COMPONENTS }, (_one, index) => ({
      name: `${name}-service-${index}`,
      uses:
        others.length === 0
          ? []
          : Array.from({ length: NAMED_USES / COMPONENTS }, () => {
              const repository = repositoryName(random.pick(others));
              return { repository, name: nameIn(repository, random.below(FILES), random.below(NAMES_PER_FILE)) };
            }),
      needs: isSmall(at) ? needsOfSmall(at, index) : needsOf(others, random),
    }));
    return { name, region, isOpen: !isSmall(at) && random.chance(UNKNOWN_SHARE), components };
  });

const line = (at: number): readonly { readonly line: number }[] => [{ line: at + 1 }];

const alias = (name: string, region?: string): string =>
  `resource:name/sqs/${name}${region === undefined ? '' : `@${region}`}`;

const node = (id: string, kind: GraphNode['kind'], name: string, attributes = {}): GraphNode => ({
  id,
  kind,
  name,
  attributes,
  at: { line: 1 },
});

interface Said {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** One file of infrastructure: resources, how they hang together, their names, and where all of it lies. */
const infrastructure = ({ name, region, components }: RepositoryPlan, file: number): Said => {
  const owner = `component:${components[file % COMPONENTS]?.name ?? ''}`;
  const ids = Array.from({ length: RESOURCES_PER_FILE }, (_, at) => `resource:${name}/infra-${file}#aws_thing.t${at}`);
  const place = `region:${region}`;
  const edges: GraphEdge[] = [];
  for (const [at, id] of ids.entries()) {
    const common = { level: 'declared', at: line(at) } as const;
    edges.push(
      { from: owner, to: id, type: 'dependsOn', ...common },
      { from: id, to: place, type: 'inRegion', tie: 'runtime', ...common },
    );
    for (let other = 1; other <= NEIGHBOURS; other += 1) {
      edges.push({ from: id, to: ids[(at + other) % ids.length] ?? id, type: 'dependsOn', ...common });
    }
  }
  for (let at = 0; at < NAMES_PER_FILE; at += 1) {
    const own = nameIn(name, file, at);
    const id = ids[at] ?? owner;
    for (const named of [alias(own), alias(own, region)]) {
      edges.push(
        { from: named, to: id, type: 'names', level: 'declared', at: line(at) },
        {
          from: named,
          to: place,
          type: 'inRegion',
          tie: 'runtime',
          level: 'declared',
          at: line(at),
          via: id,
        },
      );
    }
  }
  edges.push({
    from: owner,
    to: place,
    type: 'inRegion',
    tie: 'runtime',
    level: 'declared',
    at: line(0),
    via: ids[0] ?? owner,
    count: RESOURCES_PER_FILE,
  });
  return { nodes: ids.map((id, at) => node(id, 'resource', `t${at}`, { type: 'aws_thing' })), edges };
};

const catalog = ({ name, components }: RepositoryPlan): Said => {
  const team = `group:team-${name}`;
  return {
    nodes: [
      ...components.map((one, at) => node(`component:${one.name}`, 'component', one.name, { tier: String(at + 1) })),
      node(team, 'group', `team ${name}`),
      node(`resource:on-call/pagerduty/P${name}`, 'resource', `P${name}`, { type: 'on-call', service: 'pagerduty' }),
      node(`runbook:${name}/runbook.md`, 'runbook', `Runbook of ${name}`),
    ],
    edges: components.flatMap((one): readonly GraphEdge[] => {
      const id = `component:${one.name}`;
      return [
        { from: id, to: team, type: 'ownedBy', level: 'catalog', at: line(3) },
        { from: id, to: `resource:on-call/pagerduty/P${name}`, type: 'onCall', level: 'catalog', at: line(4) },
        { from: `runbook:${name}/runbook.md`, to: id, type: 'documents', level: 'prose', at: line(1) },
        ...one.needs.map((need): GraphEdge => ({
          from: id,
          to: `component:${need}`,
          type: 'dependsOn',
          level: 'catalog',
          at: line(5),
        })),
      ];
    }),
  };
};

/** What the code uses by name, and the packages that it is built from. */
const code = ({ name, components, isOpen }: RepositoryPlan): Said => ({
  nodes: [],
  edges: components.flatMap((one, at): readonly GraphEdge[] => {
    const id = `component:${one.name}`;
    return [
      ...one.uses.map((use, index): GraphEdge => ({
        from: id,
        to: alias(use.name),
        type: 'dependsOn',
        level: 'literal',
        at: line(index),
      })),
      ...(isOpen && at === 0
        ? [
            {
              from: id,
              to: 'region:unknown',
              type: 'inRegion',
              tie: 'unknown',
              level: 'literal',
              at: line(9),
              expression: `process.env.${name.toUpperCase()}`,
            } as const,
          ]
        : []),
      ...Array.from({ length: PACKAGES / COMPONENTS }, (_, index): GraphEdge => ({
        from: id,
        to: `resource:package/npm/package-${(index * 7 + at) % 3000}`,
        type: 'builtFrom',
        level: 'declared',
        at: line(index),
      })),
    ];
  }),
});

/** The facts of every file of a repository. */
export const factsOf = (plan: RepositoryPlan): readonly FileFacts[] => {
  const file = (path: string, said: Said): FileFacts => ({
    source: plan.name,
    repository: plan.name,
    commit: '',
    path,
    asOf: 0,
    extractor: EXTRACTOR,
    nodes: said.nodes,
    edges: said.edges,
    unknowns: [],
  });
  return [
    file('catalog-info.yaml', catalog(plan)),
    file('src/index.ts', code(plan)),
    ...Array.from({ length: FILES }, (_, at) => file(`infra/part-${at}.tf`, infrastructure(plan, at))),
  ];
};
