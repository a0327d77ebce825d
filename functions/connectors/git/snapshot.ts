/** One commit of a source: which one a ref names, and the whole listing of its files, without their contents. */
import { SourceError } from '../../domain/errors.ts';
import type { GitServerSession } from './git-server-session.ts';
import type { PackFile } from './pack-file.ts';
import { listTree, type ListedFile, rootTreeOf } from './tree-listing.ts';

export interface Snapshot {
  readonly commit: string;
  readonly files: readonly ListedFile[];
  /** Holds the contents too, where the server could not leave them out; the owner closes it. */
  readonly contents: PackFile | null;
}

export type SnapshotOutcome =
  | { readonly kind: 'opened'; readonly snapshot: Snapshot }
  /** The server doesn't have the commit (any more), or can't read it. */
  | { readonly kind: 'gone'; readonly why: string };

const REFS_MAX = 50;
const SHOWN_BRANCHES_MAX = 5;

const explainMissingRef = async (
  session: GitServerSession,
  ref: string,
  target: string | null,
  signal: AbortSignal,
): Promise<SourceError> => {
  const { display } = session.source;
  const heads = await session.refs('refs/heads/', SHOWN_BRANCHES_MAX, signal);
  const branches = heads.map(({ name }) => name.replace('refs/heads/', '')).join(', ');
  if (branches === '') {
    return new SourceError(`The repository ${display} has no commit yet. Commit something to it, then sync again.`);
  }
  return ref === 'HEAD'
    ? new SourceError(
        `HEAD of ${display} names ${target ?? 'a branch'}, which has no commit. Configure a branch; there are: ${branches}.`,
      )
    : new SourceError(`The repository ${display} has no ${ref}. Configure another branch; there are: ${branches}.`);
};

/** The commit that a ref names now. */
export const resolveCommit = async (session: GitServerSession, ref: string, signal: AbortSignal): Promise<string> => {
  const refs = await session.refs(ref, REFS_MAX, signal);
  const found = refs.find(({ name }) => name === ref);
  const commit = found?.peeled ?? found?.oid ?? null;
  if (commit === null) {
    throw await explainMissingRef(session, ref, found?.target ?? null, signal);
  }
  return commit;
};

const tooLargeListing = (session: GitServerSession, filters: boolean): SourceError => {
  const mebibytes = String(Math.floor(session.bounds.treePackBytesMax / 1024 / 1024));
  return filters
    ? new SourceError(
        `The listing of ${session.source.display} takes more than ${mebibytes} MiB. Split the repository.`,
      )
    : new SourceError(
        `${session.source.display} is over ${mebibytes} MiB, and its server can't leave contents out of a download. ` +
          'Set uploadpack.allowFilter on the server.',
      );
};

export const openSnapshot = async (
  session: GitServerSession,
  commit: string,
  signal: AbortSignal,
): Promise<SnapshotOutcome> => {
  const { filters, objectFormat } = await session.abilities(signal);
  const { bounds, source } = session;
  const { answer, pack } = await session.download(
    { wants: [commit], shallow: true, filter: filters ? 'blob:none' : null },
    { packBytesMax: bounds.treePackBytesMax, contentBytesMax: bounds.treeBytesMax },
    signal,
  );
  let kept = false;
  try {
    if (answer.kind === 'refused') {
      return { kind: 'gone', why: answer.message };
    }
    if (answer.kind === 'over-cap') {
      throw tooLargeListing(session, filters);
    }
    const listing = { find: (oid: string) => pack.find(oid), format: objectFormat, bounds, display: source.display };
    const files = listTree(listing, rootTreeOf(pack.find(commit), source.display));
    kept = !filters;
    return { kind: 'opened', snapshot: { commit, files, contents: kept ? pack : null } };
  } finally {
    if (!kept) {
      await pack.close();
    }
  }
};
