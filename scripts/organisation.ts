/**
 * Makes repositories out of folders, and a list of sources for a local run: `npm start -- --sources <out>/sources.yaml`. Without
 * `--from` it is the organisation that ships with the tests: 27 repositories with dependencies that somebody planted.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { stringify } from 'yaml';

import { ConfigError } from '../functions/domain/errors.ts';

const SHIPPED = path.resolve(import.meta.dirname, '../test/fixtures/organisation');

/** Nobody's settings, hooks or signatures; the same content is the same commit. */
const git = async (folder: string, ...words: readonly string[]): Promise<void> => {
  const ended = Promise.withResolvers<number | null>();
  const child = spawn(
    'git',
    ['-c', 'init.defaultBranch=main', '-c', 'core.hooksPath=/dev/null', '-C', folder, ...words],
    {
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'] ?? '',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_SYSTEM: '/dev/null',
        GIT_AUTHOR_NAME: 'twinmap',
        GIT_AUTHOR_EMAIL: 'twinmap@example.invalid',
        GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
        GIT_COMMITTER_NAME: 'twinmap',
        GIT_COMMITTER_EMAIL: 'twinmap@example.invalid',
        GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
      },
    },
  );
  child.once('error', ended.reject);
  child.once('close', ended.resolve);
  if ((await ended.promise) !== 0) {
    throw new ConfigError(`git ${words[0] ?? ''} failed in ${folder}`);
  }
};

const makeRepository = async (from: string, to: string): Promise<void> => {
  await cp(from, to, { recursive: true });
  if (!existsSync(path.join(to, '.git'))) {
    await git(to, 'init', '--quiet');
    await git(to, 'add', '--all', '--force');
    await git(to, 'commit', '--quiet', '--allow-empty', '--no-gpg-sign', '--message', 'As it was found');
  }
};

const idOf = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9._-]+/gu, '-');

/** One source for each folder; answers with the list of sources. */
export const makeOrganisation = async (from: string, out: string): Promise<string> => {
  const names = (await readdir(from, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .toSorted();
  if (names.length === 0) {
    throw new ConfigError(`${from} has no folders; each of its folders becomes a repository`);
  }
  await mkdir(out, { recursive: true });
  for (const name of names) {
    await makeRepository(path.join(from, name), path.join(out, name));
  }
  const file = path.join(out, 'sources.yaml');
  await writeFile(file, stringify({ sources: names.map((name) => ({ id: idOf(name), name, path: name })) }));
  return file;
};

if (import.meta.main || process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: { from: { type: 'string', default: SHIPPED }, out: { type: 'string', default: '.twinmap-organisation' } },
  });
  try {
    const file = await makeOrganisation(path.resolve(values.from), path.resolve(values.out));
    console.log(`npm start -- --sources ${path.relative('.', file) || file}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
