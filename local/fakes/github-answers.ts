/**
 * Answers of GitHub's API, whole: everything that its published description asks for stands in them, so that they can be checked
 * against it (`npm run openapi:github`). What a connector does not look at has one harmless value.
 */
import type { components } from '@octokit/openapi-types';

type Schemas = components['schemas'];

export type RepositoryAnswer = Schemas['full-repository'];
export type IssueAnswer = Schemas['issue'];
export type CommentAnswer = Schemas['issue-comment'];

const CREATED_AT = '2026-01-05T08:00:00Z';

export const userAnswer = (origin: string, login: string): Schemas['simple-user'] => {
  const url = `${origin}/users/${login}`;
  return {
    login,
    id: 1,
    node_id: 'MDQ6VXNlcjE=',
    avatar_url: `${origin}/avatars/${login}`,
    gravatar_id: '',
    url,
    html_url: `${origin}/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: 'User',
    site_admin: false,
  };
};

const repositoryLinks = (url: string) => ({
  archive_url: `${url}/{archive_format}{/ref}`,
  assignees_url: `${url}/assignees{/user}`,
  blobs_url: `${url}/git/blobs{/sha}`,
  branches_url: `${url}/branches{/branch}`,
  collaborators_url: `${url}/collaborators{/collaborator}`,
  comments_url: `${url}/comments{/number}`,
  commits_url: `${url}/commits{/sha}`,
  compare_url: `${url}/compare/{base}...{head}`,
  contents_url: `${url}/contents/{+path}`,
  contributors_url: `${url}/contributors`,
  deployments_url: `${url}/deployments`,
  downloads_url: `${url}/downloads`,
  events_url: `${url}/events`,
  forks_url: `${url}/forks`,
  git_commits_url: `${url}/git/commits{/sha}`,
  git_refs_url: `${url}/git/refs{/sha}`,
  git_tags_url: `${url}/git/tags{/sha}`,
  hooks_url: `${url}/hooks`,
  issue_comment_url: `${url}/issues/comments{/number}`,
  issue_events_url: `${url}/issues/events{/number}`,
  issues_url: `${url}/issues{/number}`,
  keys_url: `${url}/keys{/key_id}`,
  labels_url: `${url}/labels{/name}`,
  languages_url: `${url}/languages`,
  merges_url: `${url}/merges`,
  milestones_url: `${url}/milestones{/number}`,
  notifications_url: `${url}/notifications{?since,all,participating}`,
  pulls_url: `${url}/pulls{/number}`,
  releases_url: `${url}/releases{/id}`,
  stargazers_url: `${url}/stargazers`,
  statuses_url: `${url}/statuses/{sha}`,
  subscribers_url: `${url}/subscribers`,
  subscription_url: `${url}/subscription`,
  tags_url: `${url}/tags`,
  teams_url: `${url}/teams`,
  trees_url: `${url}/git/trees{/sha}`,
});

export interface RepositoryFacts {
  /** `owner/name` */
  readonly name: string;
  readonly topics: readonly string[];
  /** In KB; 0 for one without commits. */
  readonly size: number;
}

export const repositoryAnswer = (origin: string, { name, topics, size }: RepositoryFacts): RepositoryAnswer => {
  const [owner = '', short = ''] = name.split('/', 2);
  const url = `${origin}/repos/${name}`;
  const page = `${origin}/${name}`;
  return {
    ...repositoryLinks(url),
    id: 1,
    node_id: 'MDEwOlJlcG9zaXRvcnkx',
    name: short,
    full_name: name,
    owner: userAnswer(origin, owner),
    private: true,
    html_url: page,
    description: null,
    fork: false,
    url,
    git_url: `git:${name}.git`,
    ssh_url: `git@localhost:${name}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
    mirror_url: null,
    homepage: null,
    language: null,
    forks_count: 0,
    stargazers_count: 0,
    watchers_count: 0,
    subscribers_count: 0,
    network_count: 0,
    forks: 0,
    open_issues: 0,
    open_issues_count: 0,
    watchers: 0,
    size,
    default_branch: 'main',
    topics: [...topics],
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    archived: false,
    disabled: false,
    pushed_at: CREATED_AT,
    created_at: CREATED_AT,
    updated_at: CREATED_AT,
    license: null,
  };
};

export interface IssueFacts {
  readonly repository: string;
  readonly number: number;
  readonly pull: boolean;
  readonly title: string;
  readonly body: string;
  readonly updatedAt: string;
  readonly comments: number;
}

export const issueAnswer = (origin: string, issue: IssueFacts): IssueAnswer => {
  const { repository, number, pull, title, body, updatedAt, comments } = issue;
  const page = `${origin}/${repository}/${pull ? 'pull' : 'issues'}/${String(number)}`;
  const url = `${origin}/repos/${repository}/issues/${String(number)}`;
  return {
    id: number,
    node_id: 'MDU6SXNzdWUx',
    url,
    repository_url: `${origin}/repos/${repository}`,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: page,
    number,
    title,
    body: body === '' ? null : body,
    state: 'open',
    user: userAnswer(origin, 'ada'),
    labels: [{ name: 'shop', color: 'ededed', default: false }],
    assignee: null,
    milestone: null,
    locked: false,
    comments,
    closed_at: null,
    created_at: CREATED_AT,
    updated_at: updatedAt,
    ...(pull ? { pull_request: { merged_at: null, url: page, html_url: page, diff_url: null, patch_url: null } } : {}),
  };
};

export interface CommentFacts {
  readonly id: number;
  readonly issue: Pick<IssueFacts, 'repository' | 'number'>;
  readonly author: string;
  readonly body: string;
  readonly at: string;
}

export const commentAnswer = (origin: string, { id, issue, author, body, at }: CommentFacts): CommentAnswer => {
  const page = `${origin}/${issue.repository}/issues/${String(issue.number)}`;
  return {
    id,
    node_id: 'MDEyOklzc3VlQ29tbWVudDE=',
    url: `${origin}/repos/${issue.repository}/issues/comments/${String(id)}`,
    html_url: `${page}#issuecomment-${String(id)}`,
    issue_url: `${origin}/repos/${issue.repository}/issues/${String(issue.number)}`,
    user: userAnswer(origin, author),
    body,
    created_at: at,
    updated_at: at,
  };
};

export const rateLimitAnswer = (limit: number, remaining: number): Schemas['rate-limit-overview'] => {
  const rate = { limit, remaining, used: limit - remaining, reset: 1_767_603_600 };
  return { resources: { core: rate, search: rate }, rate };
};

export const installationAnswer = (origin: string, id: number, organisation: string): Schemas['installation'] => ({
  id,
  account: userAnswer(origin, organisation),
  repository_selection: 'all',
  access_tokens_url: `${origin}/app/installations/${String(id)}/access_tokens`,
  repositories_url: `${origin}/installation/repositories`,
  html_url: `${origin}/organizations/${organisation}/settings/installations/${String(id)}`,
  app_id: 12,
  app_slug: 'twinmap',
  target_id: 1,
  target_type: 'Organization',
  permissions: { contents: 'read', issues: 'read', metadata: 'read', pull_requests: 'read' },
  events: [],
  created_at: CREATED_AT,
  updated_at: CREATED_AT,
  single_file_name: null,
  suspended_by: null,
  suspended_at: null,
});

export const tokenAnswer = (token: string, expiresAt: string): Schemas['installation-token'] => ({
  token,
  expires_at: expiresAt,
  permissions: { contents: 'read', issues: 'read', metadata: 'read', pull_requests: 'read' },
  repository_selection: 'all',
});

export const refusalAnswer = (status: number): Schemas['basic-error'] => ({
  message: status === 401 ? 'Bad credentials' : 'Not Found',
  documentation_url: 'https://docs.github.com/rest',
  status: String(status),
});
