/** The issues and pull requests of one repository, with the comments of their conversations. */
import { z } from 'zod';

import { LIMITS } from '../../domain/limits.ts';
import type { TicketComment } from '../feed/comments.ts';
import { isoTime } from '../feed/feed.ts';
import type { Ticket, TicketPage, TicketService } from '../feed/updated-feed.ts';
import type { HttpClient } from '../http/http-client.ts';
import { dateOf } from '../http/source-time.ts';
import { API_HEADERS, nextLink } from './github-client.ts';

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
  comments: z.int().nullish(),
  pull_request: z.looseObject({ merged_at: z.string().nullish() }).nullish(),
});

const commentSchema = z.looseObject({
  body: z.string().nullish(),
  created_at: z.string(),
  user: z.looseObject({ login: z.string() }).nullish(),
});

type Issue = z.infer<typeof issueSchema>;

export interface IssuesOptions {
  readonly http: HttpClient;
  readonly apiPath: string;
  /** `owner/name` */
  readonly repository: string;
  readonly issues: boolean;
  readonly pullRequests: boolean;
  readonly comments: boolean;
}

const isPull = ({ pull_request: pull }: Issue): boolean => pull !== undefined && pull !== null;

const stateOf = ({ pull_request: pull, state }: Issue): string =>
  typeof pull?.merged_at === 'string' ? 'merged' : (state ?? '');

const labelsOf = ({ labels }: Issue): string =>
  (labels ?? []).map((label) => (typeof label === 'string' ? label : (label.name ?? ''))).join(', ');

export class IssuesService implements TicketService {
  readonly kind = 'github-issues';
  readonly display: string;
  readonly #options: IssuesOptions;

  constructor(options: IssuesOptions) {
    this.#options = options;
    this.display = `the issues of ${options.repository}`;
  }

  async time(signal: AbortSignal): Promise<string> {
    const url = `${this.#path()}?state=all&per_page=1`;
    const call = { url, what: this.display, signal, headers: API_HEADERS };
    return dateOf(await this.#options.http.json(call, z.array(z.unknown())), this.display);
  }

  async page(since: string, pageNumber: number, signal: AbortSignal): Promise<TicketPage> {
    const query = `state=all&sort=updated&direction=asc&per_page=${String(PAGE_ITEMS_MAX)}`;
    const url = `${this.#path()}?${query}&since=${since}&page=${String(pageNumber)}`;
    const call = { url, what: this.display, signal, headers: API_HEADERS };
    const answer = await this.#options.http.json(call, z.array(issueSchema));
    const { issues, pullRequests } = this.#options;
    const wanted = answer.value.filter((issue) => (isPull(issue) ? pullRequests : issues));
    const last = answer.value.at(-1);
    return {
      tickets: wanted.map((issue) => this.#ticketOf(issue)),
      last: last === undefined ? null : isoTime(last.updated_at),
      more: nextLink(answer) !== null,
    };
  }

  async ticket(id: string, signal: AbortSignal): Promise<Ticket> {
    const call = { url: `${this.#path()}/${id}`, what: 'an issue', signal, headers: API_HEADERS };
    return this.#ticketOf((await this.#options.http.json(call, issueSchema)).value);
  }

  /** They come oldest first, so the newest stand on the last pages. */
  async comments({ id, comments }: Ticket, signal: AbortSignal): Promise<readonly TicketComment[]> {
    const last = Math.max(1, Math.ceil(comments / LIMITS.ticketCommentsMax));
    const found: TicketComment[] = [];
    for (const page of last === 1 ? [1] : [last - 1, last]) {
      const url = `${this.#path()}/${id}/comments?per_page=${String(LIMITS.ticketCommentsMax)}&page=${String(page)}`;
      const call = { url, what: 'the comments of an issue', signal, headers: API_HEADERS };
      const { value } = await this.#options.http.json(call, z.array(commentSchema));
      found.push(
        ...value.map(({ user, created_at: at, body }) => ({ author: user?.login ?? '', at, text: body ?? '' })),
      );
    }
    return found.slice(-LIMITS.ticketCommentsMax);
  }

  #path(): string {
    return `${this.#options.apiPath}/repos/${this.#options.repository}/issues`;
  }

  #ticketOf(issue: Issue): Ticket {
    const { number, title, body, html_url: url, updated_at: updatedAt, user, comments } = issue;
    return {
      id: String(number),
      title,
      heading: `${isPull(issue) ? 'Pull request' : 'Issue'} #${String(number)}: ${title}`,
      facts: [
        ['State', stateOf(issue)],
        ['Author', user?.login ?? ''],
        ['Labels', labelsOf(issue)],
      ],
      body: body ?? '',
      folder: isPull(issue) ? 'pull' : 'issues',
      url,
      changedAt: isoTime(updatedAt),
      comments: this.#options.comments ? (comments ?? 0) : 0,
    };
  }
}
