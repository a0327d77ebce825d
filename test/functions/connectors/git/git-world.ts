/** A repository, the local git server, a front that can break requests, and connectors on it: one world per test. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Connector } from '../../../../functions/connectors/connector.ts';
import type { GitBounds } from '../../../../functions/connectors/git/git-bounds.ts';
import { createGitConnector, type GitProgress } from '../../../../functions/connectors/git/git-connector.ts';
import { type GitServer, startGitServer } from '../../../../local/git-server.ts';
import { type FaultFront, startFaultFront } from './fault-front.ts';
import { TestRepository } from './test-repository.ts';

export interface OpenOptions {
  readonly branch?: string;
  readonly bounds?: Partial<GitBounds>;
  readonly onProgress?: (progress: GitProgress) => void;
}

export class GitWorld {
  readonly folder: string;
  readonly scratch: string;
  readonly repository: TestRepository;
  readonly front: FaultFront;
  readonly #server: GitServer;
  readonly #connectors: Connector[] = [];

  private constructor(folder: string, repository: TestRepository, server: GitServer, front: FaultFront) {
    this.folder = folder;
    this.scratch = path.join(folder, 'scratch');
    mkdirSync(this.scratch);
    this.repository = repository;
    this.front = front;
    this.#server = server;
  }

  static async create(initOptions?: readonly string[]): Promise<GitWorld> {
    const folder = mkdtempSync(path.join(tmpdir(), 'twinmap-git-'));
    const repository = new TestRepository(path.join(folder, 'repo'), initOptions);
    const server = await startGitServer([{ name: 'repo', path: repository.path }]);
    const front = await startFaultFront(() => server.origin);
    return new GitWorld(folder, repository, server, front);
  }

  get url(): string {
    return `${this.front.origin}/repo.git`;
  }

  open(options: OpenOptions = {}): Connector {
    const { branch, bounds, onProgress } = options;
    const connector = createGitConnector(
      {
        id: 'repo',
        url: this.url,
        gitHosts: [],
        loopbackOrigin: this.front.origin,
        ...(branch === undefined ? {} : { branch }),
      },
      {
        directory: this.scratch,
        bounds: { retryDelayMs: 1, ...bounds },
        ...(onProgress === undefined ? {} : { onProgress }),
      },
    );
    this.#connectors.push(connector);
    return connector;
  }

  /** What the connectors left in their scratch space, whoever closed them. */
  leftovers(): readonly string[] {
    return readdirSync(this.scratch, { recursive: true }).map(String);
  }

  async close(): Promise<void> {
    await Promise.all(this.#connectors.map(async (connector) => connector.close()));
    await this.front.close();
    await this.#server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
