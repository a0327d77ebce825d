/** Turns what a person typed after `--source` into configured sources; local repositories are served over loopback. */
import { createHash } from 'node:crypto';
import path from 'node:path';

import { parseGitSource } from '../../functions/connectors/git/git-source.ts';
import { ConfigError } from '../../functions/domain/errors.ts';
import { type GitServer, resolveLocalSource, startGitServer } from '../git-server.ts';
import { addressesIn, type SourceDefinition } from '../../functions/domain/source-definition.ts';
import { readSourcesFile, type WrittenSource } from '../../ops/source-file.ts';

export interface NamedSource {
  readonly id: string;
  readonly name: string;
  readonly url: string;
}

export interface OpenedSources {
  readonly sources: readonly NamedSource[];
  /** Of a file: stored as people's own sources are. */
  readonly definitions: readonly SourceDefinition[];
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

/** Hosts of services that are asked without an address in the configuration. */
const KIND_HOSTS: Readonly<Record<string, readonly string[]>> = {
  github: ['api.github.com', 'github.com'],
  gitlab: ['gitlab.com'],
  sharepoint: ['login.microsoftonline.com', 'graph.microsoft.com', '*.sharepoint.com'],
  pagerduty: ['api.pagerduty.com'],
};

const hostsOf = (definition: SourceDefinition): readonly string[] => {
  const urls = addressesIn(definition).flatMap((address) => (URL.canParse(address) ? [new URL(address)] : []));
  const own = urls.filter(({ protocol }) => protocol === 'https:').map(({ host }) => host);
  return [...(KIND_HOSTS[definition.kind] ?? []), ...own];
};

/** A repository of this machine is served over loopback, like one that is named on the command line. */
const definitionsOf = (written: readonly WrittenSource[], server: GitServer | undefined): readonly SourceDefinition[] =>
  written.map(({ definition, directory }) => {
    if (directory === undefined) {
      return definition;
    }
    const { repositories } = definition.config;
    const [first] = Array.isArray(repositories) ? (repositories as readonly object[]) : [];
    return { ...definition, config: { repositories: [{ ...first, url: server?.urlOf(definition.id) ?? '' }] } };
  });

const refuseTwice = (typed: readonly string[], named: readonly Named[], written: readonly WrittenSource[]): void => {
  const ids = new Set(written.map(({ definition }) => definition.id));
  for (const [at, { id }] of named.entries()) {
    if (ids.has(id)) {
      throw new ConfigError(`--source ${typed[at] ?? ''} names the same repository twice; name it once`);
    }
    ids.add(id);
  }
};

export const openSources = async (typed: readonly string[], file?: string): Promise<OpenedSources> => {
  const written = file === undefined ? [] : await readSourcesFile(file);
  const named = await Promise.all(typed.map(async (source) => nameSource(source)));
  refuseTwice(typed, named, written);
  const ofFile = await Promise.all(
    written.flatMap(({ definition: { id }, directory }) =>
      directory === undefined ? [] : [resolveLocalSource(directory).then((folder) => ({ name: id, path: folder }))],
    ),
  );
  const local = named.flatMap(({ id, directory }) => (directory === undefined ? [] : [{ name: id, path: directory }]));
  const served = [...local, ...ofFile];
  const server: GitServer | undefined = served.length === 0 ? undefined : await startGitServer(served);
  const definitions = definitionsOf(written, server);
  return {
    sources: named.map(({ id, name, url }) => ({ id, name, url: url?.href ?? server?.urlOf(id) ?? '' })),
    definitions,
    gitHosts: [
      ...named.flatMap(({ url }) => (url === undefined ? [] : [url.host])),
      ...definitions.flatMap((definition) => hostsOf(definition)),
    ],
    gitLoopbackOrigin: server?.origin,
    close: async () => server?.close(),
  };
};

/** Those that a sync brings. */
export const expectedOf = ({ sources, definitions }: OpenedSources): readonly string[] => [
  ...sources.map(({ id }) => id),
  ...definitions.filter(({ enabled }) => enabled).map(({ id }) => id),
];
