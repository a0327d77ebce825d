/**
 * The bundles of the previous commit, for a Region that comes back with what it had: built from git's own copy, in a folder beside
 * the drill. In a checkout with changes the previous one is the last commit, in a clean one the commit before it.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';

import { buildFunctions } from '../build-functions.ts';

export interface PreviousBundle {
  /** For `twinmap:functionsDirectory`. */
  readonly folder: string;
  readonly commit: string;
}

const git = (root: string, ...words: readonly string[]): string =>
  execFileSync('git', ['-C', root, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

const previousCommit = (root: string): string => {
  const changed = git(root, 'status', '--porcelain', '--', 'functions', 'examples');
  return git(root, 'rev-parse', '--short', changed === '' ? 'HEAD~1' : 'HEAD');
};

/** Undefined where there is no history to take it from: a copy without git, or with one commit only. */
export const buildPrevious = async (root: string, directory: string): Promise<PreviousBundle | undefined> => {
  let commit: string;
  try {
    commit = previousCommit(root);
  } catch {
    // Whatever git says: without a commit there is nothing to build.
    return undefined;
  }
  const source = path.join(directory, 'previous');
  const archive = path.join(directory, 'previous.tar');
  await mkdir(source, { recursive: true });
  git(root, 'archive', '--output', archive, commit);
  execFileSync('tar', ['-xf', archive, '-C', source]);
  await symlink(path.join(root, 'node_modules'), path.join(source, 'node_modules'));
  const folder = path.join(directory, 'previous-functions');
  await buildFunctions({ outDir: folder, rootDirectory: source });
  return { folder, commit };
};
