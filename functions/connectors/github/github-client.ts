/**
 * Calls to GitHub or an Enterprise Server: who asks (a token, or an App's installation whose tokens live an hour), pages by `Link`,
 * and the repositories that a source is made of.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';

import { SignJWT } from 'jose';
import { z } from 'zod';

import { ConfigError } from '../../domain/errors.ts';
import { LIMITS } from '../../domain/limits.ts';
import type { CheckFinding } from '../connector.ts';
import { type Authorize, type HttpAnswer, HttpClient, type HttpSetting } from '../http/http-client.ts';
import { headerOf } from '../http/rate-limit.ts';
import { Secret, type SecretSource } from '../secrets.ts';
import type { GitHubConfig, GitHubCredentials } from './github-config.ts';

export const API_HEADERS = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' };

const PAGE_ITEMS_MAX = 100;
/** GitHub refuses more than ten minutes; a minute back covers a clock that is a little ahead. */
const JWT_SECONDS = 540;
const JWT_BACK_SECONDS = 60;

const tokenSchema = z.looseObject({ token: z.string(), expires_at: z.string() });
const installationsSchema = z.array(
  z.looseObject({ id: z.int(), account: z.looseObject({ login: z.string() }).nullish() }),
);

export type ReadToken = (signal: AbortSignal, renew: boolean) => Promise<Secret>;

const readKey = (pem: Secret): KeyObject => {
  try {
    return createPrivateKey(pem.reveal());
  } catch {
    throw new ConfigError(
      'The private key of the GitHub App is not a PEM key. Store the file that GitHub gave out, unchanged.',
    );
  }
};

type AppCredentials = Extract<GitHubCredentials, { kind: 'app' }>;

const appJwt = async (app: AppCredentials, pem: Secret, now: number): Promise<string> => {
  const seconds = Math.floor(now / 1000);
  return new SignJWT({})
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(String(app.appId))
    .setIssuedAt(seconds - JWT_BACK_SECONDS)
    .setExpirationTime(seconds + JWT_SECONDS)
    .sign(readKey(pem));
};

/** Of the organisation that is read; an App may be installed in many. */
const installationOf = async (
  http: HttpClient,
  config: GitHubConfig,
  app: AppCredentials,
  signal: AbortSignal,
): Promise<number> => {
  if (app.installationId !== undefined) {
    return app.installationId;
  }
  const call = {
    url: `${apiPath(config)}/app/installations?per_page=100`,
    what: 'the installations of the App',
    signal,
  };
  const { value } = await http.json({ ...call, headers: API_HEADERS }, installationsSchema);
  const wanted = config.repositories.organisation?.toLowerCase();
  const found = value.filter(({ account }) => wanted === undefined || account?.login.toLowerCase() === wanted);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new ConfigError(
      `The GitHub App has ${String(found.length)} installations that fit. Name one with "installationId".`,
    );
  }
  return only.id;
};

/** A token that is replaced before it ends: by our clock, but with the life that the service's own clock gives it. */
const appTokens = (
  config: GitHubConfig,
  app: AppCredentials,
  secrets: SecretSource,
  setting: HttpSetting,
): ReadToken => {
  let kept: { readonly secret: Secret; readonly endsAt: number } | null = null;
  const asApp: Authorize = async (signal) => {
    const pem = await secrets.read(app.privateKey, signal);
    return { authorization: `Bearer ${await appJwt(app, pem, setting.now())}` };
  };
  return async (signal, renew) => {
    if (kept !== null && !renew && setting.now() < kept.endsAt - LIMITS.tokenMarginMs) {
      return kept.secret;
    }
    const http = new HttpClient(config.url, setting, asApp);
    try {
      const id = await installationOf(http, config, app, signal);
      const url = `${apiPath(config)}/app/installations/${String(id)}/access_tokens`;
      const call = { url, what: 'a token of the installation', signal, method: 'POST', headers: API_HEADERS } as const;
      const { value, sourceTime } = await http.json(call, tokenSchema);
      const lifeMs = Date.parse(value.expires_at) - (sourceTime ?? setting.now());
      kept = { secret: new Secret(value.token), endsAt: setting.now() + lifeMs };
      return kept.secret;
    } finally {
      await http.close();
    }
  };
};

export const tokensOf = (config: GitHubConfig, secrets: SecretSource, setting: HttpSetting): ReadToken => {
  const { credentials } = config;
  return credentials.kind === 'app'
    ? appTokens(config, credentials, secrets, setting)
    : async (signal) => secrets.read(credentials.token, signal);
};

/** What stands before every path: nothing at GitHub, `/api/v3` at an Enterprise Server. */
export const apiPath = (config: GitHubConfig): string => new URL(config.url).pathname.replace(/\/+$/u, '');

/** The address behind `rel="next"`; the client refuses one of another server. */
export const nextLink = (answer: HttpAnswer<unknown>): string | null =>
  /<(?<next>[^>]+)>\s*;\s*rel="next"/u.exec(headerOf(answer.headers, 'link') ?? '')?.groups?.['next'] ?? null;

const repositorySchema = z.looseObject({
  full_name: z.string().regex(/^[\w.-]+\/[\w.-]+$/u),
  archived: z.boolean().optional(),
  disabled: z.boolean().optional(),
  has_issues: z.boolean().optional(),
  size: z.int(),
  topics: z.array(z.string()).optional(),
});

export type Repository = z.infer<typeof repositorySchema>;

/** Everything that is configured; a named repository that is not shown is an error, never a repository without content. */
export const discoverRepositories = async (
  http: HttpClient,
  config: GitHubConfig,
  signal: AbortSignal,
): Promise<readonly Repository[]> => {
  const { organisation, topic, list = [] } = config.repositories;
  const prefix = apiPath(config);
  const found = new Map<string, Repository>();
  for (const name of list) {
    const call = { url: `${prefix}/repos/${name}`, what: `the repository ${name}`, signal, headers: API_HEADERS };
    const { value } = await http.json(call, repositorySchema);
    found.set(value.full_name.toLowerCase(), value);
  }
  let url =
    organisation === undefined
      ? null
      : `${prefix}/orgs/${organisation}/repos?per_page=${String(PAGE_ITEMS_MAX)}&type=all`;
  for (let pages = 0; url !== null && pages <= LIMITS.sourcePartsMax; pages += 1) {
    const call = { url, what: `the repositories of ${organisation ?? ''}`, signal, headers: API_HEADERS };
    const answer: HttpAnswer<Repository[]> = await http.json(call, z.array(repositorySchema));
    for (const repository of answer.value) {
      if (topic === undefined || repository.topics?.includes(topic) === true) {
        found.set(repository.full_name.toLowerCase(), repository);
      }
    }
    url = nextLink(answer);
  }
  return [...found.values()].filter(({ disabled }) => disabled !== true);
};

const limitsSchema = z.looseObject({
  resources: z.looseObject({ core: z.looseObject({ limit: z.int(), remaining: z.int() }) }),
});
/** What no reader needs; a fine-grained token or an App has none of these names. */
const WRITING = /^(?:admin:|delete|write:|workflow)/u;

/** How many calls are left, and whether the token could do more than read. */
export const checkToken = async (
  http: HttpClient,
  config: GitHubConfig,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> => {
  const call = { url: `${apiPath(config)}/rate_limit`, what: 'its limits', signal, headers: API_HEADERS };
  const { value, headers } = await http.json(call, limitsSchema);
  const { limit, remaining } = value.resources.core;
  const left: CheckFinding = {
    level: remaining * 10 < limit ? 'warning' : 'ok',
    message: `${String(remaining)} of ${String(limit)} calls of this hour are left.`,
  };
  const scopes = (headerOf(headers, 'x-oauth-scopes') ?? '').split(',').map((scope) => scope.trim());
  const writing = scopes.filter((scope) => WRITING.test(scope));
  const message = `The token may also write (${writing.join(', ')}). Give it rights to read, or use a GitHub App.`;
  return writing.length === 0 ? [left] : [left, { level: 'warning', message }];
};
