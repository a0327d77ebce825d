/** A stand-in of GitLab: projects of a group with subgroups, their issues and merge requests by last change, code at the same address. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { FakeRefusal, type FakeReply, type FakeRequest, FakeServer, pageOf } from './fake-server.ts';
import { passToGit } from './git-pass.ts';

interface Ticket {
  readonly project: number;
  readonly iid: number;
  readonly kind: 'issues' | 'merge_requests';
  title: string;
  description: string;
  updatedAt: string;
  readonly notes: Note[];
}

interface Note {
  readonly author: string;
  readonly body: string;
  readonly at: string;
  /** Written by GitLab itself. */
  readonly system: boolean;
}

interface Project {
  readonly id: number;
  readonly path: string;
  readonly code: { readonly gitOrigin: string; readonly servedAs: string } | null;
}

export class FakeGitLab extends FakeServer {
  readonly token = 'glpat-token-20ab';
  readonly #projects: Project[] = [];
  readonly #tickets: Ticket[] = [];

  addProject(path: string, code: Project['code'] = null): number {
    const id = this.#projects.length + 1;
    this.#projects.push({ id, path, code });
    return id;
  }

  create(project: number, kind: Ticket['kind'], title: string, description: string): number {
    const iid = this.#tickets.length + 1;
    this.#tickets.push({ project, iid, kind, title, description, updatedAt: this.tick(), notes: [] });
    return iid;
  }

  edit(iid: number, change: { readonly title?: string; readonly description?: string }): void {
    const ticket = this.#tickets.find((one) => one.iid === iid);
    if (ticket !== undefined) {
      Object.assign(ticket, change, { updatedAt: this.tick() });
    }
  }

  comment(iid: number, author: string, body: string, system = false): void {
    const ticket = this.#tickets.find((one) => one.iid === iid);
    if (ticket !== undefined) {
      ticket.updatedAt = this.tick();
      ticket.notes.push({ author, body, at: ticket.updatedAt, system });
    }
  }

  /** The number stays taken. */
  remove(iid: number): void {
    const ticket = this.#tickets.find((one) => one.iid === iid);
    if (ticket !== undefined) {
      Object.assign(ticket, { project: 0 });
    }
  }

  protected override async passOn(
    request: FakeRequest,
    raw: IncomingMessage,
    response: ServerResponse,
  ): Promise<boolean> {
    const { name, rest } = /^\/(?<name>.+)\.git(?<rest>\/.*)$/u.exec(request.path)?.groups ?? {};
    const code = this.#projects.find(({ path }) => path === name)?.code;
    if (code === undefined || code === null || rest === undefined) {
      return false;
    }
    if (request.headers.authorization !== `Basic ${Buffer.from(`oauth2:${this.token}`).toString('base64')}`) {
      response.writeHead(401).end();
      return true;
    }
    const query = request.query.size === 0 ? '' : `?${request.query.toString()}`;
    await passToGit(`${code.gitOrigin}/${code.servedAs}.git${rest}${query}`, request, raw, response);
    return true;
  }

  protected override answer(request: FakeRequest): FakeReply {
    if (request.headers['private-token'] !== this.token) {
      throw new FakeRefusal(401);
    }
    const { group, project, tickets, iid, notes } =
      /^\/api\/v4\/(?:groups\/(?<group>.+)\/projects|projects\/(?<project>.+?)(?:\/(?<tickets>issues|merge_requests)(?:\/(?<iid>\d+)(?<notes>\/notes)?)?)?)$/u.exec(
        request.path,
      )?.groups ?? {};
    if (group !== undefined) {
      const found = this.#projects.filter(({ path }) => path.startsWith(`${group}/`));
      return this.#page(
        found.map((one) => this.#projectAnswer(one)),
        request,
      );
    }
    const found = this.#projects.find(({ id, path }) => String(id) === project || path === project);
    if (found === undefined) {
      throw new FakeRefusal(404);
    }
    if (tickets === undefined) {
      return { json: this.#projectAnswer(found) };
    }
    if (iid === undefined) {
      return this.#page(this.#ticketsOf(found, tickets, request.query), request);
    }
    const ticket = this.#tickets.find(
      (one) => one.project === found.id && one.kind === tickets && String(one.iid) === iid,
    );
    if (ticket === undefined) {
      throw new FakeRefusal(404);
    }
    return notes === undefined
      ? { json: this.#ticketAnswer(found, ticket) }
      : this.#page(notesOf(ticket, request.query), request);
  }

  #projectAnswer({ id, path, code }: Project): unknown {
    return { id, path_with_namespace: path, default_branch: code === null ? null : 'main', empty_repo: code === null };
  }

  #ticketsOf(project: Project, kind: string, query: URLSearchParams): readonly unknown[] {
    const since = Date.parse(query.get('updated_after') ?? '1970-01-01T00:00:00Z');
    return this.#tickets
      .filter((one) => one.project === project.id && one.kind === kind && Date.parse(one.updatedAt) >= since)
      .toSorted((left, right) => (left.updatedAt < right.updatedAt ? -1 : left.updatedAt > right.updatedAt ? 1 : 0))
      .map((ticket) => this.#ticketAnswer(project, ticket));
  }

  #ticketAnswer(project: Project, { iid, kind, title, description, updatedAt, notes }: Ticket): unknown {
    return {
      iid,
      title,
      description,
      state: 'opened',
      labels: ['shop'],
      author: { name: 'Ada' },
      updated_at: updatedAt,
      web_url: `${this.origin}/${project.path}/-/${kind}/${String(iid)}`,
      // What GitLab itself wrote is no note of a person.
      user_notes_count: notes.filter(({ system }) => !system).length,
    };
  }

  #page(all: readonly unknown[], { query }: FakeRequest): FakeReply {
    const number = Number(query.get('page') ?? '1');
    const { items, next } = pageOf(all, (number - 1) * this.pageItemsMax, this.pageItemsMax);
    return { json: items, headers: { 'x-next-page': next === null ? '' : String(number + 1) } };
  }
}

const notesOf = ({ notes }: Ticket, query: URLSearchParams): readonly unknown[] => {
  const answers = notes.map(({ author, body, at, system }, index) => ({
    id: index + 1,
    author: { name: author },
    body,
    created_at: at,
    system,
  }));
  return query.get('sort') === 'desc' ? answers.toReversed() : answers;
};
