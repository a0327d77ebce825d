/** `bin/run.mjs`, which starts every script: what somebody sees who asks for help, or mistypes. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');

const runScript = (...words: readonly string[]) =>
  spawnSync(process.execPath, ['bin/run.mjs', 'scripts/organisation.ts', ...words], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 60_000,
  });

describe('a script without a help text of its own', () => {
  it('says what it is for when it is asked', () => {
    const { status, stderr } = runScript('--help');
    expect([status, stderr.split('\n')[0]]).toStrictEqual([
      0,
      expect.stringMatching(/^Makes repositories out of folders/u),
    ]);
  });

  it('ends a mistyped option with 64, in words and without a stack', () => {
    const { status, stderr } = runScript('--nonsense');
    expect(status).toBe(64);
    expect(stderr).toMatch(/^Unknown option '--nonsense'/u);
    expect(stderr).toContain('Makes repositories out of folders');
    expect(stderr).not.toMatch(/^\s+at /mu);
  });
});
