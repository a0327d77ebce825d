/** Two embedded Regions with a real git repository: the whole of `npm start`, driven by a test. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { ensureTokens, type LocalTokens } from '../../local/start/access-keys.ts';
import { watchCycles } from '../../local/start/cycle-watch.ts';
import { addressesOf, openLocalPair } from '../../local/start/pair-addresses.ts';
import { type OpenedSources, openSources } from '../../local/start/sources.ts';
import { syncOnce } from '../../local/start/sync-once.ts';
import { judge, type SyncResult, type Verdict } from '../../local/start/verdict.ts';
import type { Provisioned, RegionEvent } from '../../local/region/messages.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import { RegionPairLink } from '../../local/region/pair.ts';
import { buildFunctions } from '../../scripts/build-functions.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');

const QUIET_MS = 7 * 24 * 60 * 60 * 1000;

const GIT_ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'test',
  GIT_AUTHOR_EMAIL: 'test@localhost',
  GIT_COMMITTER_NAME: 'test',
  GIT_COMMITTER_EMAIL: 'test@localhost',
};

export class Repository {
  readonly directory: string;

  constructor(parent: string, name: string) {
    this.directory = path.join(parent, name);
    mkdirSync(this.directory, { recursive: true });
    this.git('init', '--quiet', '--initial-branch=main');
  }

  git(...args: readonly string[]): string {
    return execFileSync('git', ['-C', this.directory, ...args], { env: GIT_ENVIRONMENT, encoding: 'utf8' });
  }

  write(name: string, text: string | Buffer): void {
    const file = path.join(this.directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  commit(message: string): string {
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--message', message);
    return this.git('rev-parse', 'HEAD').trim();
  }
}

export interface SyncedPair {
  readonly result: SyncResult;
  readonly verdict: Verdict;
}

/** One running pair; `restart` brings it back on the same data after a kill. */
export class PairStage {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'twinmap-pair-'));
  readonly failures: string[] = [];
  readonly lines: string[] = [];
  dataDirectory = path.join(this.directory, 'data');
  /** In place of what the stack files say. */
  settings: Readonly<Record<Role, Readonly<Record<string, string>>>> | undefined;
  pair: RegionPairLink | undefined;
  provisioned: Readonly<Record<Role, Provisioned>> | undefined;
  /** Of keys that were made as `npm start` makes them. */
  tokens: LocalTokens | undefined;
  #opened: OpenedSources | undefined;
  #watch = watchCycles();

  async start(sources: readonly string[]): Promise<void> {
    await buildFunctions({ outDir: path.join(ROOT, 'dist', 'functions') });
    this.#opened = await openSources(sources);
    await this.restart();
  }

  async restart(): Promise<void> {
    const opened = this.#opened;
    if (opened === undefined) {
      throw new Error('the stage was not started');
    }
    this.#watch = watchCycles();
    this.pair = await RegionPairLink.open({
      rootDirectory: ROOT,
      dataDirectory: this.dataDirectory,
      ...(this.settings === undefined ? {} : { settings: this.settings }),
      intervalMs: undefined,
      // A test says itself when something is drained, repaired or sealed: a tick in the middle would be another test.
      jobsIntervalMs: QUIET_MS,
      onEvent: (_role: Role, event: RegionEvent) => {
        if (event.kind === 'line') {
          this.lines.push(event.text);
          this.#watch.take(event.text);
        }
        if (event.kind === 'function-failed' || event.kind === 'damage' || event.kind === 'access-denied') {
          this.failures.push(JSON.stringify(event));
        }
      },
    });
    this.provisioned = await this.pair.provision({
      sources: opened.sources,
      gitHosts: opened.gitHosts,
      gitLoopbackOrigin: opened.gitLoopbackOrigin,
    });
    const { regions, writes } = openLocalPair(await addressesOf(ROOT, this.pair));
    this.tokens = await ensureTokens({ regions, writes, now: () => Date.now() }, this.dataDirectory);
  }

  running(): { pair: RegionPairLink; provisioned: Readonly<Record<Role, Provisioned>> } {
    if (this.pair === undefined || this.provisioned === undefined) {
      throw new Error('the stage is not running');
    }
    return { pair: this.pair, provisioned: this.provisioned };
  }

  async sync(): Promise<SyncedPair> {
    const { pair, provisioned } = this.running();
    const expected = (this.#opened?.sources ?? []).map(({ id }) => id);
    this.failures.length = 0;
    const result = await syncOnce({
      pair,
      provisioned,
      watch: this.#watch,
      expected,
      failures: this.failures,
      now: () => performance.now(),
    });
    return { result, verdict: judge(result) };
  }

  /** As a Region fails: the whole process group at once. */
  async kill(): Promise<void> {
    const { pair } = this.running();
    for (const role of ROLES) {
      pair.links[role].kill();
    }
    await Promise.all(ROLES.map(async (role) => pair.links[role].exited));
  }

  async stop(): Promise<void> {
    await this.pair?.stop();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#opened?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Waits until a Region has answered so many calls of one kind. */
  async untilCalls(role: Role, name: string, count: number): Promise<void> {
    const { pair } = this.running();
    for (let tries = 0; tries < 600; tries += 1) {
      const { calls } = await pair.links[role].ask({ kind: 'statistics' });
      if ((calls[name] ?? 0) >= count) {
        return;
      }
      await sleep(25);
    }
    throw new Error(`${role} did not answer ${count} of ${name}`);
  }

  /** As somebody who may read everything; `as` is another token, or none. */
  async get(
    role: Role,
    address: string,
    as: string | undefined = this.tokens?.reader,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    return this.send(role, 'GET', address, { as });
  }

  async send(
    role: Role,
    method: string,
    address: string,
    { as, body, key }: { readonly as?: string | undefined; readonly body?: unknown; readonly key?: string },
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const { provisioned } = this.running();
    const response = await fetch(new URL(address, provisioned[role].endpoint), {
      method,
      headers: {
        ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
}
