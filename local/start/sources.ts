/** Turns what a person typed after `--source` into configured sources; local repositories are served over loopback. */
import { createHash } from 'node:crypto';
import path from 'node:path';

import { parseGitSource } from '../../functions/connectors/git/git-source.ts';
import { ConfigError } from '../../functions/domain/errors.ts';
import { type GitServer, resolveLocalSource, startGitServer } from '../git-server.ts';
import type { PairSource } from '../region/pair.ts';

export interface OpenedSources {
  readonly sources: readonly PairSource[];
  readonly gitHosts: readonly string[];
  readonly gitLoopbackOrigin: string | undefined;
  close(): Promise<void>;
}

const HASH_DIGITS = 8;
const SLUG_CHARS_MAX = 40;

const slugOf = (text: string): string => {
  const slug = text
    .toLowerCase()
    .replace(/\.git$/u, '')
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-+|-+$/gu, '')
    .slice(0, SLUG_CHARS_MAX);
  return slug === '' ? 'source' : slug;
};

/** Stable for one address, readable, and different for two repositories of the same name. */
const idOf = (name: string, address: string): string =>
  `${slugOf(name)}-${createHash('sha256').update(address).digest('hex').slice(0, HASH_DIGITS)}`;

interface Named {
  readonly id: string;
  readonly name: string;
  /** Set for a local repository. */
  readonly directory?: string;
  readonly url?: URL;
}

const nameRemote = (typed: string): Named | undefined => {
  const url = URL.canParse(typed) ? new URL(typed) : undefined;
  if (url === undefined || url.protocol !== 'https:') {
    return undefined;
  }
  // Refuses credentials in the address before it reaches any configuration.
  parseGitSource(typed, { gitHosts: [url.host] });
  const name = slugOf(path.posix.basename(url.pathname));
  return { id: idOf(name, `${url.host}${url.pathname}`), name, url };
};

const nameSource = async (typed: string): Promise<Named> => {
  const remote = nameRemote(typed);
  if (remote !== undefined) {
    return remote;
  }
  const directory = await resolveLocalSource(typed);
  const name = slugOf(path.basename(directory));
  return { id: idOf(name, directory), name, directory };
};

export const openSources = async (typed: readonly string[]): Promise<OpenedSources> => {
  const named = await Promise.all(typed.map(async (source) => nameSource(source)));
  const ids = new Set<string>();
  for (const [at, { id }] of named.entries()) {
    if (ids.has(id)) {
      throw new ConfigError(`--source ${typed[at] ?? ''} names the same repository twice; name it once`);
    }
    ids.add(id);
  }
  const local = named.flatMap(({ id, directory }) => (directory === undefined ? [] : [{ name: id, path: directory }]));
  const server: GitServer | undefined = local.length === 0 ? undefined : await startGitServer(local);
  return {
    sources: named.map(({ id, name, url }) => ({ id, name, url: url?.href ?? server?.urlOf(id) ?? '' })),
    gitHosts: named.flatMap(({ url }) => (url === undefined ? [] : [url.host])),
    gitLoopbackOrigin: server?.origin,
    close: async () => server?.close(),
  };
};
