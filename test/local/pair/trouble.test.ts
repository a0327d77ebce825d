/** A Region in trouble during a cycle, processes that die, and bytes that change on disk: nothing is lost, and all is told. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type FaultRule } from '../../../local/services/faults.ts';
import type { CallStatistics } from '../../../local/region/call-counter.ts';
import { ROLES } from '../../../functions/domain/region.ts';
import { PairStage, Repository } from '../../support/pair-stage.ts';

const stage = new PairStage();
const repository = new Repository(stage.directory, 'shop');
let edits = 0;

const edit = (): string => {
  edits += 1;
  repository.write('README.md', `# Shop\n\nThis is edit number ${edits} of the page about refunds.\n`);
  repository.write(`notes/note-${edits}.md`, `# Note ${edits}\n\nWritten for edit ${edits}.\n`);
  return repository.commit(`edit ${edits}`);
};

/** The API may answer with a source list that is a second old. */
const LIST_AGE_MS = 1100;

const snapshots = async (): Promise<readonly unknown[]> => {
  await sleep(LIST_AGE_MS);
  return [await snapshotIn('primary'), await snapshotIn('secondary')];
};

const snapshotIn = async (role: 'primary' | 'secondary'): Promise<unknown> => {
  const { body } = await stage.get(role, '/v1/sources');
  return Object.values(body['sources'] as Record<string, { snapshot: unknown }>)[0]?.snapshot;
};

const breakService = async (role: 'primary' | 'secondary', rule: FaultRule): Promise<void> => {
  await stage.running().pair.links[role].ask({ kind: 'set-fault', rule });
};

const statistics = async (): Promise<readonly CallStatistics[]> => {
  const { pair } = stage.running();
  return Promise.all(ROLES.map(async (role) => pair.links[role].ask({ kind: 'statistics' })));
};

const mend = async (): Promise<void> => {
  const { pair } = stage.running();
  await Promise.all([
    pair.links.primary.ask({ kind: 'clear-faults' }),
    pair.links.secondary.ask({ kind: 'clear-faults' }),
  ]);
};

beforeAll(async () => {
  edit();
  await stage.start([repository.directory]);
  await stage.sync();
}, 90_000);

afterAll(async () => {
  await stage.close();
}, 30_000);

describe('a Region in trouble', () => {
  it.each([
    ['the peer refuses', 'secondary', { service: 'dynamodb', mode: 'refuse' }],
    ['the peer answers 500', 'secondary', { service: '*', mode: 'error-500' }],
    ['the peer is black-holed', 'secondary', { service: 'dynamodb', operation: 'PutItem', mode: 'blackhole' }],
    ["the peer's vectors refuse", 'secondary', { service: 's3vectors', mode: 'refuse' }],
    ["home's vectors answer 503", 'primary', { service: 's3vectors', operation: 'PutVectors', mode: 'error-503' }],
  ] as const)(
    'where %s, nothing is acknowledged and no cursor moves; the next run completes',
    async (_what, role, rule) => {
      const [before] = await snapshots();
      const head = edit();
      await breakService(role, rule);
      const broken = await stage.sync();
      // The proof functions are in trouble too where everything is; what counts is what the cycle said.
      expect(broken.verdict).toMatchObject({ acknowledged: false, exitCode: 4 });
      await mend();
      expect(await snapshots()).toStrictEqual([before, before]);
      const mended = await stage.sync();
      expect(mended.verdict).toStrictEqual({ exitCode: 0, acknowledged: true, identical: true, findings: [] });
      expect(await snapshots()).toStrictEqual([head, head]);
    },
    90_000,
  );

  it('does not keep the other one from answering', async () => {
    await breakService('secondary', { service: '*', mode: 'blackhole' });
    const startedAt = performance.now();
    const { status } = await stage.get('primary', '/v1/search?q=refunds');
    expect(status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(3000);
    await mend();
  }, 30_000);

  it('that keeps AppConfig from answering makes the run passive, and writes nothing', async () => {
    edit();
    await breakService('primary', { service: 'appconfig', mode: 'refuse' });
    const before = await statistics();
    const { verdict } = await stage.sync();
    expect(verdict).toMatchObject({ acknowledged: false, exitCode: 4 });
    expect(verdict.findings.join('\n')).toContain('document-unreadable');
    const after = await statistics();
    for (const name of ['dynamodb.PutItem', 'dynamodb.UpdateItem', 's3vectors.PutVectors']) {
      expect(after.map(({ calls }) => calls[name])).toStrictEqual(before.map(({ calls }) => calls[name]));
    }
    await mend();
    expect((await stage.sync()).verdict).toMatchObject({ exitCode: 0 });
  }, 60_000);
});

describe('kill -9 of everything', () => {
  const kills: readonly (readonly [string, 'primary' | 'secondary', FaultRule, readonly [string, number]])[] = [
    [
      'after the vectors',
      'secondary',
      { service: 'dynamodb', operation: 'PutItem', mode: 'blackhole' },
      ['s3vectors.PutVectors', 1],
    ],
    [
      'between the commit in the peer and the one at home',
      'primary',
      { service: 'dynamodb', operation: 'UpdateItem', mode: 'blackhole', after: 1 },
      ['dynamodb.UpdateItem', 2],
    ],
    [
      'after the commit at home',
      'primary',
      { service: 'dynamodb', operation: 'UpdateItem', mode: 'delay', delayMs: 60_000, after: 1 },
      ['dynamodb.UpdateItem', 2],
    ],
  ];

  it.each(kills)(
    '%s loses and doubles nothing',
    async (_when, role, rule, [name, more]) => {
      const head = edit();
      const { pair } = stage.running();
      const before = await pair.links.secondary.ask({ kind: 'statistics' });
      await breakService(role, rule);
      const running = stage.sync().catch(() => undefined);
      await stage.untilCalls('secondary', name, (before.calls[name] ?? 0) + more);
      if (role === 'primary') {
        // The peer has it; home's own commit is on its way.
        await sleep(500);
      }
      await stage.kill();
      await running;
      await stage.restart();
      const { result, verdict } = await stage.sync();
      expect(verdict).toStrictEqual({ exitCode: 0, acknowledged: true, identical: true, findings: [] });
      // The page and one note for every edit.
      expect(result.regions.map(({ proof }) => proof?.documents)).toStrictEqual([1 + edits, 1 + edits]);
      expect(await snapshots()).toStrictEqual([head, head]);
    },
    120_000,
  );
});

describe('one byte changed in the data folder', () => {
  const flip = (file: string, needle: Buffer): void => {
    const bytes = readFileSync(file);
    const at = bytes.lastIndexOf(needle);
    expect(at).toBeGreaterThan(0);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(file, bytes);
  };

  it.each([
    ['of a record', 'dynamodb.sqlite', Buffer.from('page about refunds')],
    ['of a vector', 'vectors.sqlite', undefined],
  ] as const)(
    '%s is found, with its key',
    async (_what, name, text) => {
      await stage.stop();
      const healthy = stage.dataDirectory;
      const damaged = path.join(stage.directory, `damaged-${name}`);
      cpSync(healthy, damaged, { recursive: true });
      const file = path.join(damaged, 'secondary', name);
      if (text === undefined) {
        const vector = await storedVectorBytes(file);
        flip(file, vector);
      } else {
        flip(file, text);
      }
      stage.dataDirectory = damaged;
      await stage.restart();
      const { verdict, result } = await stage.sync();
      expect(verdict).toMatchObject({ exitCode: 2, identical: false });
      expect(verdict.findings.join('\n')).toMatch(/us-west-2/u);
      expect(result.differences).toHaveLength(1);
      expect(result.differences[0]?.key).toMatch(/shop-/u);
      await stage.stop();
      stage.dataDirectory = healthy;
      await stage.restart();
    },
    120_000,
  );
});

describe('a Region whose data folder was moved away', () => {
  it('is filled again from the origin by the next sync', async () => {
    await stage.stop();
    rmSync(path.join(stage.dataDirectory, 'secondary'), { recursive: true });
    await stage.restart();
    const { result, verdict } = await stage.sync();
    expect(verdict).toStrictEqual({ exitCode: 0, acknowledged: true, identical: true, findings: [] });
    expect(result.ends[0]?.fields['mode']).toBe('commits-differ');
  }, 90_000);
});

/** The bytes of the newest vector, which a document lists, as they stand in the file. */
const storedVectorBytes = async (file: string): Promise<Buffer> => {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(file, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  for (const { name } of tables) {
    const rows = database.prepare(`SELECT * FROM "${String(name)}" ORDER BY rowid DESC LIMIT 1`).all();
    for (const value of Object.values(rows[0] ?? {})) {
      if (value instanceof Uint8Array && value.length === 1024) {
        database.close();
        return Buffer.from(value.subarray(0, 32));
      }
    }
  }
  database.close();
  throw new Error(`no vector in ${file}`);
};
