/** A stand-in of Jira Cloud: issues in projects, the token-paged search, bulk fetch and the approximate count. */
import { FakeRefusal, type FakeReply, type FakeRequest, FakeServer, pageOf } from './fake-server.ts';

interface Issue {
  readonly id: string;
  readonly project: string;
  readonly key: string;
  summary: string;
  description: string;
  updated: string;
}

interface SearchBody {
  readonly jql: string;
  readonly maxResults: number;
  readonly fields: readonly string[];
  readonly nextPageToken?: string;
  readonly issueIdsOrKeys?: readonly string[];
}

const MINUTE_MS = 60_000;

const paragraph = (text: string): unknown => ({
  type: 'paragraph',
  content: text === '' ? [] : [{ type: 'text', text }],
});

/** Jira writes no colon into its offset. */
const jiraTime = (iso: string): string => iso.replace('Z', '+0000');

export class FakeJira extends FakeServer {
  readonly email = 'bot@example.com';
  readonly token = 'jira-token-91c2';
  readonly hiddenProjects = new Set<string>();
  short = false;
  /** Issues whose last change the search does not know yet: it is consistent in the end only. */
  readonly unindexed = new Set<string>();
  readonly #issues = new Map<string, Issue>();
  readonly #projects: readonly string[];
  #created = 0;

  constructor(projects: readonly string[] = ['SHOP', 'OPS']) {
    super();
    this.#projects = projects;
  }

  create(project: string, summary: string, description: string): string {
    this.#created += 1;
    const id = String(10_000 + this.#created);
    const key = `${project}-${String(this.#created)}`;
    this.#issues.set(id, { id, project, key, summary, description, updated: this.tick() });
    return id;
  }

  edit(id: string, change: { readonly summary?: string; readonly description?: string }): void {
    const issue = this.#issues.get(id);
    if (issue !== undefined) {
      Object.assign(issue, change, { updated: this.tick() });
    }
  }

  remove(id: string): void {
    this.#issues.delete(id);
  }

  protected override answer(request: FakeRequest): FakeReply {
    const expected = `Basic ${Buffer.from(`${this.email}:${this.token}`).toString('base64')}`;
    if (request.headers.authorization !== expected) {
      throw new FakeRefusal(401);
    }
    const body = JSON.parse(request.body) as SearchBody;
    switch (request.path) {
      case '/rest/api/3/search/jql': {
        return { json: this.#search(body) };
      }
      case '/rest/api/3/search/approximate-count': {
        return { json: { count: this.#matching(body.jql).length } };
      }
      case '/rest/api/3/issue/bulkfetch': {
        const ids = body.issueIdsOrKeys ?? [];
        return {
          json: { issues: this.#visible().flatMap((issue) => (ids.includes(issue.id) ? [this.#full(issue)] : [])) },
        };
      }
      default: {
        // The old search is gone for good.
        throw new FakeRefusal(request.path === '/rest/api/3/search' ? 410 : 404);
      }
    }
  }

  #visible(): readonly Issue[] {
    return [...this.#issues.values()].filter(({ project }) => !this.hiddenProjects.has(project));
  }

  /** `project in ("A", "B") [and updated >= "-90m"] [order by created|updated asc]`, and nothing else. */
  #matching(jql: string): readonly Issue[] {
    const parsed =
      /^project in \((?<projects>[^)]*)\)(?: and updated >= "-(?<minutes>\d+)m")?(?: order by (?<order>created|updated) asc)?$/u.exec(
        jql,
      )?.groups;
    const projects = (parsed?.['projects'] ?? '').split(', ').map((key) => key.slice(1, -1));
    if (parsed === undefined || projects.some((key) => !this.#projects.includes(key) || this.hiddenProjects.has(key))) {
      throw new FakeRefusal(400, { errorMessages: ["The value does not exist for the field 'project'."] });
    }
    const since = parsed['minutes'] === undefined ? 0 : this.now - Number(parsed['minutes']) * MINUTE_MS;
    const found = this.#visible().filter(
      ({ id, project, updated }) =>
        projects.includes(project) && Date.parse(updated) >= since && !this.unindexed.has(id),
    );
    return parsed['order'] === 'updated'
      ? found.toSorted((left, right) => (left.updated < right.updated ? -1 : left.updated > right.updated ? 1 : 0))
      : found;
  }

  #search(body: SearchBody): unknown {
    const size = Math.min(body.maxResults, this.pageItemsMax);
    const { items, next } = pageOf(this.#matching(body.jql), Number(body.nextPageToken ?? '0'), size);
    const last = next === null || this.short;
    return {
      issues: items.map(({ id, key, project, summary, updated }) => ({
        id,
        key,
        fields: { summary, updated: jiraTime(updated), project: { key: project } },
      })),
      isLast: last,
      ...(last ? {} : { nextPageToken: String(next) }),
    };
  }

  #full({ id, key, summary, description }: Issue): unknown {
    return {
      id,
      key,
      fields: {
        summary,
        status: { name: 'In Progress' },
        issuetype: { name: 'Bug' },
        priority: null,
        labels: ['shop'],
        assignee: { displayName: 'Ada' },
        description: { type: 'doc', version: 1, content: [paragraph(description)] },
        comment: {
          comments: [
            {
              author: { displayName: 'Grace' },
              created: '2026-01-05T08:00:00.000+0000',
              body: { type: 'doc', version: 1, content: [paragraph('Seen.')] },
            },
          ],
        },
      },
    };
  }
}
