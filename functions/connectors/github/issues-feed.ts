/**
 * The issues and pull requests of one repository. Times have whole seconds and change with every comment, so the revision is what
 * the document says, not when somebody touched it.
 */
import { z } from 'zod';

import { type Feed, type FeedContent, type FeedItem, type FeedPage, isoTime } from '../feed/feed.ts';
import { EPOCH, type UpdatedPage, walkByUpdate } from '../feed/updated-walk.ts';
import type { HttpClient } from '../http/http-client.ts';
import { dateOf, earlier } from '../http/source-time.ts';
import { pathName, revisionOf, titledText } from '../text/titled.ts';
import { API_HEADERS, nextLink } from './github-client.ts';

const OVERLAP_MS = 2 * 60 * 1000;
const PAGE_ITEMS_MAX = 100;

const issueSchema = z.looseObject({
  number: z.int(),
  title: z.string(),
  body: z.string().nullish(),
  state: z.string().nullish(),
  html_url: z.string(),
  updated_at: z.string(),
  user: z.looseObject({ login: z.string() }).nullish(),
  labels: z.array(z.union([z.string(), z.looseObject({ name: z.string().nullish() })])).nullish(),
  pull_request: z.looseObject({ merged_at: z.string().nullish() }).nullish(),
});

type Issue = z.infer<typeof issueSchema>;

export interface IssuesOptions {
  readonly http: HttpClient;
  readonly apiPath: string;
  /** `owner/name` */
  readonly repository: string;
  readonly issues: boolean;
  readonly pullRequests: boolean;
}

const isPull = ({ pull_request: pull }: Issue): boolean => pull !== undefined && pull !== null;

const stateOf = ({ pull_request: pull, state }: Issue): string =>
  typeof pull?.merged_at === 'string' ? 'merged' : (state ?? '');

const textOf = (issue: Issue): string =>
  titledText(
    `${isPull(issue) ? 'Pull request' : 'Issue'} #${String(issue.number)}: ${issue.title}`,
    [
      ['State', stateOf(issue)],
      ['Author', issue.user?.login ?? ''],
      [
        'Labels',
        (issue.labels ?? []).map((label) => (typeof label === 'string' ? label : (label.name ?? ''))).join(', '),
      ],
    ],
    issue.body ?? '',
  );

const itemOf = (issue: Issue): FeedItem => {
  const text = textOf(issue);
  return {
    id: String(issue.number),
    rev: revisionOf(`${issue.title}\n${text}`),
    path: `${isPull(issue) ? 'pull' : 'issues'}/${String(issue.number)} ${pathName(issue.title)}.md`,
    changedAt: isoTime(issue.updated_at),
    url: issue.html_url,
    content: { kind: 'text', text },
  };
};

export class IssuesFeed implements Feed {
  readonly kind = 'github-issues';
  readonly deletions = 'listing';
  readonly readItemsMax = 1;
  readonly display: string;
  readonly #options: IssuesOptions;

  constructor(options: IssuesOptions) {
    this.#options = options;
    this.display = `the issues of ${options.repository}`;
  }

  async begin(signal: AbortSignal): Promise<string> {
    const url = `${this.#path()}?state=all&per_page=1`;
    const call = { url, what: this.display, signal, headers: API_HEADERS };
    return dateOf(await this.#options.http.json(call, z.array(z.unknown())), this.display);
  }

  /** By their last change too: with page numbers a deletion would shift one document out of sight. */
  async list(page: string | null, signal: AbortSignal): Promise<FeedPage> {
    return walkByUpdate(EPOCH, page, async (since, number) => this.#ask(since, number, signal));
  }

  async changes(mark: string, page: string | null, signal: AbortSignal): Promise<FeedPage> {
    return walkByUpdate(earlier(mark, OVERLAP_MS), page, async (since, number) => this.#ask(since, number, signal));
  }

  /** Pages bring everything. */
  async read(): Promise<ReadonlyMap<string, FeedContent>> {
    return new Map();
  }

  async close(): Promise<void> {
    // The client belongs to the whole source.
  }

  #path(): string {
    return `${this.#options.apiPath}/repos/${this.#options.repository}/issues`;
  }

  async #ask(since: string, pageNumber: number, signal: AbortSignal): Promise<UpdatedPage> {
    const query = `state=all&sort=updated&direction=asc&per_page=${String(PAGE_ITEMS_MAX)}`;
    const url = `${this.#path()}?${query}&since=${since}&page=${String(pageNumber)}`;
    const call = { url, what: this.display, signal, headers: API_HEADERS };
    const answer = await this.#options.http.json(call, z.array(issueSchema));
    const { issues, pullRequests } = this.#options;
    const wanted = answer.value.filter((issue) => (isPull(issue) ? pullRequests : issues));
    const last = answer.value.at(-1);
    return {
      items: wanted.map((issue) => itemOf(issue)),
      last: last === undefined ? null : isoTime(last.updated_at),
      more: nextLink(answer) !== null,
    };
  }
}
