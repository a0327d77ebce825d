/**
 * What the answers ask of a store. All calls are batched, so that an answer costs a few round trips per hop, and what it reads
 * grows with what it reaches. A reader returns only what the origin's facts still list (`listsEdge`).
 */
import type { EdgeType, FileFacts, GraphEdge, GraphNode } from '../facts/vocabulary.ts';

/** The file that said it. */
export interface Origin {
  readonly source: string;
  readonly repository: string;
  readonly commit: string;
  readonly path: string;
  /** The id of the document that the file is; absent where the reader does not know it. */
  readonly document?: string;
  /** That id is made of this very path, as ids of a git repository are. */
  readonly isOfPath?: boolean;
  /** In ms since 1970. */
  readonly asOf: number;
}

export type NodeView = GraphNode & { readonly origin: Origin };
export type EdgeView = GraphEdge & { readonly origin: Origin };

export interface GraphReader {
  /** What the files say of these nodes; a node may be declared in several. */
  nodes(ids: readonly string[]): Promise<ReadonlyMap<string, readonly NodeView[]>>;
  outOf(ids: readonly string[], types: readonly EdgeType[]): Promise<ReadonlyMap<string, readonly EdgeView[]>>;
  /** Into a Region: ties of names that nothing depends on may be left out; no answer needs them. */
  into(ids: readonly string[], types: readonly EdgeType[]): Promise<ReadonlyMap<string, readonly EdgeView[]>>;
}

export interface Evidence {
  readonly source: string;
  readonly repository: string;
  readonly commit: string;
  readonly path: string;
  readonly line: number;
  /** The id of the document that the file is; absent where it is made of source and path: that would be a fifth of a large answer. */
  readonly document?: string;
}

export const originOf = ({ source, repository, commit, path, asOf }: FileFacts): Origin => ({
  source,
  repository,
  commit,
  path,
  asOf,
});

export const evidenceOf = ({ at, origin }: Pick<EdgeView, 'at' | 'origin'>): readonly Evidence[] =>
  at.map(({ line, path = origin.path }) => ({
    source: origin.source,
    repository: origin.repository,
    commit: origin.commit,
    path,
    line,
    // Of a further file of the same proof only the path is known.
    ...(origin.document === undefined || origin.isOfPath === true || path !== origin.path
      ? {}
      : { document: origin.document }),
  }));
