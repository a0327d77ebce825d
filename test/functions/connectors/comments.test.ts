/** What people write below an issue is part of its text: it arrives, it changes, it is bounded, and it can be left out. */
import { createRequire } from 'node:module';

import { afterEach, describe, expect, it } from 'vitest';

import type { Connector } from '../../../functions/connectors/connector.ts';
import { openSource } from '../../../functions/connectors/registry.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { FakeGitHub } from '../../../local/fakes/fake-github.ts';
import { FakeGitLab } from '../../../local/fakes/fake-gitlab.ts';
import { freshSync, type MemoryIndex } from '../../contracts/connector-index.ts';
import { settingFor } from './worlds/fake-world.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map(async (one) => one.close()));
});

interface Host {
  readonly name: string;
  start(): Promise<{
    readonly create: (title: string, body: string) => number;
    readonly comment: (ticket: number, author: string, body: string, system?: boolean) => void;
    readonly connect: (more?: Readonly<Record<string, unknown>>) => Connector;
    readonly readsOfComments: () => number;
  }>;
}

const connectorOf = (kind: string, config: object, origin: string, token: string): Connector => {
  const connector = openSource({ kind, config }, settingFor(origin, { TOKEN: token }));
  open.push(connector);
  return connector;
};

const github: Host = {
  name: 'GitHub',
  start: async () => {
    const fake = await new FakeGitHub().start();
    open.push(fake);
    fake.addRepository('acme/shop');
    const config = { url: fake.origin, credentials: { kind: 'token', token: 'env:TOKEN' } };
    return {
      create: (title, body) => fake.create('acme/shop', title, body),
      comment: (number, author, body, system = false) => {
        if (!system) {
          fake.comment(number, author, body);
        }
      },
      connect: (more = {}) =>
        connectorOf('github', { ...config, repositories: { list: ['acme/shop'] }, ...more }, fake.origin, fake.token),
      readsOfComments: () => fake.seen.filter(({ path }) => path.endsWith('/comments')).length,
    };
  },
};

const gitlab: Host = {
  name: 'GitLab',
  start: async () => {
    const fake = await new FakeGitLab().start();
    open.push(fake);
    const project = fake.addProject('acme/shop');
    const config = { url: fake.origin, token: 'env:TOKEN', projects: { list: ['acme/shop'] } };
    return {
      create: (title, body) => fake.create(project, 'issues', title, body),
      comment: (iid, author, body, system) => {
        fake.comment(iid, author, body, system);
      },
      connect: (more = {}) => connectorOf('gitlab', { ...config, ...more }, fake.origin, fake.token),
      readsOfComments: () => fake.seen.filter(({ path }) => path.endsWith('/notes')).length,
    };
  },
};

const textOf = (index: MemoryIndex, ticket: number): string =>
  [...index.first].find(([id]) => id.endsWith(`!${String(ticket)}`))?.[1].text ?? '';

describe.each([github, gitlab])('comments of $name', (host) => {
  it('stand below the issue, oldest first, with who wrote them and when', async () => {
    const { create, comment, connect } = await host.start();
    const ticket = create('Checkout is slow', 'since Monday');
    comment(ticket, 'ada', 'Restarting the worker helps.');
    comment(ticket, 'gitlab', 'changed a label', true);
    comment(ticket, 'grace', 'It was the index.');
    const text = textOf(await freshSync(connect()), ticket);
    expect(text).toMatch(
      /since Monday\n\n## Comments\n\n### ada, 2026-01-05\n\nRestarting the worker helps\.\n\n### grace, 2026-01-05\n\nIt was the index\.$/u,
    );
    expect(text).not.toContain('changed a label');
  });

  it('bring their issue again when one is written, and only then; issues without any cost no call', async () => {
    const { create, comment, connect, readsOfComments } = await host.start();
    create('Quiet', 'nobody wrote');
    const ticket = create('Checkout is slow', 'since Monday');
    comment(ticket, 'ada', 'Looking.');
    const index = await freshSync(connect());
    expect(readsOfComments()).toBe(1);
    expect((await index.sync(connect())).upserts).toBe(0);
    expect(readsOfComments()).toBe(1);
    comment(ticket, 'grace', 'Fixed by the new index.');
    expect((await index.sync(connect())).upserts).toBe(1);
    expect(textOf(index, ticket)).toContain('Fixed by the new index.');
    expect(index.held()).toEqual((await freshSync(connect())).held());
  });

  it('are the newest ones where there are too many, and the others are counted', async () => {
    const { create, comment, connect } = await host.start();
    const ticket = create('A long story', 'it began');
    for (let at = 1; at <= LIMITS.ticketCommentsMax + 7; at += 1) {
      comment(ticket, 'ada', `part ${String(at)}.`);
    }
    const text = textOf(await freshSync(connect()), ticket);
    expect(text).toContain('7 older ones are not read.');
    expect(text).not.toContain('part 7.');
    expect(text).toContain('part 8.');
    expect(text).toContain(`part ${String(LIMITS.ticketCommentsMax + 7)}.`);
  });

  it('are not read where the source says so', async () => {
    const { create, comment, connect, readsOfComments } = await host.start();
    const ticket = create('Checkout is slow', 'since Monday');
    comment(ticket, 'ada', 'Looking.');
    const index = await freshSync(connect({ comments: false }));
    expect(textOf(index, ticket)).toMatch(/since Monday$/u);
    expect(readsOfComments()).toBe(0);
  });
});

interface Example {
  readonly issue?: { readonly number: number; readonly updated_at: string; comments: number };
  readonly comment?: { readonly body: string };
}

it("GitHub's own examples of issues and comments are read as they stand", async () => {
  const fake = await new FakeGitHub().start();
  open.push(fake);
  fake.addRepository('acme/shop');
  const load = createRequire(import.meta.url);
  const events = load('@octokit/webhooks-examples/api.github.com/index.json') as {
    readonly name: string;
    readonly examples: readonly Example[];
  }[];
  const written = events
    .filter(({ name }) => name === 'issue_comment')
    .flatMap(({ examples }) => examples)
    .flatMap(({ issue, comment }) => (issue === undefined || comment === undefined ? [] : [{ issue, comment }]));
  expect(written.length).toBeGreaterThan(2);
  for (const [at, { issue, comment }] of written.entries()) {
    // One number for each, so that no two examples are one issue.
    fake.examples.push({ ...issue, number: 9000 + at, comments: 1 });
    fake.exampleComments.set(9000 + at, [comment]);
  }
  const config = {
    url: fake.origin,
    credentials: { kind: 'token', token: 'env:TOKEN' },
    repositories: { list: ['acme/shop'] },
  };
  const index = await freshSync(connectorOf('github', config, fake.origin, fake.token));
  for (const [at, { comment }] of written.entries()) {
    expect(textOf(index, 9000 + at)).toContain(comment.body.trim());
  }
});
