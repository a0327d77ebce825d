/**
 * A feed of tickets that a service lists by their last change and nothing else: issues, pull requests, merge requests. Pages bring
 * the text of a ticket; its comments are asked for one ticket at a time, and only where there are some. Times have a coarse grain and
 * change with everything that happens to a ticket, so the revision is what the ticket says, and the time only where comments count.
 */
import { earlier } from '../http/source-time.ts';
import { pathName, revisionOf, titledText } from '../text/titled.ts';
import { commentsText, type TicketComment } from './comments.ts';
import type { Feed, FeedContent, FeedItem, FeedPage } from './feed.ts';
import { EPOCH, walkByUpdate } from './updated-walk.ts';

/** A search by time that lags, or a clock of one second, loses nothing within this. */
const OVERLAP_MS = 2 * 60 * 1000;

export interface Ticket {
  readonly id: string;
  readonly title: string;
  /** The first line of the document. */
  readonly heading: string;
  readonly facts: readonly (readonly [string, string])[];
  readonly body: string;
  /** `issues`: tickets of one kind stand together. */
  readonly folder: string;
  readonly url: string;
  /** ISO 8601 in UTC. */
  readonly changedAt: string;
  /** How many there are, as the ticket says. */
  readonly comments: number;
}

export interface TicketPage {
  readonly tickets: readonly Ticket[];
  /** When the last one of the page changed, whether it is wanted or not; null for an empty page. */
  readonly last: string | null;
  readonly more: boolean;
}

export interface TicketService {
  readonly kind: string;
  readonly display: string;
  /** The service's own time. */
  time(signal: AbortSignal): Promise<string>;
  page(since: string, pageNumber: number, signal: AbortSignal): Promise<TicketPage>;
  /** One of them, again. */
  ticket(id: string, signal: AbortSignal): Promise<Ticket>;
  /** The newest, oldest first; at most `LIMITS.ticketCommentsMax`. */
  comments(ticket: Ticket, signal: AbortSignal): Promise<readonly TicketComment[]>;
}

const textOf = ({ heading, facts, body }: Ticket, comments = ''): string =>
  titledText(heading, facts, [body.trim(), comments].filter((part) => part !== '').join('\n\n'));

/** A comment that is edited changes no count: then the time tells. */
const revOf = (ticket: Ticket): string => {
  const { title, comments, changedAt } = ticket;
  const said = `${title}\n${textOf(ticket)}`;
  return revisionOf(comments === 0 ? said : `${said}\n${String(comments)} ${changedAt}`);
};

export class UpdatedFeed implements Feed {
  readonly kind: string;
  readonly display: string;
  readonly deletions = 'listing';
  readonly readItemsMax = 1;
  readonly #service: TicketService;
  /** Of the page that was asked for last: what is read next is among them. */
  #tickets: ReadonlyMap<string, Ticket> = new Map();

  constructor(service: TicketService) {
    this.#service = service;
    this.kind = service.kind;
    this.display = service.display;
  }

  async begin(signal: AbortSignal): Promise<string> {
    return this.#service.time(signal);
  }

  /** By their last change too: with page numbers a deletion would shift one document out of sight. */
  async list(page: string | null, signal: AbortSignal): Promise<FeedPage> {
    return this.#walk(EPOCH, page, signal);
  }

  async changes(mark: string, page: string | null, signal: AbortSignal): Promise<FeedPage> {
    return this.#walk(earlier(mark, OVERLAP_MS), page, signal);
  }

  async read([item]: readonly FeedItem[], signal: AbortSignal): Promise<ReadonlyMap<string, FeedContent>> {
    if (item === undefined) {
      return new Map();
    }
    const kept = this.#tickets.get(item.id);
    // What failed once is read again later, without its page.
    const ticket = kept !== undefined && revOf(kept) === item.rev ? kept : await this.#service.ticket(item.id, signal);
    const comments = await this.#service.comments(ticket, signal);
    const text = textOf(ticket, commentsText(comments, Math.max(0, ticket.comments - comments.length)));
    return new Map([[item.id, { kind: 'text', text }]]);
  }

  async close(): Promise<void> {
    // The client belongs to the whole source.
  }

  async #walk(start: string, page: string | null, signal: AbortSignal): Promise<FeedPage> {
    return walkByUpdate(start, page, async (since, number) => {
      const { tickets, last, more } = await this.#service.page(since, number, signal);
      this.#tickets = new Map(tickets.map((ticket) => [ticket.id, ticket]));
      return { items: tickets.map((ticket) => itemOf(ticket)), last, more };
    });
  }
}

const itemOf = (ticket: Ticket): FeedItem => {
  const { id, title, folder, url, changedAt, comments } = ticket;
  return {
    id,
    rev: revOf(ticket),
    path: `${folder}/${id} ${pathName(title)}.md`,
    changedAt,
    url,
    ...(comments === 0 ? { content: { kind: 'text', text: textOf(ticket) } } : {}),
  };
};
