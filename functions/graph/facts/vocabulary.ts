/**
 * The words of the map: Backstage's kinds, plus what an incident needs. An edge always says "`from` needs `to`", so that
 * everything a failure reaches is found by walking edges backwards. Every edge names the lines that it was read from.
 */
export const NODE_KINDS = [
  'component',
  'api',
  'resource',
  'system',
  'domain',
  'group',
  'user',
  'region',
  'repository',
  'runbook',
  'decision',
] as const;

export type NodeKind = (typeof NODE_KINDS)[number];

export const EDGE_TYPES = [
  /** Fails with it. */
  'dependsOn',
  /** Calls it; an api fails with what provides it. */
  'consumesApi',
  'providedBy',
  /** A name by which others know it: an ARN, a queue's name, a host, an exported output. */
  'names',
  /** Lies in a Region, with the kind of tie. */
  'inRegion',
  /** Its data are copied there. */
  'replicatesTo',
  /** Is built with it: a package, a base image. Not walked in an incident: what runs goes on running. */
  'builtFrom',
  'partOf',
  'ownedBy',
  'memberOf',
  /** Who is paged. */
  'onCall',
  'contains',
  /** A runbook or a decision record is about it. */
  'documents',
] as const;

export type EdgeType = (typeof EDGE_TYPES)[number];

/** Where an edge was seen, strongest first. Prose makes links, never dependencies. */
export const LEVELS = ['observed', 'declared', 'literal', 'catalog', 'prose'] as const;

export type Level = (typeof LEVELS)[number];

export const TIES = [
  /** Running traffic needs it. */
  'runtime',
  /** Changes need it; running traffic does not. */
  'control-plane',
  /** Deploying needs it: where state lies, where a base image comes from. */
  'deploy',
  /** Nobody could say which Region: the expression says why. */
  'unknown',
] as const;

export type Tie = (typeof TIES)[number];

/** A line of a file; without a path it is the file whose facts these are. */
export interface Place {
  readonly line: number;
  readonly path?: string;
}

export interface GraphNode {
  readonly id: string;
  readonly kind: NodeKind;
  readonly name: string;
  /** What a row of an answer shows: tier, type, title, status, url. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly at: Place;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly type: EdgeType;
  readonly level: Level;
  /** The first place is where it is said; further ones are where the Region or the name was decided. */
  readonly at: readonly Place[];
  readonly tie?: Tie;
  /** Other Regions that hold a copy or another instance: their number turns DOWN into DEGRADED. */
  readonly alternates?: readonly string[];
  /** A workspace or a tfvars file; absent where there is only one. */
  readonly environment?: string;
  /** What a tie goes through: the resource, or the name that was used. */
  readonly via?: string;
  /** The expression that stopped the evaluation. */
  readonly expression?: string;
  /** Which Region it probably is; a hint is never a fact. */
  readonly hint?: string;
  /** The rule of the table of hidden ties. */
  readonly rule?: string;
  /** Whose it is if nobody declares `from`, which only a tag named. */
  readonly otherwise?: string;
  /** How many equal ties this one stands for. */
  readonly count?: number;
}

export interface Unknown {
  readonly subject: string;
  readonly reason: 'unparseable' | 'unresolved-region' | 'unresolved-reference' | 'too-large' | 'not-read';
  /** The expression, or the parser's own words. */
  readonly expression: string;
  readonly line: number;
  readonly column?: number;
}

export interface CodeSymbol {
  readonly name: string;
  readonly kind: string;
  readonly line: number;
  readonly endLine: number;
}

export interface CodeMap {
  readonly language: string;
  readonly symbols: readonly CodeSymbol[];
  readonly imports: readonly { readonly name: string; readonly line: number }[];
  /** Names of what is called, at the first line each. */
  readonly calls: readonly { readonly name: string; readonly line: number }[];
}

/** Everything that one file says: the record that is the truth. Everything else is derived from it. */
export interface FileFacts {
  readonly source: string;
  readonly repository: string;
  readonly commit: string;
  readonly path: string;
  /** When the source was read, in ms since 1970. */
  readonly asOf: number;
  /** Changes when the extractors do. */
  readonly extractor: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly unknowns: readonly Unknown[];
  /** Why this file counts for nothing, where it does. */
  readonly dead?: string;
  readonly code?: CodeMap;
}

/** Raise it with every change of what the extractors find: facts of another one are read again. */
export const EXTRACTOR = 'graph-3';

export const UNKNOWN_REGION = 'region:unknown';
/** Names whose place nobody in the same repository declares; another repository may. */
export const UNPLACED_NAME = 'region:unplaced';

export const regionId = (region: string): string => `region:${region}`;
export const isRegionId = (id: string): boolean => id.startsWith('region:');
export const componentId = (name: string): string => `component:${name}`;
export const apiId = (name: string): string => `api:${name}`;
export const groupId = (name: string): string => `group:${name}`;
export const userId = (name: string): string => `user:${name}`;
export const repositoryId = (name: string): string => `repository:${name}`;
export const resourceId = (name: string): string => `resource:${name}`;

/** A name that any repository may use for the same thing; with a Region where one is known. */
export const aliasId = (service: string, name: string, region?: string): string =>
  `resource:name/${service}/${name}${region === undefined ? '' : `@${region}`}`;

export const isAliasId = (id: string): boolean => id.startsWith('resource:name/');

export const kindOf = (id: string): NodeKind | undefined => {
  const word = id.slice(0, Math.max(0, id.indexOf(':')));
  return NODE_KINDS.find((kind) => kind === word);
};

export const nameOf = (id: string): string => id.slice(id.indexOf(':') + 1);
