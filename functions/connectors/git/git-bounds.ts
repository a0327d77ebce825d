/**
 * The git connector's bounds: the product's own from `limits.ts`, and those that only a git server can make it need.
 * A caller may narrow them; nothing may run without them, since a repository's author decides what is behind each.
 */
import { LIMITS } from '../../domain/limits.ts';

export interface GitBounds {
  readonly fileBytesMax: number;
  readonly pathCharsMax: number;
  readonly fetchDocumentsMax: number;
  readonly fetchBytesMax: number;
  readonly treePackBytesMax: number;
  /** No byte for this long ends a request: a server that accepts and stays silent must not hold an invocation. */
  readonly callTimeoutMs: number;
  /** A server that drips one byte a minute is never silent; this ends it all the same. */
  readonly callTotalTimeoutMs: number;
  /** Every request only reads, so one broken connection is worth a second try. */
  readonly attemptsMax: number;
  readonly retryDelayMs: number;
  /** A server may ask for more patience than this; the next cycle has it. */
  readonly retryDelayMsMax: number;
  readonly redirectsMax: number;
  /** Files and folders of one commit. A small "tree bomb" names billions by repeating one folder. */
  readonly entriesMax: number;
  readonly treeDepthMax: number;
  /** One folder's own listing; a million names in one folder are about 40 MiB. */
  readonly treeBytesMax: number;
  /** A 1 MiB download may unpack to 1 GiB: what is larger than this is not even read past. */
  readonly skipBytesMax: number;
  /** Contents kept while deltas are applied: without it a chain of n deltas costs n² inflations. */
  readonly deltaCacheBytesMax: number;
  /** More unreadable files than this are not a damaged disk but a repository without contents. */
  readonly unreadableMax: number;
}

export const GIT_BOUNDS: GitBounds = {
  fileBytesMax: LIMITS.fileBytesMax,
  pathCharsMax: LIMITS.pathCharsMax,
  fetchDocumentsMax: LIMITS.fetchDocumentsMax,
  fetchBytesMax: LIMITS.fetchBytesMax,
  treePackBytesMax: LIMITS.treePackBytesMax,
  callTimeoutMs: LIMITS.sourceCallTimeoutMs,
  callTotalTimeoutMs: LIMITS.sourceCallTotalTimeoutMs,
  attemptsMax: LIMITS.readAttemptsMax,
  retryDelayMs: LIMITS.sourceRetryDelayMs,
  retryDelayMsMax: LIMITS.sourceRetryDelayMaxMs,
  redirectsMax: LIMITS.sourceRedirectsMax,
  entriesMax: LIMITS.sourceEntriesMax,
  treeDepthMax: LIMITS.treeDepthMax,
  treeBytesMax: LIMITS.treeBytesMax,
  skipBytesMax: LIMITS.skipBytesMax,
  deltaCacheBytesMax: LIMITS.deltaCacheBytesMax,
  unreadableMax: LIMITS.unreadableMax,
};
