/** The command line itself: one envelope as the last line of stdout, whatever comes of a command, and nothing of it in words. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-envelope-'));

interface Ran {
  readonly exitCode: number;
  readonly envelope: unknown;
  readonly stderr: string;
}

const run = async (...words: readonly string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const line = [path.join(ROOT, 'bin', 'twinmap.mjs'), ...words, '--json'];
    execFile(process.execPath, line, { cwd: directory }, (error, stdout, stderr) => {
      const last = stdout.trim().split('\n').at(-1) ?? '';
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, envelope: JSON.parse(last), stderr });
    });
  });

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('the envelope', () => {
  it('carries the fields of a command that did what was asked', async () => {
    const region = (role: string, name: string): object => ({
      role,
      region: name,
      stores: { workspaces: 'w', audit: 'a', graph: 'g', bucket: 'b', index: 'i' },
    });
    const file = path.join(directory, 'pair.json');
    writeFileSync(
      file,
      JSON.stringify({ regions: [region('primary', 'us-east-2'), region('secondary', 'us-west-2')] }),
    );
    const { exitCode, envelope } = await run('config', '--stores', file);
    expect(exitCode).toBe(0);
    expect(envelope).toMatchObject({
      schema: 'twinmap/1',
      command: 'config',
      ok: true,
      exitCode: 0,
      data: { config: { regions: [{ role: 'primary' }, { role: 'secondary' }] } },
    });
  });

  it('says why not, under the same exit code as the process', async () => {
    const { exitCode, envelope, stderr } = await run('status', '--data', directory);
    expect(exitCode).toBe(1);
    expect(envelope).toMatchObject({ schema: 'twinmap/1', command: 'status', ok: false, exitCode: 1 });
    expect(envelope).toMatchObject({ data: { code: 'TM_NOT_RUNNING' } });
    expect(stderr).toContain('no local Regions are running');
  });

  it('is there for words that no command knows', async () => {
    const { exitCode, envelope } = await run('nonsense');
    expect([exitCode, envelope]).toMatchObject([64, { schema: 'twinmap/1', ok: false, exitCode: 64 }]);
  });
});
