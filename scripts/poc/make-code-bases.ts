/**
 * Makes git repositories with a history out of what packages published: one commit for each release, with what that release shipped
 * and nothing else. Names, dates and order are fixed, so that every machine makes the same commits.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { ConfigError } from '../../functions/domain/errors.ts';
import type { CodeBase } from './code-bases.ts';

const FETCH_TIMEOUT_MS = 5 * 60 * 1000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const FETCHED_AT_ONCE = 2;
const FIRST_RELEASE_MS = Date.UTC(2024, 0, 8, 9);
const MONTH_MS = 30 * 24 * 60 * 60 * 1000;

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
}

const run = async (command: string, args: readonly string[], options: RunOptions = {}): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const bounds = { timeout: FETCH_TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX };
  execFile(command, args, { ...bounds, ...options }, (error, stdout) => {
    if (error === null) {
      resolve(stdout);
    } else {
      reject(error);
    }
  });
  return promise;
};

/** Nothing of the machine's own git configuration, and a fixed author and date. */
const gitEnvironment = (atMs: number): Record<string, string> => {
  const date = new Date(atMs).toISOString();
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: 'Release',
    GIT_AUTHOR_EMAIL: 'release@example.com',
    GIT_COMMITTER_NAME: 'Release',
    GIT_COMMITTER_EMAIL: 'release@example.com',
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_DATE: date,
  };
};

export const git = async (directory: string, args: readonly string[], atMs = FIRST_RELEASE_MS): Promise<string> => {
  const output = await run('git', ['-C', directory, '-c', 'gc.auto=0', ...args], { env: gitEnvironment(atMs) });
  return output.trim();
};

const isThere = async (file: string): Promise<boolean> => {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return false;
    }
    throw error;
  }
};

/** `npm pack` of one release; answers with the archive. */
const fetchRelease = async (name: string, release: string, directory: string): Promise<string> => {
  const folder = path.join(directory, release);
  await mkdir(folder);
  const args = ['pack', `${name}@${release}`, '--pack-destination', folder, '--ignore-scripts', '--loglevel', 'error'];
  try {
    await run('npm', args, { cwd: folder });
  } catch (error) {
    throw new ConfigError(
      `npm could not fetch ${name}@${release}. Making the repositories needs the npm registry; with repositories of your own, ` +
        'name their folder with --repos and leave --make-repos out.',
      { cause: error },
    );
  }
  const [archive] = await readdir(folder);
  if (archive === undefined) {
    throw new ConfigError(`npm fetched ${name}@${release} without leaving an archive.`);
  }
  return path.join(folder, archive);
};

const clearWorkTree = async (directory: string): Promise<void> => {
  const entries = await readdir(directory);
  await Promise.all(
    entries
      .filter((entry) => entry !== '.git')
      .map(async (entry) => rm(path.join(directory, entry), { recursive: true, force: true })),
  );
};

const makeOne = async (codeBase: CodeBase, directory: string): Promise<void> => {
  const scratch = await mkdtemp(path.join(tmpdir(), 'twinmap-releases-'));
  const repository = path.join(scratch, 'repository');
  try {
    await mkdir(repository);
    await git(repository, ['init', '--quiet', '--initial-branch=main']);
    for (const [at, release] of codeBase.releases.entries()) {
      const archive = await fetchRelease(codeBase.package, release, scratch);
      await clearWorkTree(repository);
      await run('tar', ['-xzf', archive, '-C', repository, '--strip-components=1', '--no-same-owner']);
      const atMs = FIRST_RELEASE_MS + at * MONTH_MS;
      // What a package ships is committed whole, also what its own .gitignore names.
      await git(repository, ['add', '--all', '--force']);
      await git(repository, ['commit', '--quiet', '--message', `${codeBase.package} ${release}`], atMs);
    }
    // Whole or not at all: a maker that was stopped goes on with the next one.
    await rename(repository, path.join(directory, codeBase.name));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

/** Fetches from the npm registry; repositories that are there already are left as they are. */
export const makeCodeBases = async (
  codeBases: readonly CodeBase[],
  directory: string,
  say: (line: string) => void,
): Promise<void> => {
  await mkdir(directory, { recursive: true });
  const missing: CodeBase[] = [];
  for (const codeBase of codeBases) {
    if (!(await isThere(path.join(directory, codeBase.name)))) {
      missing.push(codeBase);
    }
  }
  say(`${String(codeBases.length - missing.length)} repositories are there, ${String(missing.length)} are made`);
  const queue = missing.values();
  const work = async (): Promise<void> => {
    for (const codeBase of queue) {
      await makeOne(codeBase, directory);
      say(`made ${codeBase.name}: ${String(codeBase.releases.length)} releases of ${codeBase.package}`);
    }
  };
  await Promise.all(Array.from({ length: FETCHED_AT_ONCE }, async () => work()));
};
