/** The go/no-go list: what stands in the way, what is only told, and what a customer's own file adds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { checkRecords, checkSchedule, checkVectors } from '../../../ops/preflight/canaries.ts';
import { type Check, isInTheWay } from '../../../ops/preflight/check.ts';
import { readOwnChecks } from '../../../ops/preflight/own-checks.ts';
import { codeCheck, dimensionCheck, drillCheck, worldChecks } from '../../../ops/preflight/world-checks.ts';
import { documentFor, FailoverPair, START_MS } from '../../support/failover-pair.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-checks-'));

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const namesInTheWay = (checks: readonly Check[]): readonly string[] =>
  checks
    .filter((check) => isInTheWay(check))
    .map(({ name, region }) => `${name}${region === undefined ? '' : ` ${region}`}`);

describe('a healthy pair', () => {
  it('has nothing in its way, and every canary leaves nothing behind', async () => {
    const pair = await new FailoverPair().open();
    const { primary, secondary } = pair.access;
    const checks = [
      ...worldChecks(await pair.observe(true)),
      await checkRecords(primary, 'n', 1),
      (await checkVectors(secondary, 'n')).check,
      await checkSchedule(secondary, false, false),
    ];
    expect(namesInTheWay(checks)).toStrictEqual([]);
    const left = await primary.stores.tables.workspaces.queryLocal('LOCAL#canary');
    expect(left).toMatchObject({ kind: 'done', value: { items: [] } });
  });
});

describe('a pair in trouble', () => {
  it('names the Region and the service', async () => {
    const pair = await new FailoverPair().open();
    pair.regions.secondary.down();
    const checks = [
      ...worldChecks(await pair.observe(true)),
      await checkRecords(pair.access.secondary, 'n', 1),
      (await checkVectors(pair.access.secondary, 'n')).check,
      await checkSchedule(pair.access.secondary, false, false),
    ];
    expect(namesInTheWay(checks)).toEqual(
      expect.arrayContaining([
        'stores: DynamoDB and S3 Vectors answer us-west-2',
        'gate: served and without alarm us-west-2',
        'records: write, strong read, delete us-west-2',
        'vectors: put, query, delete us-west-2',
        'schedule: the dispatch function runs us-west-2',
      ]),
    );
  });

  it('sees two active Regions and two epochs', async () => {
    const pair = await new FailoverPair().open();
    pair.regions.secondary.document = documentFor(true, 2);
    expect(namesInTheWay(worldChecks(await pair.observe(true)))).toStrictEqual([
      'gate: exactly one Region is active',
      'gate: both obey one epoch',
    ]);
  });
});

describe('what may differ, and what may not', () => {
  it('code may be a version apart, and that is told', () => {
    const check = codeCheck({ primary: 'a', secondary: 'b' });
    expect([check.ok, isInTheWay(check)]).toStrictEqual([false, false]);
  });

  it('the dimension of the index may not', () => {
    expect(isInTheWay(dimensionCheck([256, 1024]))).toBe(true);
    expect(isInTheWay(dimensionCheck([256, undefined]))).toBe(false);
  });

  it('a drill of long ago is told', () => {
    const report = {
      kind: 'drill',
      id: 'X',
      payload: { state: 'done', at: START_MS - 40 * 86_400_000, by: 'x', summary: 's' },
    } as const;
    expect(drillCheck([report], START_MS)).toMatchObject({ ok: false, required: false });
    expect(drillCheck([{ ...report, payload: { ...report.payload, at: START_MS } }], START_MS)).toMatchObject({
      ok: true,
    });
  });
});

describe("a customer's own list", () => {
  const write = (value: unknown): string => {
    const file = path.join(directory, 'checks.json');
    writeFileSync(file, JSON.stringify(value));
    return file;
  };

  it('adds booleans, which stand in the way where they are false or out of date', async () => {
    const file = write({
      checks: [
        { name: 'payments team agrees', ok: true },
        { name: 'freeze is off', ok: false },
        { name: 'quota raised', ok: true, until: '2026-01-01' },
        { name: 'nice to have', ok: false, required: false },
      ],
    });
    expect(namesInTheWay(await readOwnChecks(file, START_MS))).toStrictEqual(['freeze is off', 'quota raised']);
  });

  it('is refused where a field of it has another type', async () => {
    await expect(readOwnChecks(write({ checks: [{ name: 'x', ok: 'yes' }] }), START_MS)).rejects.toThrow(
      /checks\.0\.ok is wrong/u,
    );
  });
});
