/**
 * Sources made of parts: code by real git beside issues by the API, Apps whose tokens end, repositories that come and go, and one
 * repository in trouble among healthy ones.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Connector } from '../../../functions/connectors/connector.ts';
import type { ConnectorSetting } from '../../../functions/connectors/kind.ts';
import { openSource } from '../../../functions/connectors/registry.ts';
import { SourceError } from '../../../functions/domain/errors.ts';
import { FakeGitHub } from '../../../local/fakes/fake-github.ts';
import { FakeGitLab } from '../../../local/fakes/fake-gitlab.ts';
import { type GitServer, startGitServer } from '../../../local/git-server.ts';
import { collect, freshSync, idle, MemoryIndex } from '../../contracts/connector-index.ts';
import { TestRepository } from './git/test-repository.ts';
import { settingFor } from './worlds/fake-world.ts';

const HOUR_MS = 60 * 60 * 1000;

let folder = '';
let shop: TestRepository;
let ops: TestRepository;
let server: GitServer;
const open: Connector[] = [];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'twinmap-hosts-'));
  shop = new TestRepository(path.join(folder, 'shop'));
  ops = new TestRepository(path.join(folder, 'ops'));
  shop.put({ 'README.md': '# Shop', CODEOWNERS: '* @acme/shop', 'catalog-info.yaml': 'kind: Component' });
  ops.put({ 'runbook.md': '# Restart' });
  server = await startGitServer([
    { name: 'shop', path: shop.path },
    { name: 'ops', path: ops.path },
  ]);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map(async (connector) => connector.close()));
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const opened = (
  kind: string,
  config: unknown,
  origin: string,
  environment: Readonly<Record<string, string>>,
  more: Partial<ConnectorSetting> = {},
): Connector => {
  const connector = openSource({ kind, config }, settingFor(origin, environment, { directory: folder, ...more }));
  open.push(connector);
  return connector;
};

const codeOf = (servedAs: string): { readonly gitOrigin: string; readonly servedAs: string } => ({
  gitOrigin: server.origin,
  servedAs,
});

const paths = (index: MemoryIndex): readonly string[] => index.held().map(([, held]) => held.path);

describe('GitHub', () => {
  let fake: FakeGitHub;

  beforeEach(async () => {
    fake = await new FakeGitHub().start();
    fake.addRepository('acme/shop', { topics: ['map'], code: codeOf('shop') });
    fake.addRepository('acme/ops', { code: codeOf('ops') });
    fake.create('acme/shop', 'Checkout is slow', 'since Monday');
  });

  afterEach(async () => {
    await fake.close();
  });

  const config = (more: Readonly<Record<string, unknown>> = {}): unknown => ({
    url: fake.origin,
    gitUrl: `${fake.origin}/git`,
    credentials: { kind: 'token', token: 'env:TOKEN' },
    repositories: { organisation: 'acme' },
    ...more,
  });
  const openGitHub = (more: Readonly<Record<string, unknown>> = {}): Connector =>
    opened('github', config(more), fake.origin, { TOKEN: fake.token });

  it('an organisation is its code and its issues, and the files that name owners and components are among them', async () => {
    const index = await freshSync(openGitHub());
    expect(paths(index)).toEqual([
      'acme/ops/runbook.md',
      'acme/shop/CODEOWNERS',
      'acme/shop/README.md',
      'acme/shop/catalog-info.yaml',
      'acme/shop/issues/1 Checkout is slow.md',
    ]);
    shop.put({ 'README.md': '# Shop, again' });
    const report = await index.sync(openGitHub());
    expect([report.upserts, report.deletes]).toEqual([1, 0]);
  });

  it('a topic chooses among them, a list adds to them', async () => {
    const byTopic = await freshSync(
      openGitHub({ repositories: { organisation: 'acme', topic: 'map' }, issues: false }),
    );
    expect(paths(byTopic).every((one) => one.startsWith('acme/shop/'))).toBe(true);
    const listed = await freshSync(
      openGitHub({ repositories: { list: ['acme/ops'] }, issues: false, pullRequests: false }),
    );
    expect(paths(listed)).toEqual(['acme/ops/runbook.md']);
  });

  it('a named repository that is hidden is an error, and nothing counts as deleted', async () => {
    const repositories = { list: ['acme/shop', 'acme/ops'] };
    const index = await freshSync(openGitHub({ repositories }));
    const before = index.held();
    fake.removeRepository('acme/ops');
    await expect(index.sync(openGitHub({ repositories }))).rejects.toThrow(/repository acme\/ops/u);
    expect(index.held()).toEqual(before);
  });

  it('a repository that left the organisation leaves with the next listing', async () => {
    const index = await freshSync(openGitHub());
    fake.removeRepository('acme/ops');
    expect((await index.sync(openGitHub())).deletes).toBe(1);
  });

  it('one repository in trouble leaves the others alone, and nothing of it counts as deleted', async () => {
    const index = await freshSync(openGitHub());
    shop.put({ 'new.md': 'new' });
    fake.fault = ({ path: asked }) => (asked.startsWith('/git/acme/ops.git') ? { kind: 'status', status: 500 } : null);
    const before = index.copy();
    const report = await before.sync(openGitHub(), { compare: false });
    expect(report.failures).toMatchObject([{ id: 'acme/ops/code', scope: 'part', retryable: true }]);
    expect([report.upserts, report.deletes, before.complete]).toEqual([1, 0, true]);
    await expect(collect(openGitHub().enumerate(idle(), null))).rejects.toThrow(SourceError);
    fake.fault = () => null;
    ops.put({ 'late.md': 'late' });
    expect((await before.sync(openGitHub())).upserts).toBe(1);
  });

  it('an App signs for its installation, and takes a new token before the old one ends', async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    // As GitHub hands it out.
    const pem = pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    fake.appPublicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const credentials = { kind: 'app', appId: 12, privateKey: 'env:PEM' };
    const connector = opened('github', config({ credentials }), fake.origin, { PEM: pem }, { now: () => fake.now });
    const index = new MemoryIndex();
    await index.sync(connector);
    expect(index.first.size).toBe(5);
    fake.advance(2 * HOUR_MS);
    fake.create('acme/ops', 'Second', 'later');
    expect((await index.sync(connector)).upserts).toBe(1);
    const asked = fake.seen.filter(({ path: one }) => one.endsWith('/access_tokens'));
    expect(asked.length).toBe(2);
    fake.appPublicKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString();
    const stranger = opened('github', config({ credentials }), fake.origin, { PEM: pem }, { now: () => fake.now });
    await expect(new MemoryIndex().sync(stranger)).rejects.toThrow(/credentials/u);
  });

  it('a check tells how many calls are left, and that a token may do more than read', async () => {
    const warningsOf = async (): Promise<readonly string[]> =>
      (await openGitHub({ content: false }).check(idle()))
        .filter(({ level }) => level === 'warning')
        .map(({ message }) => message);
    const healthy = await warningsOf();
    // The two clocks of this test are years apart, and that is said.
    expect(healthy.every((message) => message.includes('differ by'))).toBe(true);
    fake.scopes = 'repo, delete_repo, admin:org';
    fake.callsLeft = 12;
    expect((await warningsOf()).filter((message) => !message.includes('differ by'))).toEqual([
      '12 of 5000 calls of this hour are left.',
      'The token may also write (delete_repo, admin:org). Give it rights to read, or use a GitHub App.',
    ]);
  });

  it("GitHub's own examples of issues are read as they stand", async () => {
    const load = createRequire(import.meta.url);
    const events = load('@octokit/webhooks-examples/api.github.com/index.json') as {
      readonly name: string;
      readonly examples: readonly { readonly issue?: { readonly updated_at: string } }[];
    }[];
    const issues = events.flatMap(({ examples }) =>
      examples.flatMap(({ issue }) => (issue === undefined ? [] : [issue])),
    );
    expect(issues.length).toBeGreaterThan(20);
    fake.examples.push(...issues.toSorted((left, right) => (left.updated_at < right.updated_at ? -1 : 1)));
    const index = await freshSync(openGitHub({ content: false, repositories: { list: ['acme/shop'] } }));
    expect(paths(index)).toContain('acme/shop/issues/1 Spelling error in the README file.md');
  });
});

describe('GitLab', () => {
  it('a group is the code and the issues of all projects below it', async () => {
    const fake = await new FakeGitLab().start();
    const project = fake.addProject('acme/platform/shop', codeOf('shop'));
    fake.addProject('acme/empty');
    fake.create(project, 'issues', 'Slow', 'since Monday');
    const config = { url: fake.origin, token: 'env:TOKEN', projects: { group: 'acme' } };
    const index = await freshSync(opened('gitlab', config, fake.origin, { TOKEN: fake.token }));
    expect(paths(index)).toEqual([
      'acme/platform/shop/CODEOWNERS',
      'acme/platform/shop/README.md',
      'acme/platform/shop/catalog-info.yaml',
      'acme/platform/shop/issues/1 Slow.md',
    ]);
    await fake.close();
  });
});

describe('many git repositories as one source', () => {
  it('unchanged, their common snapshot is the one that was committed; a commit to one is one upsert', async () => {
    const config = { repositories: [{ url: server.urlOf('shop') }, { url: server.urlOf('ops'), branch: 'main' }] };
    const openMany = (): Connector => opened('git', config, server.origin, {});
    const index = await freshSync(openMany());
    expect(paths(index)).toContain('shop/README.md');
    // No port: a local server has another one after every start.
    expect([...index.first.keys()].toSorted()[0]).toBe('ops@main!runbook.md');
    const connector = openMany();
    const committed = connector.snapshotOf(index.cursor ?? {});
    expect((await connector.status(idle())).snapshot).toBe(committed);
    ops.put({ 'runbook.md': '# Restart twice' });
    expect((await openMany().status(idle())).snapshot).not.toBe(committed);
    const report = await index.sync(openMany());
    expect([report.upserts, report.deletes]).toEqual([1, 0]);
  });
});
