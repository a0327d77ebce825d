/**
 * `twinmap export` and `twinmap import` against two embedded Regions through the real SDK, as docs/deploy.md tells them: one Region
 * comes back from a backup, bad data is in both, both are lost.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { ulid } from 'ulid';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { KEYS_PARTITION } from '../../functions/domain/api-key.ts';
import { sourceKey } from '../../functions/domain/corpus.ts';
import type { InteractiveContent } from '../../functions/domain/interactive-write.ts';
import { pruneApprovalKey } from '../../functions/domain/prune-approval.ts';
import type { RecordKey } from '../../functions/domain/record.ts';
import { encodeFence, ingestVersion } from '../../functions/domain/version.ts';
import { InteractiveWriter } from '../../functions/dual-write/interactive-writer.ts';
import type { RegionPair } from '../../functions/dual-write/regions.ts';
import { openRegion as openAt } from '../../functions/handlers/open-region.ts';
import { runRepair } from '../../functions/repair/repair.ts';
import { makeRecord, makeTombstone } from '../../functions/stores/envelope.ts';
import type { Telemetry } from '../../functions/telemetry/telemetry.ts';
import type { Command } from '../../ops/command.ts';
import { exportCommand } from '../../ops/export.ts';
import { importCommand } from '../../ops/import.ts';
import { corpusWrites, documentNamed, SOURCE_ID } from '../functions/stores/corpus-world.ts';
import { CALM, type EmbeddedRegion, openEmbeddedRegion, tableSpec } from '../functions/stores/embedded-region.ts';
import { valueOf } from '../functions/stores/outcomes.ts';
import { regionNamed } from '../functions/stores/region-named.ts';

const QUIET: Telemetry = {
  log: () => undefined,
  write: () => undefined,
  count: () => undefined,
  flush: () => undefined,
};
const NAMES = ['deploy', 'search', 'payments'];
const MINUTE_MS = 60_000;

const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-export-'));
const fileNamed = (name: string): string => path.join(directory, name);
const opened: EmbeddedRegion[] = [];

const openRegion = async (name: string): Promise<EmbeddedRegion> => {
  const region = await openEmbeddedRegion(name);
  opened.push(region);
  return region;
};

const announce = (...pair: readonly EmbeddedRegion[]): void => {
  const regions = pair.map(({ region, address: { region: _region, ...stores } }, at) => ({
    role: at === 0 ? 'primary' : 'secondary',
    region,
    endpoint: 'http://127.0.0.1:1',
    stores,
  }));
  writeFileSync(fileNamed('running.json'), JSON.stringify({ pid: process.pid, regions }));
};

const givenSchema = z.looseObject({
  changed: z.number().optional(),
  same: z.number().optional(),
  owed: z.number().optional(),
  leftOut: z.record(z.string(), z.number()).optional(),
  counts: z.record(z.string(), z.number()).optional(),
  damaged: z.array(z.string()).optional(),
  epoch: z.number().optional(),
});

interface Ran {
  readonly exitCode: number;
  readonly lines: readonly string[];
  readonly given: z.infer<typeof givenSchema>;
}

const run = async (command: Command, options: Readonly<Record<string, string | boolean>>): Promise<Ran> => {
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

const exported = async (region: EmbeddedRegion, name: string): Promise<readonly string[]> => {
  const { exitCode } = await run(exportCommand, { region: region.region, out: fileNamed(name) });
  expect(exitCode).toBe(0);
  return readFileSync(fileNamed(name), 'utf8').trimEnd().split('\n');
};

/** Records and vectors, whatever order they are read in. */
const contentOf = (lines: readonly string[]): readonly string[] => lines.slice(1, -1).toSorted();

const write = async (
  [home, peer]: readonly [EmbeddedRegion, EmbeddedRegion],
  key: RecordKey,
  content: InteractiveContent,
): Promise<void> => {
  const regions = { home: home.connect(), peer: peer.connect() };
  const writes = new InteractiveWriter({ regions, telemetry: QUIET, now: () => Date.now(), newOp: ulid });
  expect(await writes.write({ table: 'workspaces', key, content })).toMatchObject({ replication: 'both' });
};

const payload = (value: string): InteractiveContent => ({ kind: 'payload', payload: { value } });
const settingKey = (sk: string): RecordKey => ({ pk: 'settings', sk });
const dataOf = async (region: EmbeddedRegion, key: RecordKey): Promise<string | undefined> => {
  const record = valueOf(await region.connect().tables.workspaces.get(key));
  return record?.del === true ? undefined : record?.data;
};

const fence = encodeFence({ epoch: 41, region: regionNamed('us-east-2'), run: 3, op: ulid() });
const SOURCE = makeRecord(sourceKey(SOURCE_ID), { v: ingestVersion(fence, 9), op: ulid() }, { id: SOURCE_ID });

const writeCorpus = async (region: EmbeddedRegion): Promise<void> => {
  const stores = region.connect();
  for (const act of corpusWrites(NAMES)) {
    await act(stores);
  }
  await stores.tables.graph.mergeSource(SOURCE);
};

let ohio: EmbeddedRegion;
let oregon: EmbeddedRegion;

beforeAll(async () => {
  ohio = await openRegion('us-east-2');
  oregon = await openRegion('us-west-2');
  await writeCorpus(ohio);
  await writeCorpus(oregon);
  await write([ohio, oregon], settingKey('runbookUrl'), payload('https://good.example'));
  await write([ohio, oregon], settingKey('displayName'), payload('Payments'));
  await write([ohio, oregon], { pk: KEYS_PARTITION, sk: '0123456789abcdef' }, payload('a key'));
  await write([ohio, oregon], pruneApprovalKey(SOURCE_ID), payload('an approval'));
  announce(ohio, oregon);
});

afterEach(() => {
  announce(ohio, oregon);
  for (const region of opened) {
    region.services.faults.clear();
  }
});

afterAll(async () => {
  await Promise.all(opened.map(async (region) => region.close()));
  rmSync(directory, { recursive: true, force: true });
});

describe('an export', () => {
  it('holds every document after its chunks and vectors, the source last, and is only for its owner', async () => {
    const lines = await exported(ohio, 'whole.jsonl');
    const at = (text: string): number => lines.findIndex((line) => line.includes(text));
    const { document, vectors, chunks } = documentNamed('deploy');
    for (const { key } of vectors) {
      expect(at(`"k":"${key}"`)).toBeLessThan(at(`"sk":"${document.sk}"`));
      expect(at(`"k":"${key}"`)).toBeGreaterThan(0);
    }
    expect(at(`"sk":"${chunks[0]?.sk ?? ''}"`)).toBeGreaterThan(0);
    expect(at('"pk":"sources"')).toBe(lines.length - 2);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      end: true,
      counts: { workspaces: 5, graph: NAMES.length * 4 + 1, vectors: NAMES.length * 3 },
    });
    expect(statSync(fileNamed('whole.jsonl')).mode & 0o777).toBe(0o600);
  });

  it('leaves out what is damaged, names it, and says so in its exit code', async () => {
    const { document } = documentNamed('search');
    const { document: torn, vectors } = documentNamed('payments');
    const { tables, vectors: index } = ohio.connect();
    const { graph } = tables;
    valueOf(await index.delete([vectors[0]?.key ?? '']));
    valueOf(await graph.mend({ ...document, data: document.data.replace('"search"', '"sEarch"') }));
    const { exitCode, given } = await run(exportCommand, { out: fileNamed('damaged.jsonl') });
    valueOf(await graph.mend(document));
    valueOf(await index.put(vectors));
    expect(exitCode).toBe(2);
    expect(given.damaged?.toSorted()).toEqual([document, torn].map(({ pk, sk }) => `${pk} / ${sk}`).toSorted());
  });

  it('of a Region that does not answer leaves no file', async () => {
    ohio.services.faults.set({ service: 's3vectors', mode: 'error-500' });
    const { exitCode } = await run(exportCommand, { out: fileNamed('never.jsonl') });
    expect(exitCode).toBe(4);
    expect(() => statSync(fileNamed('never.jsonl'))).toThrow('ENOENT');
    expect(() => statSync(fileNamed('never.jsonl.part'))).toThrow('ENOENT');
  });
});

describe('a file that is not what was written', () => {
  it.each([
    ['cut', (text: string) => text.slice(0, Math.floor(text.length / 2)), /neither a record nor a vector|not whole/u],
    ['without its end', (text: string) => text.slice(0, text.trimEnd().lastIndexOf('\n') + 1), /not whole/u],
    ['with another value', (text: string) => text.replace('Payments', 'Pirates!'), /damaged in line/u],
    ['with a line less', (text: string) => text.replace(/\n\{"t":"workspaces".*?\n/u, '\n'), /do not match its end/u],
    ['of something else', () => '{"hello":1}\n', /no export of twinmap/u],
    ['without a line', () => '', /is empty/u],
  ])('%s is refused before anything is written', async (_what, change, why) => {
    await exported(ohio, 'sound.jsonl');
    writeFileSync(fileNamed('changed.jsonl'), change(readFileSync(fileNamed('sound.jsonl'), 'utf8')));
    const calls = ohio.calls.length;
    await expect(run(importCommand, { file: fileNamed('changed.jsonl'), yes: true })).rejects.toThrow(why);
    expect(ohio.calls).toHaveLength(calls);
  });
});

describe('a Region that was restored from a backup', () => {
  it('rejoins as empty, and the repair fills it until both hold the same', async () => {
    const rejoined = await openRegion('us-west-2');
    announce(ohio, rejoined);
    const [left, right] = [ohio.connect(), rejoined.connect()];
    let nowMs = Date.now();
    const tick = async (regions: RegionPair): Promise<string> => {
      nowMs += MINUTE_MS;
      const outcome = await runRepair({
        regions,
        telemetry: QUIET,
        audit: { record: async () => ({ kind: 'held', replication: 'both', v: '1', op: 'op', repeated: false }) },
        now: () => nowMs,
        sleep: async () => undefined,
        deadlineMs: Number.MAX_SAFE_INTEGER,
      });
      return outcome.kind === 'ran' ? outcome.state.name : outcome.kind;
    };
    const states: string[] = [];
    for (let ticks = 0; ticks < 14 && states.at(-1) !== 'in-sync in-sync'; ticks += 1) {
      states.push(`${await tick({ home: left, peer: right })} ${await tick({ home: right, peer: left })}`);
    }
    expect(states.at(-1)).toBe('in-sync in-sync');
    expect(contentOf(await exported(rejoined, 'rejoined.jsonl'))).toEqual(
      contentOf(await exported(ohio, 'peer.jsonl')),
    );
  });
});

describe('bad data in both Regions', () => {
  const file = fileNamed('good.jsonl');

  beforeAll(async () => {
    await exported(ohio, 'good.jsonl');
    await write([oregon, ohio], settingKey('runbookUrl'), payload('https://bad.example'));
    await write([oregon, ohio], settingKey('displayName'), { kind: 'tombstone' });
    await write([oregon, ohio], { pk: KEYS_PARTITION, sk: '0123456789abcdef' }, { kind: 'tombstone' });
    await write([oregon, ohio], pruneApprovalKey(SOURCE_ID), { kind: 'tombstone' });
  });

  it('is told first, and nothing is written', async () => {
    const { exitCode, given, lines } = await run(importCommand, { file });
    expect({ exitCode, given }).toMatchObject({
      exitCode: 0,
      given: { changed: 2, same: 0, leftOut: { permissions: 2, sources: NAMES.length * 4 + 2 } },
    });
    expect(lines.join('\n')).toContain('would bring back: settings / runbookUrl');
    expect(await dataOf(ohio, settingKey('runbookUrl'))).toContain('bad.example');
  });

  it('is brought back one partition at a time, if wanted', async () => {
    expect((await run(importCommand, { file, partition: 'surveys' })).given).toMatchObject({ changed: 0 });
  });

  it('is replaced by the older payload under a new version, in both; what was taken back stays so', async () => {
    const bad = valueOf(await ohio.connect().tables.workspaces.get(settingKey('runbookUrl')))?.v ?? '';
    const { exitCode, given } = await run(importCommand, { file, yes: true });
    expect({ exitCode, given }).toMatchObject({ exitCode: 0, given: { changed: 2, owed: 0 } });
    for (const region of [ohio, oregon]) {
      expect(await dataOf(region, settingKey('runbookUrl'))).toBe('{"value":"https://good.example"}');
      expect(await dataOf(region, settingKey('displayName'))).toBe('{"value":"Payments"}');
      expect(await dataOf(region, { pk: KEYS_PARTITION, sk: '0123456789abcdef' })).toBeUndefined();
      expect(await dataOf(region, pruneApprovalKey(SOURCE_ID))).toBeUndefined();
      const record = valueOf(await region.connect().tables.workspaces.get(settingKey('runbookUrl')));
      expect(record?.v.localeCompare(bad)).toBe(1);
    }
  });

  it('leaves an event in the audit log, with the hash of the file', async () => {
    const { sha256 } = JSON.parse(readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '') as { sha256: string };
    const lines = await exported(ohio, 'after.jsonl');
    const event = lines.find((line) => line.includes('records.imported'));
    expect(event).toContain(sha256);
  });

  it('is brought back once: a repetition finds nothing to do', async () => {
    expect((await run(importCommand, { file, yes: true })).given).toMatchObject({ changed: 0, same: 2 });
  });

  it('is owed where the other Region does not answer', async () => {
    await write([oregon, ohio], settingKey('displayName'), payload('Wrong'));
    oregon.services.faults.set({ service: 'dynamodb', mode: 'error-500' });
    const { exitCode, given } = await run(importCommand, { file, yes: true, region: 'primary' });
    expect({ exitCode, given }).toMatchObject({ exitCode: 0, given: { changed: 1, owed: 1 } });
  });
});

describe('a table that was restored under another name', () => {
  it('is exported by a stores file that names it, and brings back what it holds', async () => {
    const workspaces = 'twinmap-us-east-2-workspaces-restored';
    await ohio.services.tables.ensureTable(tableSpec(workspaces));
    const { region, ...stores } = ohio.address;
    const restored = openAt({ ...ohio.address, workspaces });
    const old = makeRecord(
      settingKey('supportContact'),
      { v: 'u|1600000000000000000|us-east-2|OLD', op: 'OLD' },
      { value: 'ops' },
    );
    await restored.tables.workspaces.put(old);
    const place = { regions: [{ role: 'primary', region, stores: { ...stores, workspaces } }] };
    writeFileSync(fileNamed('restored.json'), JSON.stringify(place));
    const taken = await run(exportCommand, { stores: fileNamed('restored.json'), out: fileNamed('restored.jsonl') });
    expect(taken.given.counts).toMatchObject({ workspaces: 1 });
    const { given } = await run(importCommand, { file: fileNamed('restored.jsonl'), partition: 'settings', yes: true });
    expect(given).toMatchObject({ changed: 1, owed: 0 });
    expect(await dataOf(oregon, settingKey('supportContact'))).toBe('{"value":"ops"}');
  });
});

describe('an empty pair', () => {
  it('is filled with everything, in the versions that it had, and goes on where it was cut off', async () => {
    const [east, west] = [await openRegion('us-east-2'), await openRegion('us-west-2')];
    const file = fileNamed('all.jsonl');
    const lines = await exported(ohio, 'all.jsonl');
    announce(east, west);
    expect((await run(importCommand, { file, fill: true })).lines.join(' ')).toContain('Nothing is written');
    east.services.faults.set({ service: 'dynamodb', operation: 'PutItem', mode: 'error-500', after: 5 });
    expect((await run(importCommand, { file, fill: true, yes: true })).exitCode).toBe(4);
    east.services.faults.clear();
    const { exitCode, given } = await run(importCommand, { file, fill: true, yes: true });
    expect({ exitCode, given }).toMatchObject({ exitCode: 0, given: { epoch: 41 } });
    const wanted = contentOf(lines).filter(
      (line) => !line.includes('"t":"audit"') && !/"pk":"(?:keys|prune-approvals)"/u.test(line),
    );
    const got = contentOf(await exported(east, 'filled.jsonl')).filter((line) => !line.includes('"t":"audit"'));
    expect(got).toEqual(wanted);
    const again = await run(importCommand, { file, fill: true, yes: true });
    expect(again.exitCode).toBe(1);
    expect(again.lines.join(' ')).toContain('us-east-2 is not empty');
  });

  it('is not filled beside a peer that holds something, be it a deletion', async () => {
    const east = await openRegion('us-east-2');
    const west = await openRegion('us-west-2');
    const gone = makeTombstone({ pk: 'settings', sk: 'x' }, { v: 'u|1', op: ulid() });
    await west.connect(CALM).tables.workspaces.put(gone);
    announce(east, west);
    const { exitCode, lines } = await run(importCommand, { file: fileNamed('all.jsonl'), fill: true, yes: true });
    expect(exitCode).toBe(1);
    expect(lines.join(' ')).toContain('us-west-2 is not empty: it holds settings / x');
  });
});
