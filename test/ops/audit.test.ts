/** `twinmap audit` against two embedded Regions through the real SDK: events, seals and signatures as the functions make them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { DeleteItemCommand, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { ulid } from 'ulid';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { createAuditLog } from '../../functions/audit/audit-log.ts';
import { runAudit } from '../../functions/audit/run-audit.ts';
import { openKmsSigner } from '../../functions/aws/kms-signer.ts';
import { done } from '../../functions/domain/failure.ts';
import { InteractiveWriter } from '../../functions/dual-write/interactive-writer.ts';
import { openDynamoClient } from '../../functions/stores/dynamo-table.ts';
import type { Telemetry } from '../../functions/telemetry/telemetry.ts';
import { auditExport } from '../../ops/audit-export.ts';
import { createAuditVerify } from '../../ops/audit-verify.ts';
import type { Command } from '../../ops/command.ts';
import { CALM, type EmbeddedRegion, openEmbeddedRegion } from '../functions/stores/embedded-region.ts';

const QUIET: Telemetry = {
  log: () => undefined,
  write: () => undefined,
  count: () => undefined,
  flush: () => undefined,
};

const auditVerify = createAuditVerify(50);

const KEY = '1b2c3d4e-0000-4000-8000-000000000001';

const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-audit-'));

let ohio: EmbeddedRegion;
let oregon: EmbeddedRegion;

const writeEvents = async (home: EmbeddedRegion, peer: EmbeddedRegion): Promise<void> => {
  const now = (): number => Date.now();
  const regions = { home: home.connect(CALM), peer: peer.connect(CALM) };
  const writes = new InteractiveWriter({ regions, telemetry: QUIET, now, newOp: ulid });
  const log = createAuditLog({ writes, region: home.region, epoch: () => Promise.resolve(3), newOp: ulid });
  await log.record({
    at: now(),
    actor: 'key:0123456789abcdef',
    action: 'settings.changed',
    target: 'setting:retention',
    outcome: 'done',
    details: { field: 'days' },
  });
  await log.record({
    at: now(),
    actor: 'function:sync',
    action: 'cycle.fenced',
    target: 'source:docs',
    outcome: 'refused',
  });
};

const runFunction = async (home: EmbeddedRegion, peer: EmbeddedRegion): Promise<void> => {
  await home.services.keys.ensureSigningKey(KEY);
  await runAudit({
    pair: {
      home: { region: home.region, records: home.connect(CALM).tables.audit },
      peer: { region: peer.region, records: peer.connect(CALM).tables.audit },
    },
    signer: openKmsSigner({ target: home.target(CALM, 'kms'), keyId: KEY }),
    epoch: () => Promise.resolve(done(3)),
    telemetry: QUIET,
    now: () => Date.now(),
    newOp: ulid,
  });
};

const announce = (...pair: readonly EmbeddedRegion[]): void => {
  const regions = pair.map(({ region, address: { region: _region, ...stores } }, at) => ({
    role: at === 0 ? 'primary' : 'secondary',
    region,
    endpoint: 'http://127.0.0.1:1',
    stores,
  }));
  writeFileSync(path.join(directory, 'running.json'), JSON.stringify({ pid: process.pid, regions }));
};

const givenSchema = z.looseObject({ outcome: z.string().optional(), findingsTotal: z.number().optional() });

const run = async (
  command: Command,
  options: Readonly<Record<string, string | boolean>> = {},
): Promise<{ exitCode: number; lines: string[]; given: z.infer<typeof givenSchema> }> => {
  const lines: string[] = [];
  let given: unknown = {};
  const exitCode = await command.run({
    words: [],
    options: { data: directory, ...options },
    say: (line) => {
      lines.push(line);
    },
    give: (value) => {
      given = value;
    },
  });
  return { exitCode, lines, given: givenSchema.parse(given) };
};

beforeAll(async () => {
  ohio = await openEmbeddedRegion('us-east-2');
  oregon = await openEmbeddedRegion('us-west-2');
  announce(ohio, oregon);
  await writeEvents(ohio, oregon);
  await writeEvents(oregon, ohio);
  await runFunction(ohio, oregon);
  await runFunction(oregon, ohio);
  await runFunction(ohio, oregon);
});

afterEach(() => {
  announce(ohio, oregon);
});

afterAll(async () => {
  await ohio.close();
  await oregon.close();
  rmSync(directory, { recursive: true, force: true });
});

const clientOf = (region: EmbeddedRegion): DynamoDBClient => openDynamoClient(region.target());

/** Nobody listens where its stores should be. */
const dead = (region: EmbeddedRegion): EmbeddedRegion => ({
  ...region,
  address: { ...region.address, dynamodb: 'http://127.0.0.1:1' },
});

const publicKeyFile = async (region: EmbeddedRegion, name: string): Promise<string> => {
  const key = await openKmsSigner({ target: region.target(CALM, 'kms'), keyId: KEY }).publicKey();
  const file = path.join(directory, name);
  writeFileSync(file, key.kind === 'done' ? key.value : '');
  return file;
};

describe('twinmap audit verify', () => {
  it('says that nothing is wrong, what it read, and which keys sign', async () => {
    const { exitCode, lines, given } = await run(auditVerify);
    expect(lines.join('\n')).toContain(
      'Nothing is wrong with 4 events, 2 links and 2 signed heads in us-east-2 and us-west-2.',
    );
    expect(lines.filter((line) => /signs with the key [0-9a-f]{64}/u.test(line))).toHaveLength(2);
    expect(given).toMatchObject({ outcome: 'whole', events: 4, unsealed: 0, owed: 0, findings: [] });
    expect(exitCode).toBe(0);
  });

  it('trusts the keys that it is given, and no other', async () => {
    const [one, two] = [await publicKeyFile(ohio, 'ohio.der'), await publicKeyFile(oregon, 'oregon.der')];
    expect((await run(auditVerify, { publicKey: `${one},${two}` })).exitCode).toBe(0);
    const only = await run(auditVerify, { publicKey: one });
    expect(only.exitCode).toBe(2);
    expect(only.lines.join('\n')).toContain('that was not given with --public-key');
  });

  it('refuses a file that holds no public key', async () => {
    const file = path.join(directory, 'running.json');
    await expect(run(auditVerify, { publicKey: file })).rejects.toThrow(/can't be read as a public key/u);
  });

  it('checks what it can with one Region dead, and says what it could not', async () => {
    announce(ohio, dead(oregon));
    const { exitCode, lines, given } = await run(auditVerify);
    expect(lines.join('\n')).toContain('us-west-2 did not answer (ECONNREFUSED).');
    expect(lines.join('\n')).toContain('us-west-2 was not read');
    expect(given).toMatchObject({ outcome: 'partly-checked', findingsTotal: 0 });
    expect(exitCode).toBe(4);
  });

  it('checks nothing with both dead', async () => {
    announce(dead(ohio), dead(oregon));
    expect((await run(auditVerify)).exitCode).toBe(4);
  });

  it('names the first divergence, and reads one Region where asked to', async () => {
    const records = await ohio.connect(CALM).tables.audit.query('chain#us-east-2');
    const [link] = records.kind === 'done' ? records.value.items : [];
    const key = { pk: { S: link?.pk ?? '' }, sk: { S: link?.sk ?? '' } };
    const table = ohio.names.tables.audit;
    const setData = async (data: string): Promise<void> => {
      await clientOf(ohio).send(
        new UpdateItemCommand({
          TableName: table,
          Key: key,
          UpdateExpression: 'SET #data = :data',
          ExpressionAttributeNames: { '#data': 'data' },
          ExpressionAttributeValues: { ':data': { S: data } },
        }),
      );
    };
    await setData((link?.data ?? '').replace('"epoch":3', '"epoch":2'));
    const { exitCode, lines, given } = await run(auditVerify);
    expect(lines[1]).toBe(
      '  In us-east-2, the record chain#us-east-2 / 000000000001 was changed after it was written.',
    );
    expect(given).toMatchObject({ outcome: 'divergent' });
    expect(exitCode).toBe(2);
    expect((await run(auditVerify, { region: 'us-west-2' })).exitCode).toBe(0);
    await setData(link?.data ?? '');
    expect((await run(auditVerify)).exitCode).toBe(0);
  });

  it('finds an event that was taken away in both Regions', async () => {
    const events = await oregon.connect(CALM).tables.audit.query(`events#${new Date().toISOString().slice(0, 10)}`);
    const [event] = events.kind === 'done' ? events.value.items : [];
    if (event === undefined) {
      throw new TypeError('no event was written');
    }
    const key = { pk: { S: event.pk }, sk: { S: event.sk } };
    for (const region of [ohio, oregon]) {
      await clientOf(region).send(new DeleteItemCommand({ TableName: region.names.tables.audit, Key: key }));
    }
    const { exitCode, lines } = await run(auditVerify);
    expect(exitCode).toBe(2);
    expect(lines.join('\n')).toContain('is missing, and chain#');
    for (const region of [ohio, oregon]) {
      await region.connect(CALM).tables.audit.put(event);
    }
    expect((await run(auditVerify)).exitCode).toBe(0);
  });
});

/** What OCSF 1.3.0 requires of an Entity Management event and of the objects in it. */
const ocsfSchema = z.object({
  activity_id: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(99)]),
  activity_name: z.string(),
  category_uid: z.literal(3),
  class_uid: z.literal(3004),
  type_uid: z.int(),
  severity_id: z.int().min(0).max(6),
  status_id: z.union([z.literal(1), z.literal(2)]),
  time: z.int().min(1_000_000_000_000),
  message: z.string().min(1),
  entity: z.object({ name: z.string().min(1) }),
  actor: z.union([z.object({ user: z.object({ name: z.string() }) }), z.object({ app_name: z.string() })]),
  cloud: z.object({ provider: z.literal('AWS') }),
  metadata: z.object({
    version: z.literal('1.3.0'),
    product: z.object({ name: z.string(), vendor_name: z.string() }),
    uid: z.string(),
    profiles: z.tuple([z.literal('cloud')]),
  }),
  unmapped: z.object({ epoch: z.literal(3) }),
});

describe('twinmap audit export', () => {
  it('writes each event of both Regions once, oldest first', async () => {
    const { exitCode, lines } = await run(auditExport);
    const events = lines.map((line) =>
      z.looseObject({ id: z.string(), at: z.number(), region: z.string() }).parse(JSON.parse(line)),
    );
    expect(new Set(events.map(({ id }) => id)).size).toBe(4);
    expect(events.map(({ region }) => region)).toStrictEqual(['us-east-2', 'us-east-2', 'us-west-2', 'us-west-2']);
    expect(exitCode).toBe(0);
  });

  it('has every field that OCSF requires of the class', async () => {
    const file = path.join(directory, 'events.ocsf');
    const { given } = await run(auditExport, { format: 'ocsf', out: file, json: true });
    expect(given).toMatchObject({ events: 4, file });
    const events = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => ocsfSchema.parse(JSON.parse(line)));
    expect(events.map(({ type_uid: type, activity_id: activity }) => type - activity)).toStrictEqual(
      events.map(() => 300_400),
    );
    expect(events[0]).toMatchObject({ activity_name: 'Update', actor: { user: { name: '0123456789abcdef' } } });
    expect(events[1]).toMatchObject({ activity_id: 99, activity_name: 'cycle.fenced', status_id: 2, severity_id: 3 });
  });

  it('starts where it is told to', async () => {
    expect((await run(auditExport, { since: '1h' })).lines).toHaveLength(4);
    expect((await run(auditExport, { since: '2100-01-01' })).lines).toHaveLength(0);
    await expect(run(auditExport, { since: 'yesterday' })).rejects.toThrow(/--since takes a moment/u);
    await expect(run(auditExport, { format: 'xml' })).rejects.toThrow('--format takes jsonl or ocsf');
    await expect(run(auditExport, { json: true })).rejects.toThrow(/name it with --out/u);
  });
});
