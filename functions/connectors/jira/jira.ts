/**
 * Jira Cloud: the issues of named projects, with their comments. The search lags a little behind, so changes are asked for with an
 * overlap, and by age: a time would be read in the time zone of the account.
 */
import { z } from 'zod';

import { commentsText } from '../feed/comments.ts';
import { FeedConnector } from '../feed/feed-connector.ts';
import { type Feed, type FeedContent, type FeedEntry, type FeedItem, type FeedPage, isoTime } from '../feed/feed.ts';
import { basicAuthorization } from '../http/authorization.ts';
import { type HttpAnswer, HttpClient } from '../http/http-client.ts';
import { ageMinutes, dateOf } from '../http/source-time.ts';
import { defineKind, httpSettingOf } from '../kind.ts';
import { secretReferenceSchema } from '../secrets.ts';
import { SourceTrouble } from '../source-trouble.ts';
import { adfToText } from '../text/adf-text.ts';
import { pathName, titledText } from '../text/titled.ts';

const configSchema = z.strictObject({
  /** `https://example.atlassian.net` */
  url: z.url(),
  projects: z
    .array(z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,99}$/u))
    .min(1)
    .max(100),
  email: z.email(),
  token: secretReferenceSchema,
});

type Config = z.infer<typeof configSchema>;

const PAGE_ITEMS_MAX = 100;
const OVERLAP_MS = 10 * 60 * 1000;
const LISTED_FIELDS = ['summary', 'updated', 'project'];
const READ_FIELDS = ['summary', 'status', 'issuetype', 'priority', 'labels', 'assignee', 'description', 'comment'];

const named = z.looseObject({ name: z.string() }).nullish();
const foundSchema = z.looseObject({
  issues: z.array(
    z.looseObject({
      id: z.string(),
      key: z.string(),
      fields: z.looseObject({
        summary: z.string().nullish(),
        updated: z.string(),
        project: z.looseObject({ key: z.string() }),
      }),
    }),
  ),
  nextPageToken: z.string().nullish(),
  isLast: z.boolean().nullish(),
});
type Found = z.infer<typeof foundSchema>;

const person = z.looseObject({ displayName: z.string() }).nullish();
const issueSchema = z.looseObject({
  id: z.string(),
  key: z.string(),
  fields: z.looseObject({
    summary: z.string().nullish(),
    status: named,
    issuetype: named,
    priority: named,
    labels: z.array(z.string()).nullish(),
    assignee: person,
    description: z.unknown().optional(),
    comment: z
      .looseObject({
        comments: z.array(z.looseObject({ author: person, body: z.unknown(), created: z.string() })),
        total: z.int().nullish(),
      })
      .nullish(),
  }),
});
const issuesSchema = z.looseObject({ issues: z.array(issueSchema) });
const countSchema = z.looseObject({ count: z.int() });

const textOf = ({ key, fields }: z.infer<typeof issueSchema>): string => {
  const comments = (fields.comment?.comments ?? []).map(({ author, body, created }) => ({
    author: author?.displayName ?? '',
    at: created,
    text: adfToText(body),
  }));
  const missing = Math.max(0, (fields.comment?.total ?? 0) - comments.length);
  const body = [adfToText(fields.description ?? null), commentsText(comments, missing)]
    .filter((part) => part !== '')
    .join('\n\n');
  return titledText(
    `${key} ${fields.summary ?? ''}`,
    [
      ['Type', fields.issuetype?.name ?? ''],
      ['Status', fields.status?.name ?? ''],
      ['Priority', fields.priority?.name ?? ''],
      ['Assignee', fields.assignee?.displayName ?? ''],
      ['Labels', (fields.labels ?? []).join(', ')],
    ],
    body,
  );
};

class JiraFeed implements Feed {
  readonly kind = 'jira';
  readonly deletions = 'listing';
  readonly readItemsMax = PAGE_ITEMS_MAX;
  readonly display: string;
  readonly #http: HttpClient;
  readonly #projects: string;

  constructor(config: Config, http: HttpClient) {
    this.#http = http;
    this.#projects = config.projects.map((key) => `"${key}"`).join(', ');
    this.display = `Jira at ${http.base.host}`;
  }

  /** A project that we may not see is an error of the query, never a project without issues. */
  async begin(signal: AbortSignal): Promise<string> {
    const body = { jql: `project in (${this.#projects})`, maxResults: 1, fields: ['updated'] };
    const schema = z.looseObject({ issues: z.array(z.unknown()) });
    return dateOf(
      await this.#post('/rest/api/3/search/jql', 'the configured projects', body, schema, signal),
      this.display,
    );
  }

  async list(page: string | null, signal: AbortSignal): Promise<FeedPage> {
    return this.#search(`project in (${this.#projects}) order by created asc`, page, signal);
  }

  async changes(mark: string, page: string | null, signal: AbortSignal): Promise<FeedPage> {
    // The query belongs to the token of the next page: it is kept with it, since time goes on.
    const [minutes = '', token = ''] =
      page === null ? [String(ageMinutes(mark, await this.begin(signal), OVERLAP_MS))] : page.split(' ', 2);
    const jql = `project in (${this.#projects}) and updated >= "-${minutes}m" order by updated asc`;
    const found = await this.#search(jql, token === '' ? null : token, signal);
    return { ...found, next: found.next === null ? null : `${minutes} ${found.next}` };
  }

  async read(items: readonly FeedItem[], signal: AbortSignal): Promise<ReadonlyMap<string, FeedContent>> {
    const body = { issueIdsOrKeys: items.map(({ id }) => id), fields: READ_FIELDS };
    const { value } = await this.#post('/rest/api/3/issue/bulkfetch', 'issues', body, issuesSchema, signal);
    return new Map(value.issues.map((issue) => [issue.id, { kind: 'text', text: textOf(issue) }]));
  }

  async count(signal: AbortSignal): Promise<number> {
    const body = { jql: `project in (${this.#projects})` };
    const url = '/rest/api/3/search/approximate-count';
    return (await this.#post(url, 'the number of issues', body, countSchema, signal)).value.count;
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  async #search(jql: string, token: string | null, signal: AbortSignal): Promise<FeedPage> {
    const body = {
      jql,
      maxResults: PAGE_ITEMS_MAX,
      fields: LISTED_FIELDS,
      ...(token === null ? {} : { nextPageToken: token }),
    };
    const { value } = await this.#post('/rest/api/3/search/jql', 'issues', body, foundSchema, signal);
    const next = value.nextPageToken ?? null;
    if (next === null && value.isLast === false) {
      throw new SourceTrouble('incomplete', `${this.display} ends a listing before its last page.`);
    }
    return { entries: value.issues.map((issue) => this.#entry(issue)), next };
  }

  #entry({ id, key, fields }: Found['issues'][number]): FeedEntry {
    const item: FeedItem = {
      id,
      rev: fields.updated,
      path: `${fields.project.key}/${key} ${pathName(fields.summary ?? '')}.md`,
      changedAt: isoTime(fields.updated),
      url: `${this.#http.base.origin}/browse/${key}`,
    };
    return { kind: 'item', item };
  }

  async #post<T>(
    url: string,
    what: string,
    body: unknown,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<HttpAnswer<T>> {
    const headers = { 'content-type': 'application/json' };
    return this.#http.json({ url, what, signal, method: 'POST', headers, body: JSON.stringify(body) }, schema);
  }
}

export const jira = defineKind({
  kind: 'jira',
  schema: configSchema,
  open: (config, setting) => {
    const authorize = basicAuthorization(setting.secrets, config.email, config.token);
    return new FeedConnector(
      new JiraFeed(config, new HttpClient(config.url, httpSettingOf(setting), authorize)),
      setting,
    );
  },
});
