/** The repository that is read while processes die. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const PAGES = 9;
const PAGES_EDITED = 4;
const ENVIRONMENT = { PATH: process.env['PATH'] ?? '', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
const AUTHOR = ['-c', 'user.name=kills', '-c', 'user.email=kills@localhost'];

export class OriginRepository {
  readonly directory: string;

  constructor(parent: string) {
    this.directory = path.join(parent, 'origin');
    mkdirSync(this.directory);
    this.#git('init', '--quiet', '--initial-branch=main');
    this.edit(0);
  }

  /** Other pages in every round, one commit. */
  edit(round: number): void {
    for (let at = 0; at < PAGES_EDITED; at += 1) {
      const file = path.join(this.directory, `page-${(round + at) % PAGES}.md`);
      writeFileSync(file, `# Page\n\nRound ${round}, part ${at}.\n`);
    }
    this.#git('add', '--all');
    this.#git('commit', '--quiet', '--allow-empty', '--message', `round ${round}`);
  }

  #git(...args: readonly string[]): void {
    execFileSync('git', ['-C', this.directory, ...AUTHOR, ...args], { env: ENVIRONMENT, stdio: 'ignore' });
  }
}
