/** What a move leaves behind: the stack files with a freeze, the report in the Regions and on this disk, and a signed override. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import type { CommandInput } from '../../../ops/command.ts';
import { override } from '../../../ops/override.ts';
import { reportMarkdown } from '../../../ops/report/markdown.ts';
import {
  listReports,
  readReport,
  storeReport,
  type StoredReport,
  writeReportFiles,
} from '../../../ops/report/store.ts';
import { findStackPair, writeMoved } from '../../../ops/failover/stack-edits.ts';
import { openWrites } from '../../../ops/failover/open-move.ts';
import { newKeyPair, verifyToken } from '../../../router/override/token.ts';
import { documentFor, FailoverPair, START_MS } from '../../support/failover-pair.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'twinmap-move-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const configOf = (role: string): Record<string, unknown> =>
  (parse(readFileSync(path.join(directory, `Pulumi.${role}.yaml`), 'utf8')) as { config: Record<string, unknown> })
    .config;

describe('the stack files', () => {
  it('get the values of the live gates and a freeze, and keep every comment', async () => {
    const before = new Map<string, string>();
    for (const role of ['primary', 'secondary']) {
      const text = readFileSync(path.join(ROOT, `Pulumi.${role}.yaml`), 'utf8');
      before.set(role, text);
      writeFileSync(path.join(directory, `Pulumi.${role}.yaml`), text);
    }
    const documents = {
      primary: documentFor(false, 9, { peer_writes: 'deferred', reason: 'us-east-2 is out' }),
      secondary: documentFor(true, 9, { peer_writes: 'deferred', reason: 'us-east-2 is out' }),
    };
    expect(await writeMoved(directory, documents)).toStrictEqual(['Pulumi.primary.yaml', 'Pulumi.secondary.yaml']);
    for (const role of ['primary', 'secondary'] as const) {
      expect(configOf(role)).toMatchObject({
        'twinmap:isActiveForScheduledWork': role === 'secondary',
        'twinmap:gateEpoch': 9,
        'twinmap:peerWrites': 'deferred',
        'twinmap:freeze': { reason: 'us-east-2 is out', by: 'test' },
      });
      const comments = (text: string): readonly string[] =>
        text.split('\n').filter((line) => line.trim().startsWith('#'));
      const after = readFileSync(path.join(directory, `Pulumi.${role}.yaml`), 'utf8');
      expect(comments(after)).toStrictEqual(comments(before.get(role) ?? ''));
    }
    expect((await findStackPair(directory))?.primary.frozen).toContain('us-east-2 is out');
  });

  it('are left out where there are none', async () => {
    expect(await findStackPair(path.join(directory, 'nowhere'))).toBeUndefined();
  });
});

describe('a report', () => {
  const stored = (id: string, at: number): StoredReport => ({
    kind: 'failover',
    id,
    payload: { state: 'done', at, by: 'operator:ada', summary: `move ${id}`, markdown: `# move ${id}\n` },
  });
  const [first, second] = [stored(`01A${'0'.repeat(23)}`, START_MS), stored(`01B${'0'.repeat(23)}`, START_MS + 1)];

  it('is in both Regions, the newest first, and the last state of it stands', async () => {
    const pair = await new FailoverPair().open();
    const { primary, secondary } = pair.access;
    const writes = openWrites(primary.stores, secondary.stores, pair.now);
    await storeReport(writes, { ...first, payload: { ...first.payload, state: 'running' } });
    await storeReport(writes, second);
    expect(await storeReport(writes, first)).toMatchObject({ kind: 'held', replication: 'both' });
    for (const { stores } of [primary, secondary]) {
      const listed = await listReports(stores, 'failover');
      expect(listed.kind === 'done' ? listed.value.map(({ id, payload }) => [id, payload.state]) : []).toStrictEqual([
        [second.id, 'done'],
        [first.id, 'done'],
      ]);
    }
    expect(await readReport(secondary.stores, 'failback', first.id)).toStrictEqual({ kind: 'done', value: undefined });
  });

  it('is on this disk as JSON and as Markdown', async () => {
    const files = await writeReportFiles(path.join(directory, 'reports'), first, reportMarkdown(first));
    expect(JSON.parse(readFileSync(files.json, 'utf8'))).toMatchObject({
      kind: 'failover',
      id: first.id,
      state: 'done',
    });
    expect(readFileSync(files.markdown, 'utf8')).toBe(`# move ${first.id}\n`);
  });
});

describe('twinmap override', () => {
  const input = (options: CommandInput['options']): { input: CommandInput; given: () => unknown } => {
    let given: unknown;
    return {
      input: {
        words: [],
        options,
        say: () => undefined,
        give: (value) => {
          given = value;
        },
      },
      given: () => given,
    };
  };

  it('mints a token that the router of this name takes', async () => {
    const { publicKey, privateKey } = await newKeyPair();
    const key = path.join(directory, 'override.key');
    writeFileSync(key, privateKey);
    const asked = input({ mode: 'prefer:us-west-2', key, kid: 'ops', for: '30m', audience: 'edge', reason: 'drill' });
    expect(await override.run(asked.input)).toBe(0);
    const { token } = asked.given() as { token: string };
    const verified = await verifyToken(token, {
      keys: [{ kid: 'ops', publicKey }],
      audience: 'edge',
      regions: ['us-east-2', 'us-west-2'],
      lifetimeMsMax: 3_600_000,
      nowMs: Date.now(),
    });
    expect(verified).toMatchObject({
      kind: 'valid',
      payload: { mode: { kind: 'prefer', region: 'us-west-2' }, why: 'drill' },
    });
  });

  it('asks for a key, and says how to make one', async () => {
    await expect(override.run(input({ mode: 'auto' }).input)).rejects.toThrow(/twinmap-router token new-key/u);
    await expect(override.run(input({}).input)).rejects.toThrow(/--to <region>, or --mode/u);
  });
});
