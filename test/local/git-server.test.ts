/** The local git server serves every kind of local repository to a real git client, for reading only. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GitServer, resolveLocalSource, startGitServer } from '../../local/git-server.ts';
import { TestRepository } from '../functions/connectors/git/test-repository.ts';

let folder: string;
let servers: GitServer[];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'twinmap-server-')));
  servers = [];
});

afterEach(async () => {
  await Promise.all(servers.map(async (server) => server.close()));
  rmSync(folder, { recursive: true, force: true });
});

const at = (...parts: readonly string[]): string => path.join(folder, ...parts);

const serve = async (repositories: Readonly<Record<string, string>>): Promise<GitServer> => {
  const server = await startGitServer(Object.entries(repositories).map(([name, where]) => ({ name, path: where })));
  servers.push(server);
  return server;
};

/** Never the synchronous form: the server answers from this very process. */
const run = promisify(execFile);
const ENVIRONMENT = { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };

const git = async (...args: readonly string[]): Promise<string> => {
  const { stdout } = await run('git', args, { env: ENVIRONMENT, timeout: 10_000 });
  return stdout.trim();
};

const lsRemote = async (url: string): Promise<string> => (await git('ls-remote', url, 'HEAD')).split('\t')[0] ?? '';

/** Children of this very process, by the name of their program. */
const childrenOf = async (program: string): Promise<number> => {
  const { stdout } = await run('ps', ['-A', '-o', 'ppid=,comm=']);
  const pattern = new RegExp(`^\\s*${String(process.pid)}\\s+(?:\\S*/)?${program}`, 'u');
  return stdout.split('\n').filter((line) => pattern.test(line)).length;
};

describe('the local git server', () => {
  it('serves bare repositories, work trees, linked work trees and shallow clones, each with its own HEAD', async () => {
    const work = new TestRepository(at('work'), []);
    const first = work.put({ 'a.md': '1' });
    const second = work.put({ 'a.md': '2' });
    work.git('worktree', 'add', '--quiet', '--detach', at('linked tree'), first);
    work.git('clone', '--quiet', '--bare', at('work'), at('bare.git'));
    work.git('clone', '--quiet', '--depth=1', pathToFileURL(at('work')).href, at('shallow'));
    const server = await serve({
      work: at('work'),
      linked: at('linked tree'),
      bare: at('bare.git'),
      shallow: at('shallow'),
    });
    const heads = ['work', 'linked', 'bare', 'shallow'].map(async (name) => lsRemote(server.urlOf(name)));
    expect(await Promise.all(heads)).toEqual([second, first, second, second]);
    await git('clone', '--quiet', '--depth=1', '--filter=blob:none', server.urlOf('shallow'), at('again'));
    expect(await git('-C', at('again'), 'rev-parse', 'HEAD')).toBe(second);
  });

  it('overrules what a repository says about being served', async () => {
    const repository = new TestRepository(at('repo'));
    const commit = repository.put({ 'a.md': '1' });
    repository.git('config', 'uploadpack.allowFilter', 'false');
    repository.git('config', 'http.uploadpack', 'false');
    const server = await serve({ repo: at('repo') });
    const answer = await fetch(`${server.urlOf('repo')}/info/refs?service=git-upload-pack`, {
      headers: { 'git-protocol': 'version=2' },
    });
    expect(await answer.text()).toContain('filter');
    expect(await lsRemote(server.urlOf('repo'))).toBe(commit);
  });

  it('takes compressed and chunked requests', async () => {
    const repository = new TestRepository(at('repo'));
    const commit = repository.put({ 'a.md': '1' });
    const server = await serve({ repo: at('repo') });
    const body = '0014command=ls-refs\n0001001bref-prefix refs/heads/\n0000';
    const headers = { 'content-type': 'application/x-git-upload-pack-request', 'git-protocol': 'version=2' };
    const url = `${server.urlOf('repo')}/git-upload-pack`;
    const zipped = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-encoding': 'gzip' },
      body: gzipSync(body),
    });
    expect(await zipped.text()).toContain(commit);
    const chunked = await fetch(url, { method: 'POST', headers, body: new Blob([body]).stream(), duplex: 'half' });
    expect(await chunked.text()).toContain(commit);
  });

  it.each([
    ['GET', '/other.git/info/refs?service=git-upload-pack', 404],
    ['GET', '/repo.git/info/refs?service=git-receive-pack', 404],
    ['GET', '/repo.git/info/refs', 404],
    ['POST', '/repo.git/git-receive-pack', 404],
    ['GET', '/repo.git/HEAD', 404],
    ['GET', '/repo.git/../../../etc/passwd', 404],
    ['GET', '/repo.git%2f..%2f..%2finfo/refs?service=git-upload-pack', 404],
    ['GET', '/', 404],
    ['GET', '/repo.git/git-upload-pack', 405],
    ['PUT', '/repo.git/info/refs?service=git-upload-pack', 405],
  ])('%s %s is answered with %i', async (method, where, status) => {
    const repository = new TestRepository(at('repo'));
    repository.put({ 'a.md': '1' });
    const server = await serve({ repo: at('repo') });
    const answer = await fetch(`${server.origin}${where}`, { method });
    await answer.text();
    expect(answer.status).toBe(status);
  });

  it('listens on loopback only', async () => {
    const server = await serve({});
    expect(server.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/u);
  });

  it('refuses names that are not plain words, names twice used, and folders that are no repositories', async () => {
    const repository = new TestRepository(at('repo'));
    repository.put({ 'a.md': '1' });
    const one = { path: at('repo') };
    for (const name of ['', 'a/b', '..', 'UP', 'a b', '.git', '-x', 'é']) {
      await expect(startGitServer([{ ...one, name }])).rejects.toThrow(/can't name a served repository/u);
    }
    await expect(
      startGitServer([
        { ...one, name: 'a' },
        { ...one, name: 'a' },
      ]),
    ).rejects.toThrow(/is taken/u);
    mkdirSync(at('plain'));
    await expect(startGitServer([{ name: 'a', path: at('plain') }])).rejects.toThrow(/not a git repository/u);
    const server = await serve({});
    expect(() => server.urlOf('nobody')).toThrow(/No repository named "nobody"/u);
  });

  it('ends what it started: closing does not wait for a client that never finishes its request', async () => {
    const repository = new TestRepository(at('repo'));
    repository.put({ 'a.md': '1' });
    const server = await startGitServer([{ name: 'repo', path: at('repo') }]);
    const never = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode('0014'));
      },
    });
    const request = async (): Promise<string> => {
      const headers = { 'content-type': 'application/x-git-upload-pack-request', 'git-protocol': 'version=2' };
      const url = `${server.urlOf('repo')}/git-upload-pack`;
      const answer = await fetch(url, { method: 'POST', headers, body: never, duplex: 'half' });
      return answer.text();
    };
    const settled = Promise.allSettled([request()]);
    await expect.poll(async () => childrenOf('git')).toBeGreaterThan(0);
    await server.close();
    expect((await settled).map(({ status }) => status)).toEqual(['rejected']);
    await expect.poll(async () => childrenOf('git')).toBe(0);
  });
});

describe('a local source', () => {
  it('is found by path, by file address, through a link, and in a folder with spaces', async () => {
    const repository = new TestRepository(at('my repo'), []);
    repository.put({ 'a.md': '1' });
    symlinkSync(at('my repo'), at('link'));
    const found = [at('my repo'), `${at('my repo')}/`, pathToFileURL(at('my repo')).href, at('link')].map(
      resolveLocalSource,
    );
    expect(new Set(await Promise.all(found))).toEqual(new Set([at('my repo')]));
    const relative = path.relative(process.cwd(), at('my repo'));
    expect(await resolveLocalSource(relative)).toBe(at('my repo'));
  });

  it('may be a bare repository or a linked work tree', async () => {
    const repository = new TestRepository(at('bare.git'));
    repository.put({ 'a.md': '1' });
    repository.git('worktree', 'add', '--quiet', '--detach', at('linked'), 'main');
    expect(await resolveLocalSource(at('bare.git'))).toBe(at('bare.git'));
    expect(await resolveLocalSource(at('linked'))).toBe(at('linked'));
  });

  it('that is no repository, or part of one, is refused with what to do', async () => {
    writeFileSync(at('file.txt'), 'text');
    mkdirSync(at('plain'));
    new TestRepository(at('repo'), []).put({ 'sub/a.md': '1' });
    mkdirSync(at('repo', 'sub'));
    await expect(resolveLocalSource(at('missing'))).rejects.toThrow(/does not exist/u);
    await expect(resolveLocalSource(at('file.txt'))).rejects.toThrow(/is a file/u);
    await expect(resolveLocalSource(at('plain'))).rejects.toThrow(/is not a git repository.*git init/u);
    await expect(resolveLocalSource(at('repo', 'sub'))).rejects.toThrow(
      /inside a repository. Name the repository: .*repo\./u,
    );
    await expect(resolveLocalSource(at('repo', '.git', 'objects'))).rejects.toThrow(/repository's own files/u);
  });

  it.each([[[]], [['--bare']]])('that was only just made (git init %j) is refused with what to do', async (options) => {
    const repository = new TestRepository(at('repo'), options);
    await expect(resolveLocalSource(at('repo'))).rejects.toThrow(/has no commit yet.*git commit/u);
    repository.put({ 'a.md': '1' });
    repository.git('symbolic-ref', 'HEAD', 'refs/heads/trunk');
    await expect(resolveLocalSource(at('repo'))).rejects.toThrow(/names a branch without a commit.*\(main\)/u);
  });

  it.each([
    ['', /is empty/u],
    ['file://other-host/srv/repo', /not a usable file:/u],
    ['ext::sh -c id', /would run a program/u],
    ['git@host:team/repo', /ssh address/u],
    ['http://host/repo', /not encrypted/u],
    ['https://host/repo', /remote address, not a local repository/u],
  ])('%s is refused with what to do', async (address, reason) => {
    await expect(resolveLocalSource(address)).rejects.toThrow(reason);
  });
});
