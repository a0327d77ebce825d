/** The commands against two running Regions: one dies in two ways, comes back with its old flag, and the work moves home again. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Role } from '../../../functions/domain/region.ts';
import { addressesOf, authorityFile } from '../../../local/start/pair-addresses.ts';
import { drift } from '../../../ops/drift.ts';
import { failback } from '../../../ops/failback.ts';
import { preflight } from '../../../ops/preflight.ts';
import { status } from '../../../ops/status.ts';
import { failOverFromDead, type RanCommand, runCommand } from '../../../scripts/failover/dead-region.ts';
import { PairStage, Repository, ROOT } from '../../support/pair-stage.ts';

const stage = new PairStage();
const repository = new Repository(stage.directory, 'shop');
const pairFile = path.join(stage.directory, 'pair.json');
const reports = path.join(stage.directory, 'reports');

const run = async (
  command: Parameters<typeof runCommand>[0],
  options: Readonly<Record<string, string | boolean>> = {},
): Promise<RanCommand> => runCommand(command, { stores: pairFile, reports, stackFiles: false, ...options });

const stateOf = async (): Promise<unknown> => (await run(status)).data;

const linesWith = (text: string, from = 0): readonly string[] =>
  stage.lines.slice(from).filter((line) => line.includes(text));

beforeAll(async () => {
  repository.write('README.md', '# Shop\n\nThe payments team answers pages about refunds.\n');
  repository.commit('first');
  await stage.start([repository.directory]);
  const { pair, provisioned } = stage.running();
  const addresses = await addressesOf(ROOT, pair);
  mkdirSync(reports);
  const regions = (['primary', 'secondary'] as const).map((role: Role) =>
    Object.assign(addresses[role], { endpoint: provisioned[role].endpoint }),
  );
  writeFileSync(pairFile, JSON.stringify({ regions, authority: authorityFile(stage.dataDirectory) }));
  await stage.sync();
  // Started once: how long a cold function takes on a busy machine is no finding here.
  await Promise.all((['primary', 'secondary'] as const).map(async (role: Role) => stage.get(role, '/readyz')));
}, 180_000);

afterAll(async () => {
  await stage.close();
}, 30_000);

const clear = async (): Promise<void> => {
  await stage.running().pair.links.primary.ask({ kind: 'clear-faults' });
};

describe('while both Regions are well', () => {
  it('status is healthy, and a preflight is ready after it tried everything', async () => {
    expect(await run(status)).toMatchObject({ exitCode: 0, data: { overall: 'healthy', active: 'primary' } });
    const flown = await run(preflight);
    expect(flown.data).toMatchObject({ verdict: 'READY', reasons: [] });
    expect(flown.exitCode).toBe(0);
  }, 30_000);
});

describe('an ungraceful failover from a Region without names', () => {
  it('is executed and verified within its bars, asking little of the dead Region', async () => {
    const { pair } = stage.running();
    const measure = await failOverFromDead({ pair, pairFile, reports }, 'no such name', 'primary');
    expect(measure.problems).toStrictEqual([]);
    expect(await run(status)).toMatchObject({ exitCode: 4, data: { overall: 'unreachable', active: 'secondary' } });
  }, 60_000);
});

describe('the Region that returns with its old flag and a backlog', () => {
  it('is refused at its claim, pulls and writes nothing, and raises its alarm with its next tick', async () => {
    await clear();
    expect(await run(status)).toMatchObject({ exitCode: 3, data: { overall: 'split-brain' } });
    repository.write('backlog.md', '# Backlog\n\nCommitted while the Region was away.\n');
    repository.commit('backlog');
    const { pair } = stage.running();
    const before = await pair.links.primary.ask({ kind: 'statistics' });
    const from = stage.lines.length;
    await pair.links.primary.ask({ kind: 'tick' });
    await pair.links.primary.ask({ kind: 'idle' });
    const ends = linesWith('"cycle.finished"', from).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(ends.map(({ outcome, step, region }) => [outcome, step, region])).toStrictEqual([
      ['fenced', 'claim', 'us-east-2'],
    ]);
    const after = await pair.links.primary.ask({ kind: 'statistics' });
    expect(after.calls['s3vectors.PutVectors'] ?? 0).toBe(before.calls['s3vectors.PutVectors'] ?? 0);
    expect(linesWith('"source.listed"', from)).toStrictEqual([]);
    const next = stage.lines.length;
    await pair.links.primary.ask({ kind: 'tick' });
    const told = linesWith('"GateTrouble":1', next).filter((line) => line.includes('"Trouble":"fenced"'));
    expect(told.length).toBeGreaterThan(0);
    expect(await stateOf()).toMatchObject({
      regions: { primary: { state: 'passive', reason: 'fenced', alarm: true } },
    });
  }, 60_000);
});

describe('a failback', () => {
  it('is shown first, and changes nothing by that', async () => {
    const shown = await run(failback, { to: 'primary', stability: '0' });
    expect(shown).toMatchObject({ exitCode: 0, data: { plan: { move: 'failback', kind: 'graceful', to: 'primary' } } });
    expect(shown.data).not.toHaveProperty('executed');
    expect(await stateOf()).toMatchObject({ active: 'secondary' });
  }, 30_000);

  it('settles the debts, proves equal roots and brings the work home', async () => {
    const done = await run(failback, { to: 'primary', stability: '0', yes: true });
    expect(done.data).toMatchObject({ executed: { outcome: 'done', debts: [] } });
    expect(done.exitCode).toBe(0);
    expect(await run(drift)).toMatchObject({ exitCode: 0, data: { outcome: 'equal', owed: 0 } });
    expect(await stateOf()).toMatchObject({ overall: 'healthy', active: 'primary' });
  }, 90_000);
});

describe('an ungraceful failover from a Region that throttles', () => {
  it('meets the same bars, and both Regions know of it when the other is back', async () => {
    const { pair } = stage.running();
    const measure = await failOverFromDead({ pair, pairFile, reports }, 'throttling', 'primary');
    expect(measure.problems).toStrictEqual([]);
    await clear();
    const answer = await stage.get('secondary', '/v1/reports', stage.tokens?.operator);
    expect(answer.body['items']).toMatchObject([
      { kind: 'failover', state: 'done' },
      { kind: 'failback', state: 'done' },
      { kind: 'failover', state: 'done' },
    ]);
  }, 60_000);
});
