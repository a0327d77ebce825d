/**
 * GitLab, in the cloud or self-managed: the code of projects by git, their issues and merge requests by the API. Each is a part with
 * its own cursor.
 */
import { z } from 'zod';

import { LIMITS } from '../../domain/limits.ts';
import { CompositeConnector, type Part } from '../composite.ts';
import { FeedConnector } from '../feed/feed-connector.ts';
import { UpdatedFeed } from '../feed/updated-feed.ts';
import { headerAuthorization } from '../http/authorization.ts';
import { HttpClient } from '../http/http-client.ts';
import { headerOf } from '../http/rate-limit.ts';
import { type ConnectorSetting, defineKind, httpSettingOf } from '../kind.ts';
import { gitBasic, openRepository } from '../repository-part.ts';
import { secretReferenceSchema } from '../secrets.ts';
import { API, GitLabTickets } from './tickets.ts';

const projectPath = z.string().regex(/^[\w.-]+(?:\/[\w.-]+)+$/u);
const configSchema = z.strictObject({
  url: z.url().default('https://gitlab.com'),
  /** Reads only: `read_api` and `read_repository`. */
  token: secretReferenceSchema,
  projects: z
    .strictObject({
      /** With all groups below it. */
      group: z
        .string()
        .regex(/^[\w.-]+(?:\/[\w.-]+)*$/u)
        .exactOptional(),
      list: z.array(projectPath).max(500).exactOptional(),
    })
    .refine(({ group, list }) => group !== undefined || (list?.length ?? 0) > 0, {
      error: 'name a group, or a list of projects',
    }),
  content: z.boolean().default(true),
  issues: z.boolean().default(true),
  mergeRequests: z.boolean().default(false),
  /** Of both: one call more for each that has some. */
  comments: z.boolean().default(true),
});

type Config = z.infer<typeof configSchema>;

const projectSchema = z.looseObject({
  id: z.int(),
  path_with_namespace: projectPath,
  default_branch: z.string().nullish(),
  empty_repo: z.boolean().nullish(),
});

type Project = z.infer<typeof projectSchema>;

const PAGE_ITEMS_MAX = 100;

const discoverProjects = async (http: HttpClient, config: Config, signal: AbortSignal): Promise<readonly Project[]> => {
  const { group, list = [] } = config.projects;
  const found = new Map<number, Project>();
  for (const path of list) {
    const url = `${API}/projects/${encodeURIComponent(path)}`;
    const { value } = await http.json({ url, what: `the project ${path}`, signal }, projectSchema);
    found.set(value.id, value);
  }
  let page: string | null = group === undefined ? null : '1';
  for (let pages = 0; page !== null && pages <= LIMITS.sourcePartsMax; pages += 1) {
    const query = `include_subgroups=true&order_by=id&sort=asc&per_page=${String(PAGE_ITEMS_MAX)}&page=${page}`;
    const url = `${API}/groups/${encodeURIComponent(group ?? '')}/projects?${query}`;
    const answer = await http.json({ url, what: `the projects of ${group ?? ''}`, signal }, z.array(projectSchema));
    for (const project of answer.value) {
      found.set(project.id, project);
    }
    const next = headerOf(answer.headers, 'x-next-page') ?? '';
    page = next === '' ? null : next;
  }
  return [...found.values()];
};

const partsOf = (project: Project, config: Config, setting: ConnectorSetting, http: HttpClient): readonly Part[] => {
  const name = project.path_with_namespace;
  const pathPrefix = `${name}/`;
  const parts: Part[] = [];
  if (config.content && project.empty_repo !== true && typeof project.default_branch === 'string') {
    const authorize = gitBasic('oauth2', async (signal) => setting.secrets.read(config.token, signal));
    const url = `${config.url.replace(/\/+$/u, '')}/${name}.git`;
    parts.push({ key: `${name}/code`, pathPrefix, connector: openRepository({ url }, setting, authorize) });
  }
  const tickets = [
    ...(config.issues ? (['issues'] as const) : []),
    ...(config.mergeRequests ? (['merge_requests'] as const) : []),
  ];
  for (const kind of tickets) {
    const { comments } = config;
    const service = new GitLabTickets({ http, project: { id: project.id, name }, tickets: kind, comments });
    const connector = new FeedConnector(new UpdatedFeed(service), setting);
    parts.push({ key: `${name}/${kind}`, pathPrefix, connector });
  }
  return parts;
};

export const gitlab = defineKind({
  kind: 'gitlab',
  schema: configSchema,
  open: (config, setting) => {
    const authorize = headerAuthorization(setting.secrets, config.token, 'private-token');
    const http = new HttpClient(config.url, httpSettingOf(setting), authorize);
    return new CompositeConnector({
      kind: 'gitlab',
      display: `GitLab at ${http.base.host}`,
      snapshotOf: null,
      discover: async (signal) =>
        (await discoverProjects(http, config, signal)).flatMap((project) => partsOf(project, config, setting, http)),
      close: async () => http.close(),
    });
  },
});
