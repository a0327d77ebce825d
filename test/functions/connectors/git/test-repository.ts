/**
 * Real git repositories for tests, written by `git fast-import`: any path bytes, any mode, one process per commit, and
 * nothing of the machine's own git configuration.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export type FileContent = string | Uint8Array;

export type FileChange =
  | { readonly op: 'put'; readonly path: string | Uint8Array; readonly content: FileContent; readonly mode?: string }
  | { readonly op: 'submodule'; readonly path: string; readonly commit: string }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'rename'; readonly from: string; readonly to: string };

const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
};

/** Octal escapes stand for any byte, as in git's own quoting. */
const quotePath = (name: string | Uint8Array): string => {
  const bytes = typeof name === 'string' ? Buffer.from(name) : Buffer.from(name);
  const escaped = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`);
  return `"${escaped.join('')}"`;
};

const encodeChange = (change: FileChange): Buffer => {
  switch (change.op) {
    case 'put': {
      const content = Buffer.from(change.content);
      const head = `M ${change.mode ?? '100644'} inline ${quotePath(change.path)}\ndata ${String(content.length)}\n`;
      return Buffer.concat([Buffer.from(head), content, Buffer.from('\n')]);
    }
    case 'submodule': {
      return Buffer.from(`M 160000 ${change.commit} ${quotePath(change.path)}\n`);
    }
    case 'remove': {
      return Buffer.from(`D ${quotePath(change.path)}\n`);
    }
    case 'rename': {
      return Buffer.from(`R ${quotePath(change.from)} ${quotePath(change.to)}\n`);
    }
  }
};

export class TestRepository {
  readonly path: string;
  #commits = 0;

  constructor(folder: string, options: readonly string[] = ['--bare']) {
    this.path = folder;
    mkdirSync(folder, { recursive: true });
    this.git('init', '--quiet', '--initial-branch=main', ...options);
    this.git('config', 'gc.auto', '0');
  }

  git(...args: readonly string[]): string {
    return execFileSync('git', ['-C', this.path, ...args], { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] })
      .toString()
      .trim();
  }

  /** Adds a commit to `branch`; `orphan` starts its history anew, with nothing but these changes. */
  commit(
    changes: readonly FileChange[],
    options: { readonly branch?: string; readonly orphan?: boolean; readonly loose?: boolean } = {},
  ): string {
    const { branch = 'main', orphan = false, loose = true } = options;
    const ref = `refs/heads/${branch}`;
    this.#commits += 1;
    const continues = !orphan && this.hasCommit(ref);
    const head = [
      ...(orphan ? [`reset ${ref}`] : []),
      `commit ${ref}`,
      `committer Test <test@example.com> ${String(1_700_000_000 + this.#commits)} +0000`,
      `data 4\ntest`,
      ...(continues ? [`from ${ref}^0`] : []),
      '',
    ].join('\n');
    const input = Buffer.concat([Buffer.from(head), ...changes.map(encodeChange), Buffer.from('\n')]);
    const args = ['-C', this.path, '-c', `fastimport.unpackLimit=${loose ? '100000' : '1'}`, 'fast-import', '--quiet'];
    execFileSync('git', [...args, '--force'], { env: ENVIRONMENT, input });
    return this.git('rev-parse', ref);
  }

  hasCommit(ref: string): boolean {
    try {
      this.git('rev-parse', '--verify', '--quiet', ref);
      return true;
    } catch {
      return false;
    }
  }

  put(files: Readonly<Record<string, FileContent>>): string {
    return this.commit(Object.entries(files).map(([name, content]) => ({ op: 'put', path: name, content })));
  }

  oidOf(name: string): string {
    return this.git('rev-parse', `HEAD:${name}`);
  }

  /** Drops whatever no ref names any more, at once. */
  prune(): void {
    this.git('reflog', 'expire', '--expire=now', '--all');
    this.git('gc', '--quiet', '--prune=now');
  }

  /** Overwrites the stored bytes of one loose object, or takes it away. */
  damage(oid: string, bytes: Uint8Array | null): void {
    const folder = this.git('rev-parse', '--absolute-git-dir');
    const file = path.join(folder, 'objects', oid.slice(0, 2), oid.slice(2));
    // Loose objects are read-only files; their folder isn't.
    rmSync(file);
    if (bytes !== null) {
      writeFileSync(file, bytes);
    }
  }
}
