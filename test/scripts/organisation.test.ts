/** `npm run organisation` makes repositories of folders: the script that is run through `bin/run.mjs` does its work. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(tmpdir(), 'twinmap-organisation-'));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('makes a repository of each folder and lists them as sources', () => {
  const from = path.join(folder, 'from');
  const out = path.join(folder, 'out');
  mkdirSync(path.join(from, 'orders'), { recursive: true });
  writeFileSync(path.join(from, 'orders', 'README.md'), '# Orders\n');
  const run = spawnSync(process.execPath, ['bin/run.mjs', 'scripts/organisation.ts', '--from', from, '--out', out], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(run.stdout).toContain('npm start -- --sources');
  expect(readFileSync(path.join(out, 'sources.yaml'), 'utf8')).toContain('id: orders');
}, 90_000);
