/** The break-glass bundle: one file that runs under plain Node in an empty folder, and a config example that it accepts. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pairFileSchema } from '../../ops/pair-stores.ts';
import { bundleCommand, BUNDLE_FILE, CONFIG_EXAMPLE } from '../../scripts/bundle.ts';

let directory: string;
let stick: string;

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'twinmap-bundle-'));
  await bundleCommand(directory);
  // A folder with nothing else in it, and nothing above it that Node could look into.
  stick = path.join(directory, 'stick');
  mkdirSync(stick);
  renameSync(path.join(directory, BUNDLE_FILE), path.join(stick, BUNDLE_FILE));
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const run = (...words: readonly string[]): { status: number | null; stdout: string } =>
  spawnSync(process.execPath, [BUNDLE_FILE, ...words], {
    cwd: stick,
    encoding: 'utf8',
    env: { PATH: '/usr/bin', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y' },
    timeout: 20_000,
  });

describe('the bundle', () => {
  it('has a checksum as sha256sum reads it', () => {
    const [sum, name] = readFileSync(path.join(directory, `${BUNDLE_FILE}.sha256`), 'utf8')
      .trim()
      .split(/ +/u);
    const bytes = readFileSync(path.join(stick, BUNDLE_FILE));
    expect(sum).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(name).toBe(BUNDLE_FILE);
  });

  it('runs in an empty folder, with the config that it comes with', () => {
    const file = path.join(directory, CONFIG_EXAMPLE);
    expect(pairFileSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).success).toBe(true);
    const { status, stdout } = run('announce', '--stores', file, '--to', 'secondary', '--dry-run', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'twinmap/1',
      command: 'announce',
      data: { endpoint: 'https://twinmap2.example.com', dns: { record: 'twinmap.example.com' } },
    });
  });
});
