/**
 * What is read: every repository of a folder, served by a real `git http-backend`, beside the services. One repository is served
 * from a copy, so that the edit of the third run leaves the given folder as it is.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { ConfigError } from '../../functions/domain/errors.ts';
import { type GitServer, startGitServer } from '../../local/git-server.ts';
import { git } from './make-code-bases.ts';

export interface PocSource {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface Repositories {
  readonly server: GitServer;
  readonly names: readonly string[];
  /** Commits of all of them. */
  readonly commits: number;
  /** Adds a commit that changes one file; answers with the repository and the file. */
  editOneFile(): Promise<{ readonly repository: string; readonly file: string }>;
}

const EDITED_FILE = 'RUNBOOK.md';
const COPY = 'edited';

const namesIn = async (directory: string): Promise<readonly string[]> => {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .toSorted();
  } catch (error) {
    throw new ConfigError(
      `There are no repositories in ${directory}. Name a folder of git repositories with --repos DIR, or add --make-repos, ` +
        'which makes twenty there from releases of packages (it asks the npm registry).',
      { cause: error },
    );
  }
};

export const openRepositories = async (directory: string, scratch: string): Promise<Repositories> => {
  const names = await namesIn(directory);
  const [edited] = names;
  if (edited === undefined) {
    throw new ConfigError(`The folder ${directory} holds no repositories. Add --make-repos, or name another folder.`);
  }
  const copy = path.join(scratch, COPY);
  await mkdir(copy, { recursive: true });
  await git(copy, ['clone', '--quiet', '--no-hardlinks', path.resolve(directory, edited), '.']);
  const server = await startGitServer(
    names.map((name) => ({ name: name.toLowerCase(), path: name === edited ? copy : path.join(directory, name) })),
  );
  const counted = await Promise.all(
    names.map(async (name) => git(path.join(directory, name), ['rev-list', '--count', 'HEAD'])),
  );
  return {
    server,
    names: names.map((name) => name.toLowerCase()),
    commits: counted.reduce((sum, text) => sum + Number(text), 0),
    editOneFile: async () => {
      await writeFile(path.join(copy, EDITED_FILE), '# Runbook\n\nRestart the worker, then watch the queue.\n');
      await git(copy, ['add', '--all', '--force']);
      await git(copy, ['commit', '--quiet', '--message', 'Say how to restart']);
      return { repository: edited.toLowerCase(), file: EDITED_FILE };
    },
  };
};

/** One source for each repository. */
export const gitSources = (names: readonly string[], origin: string): readonly PocSource[] =>
  names.map((name) => ({
    id: name,
    kind: 'git',
    name,
    config: { repositories: [{ url: `${origin}/${name}.git` }] },
  }));
