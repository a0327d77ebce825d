/**
 * GitHub, in the cloud or an Enterprise Server: the code of repositories by git, their issues and pull requests by the API. Each is
 * a part with its own cursor, so that one repository in trouble leaves the others alone.
 */
import { CompositeConnector, type Part } from '../composite.ts';
import { FeedConnector } from '../feed/feed-connector.ts';
import { UpdatedFeed } from '../feed/updated-feed.ts';
import { HttpClient } from '../http/http-client.ts';
import { type ConnectorSetting, defineKind, httpSettingOf } from '../kind.ts';
import { gitBasic, openRepository } from '../repository-part.ts';
import {
  apiPath,
  checkToken,
  discoverRepositories,
  type ReadToken,
  type Repository,
  tokensOf,
} from './github-client.ts';
import { type GitHubConfig, gitHubConfigSchema, gitUrlOf } from './github-config.ts';
import { IssuesService } from './issues.ts';

const partsOf = (
  repository: Repository,
  config: GitHubConfig,
  setting: ConnectorSetting,
  http: HttpClient,
  readToken: ReadToken,
): readonly Part[] => {
  const name = repository.full_name;
  const parts: Part[] = [];
  // A repository without commits has nothing to read, and says so as an error.
  if (config.content && repository.size > 0) {
    const authorize = gitBasic('x-access-token', async (signal) => readToken(signal, false));
    const url = `${gitUrlOf(config)}/${name}.git`;
    parts.push({ key: `${name}/code`, pathPrefix: `${name}/`, connector: openRepository({ url }, setting, authorize) });
  }
  const { issues, pullRequests, comments } = config;
  if ((issues && repository.has_issues !== false) || pullRequests) {
    const service = new IssuesService({
      http,
      apiPath: apiPath(config),
      repository: name,
      issues,
      pullRequests,
      comments,
    });
    const connector = new FeedConnector(new UpdatedFeed(service), setting);
    parts.push({ key: `${name}/issues`, pathPrefix: `${name}/`, connector });
  }
  return parts;
};

export const github = defineKind({
  kind: 'github',
  schema: gitHubConfigSchema,
  open: (config, setting) => {
    const httpSetting = httpSettingOf(setting);
    const readToken = tokensOf(config, setting.secrets, httpSetting);
    const http = new HttpClient(config.url, httpSetting, async (signal, renew) => {
      const token = await readToken(signal, renew);
      return { authorization: `Bearer ${token.reveal()}` };
    });
    return new CompositeConnector({
      kind: 'github',
      display: `GitHub at ${http.base.host}`,
      snapshotOf: null,
      discover: async (signal) => {
        const repositories = await discoverRepositories(http, config, signal);
        return repositories.flatMap((repository) => partsOf(repository, config, setting, http, readToken));
      },
      check: async (signal) => checkToken(http, config, signal),
      close: async () => http.close(),
    });
  },
});
