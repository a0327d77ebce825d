/** The issues, or the merge requests, of one GitLab project. */
import { z } from 'zod';

import { type Feed, type FeedContent, type FeedItem, type FeedPage, isoTime } from '../feed/feed.ts';
import { EPOCH, type UpdatedPage, walkByUpdate } from '../feed/updated-walk.ts';
import type { HttpClient } from '../http/http-client.ts';
import { dateOf, earlier } from '../http/source-time.ts';
import { headerOf } from '../http/rate-limit.ts';
import { pathName, revisionOf, titledText } from '../text/titled.ts';

/** Below the address of the server. */
export const API = '/api/v4';

const OVERLAP_MS = 2 * 60 * 1000;
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
});

type Ticket = z.infer<typeof ticketSchema>;

export interface TicketsOptions {
  readonly http: HttpClient;
  readonly project: { readonly id: number; readonly name: string };
  readonly tickets: 'issues' | 'merge_requests';
}

export class TicketsFeed implements Feed {
  readonly kind: string;
  readonly deletions = 'listing';
  readonly readItemsMax = 1;
  readonly display: string;
  readonly #options: TicketsOptions;

  constructor(options: TicketsOptions) {
    this.#options = options;
    this.kind = `gitlab-${options.tickets}`;
    this.display = `the ${options.tickets === 'issues' ? 'issues' : 'merge requests'} of ${options.project.name}`;
  }

  async begin(signal: AbortSignal): Promise<string> {
    const call = { url: `${this.#path()}?scope=all&per_page=1`, what: this.display, signal };
    return dateOf(await this.#options.http.json(call, z.array(z.unknown())), this.display);
  }

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
    const { project, tickets } = this.#options;
    return `${API}/projects/${String(project.id)}/${tickets}`;
  }

  async #ask(since: string, pageNumber: number, signal: AbortSignal): Promise<UpdatedPage> {
    const query = `scope=all&order_by=updated_at&sort=asc&per_page=${String(PAGE_ITEMS_MAX)}`;
    const url = `${this.#path()}?${query}&updated_after=${since}&page=${String(pageNumber)}`;
    const answer = await this.#options.http.json({ url, what: this.display, signal }, z.array(ticketSchema));
    const last = answer.value.at(-1);
    return {
      items: answer.value.map((ticket) => this.#itemOf(ticket)),
      last: last === undefined ? null : isoTime(last.updated_at),
      more: (headerOf(answer.headers, 'x-next-page') ?? '') !== '',
    };
  }

  #itemOf(ticket: Ticket): FeedItem {
    const isIssue = this.#options.tickets === 'issues';
    const text = titledText(
      `${isIssue ? 'Issue #' : 'Merge request !'}${String(ticket.iid)}: ${ticket.title}`,
      [
        ['State', ticket.state],
        ['Author', ticket.author?.name ?? ''],
        ['Labels', ticket.labels.join(', ')],
      ],
      ticket.description ?? '',
    );
    return {
      id: String(ticket.iid),
      // A comment changes the time and nothing that is read here.
      rev: revisionOf(`${ticket.title}\n${text}`),
      path: `${isIssue ? 'issues' : 'merge-requests'}/${String(ticket.iid)} ${pathName(ticket.title)}.md`,
      changedAt: isoTime(ticket.updated_at),
      url: ticket.web_url,
      content: { kind: 'text', text },
    };
  }
}
