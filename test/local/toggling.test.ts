/** Stack files brought to two running Regions: who then works, what is refused, and what the next epoch is made from. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readLiveEpochs } from '../../ops/toggle-epoch.ts';
import { CASES, judgeRow } from '../../scripts/toggling/cases.ts';
import { TogglingStage } from '../../scripts/toggling/stage.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Its table has a row for every case. */
const PAGE = readFileSync(path.join(ROOT, 'docs/toggling.md'), 'utf8');

const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-toggling-'));
const data = path.join(directory, 'running');
let stage: TogglingStage;

beforeAll(async () => {
  stage = await TogglingStage.open(ROOT, directory);
  await stage.announce(data);
}, 120_000);

afterAll(async () => {
  await stage.close();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

/** As a person types it; the pair is told of as `npm start` tells of one. */
const localUp = async (...args: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> => {
  const ended = Promise.withResolvers<{ exitCode: number; stdout: string; stderr: string }>();
  const script = path.join(ROOT, 'local/up/up.ts');
  execFile(process.execPath, [script, ...args, '--data', data], (error, stdout, stderr) => {
    ended.resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
  });
  return ended.promise;
};

describe('toggling', () => {
  it.each(
    CASES.filter(({ id }) => ['both', 'old-file', 'epoch-forgotten'].includes(id)).map(
      ({ id, run }) => [id, run] as const,
    ),
  )(
    '%s: the next cycle is where it must be, and one Region acknowledges it',
    async (_id, run) => {
      const rows = (await run(stage)).map((row) => judgeRow(row));
      expect(rows.filter(({ name }) => !PAGE.includes(name))).toStrictEqual([]);
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`))).toStrictEqual([]);
    },
    120_000,
  );

  it('by a frozen file is refused with the reason, and by an unchanged one deploys nothing', async () => {
    const file = path.join(directory, 'frozen.yaml');
    writeFileSync(
      file,
      `${readFileSync(stage.fileOf('secondary'), 'utf8')}  twinmap:freeze: { reason: failover, by: Ada }\n`,
    );
    const [frozen, unchanged] = await Promise.all([
      localUp('secondary', '--file', file, '--json'),
      localUp('primary', '--file', stage.fileOf('primary')),
    ]);
    expect(frozen.stderr).toContain('this stack is frozen by Ada: failover');
    expect(frozen.stderr).toContain('npx twinmap toggle --unfreeze --yes');
    expect(JSON.parse(frozen.stdout)).toMatchObject({ role: 'secondary', outcome: 'failed', exitCode: 1 });
    expect([frozen.exitCode, unchanged.exitCode]).toStrictEqual([1, 0]);
    expect(unchanged.stdout).toMatch(/^primary \(us-east-2\): nothing has changed, nothing was deployed/u);
  }, 60_000);

  it('takes the epoch above what both Regions have seen', async () => {
    const seen = await readLiveEpochs({ file: undefined, dataDirectory: data });
    expect(seen.map(({ region }) => region)).toStrictEqual(['us-east-2', 'us-west-2']);
    const epoch = await stage.epoch();
    expect(epoch).toBeGreaterThan(1);
    expect(seen.map((one) => one.epoch)).toStrictEqual([epoch, epoch]);
  }, 60_000);
});
