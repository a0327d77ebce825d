/**
 * A source's address, read strictly: `https` on a listed host, or the local run's own loopback origin. Every other way that
 * git knows to name a repository (helpers that run programs, ssh, plain files) is answered with what to write instead.
 */
import { SourceError } from '../../domain/errors.ts';
import { checkDestination, isLoopbackOrigin, type GitHostRules } from './host-guard.ts';

export interface GitSourceConfig extends GitHostRules {
  /** What the source is called in this install. */
  readonly id: string;
  readonly url: string;
  /** Without it: whatever the server's HEAD names. */
  readonly branch?: string;
}

export interface GitSource {
  /** Without credentials, query and trailing slash. */
  readonly url: URL;
  /** What messages show. */
  readonly display: string;
  readonly loopback: boolean;
}

/** Where a repository's first answer is, below its address. */
export const ADVERTISE_SUFFIX = '/info/refs';

const SHOWN_CHARS_MAX = 200;

/** An address as messages may show it: without whatever stands before an `@`, without a query, on one line. */
export const redactAddress = (address: string): string =>
  address
    .replaceAll(/\p{Cc}/gu, ' ')
    .replace(/^((?:[a-z][a-z0-9+.-]*:)+\/*)?.*@/iu, '$1')
    .replace(/[?#].*$/u, '')
    .slice(0, SHOWN_CHARS_MAX)
    .toWellFormed();

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^[a-z][a-z0-9+.-]*::/iu, 'names a git remote helper, which would run a program. Use its https:// address'],
  [/^ssh:\/\//iu, 'is an ssh address. Use the https:// address of the same repository'],
  [/^git:\/\//iu, 'uses the unencrypted git protocol. Use its https:// address'],
  [/^http:\/\//iu, 'is not encrypted. Use https://'],
  [/^file:\/\//iu, 'is a local path, which only a local run (npm start) can read. Use an https:// address'],
  [/^[a-z][a-z0-9+.-]*:\/\//iu, 'uses a protocol that sources cannot have. Use an https:// address'],
  [/^[^/]+@[^/]+:|^[^/\s]+\.[^/\s]+:/u, 'is an ssh address. Use the https:// address of the same repository'],
];

const adviceFor = (address: string): string =>
  ADVICE.find(([pattern]) => pattern.test(address))?.[1] ??
  'is not an https:// address; a local path can be read by a local run (npm start) only';

const readUrl = (address: string, rules: GitHostRules): URL => {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url !== null && (url.protocol === 'https:' || isLoopbackOrigin(url, rules))) {
    return url;
  }
  throw new SourceError(`The source "${redactAddress(address)}" ${adviceFor(address)}.`);
};

export const parseGitSource = (address: string, rules: GitHostRules): GitSource => {
  const url = readUrl(address.trim(), rules);
  if (url.username !== '' || url.password !== '') {
    throw new SourceError(
      `The source on ${url.host} has credentials in its address. Remove them: addresses are logged.`,
    );
  }
  if (url.search !== '' || url.hash !== '') {
    throw new SourceError(`The source on ${url.host} has a query or fragment in its address. Remove it.`);
  }
  checkDestination(url, rules);
  url.pathname = url.pathname.replace(/\/+$/u, '');
  if (url.pathname === '' || url.pathname === '/') {
    throw new SourceError(
      `The source ${url.origin} names no repository. Add its path, for instance ${url.origin}/team/repo.git.`,
    );
  }
  return { url, display: url.href, loopback: isLoopbackOrigin(url, rules) };
};

/**
 * Where a redirect of the first request leads. A local source stays on its origin; any other may move between allowed
 * https hosts, and never onto this machine, whatever a local run allows.
 */
export const redirectTarget = (source: GitSource, rules: GitHostRules, from: URL, location: string): URL => {
  if (!URL.canParse(location, from.href)) {
    throw new SourceError(`The git server redirects ${source.display} to an address that can't be read.`);
  }
  const target = new URL(location, from);
  const { loopbackOrigin, ...publicRules } = rules;
  const staysLocal = target.origin === loopbackOrigin;
  if (source.loopback ? !staysLocal : target.username !== '' || target.password !== '') {
    throw new SourceError(`The git server redirects ${source.display} to ${target.host}, which is not allowed.`);
  }
  checkDestination(target, source.loopback ? rules : publicRules);
  if (!target.pathname.endsWith(ADVERTISE_SUFFIX)) {
    throw new SourceError(`The git server redirects ${source.display} to a page that is not a git repository.`);
  }
  return target;
};

/** The full name of the ref to read. The name goes into a request, so it must not be able to add a line to it. */
export const refOf = (branch: string | undefined): string => {
  if (branch === undefined) {
    return 'HEAD';
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what git itself refuses in ref names
  if (branch === '' || /[\u0000-\u0020\u007F~^:?*[\\]|\.\.|^[-/]|\/$|@\{/u.test(branch)) {
    throw new SourceError(
      `"${redactAddress(branch)}" is not a branch name. Write it as git does, for instance "main".`,
    );
  }
  return branch.startsWith('refs/') ? branch : `refs/heads/${branch}`;
};
