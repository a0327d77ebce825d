/** What is peculiar to single services: dated shifts, hidden spaces, folders that are gone, downloads, retries of poisoned documents. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import type { Connector } from '../../../functions/connectors/connector.ts';
import { openSource } from '../../../functions/connectors/registry.ts';
import { troubleOf } from '../../../functions/connectors/source-trouble.ts';
import { NO_EXTRACTOR, type TextExtractor } from '../../../functions/connectors/text/extractor.ts';
import { FakeConfluence } from '../../../local/fakes/fake-confluence.ts';
import { FakeGitHub } from '../../../local/fakes/fake-github.ts';
import { FakeJira } from '../../../local/fakes/fake-jira.ts';
import { FakePagerDuty } from '../../../local/fakes/fake-pagerduty.ts';
import type { FakeServer } from '../../../local/fakes/fake-server.ts';
import { FakeSharePoint } from '../../../local/fakes/fake-sharepoint.ts';
import { freshSync, idle, MemoryIndex } from '../../contracts/connector-index.ts';
import { settingFor } from './worlds/fake-world.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) {
    await close();
  }
});

const started = async <T extends FakeServer>(fake: T): Promise<T> => {
  await fake.start();
  closers.push(async () => fake.close());
  return fake;
};

const opened = (
  kind: string,
  config: unknown,
  fake: FakeServer,
  more: Parameters<typeof settingFor>[2] = {},
): Connector => {
  const setting = settingFor(fake.origin, { SECRET: 'token' in fake ? String(fake.token) : '' }, more);
  const connector = openSource({ kind, config }, setting);
  closers.unshift(async () => connector.close());
  return connector;
};

const openSharePoint = (fake: FakeSharePoint, extractor: TextExtractor = NO_EXTRACTOR): Connector => {
  const config = {
    tenantId: 't',
    clientId: 'c',
    clientSecret: 'env:GRAPH',
    sites: [fake.site],
    graphUrl: fake.origin,
    loginUrl: fake.origin,
  };
  const setting = settingFor(fake.origin, { GRAPH: fake.clientSecret }, { extractor });
  const connector = openSource({ kind: 'sharepoint', config }, setting);
  closers.unshift(async () => connector.close());
  return connector;
};

const errorOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    await call;
    return null;
  } catch (error) {
    return error;
  }
};

describe('PagerDuty', () => {
  it('a schedule says who is on call from which day on, and changes with the day, not with the hour', async () => {
    const fake = await started(new FakePagerDuty());
    fake.create('schedules', 'Payments', 'Who wakes up');
    fake.create('escalation_policies', 'Payments', '');
    const open = (): Connector => opened('pagerduty', { url: fake.origin, token: 'env:SECRET', daysAhead: 2 }, fake);
    const index = await freshSync(open());
    const text = index.first.get('schedule/P000001')?.text ?? '';
    expect(text).toContain('# On call: Payments');
    expect(text).toContain('- As of: 2026-01-05, for 2 days');
    expect(text).toMatch(/- 2026-01-05T00:00Z to 2026-01-06T00:00Z: (?:Ada Lovelace|Grace Hopper) \(level 1\)/u);
    expect(index.first.get('policy/P000002')?.text).toContain('1. Ada Lovelace; after 30 minutes the next level');
    fake.advance(60 * 60 * 1000);
    expect((await index.sync(open())).upserts).toBe(0);
    fake.advance(DAY_MS);
    expect((await index.sync(open())).upserts).toBe(2);
  });
});

describe('Confluence and Jira', () => {
  it('a space that is hidden stops the sync of all, and nothing counts as deleted', async () => {
    const fake = await started(new FakeConfluence());
    fake.create('ENG', 'One', '<p>1</p>');
    fake.create('OPS', 'Two', '<p>2</p>');
    const config = { url: fake.origin, spaces: ['ENG', 'OPS'], email: fake.email, token: 'env:SECRET' };
    const index = await freshSync(opened('confluence', config, fake));
    fake.hiddenSpaces.add('OPS');
    const error = await errorOf(index.sync(opened('confluence', config, fake)));
    expect([troubleOf(error), String(error)]).toEqual(['refused', expect.stringContaining('space OPS')]);
    expect(index.first.size).toBe(2);
  });

  it('a project that is hidden stops the sync of all', async () => {
    const fake = await started(new FakeJira());
    fake.create('SHOP', 'One', 'text');
    fake.create('OPS', 'Two', 'text');
    const config = { url: fake.origin, projects: ['SHOP', 'OPS'], email: fake.email, token: 'env:SECRET' };
    const index = await freshSync(opened('jira', config, fake));
    expect(index.first.get('10001')?.text).toMatch(
      /^# SHOP-1 One\n\n- Type: Bug\n[\s\S]*### Grace, 2026-01-05\n\nSeen\.$/u,
    );
    fake.hiddenProjects.add('OPS');
    expect(await errorOf(index.sync(opened('jira', config, fake)))).toBeInstanceOf(Error);
    expect(index.first.size).toBe(2);
  });

  it('an edit that the search tells late is not lost, although a later one was told before', async () => {
    const fake = await started(new FakeJira());
    const late = fake.create('SHOP', 'Late', 'text');
    const early = fake.create('SHOP', 'Early', 'text');
    const config = { url: fake.origin, projects: ['SHOP'], email: fake.email, token: 'env:SECRET' };
    const index = await freshSync(opened('jira', config, fake));
    fake.advance(DAY_MS);
    fake.edit(late, { description: 'told late' });
    fake.edit(early, { description: 'told at once' });
    fake.unindexed.add(late);
    expect((await index.sync(opened('jira', config, fake), { compare: false })).upserts).toBe(1);
    fake.advance(3 * 60 * 1000);
    fake.unindexed.delete(late);
    expect((await index.sync(opened('jira', config, fake))).upserts).toBe(1);
    expect(index.first.get(late)?.text).toContain('told late');
  });

  it('a poisoned page is tried again when it is due, not before', async () => {
    const fake = await started(new FakeConfluence());
    const id = fake.create('ENG', 'One', '<p>1</p>');
    const config = { url: fake.origin, spaces: ['ENG'], email: fake.email, token: 'env:SECRET' };
    let now = 0;
    const http = { bounds: { attemptsMax: 1 } };
    const open = (): Connector => opened('confluence', config, fake, { now: () => now, http });
    const index = new MemoryIndex();
    // Older than the overlap, so that nothing but the retry can bring it.
    fake.advance(DAY_MS);
    fake.fault = ({ path: asked }) => (asked === '/wiki/api/v2/pages' ? { kind: 'status', status: 500 } : null);
    expect((await index.sync(open())).failures).toHaveLength(1);
    fake.fault = () => null;
    expect((await index.sync(open())).upserts).toBe(0);
    now += 5 * 60 * 1000;
    expect((await index.sync(open())).upserts).toBe(1);
    expect(index.first.get(id)?.text).toContain('1');
    expect(JSON.stringify(index.cursor)).toContain('"failed":[]');
  });

  it.each([
    [401, 'refused'],
    [429, 'throttled'],
  ])('%i for a document is about the source: nothing is remembered as failed', async (status, trouble) => {
    const fake = await started(new FakeConfluence());
    fake.create('ENG', 'One', '<p>1</p>');
    const config = { url: fake.origin, spaces: ['ENG'], email: fake.email, token: 'env:SECRET' };
    const index = new MemoryIndex();
    fake.fault = ({ path: asked }) => (asked === '/wiki/api/v2/pages' ? { kind: 'status', status } : null);
    const http = { bounds: { attemptsMax: 1 } };
    expect(troubleOf(await errorOf(index.sync(opened('confluence', config, fake, { http }))))).toBe(trouble);
    expect([index.cursor, index.complete]).toEqual([null, false]);
  });

  it('the cursor of another kind of source is lost, not guessed at', async () => {
    const fake = await started(new FakeConfluence());
    const config = { url: fake.origin, spaces: ['ENG'], email: fake.email, token: 'env:SECRET' };
    const index = await freshSync(opened('confluence', config, fake));
    index.cursor = { ...index.cursor, kind: 'jira' };
    expect((await index.sync(opened('confluence', config, fake))).lost).toContain('confluence');
  });

  it('a source whose documents fail one after the other is in trouble itself', async () => {
    const fake = await started(new FakeConfluence());
    for (let at = 0; at < 8; at += 1) {
      fake.create('ENG', `Page ${String(at)}`, '<p>1</p>');
    }
    const config = { url: fake.origin, spaces: ['ENG'], email: fake.email, token: 'env:SECRET' };
    const connector = opened('confluence', config, fake, { http: { bounds: { attemptsMax: 1 } } });
    fake.fault = ({ path: asked }) => (asked === '/wiki/api/v2/pages' ? { kind: 'status', status: 500 } : null);
    expect(troubleOf(await errorOf(new MemoryIndex().sync(connector)))).toBe('unavailable');
  });
});

describe('GitHub', () => {
  it('an issue that is deleted while the list is walked takes no other one out of sight', async () => {
    const fake = await started(new FakeGitHub());
    fake.pageItemsMax = 3;
    fake.addRepository('acme/shop');
    for (let at = 1; at <= 7; at += 1) {
      fake.create('acme/shop', `Issue ${String(at)}`, 'text');
    }
    const config = {
      url: fake.origin,
      credentials: { kind: 'token', token: 'env:SECRET' },
      repositories: { list: ['acme/shop'] },
    };
    const index = new MemoryIndex();
    // Three issues and the checkpoint after them.
    await index.sync(opened('github', config, fake), { eventsMax: 4 });
    fake.remove(1);
    fake.edit(2, { body: 'edited meanwhile' });
    await index.sync(opened('github', config, fake), { compare: false });
    const held = [2, 3, 4, 5, 6, 7].map((at) => index.first.get(`acme/shop/issues!${String(at)}`)?.text);
    expect(held.filter((text) => text === undefined)).toEqual([]);
    expect(held[0]).toContain('edited meanwhile');
  });
});

describe('SharePoint', () => {
  it('a deleted file is told, without a comparison', async () => {
    const fake = await started(new FakeSharePoint());
    const gone = fake.createFile('gone.md', 'text');
    fake.createFile('stays.md', 'text');
    const index = await freshSync(openSharePoint(fake));
    fake.deleteFile(gone);
    const { deletes } = await index.sync(openSharePoint(fake), { compare: false });
    expect([deletes, index.first.size]).toEqual([1, 1]);
  });

  it('office files give their text, through a download address', async () => {
    const fake = await started(new FakeSharePoint());
    const id = fake.createFile('Plan.docx', Buffer.from('office'), 'Größe & Co');
    const extractor: TextExtractor = {
      takes: (name) => name.endsWith('.docx'),
      extract: async ({ name, bytes }) => ({ kind: 'text', text: `${name}: ${bytes.toString('utf8')}` }),
      close: async () => undefined,
    };
    const connector = openSharePoint(fake, extractor);
    const index = await freshSync(connector);
    expect(index.first.get(`files/b!drive-1!${id}`)).toMatchObject({
      path: 'eng/Documents/Größe & Co/Plan.docx',
      text: 'Plan.docx: office',
    });
    // The token is used again, and replaced when it is about to end.
    expect(fake.seen.filter(({ path: one }) => one.endsWith('/token'))).toHaveLength(1);
  });
});

describe('a folder', () => {
  it('is read by local runs only; gone it is an error, and a link out of it is not followed', async () => {
    const home = mkdtempSync(path.join(tmpdir(), 'twinmap-folder-'));
    closers.push(() => {
      rmSync(home, { recursive: true, force: true });
    });
    const folder = path.join(home, 'docs');
    mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
    writeFileSync(path.join(home, 'outside.md'), 'outside');
    writeFileSync(path.join(folder, 'a.md'), 'inside');
    writeFileSync(path.join(folder, 'node_modules', 'b.md'), 'left out');
    symlinkSync(path.join(home, 'outside.md'), path.join(folder, 'link.md'));
    const setting = settingFor('http://127.0.0.1:1', {});
    const source = { kind: 'files', config: { path: folder } };
    expect(() => openSource(source, setting)).toThrow(/only a local run/u);
    const local = { ...setting, localFiles: true };
    expect(() => openSource({ kind: 'files', config: { path: 'docs' } }, local)).toThrow(/absolute/u);
    const index = await freshSync(openSource(source, local));
    expect(index.held().map(([id, { text, skipped }]) => [id, text, skipped])).toEqual([
      ['a.md', 'inside', null],
      ['link.md', null, 'link'],
    ]);
    rmSync(folder, { recursive: true });
    expect(troubleOf(await errorOf(index.sync(openSource(source, local))))).toBe('missing');
    expect(index.first.size).toBe(2);
    const findings = await openSource(source, local).check(idle());
    expect(findings).toMatchObject([{ level: 'error' }]);
  });
});
