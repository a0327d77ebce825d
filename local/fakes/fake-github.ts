/**
 * A stand-in of GitHub: repositories of an organisation, their issues and pull requests by last change, App installations whose tokens
 * end, and code behind the same address. Answers have GitHub's own published types.
 */
import { createPublicKey, verify } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { FakeRefusal, type FakeReply, type FakeRequest, FakeServer, pageOf } from './fake-server.ts';
import { passToGit } from './git-pass.ts';
import {
  commentAnswer,
  type CommentFacts,
  installationAnswer,
  issueAnswer,
  rateLimitAnswer,
  refusalAnswer,
  type RepositoryAnswer,
  repositoryAnswer,
  tokenAnswer,
} from './github-answers.ts';

interface Issue {
  readonly repository: string;
  readonly number: number;
  readonly pull: boolean;
  readonly comments: CommentFacts[];
  title: string;
  body: string;
  updatedAt: string;
}

interface Code {
  readonly gitOrigin: string;
  readonly servedAs: string;
}

const INSTALLATION = 7;
const HOUR_MS = 60 * 60 * 1000;
/** GitHub's times have whole seconds. */
const wholeSeconds = (iso: string): string => iso.replace(/\.\d+Z$/u, 'Z');

export class FakeGitHub extends FakeServer {
  readonly token = 'ghp_static-token-55e1';
  readonly organisation = 'acme';
  scopes = '';
  callsLeft = 4990;
  /** PEM of the App's public key; with it, installation tokens are given out. */
  appPublicKey: string | null = null;
  readonly #repositories = new Map<string, { topics: readonly string[]; code: Code | null }>();
  readonly #issues: Issue[] = [];
  readonly #given = new Map<string, number>();
  /** Served beside the issues of the model, as GitHub's own examples are. */
  readonly examples: unknown[] = [];
  /** Their comments, by the number of the issue. */
  readonly exampleComments = new Map<number, readonly unknown[]>();
  #numbers = 0;
  #comments = 0;

  addRepository(name: string, options: { readonly topics?: readonly string[]; readonly code?: Code } = {}): void {
    this.#repositories.set(name, { topics: options.topics ?? [], code: options.code ?? null });
  }

  removeRepository(name: string): void {
    this.#repositories.delete(name);
  }

  create(repository: string, title: string, body: string, pull = false): number {
    this.#numbers += 1;
    const updatedAt = wholeSeconds(this.tick());
    this.#issues.push({ repository, number: this.#numbers, pull, title, body, updatedAt, comments: [] });
    return this.#numbers;
  }

  edit(number: number, change: { readonly title?: string; readonly body?: string }): void {
    const issue = this.#issues.find((one) => one.number === number);
    if (issue !== undefined) {
      Object.assign(issue, change, { updatedAt: wholeSeconds(this.tick()) });
    }
  }

  /** Whoever writes below an issue changes the time of its last change. */
  comment(number: number, author: string, body: string): void {
    const issue = this.#issues.find((one) => one.number === number);
    if (issue !== undefined) {
      issue.updatedAt = wholeSeconds(this.tick());
      this.#comments += 1;
      issue.comments.push({ id: this.#comments, issue, author, body, at: issue.updatedAt });
    }
  }

  remove(number: number): void {
    const at = this.#issues.findIndex((one) => one.number === number);
    this.#issues.splice(at, 1);
  }

  protected override async passOn(
    request: FakeRequest,
    raw: IncomingMessage,
    response: ServerResponse,
  ): Promise<boolean> {
    const { name, rest } = /^\/git\/(?<name>[^/]+\/[^/]+)\.git(?<rest>\/.*)$/u.exec(request.path)?.groups ?? {};
    const code = name === undefined ? undefined : this.#repositories.get(name)?.code;
    const [, encoded = ''] = (request.headers.authorization ?? '').split(' ');
    const [user, password = ''] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
    if (code === undefined || code === null || rest === undefined) {
      return false;
    }
    if (user !== 'x-access-token' || !this.#isValid(password)) {
      response.writeHead(401).end();
      return true;
    }
    const query = request.query.size === 0 ? '' : `?${request.query.toString()}`;
    await passToGit(`${code.gitOrigin}/${code.servedAs}.git${rest}${query}`, request, raw, response);
    return true;
  }

  protected override answer(request: FakeRequest): FakeReply {
    const credential = (request.headers.authorization ?? '').replace('Bearer ', '');
    const { path } = request;
    if (path.startsWith('/app/installations')) {
      this.#checkJwt(credential);
      return this.#installations(path);
    }
    if (!this.#isValid(credential)) {
      throw new FakeRefusal(401, refusalAnswer(401));
    }
    if (path === '/rate_limit') {
      return { json: rateLimitAnswer(5000, this.callsLeft), headers: { 'x-oauth-scopes': this.scopes } };
    }
    if (path === `/orgs/${this.organisation}/repos`) {
      const all = [...this.#repositories.keys()].map((name) => this.#repositoryAnswer(name));
      return this.#page(all, request);
    }
    const { name = '', rest = '' } = /^\/repos\/(?<name>[^/]+\/[^/]+)(?<rest>\/issues.*)?$/u.exec(path)?.groups ?? {};
    if (!this.#repositories.has(name)) {
      throw new FakeRefusal(404, refusalAnswer(404));
    }
    if (rest === '') {
      return { json: this.#repositoryAnswer(name) };
    }
    const { number, comments } = /^\/issues\/(?<number>\d+)(?<comments>\/comments)?$/u.exec(rest)?.groups ?? {};
    return number === undefined
      ? this.#issuesOf(name, request)
      : this.#issueReply(name, Number(number), comments !== undefined, request);
  }

  #issuesOf(name: string, request: FakeRequest): FakeReply {
    // Later than, not since: what happened at that very second is not told again.
    const since = Date.parse(request.query.get('since') ?? '1970-01-01T00:00:00Z');
    const found = this.#issues
      .filter(({ repository, updatedAt }) => repository === name && Date.parse(updatedAt) > since)
      .toSorted((left, right) => (left.updatedAt < right.updatedAt ? -1 : left.updatedAt > right.updatedAt ? 1 : 0));
    return this.#page([...found.map((issue) => this.#issueAnswer(issue)), ...this.examples], request);
  }

  #issueReply(name: string, number: number, comments: boolean, request: FakeRequest): FakeReply {
    const issue = this.#issues.find((one) => one.repository === name && one.number === number);
    if (issue === undefined) {
      const example = this.exampleComments.get(number);
      if (comments && example !== undefined) {
        return this.#page(example, request);
      }
      throw new FakeRefusal(404, refusalAnswer(404));
    }
    return comments
      ? this.#page(
          issue.comments.map((comment) => commentAnswer(this.origin, comment)),
          request,
        )
      : { json: this.#issueAnswer(issue) };
  }

  #isValid(token: string): boolean {
    return token === this.token || (this.#given.get(token) ?? 0) > this.now;
  }

  #repositoryAnswer(name: string): RepositoryAnswer {
    const { topics = [], code = null } = this.#repositories.get(name) ?? {};
    return repositoryAnswer(this.origin, { name, topics, size: code === null ? 0 : 12 });
  }

  #issueAnswer(issue: Issue): unknown {
    return issueAnswer(this.origin, { ...issue, comments: issue.comments.length });
  }

  #page(all: readonly unknown[], { path, query }: FakeRequest): FakeReply {
    const number = Number(query.get('page') ?? '1');
    const size = Math.min(Number(query.get('per_page') ?? '30'), this.pageItemsMax);
    const { items, next } = pageOf(all, (number - 1) * size, size);
    const following = new URLSearchParams(query);
    following.set('page', String(number + 1));
    const link = `<${this.origin}${path}?${following.toString()}>; rel="next"`;
    return { json: items, headers: next === null ? {} : { link } };
  }

  #checkJwt(jwt: string): void {
    const [head = '', claims = '', signature = ''] = jwt.split('.');
    const parsed = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8') || '{}') as {
      iat?: number;
      exp?: number;
    };
    const signed =
      this.appPublicKey !== null &&
      verify(
        'RSA-SHA256',
        Buffer.from(`${head}.${claims}`),
        createPublicKey(this.appPublicKey),
        Buffer.from(signature, 'base64url'),
      );
    const seconds = this.now / 1000;
    const { iat = Number.POSITIVE_INFINITY, exp = 0 } = parsed;
    if (!signed || iat > seconds || exp < seconds || exp - iat > 660) {
      throw new FakeRefusal(401);
    }
  }

  #installations(path: string): FakeReply {
    if (path === '/app/installations') {
      return { json: [installationAnswer(this.origin, INSTALLATION, this.organisation)] };
    }
    const token = `ghs_installation-${String(this.#given.size + 1)}`;
    this.#given.set(token, this.now + HOUR_MS);
    return { status: 201, json: tokenAnswer(token, wholeSeconds(new Date(this.now + HOUR_MS).toISOString())) };
  }
}
