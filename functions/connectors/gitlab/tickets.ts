/** The issues, or the merge requests, of one GitLab project, with what people wrote below them. */
import { z } from 'zod';

import { LIMITS } from '../../domain/limits.ts';
import type { TicketComment } from '../feed/comments.ts';
import { isoTime } from '../feed/feed.ts';
import type { Ticket, TicketPage, TicketService } from '../feed/updated-feed.ts';
import type { HttpClient } from '../http/http-client.ts';
import { headerOf } from '../http/rate-limit.ts';
import { dateOf } from '../http/source-time.ts';

/** Below the address of the server. */
export const API = '/api/v4';

const PAGE_ITEMS_MAX = 100;

const ticketSchema = z.looseObject({
  iid: z.int(),
  title: z.string(),
  description: z.string().nullish(),
  state: z.string(),
  labels: z.array(z.string()),
  author: z.looseObject({ name: z.string() }).nullish(),
  updated_at: z.string(),
  web_url: z.string(),
  user_notes_count: z.int().nullish(),
});

const noteSchema = z.looseObject({
  body: z.string().nullish(),
  /** Written by GitLab itself: who changed which label. */
  system: z.boolean().nullish(),
  created_at: z.string(),
  author: z.looseObject({ name: z.string() }).nullish(),
});

type GitLabTicket = z.infer<typeof ticketSchema>;

export interface TicketsOptions {
  readonly http: HttpClient;
  readonly project: { readonly id: number; readonly name: string };
  readonly tickets: 'issues' | 'merge_requests';
  readonly comments: boolean;
}

export class GitLabTickets implements TicketService {
  readonly kind: string;
  readonly display: string;
  readonly #options: TicketsOptions;

  constructor(options: TicketsOptions) {
    this.#options = options;
    this.kind = `gitlab-${options.tickets}`;
    this.display = `the ${options.tickets === 'issues' ? 'issues' : 'merge requests'} of ${options.project.name}`;
  }

  async time(signal: AbortSignal): Promise<string> {
    const call = { url: `${this.#path()}?scope=all&per_page=1`, what: this.display, signal };
    return dateOf(await this.#options.http.json(call, z.array(z.unknown())), this.display);
  }

  async page(since: string, pageNumber: number, signal: AbortSignal): Promise<TicketPage> {
    const query = `scope=all&order_by=updated_at&sort=asc&per_page=${String(PAGE_ITEMS_MAX)}`;
    const url = `${this.#path()}?${query}&updated_after=${since}&page=${String(pageNumber)}`;
    const answer = await this.#options.http.json({ url, what: this.display, signal }, z.array(ticketSchema));
    const last = answer.value.at(-1);
    return {
      tickets: answer.value.map((ticket) => this.#ticketOf(ticket)),
      last: last === undefined ? null : isoTime(last.updated_at),
      more: (headerOf(answer.headers, 'x-next-page') ?? '') !== '',
    };
  }

  async ticket(id: string, signal: AbortSignal): Promise<Ticket> {
    const call = { url: `${this.#path()}/${id}`, what: 'an issue', signal };
    return this.#ticketOf((await this.#options.http.json(call, ticketSchema)).value);
  }

  /** The newest first, as they are asked for. What GitLab wrote itself takes up places of the page, and is left out. */
  async comments({ id }: Ticket, signal: AbortSignal): Promise<readonly TicketComment[]> {
    const query = `sort=desc&order_by=created_at&per_page=${String(LIMITS.ticketCommentsMax)}`;
    const call = { url: `${this.#path()}/${id}/notes?${query}`, what: 'the comments of an issue', signal };
    const { value } = await this.#options.http.json(call, z.array(noteSchema));
    return value
      .filter(({ system }) => system !== true)
      .toReversed()
      .map(({ author, created_at: at, body }) => ({ author: author?.name ?? '', at, text: body ?? '' }));
  }

  #path(): string {
    const { project, tickets } = this.#options;
    return `${API}/projects/${String(project.id)}/${tickets}`;
  }

  #ticketOf(ticket: GitLabTicket): Ticket {
    const { iid, title, description, state, labels, author, updated_at: updatedAt, web_url: url } = ticket;
    const isIssue = this.#options.tickets === 'issues';
    return {
      id: String(iid),
      title,
      heading: `${isIssue ? 'Issue #' : 'Merge request !'}${String(iid)}: ${title}`,
      facts: [
        ['State', state],
        ['Author', author?.name ?? ''],
        ['Labels', labels.join(', ')],
      ],
      body: description ?? '',
      folder: isIssue ? 'issues' : 'merge-requests',
      url,
      changedAt: isoTime(updatedAt),
      comments: this.#options.comments ? (ticket.user_notes_count ?? 0) : 0,
    };
  }
}
