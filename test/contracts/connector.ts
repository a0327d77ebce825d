/**
 * The contract of every connector: sixteen cases, whatever the source is. A harness brings a source that can be edited and
 * broken; what is held in the end is compared with the source, and with a sync from nothing.
 */
import { inspect } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Connector } from '../../functions/connectors/connector.ts';
import { troubleOf } from '../../functions/connectors/source-trouble.ts';
import { SourceError } from '../../functions/domain/errors.ts';
import { byId, collect, freshSync, idle, MemoryIndex } from './connector-index.ts';
import { noteLimits, record, type Verdict } from './connector-table.ts';
import type { ConnectorHarness, SourceWorld, WorldFault } from './connector-world.ts';

export { collect, contextOf } from './connector-index.ts';

type Model = Map<string, string>;

interface Stage {
  readonly world: SourceWorld;
  /** What the source holds, by key. */
  readonly model: Model;
}

type Case = readonly [title: string, run: (stage: Stage) => Promise<string | undefined>];

const START = { a: 'alpha', b: 'beta', c: 'gamma', d: 'delta', e: 'epsilon', f: 'zeta', g: 'eta' } as const;
const BATCH_DOCUMENTS_MAX = 3;
const SILENT_CALL_TIMEOUT_MS = 80;

const putAll = async ({ world, model }: Stage, documents: Readonly<Record<string, string>>): Promise<void> => {
  await world.put(documents);
  for (const [key, text] of Object.entries(documents)) {
    model.set(key, text);
  }
};

const removeOne = async ({ world, model }: Stage, key: string): Promise<string> => {
  const id = world.idOf(key);
  await world.remove(key);
  model.delete(key);
  return id;
};

const renameOne = async ({ world, model }: Stage, from: string, to: string): Promise<void> => {
  await world.rename(from, to);
  model.set(to, model.get(from) ?? '');
  model.delete(from);
};

/** Every document of the source and no other, each with its present text. */
const expectHeld = ({ world, model }: Stage, index: MemoryIndex, what = 'held'): void => {
  const ids = [...model.keys()].map((key) => world.idOf(key)).toSorted();
  expect([...index.first.keys()].toSorted(), what).toEqual(ids);
  for (const [key, text] of model) {
    expect(index.first.get(world.idOf(key))?.text, `${what}: ${key}`).toContain(text);
  }
  expect(index.equal, what).toBe(true);
};

const expectSameAsFresh = async (stage: Stage, index: MemoryIndex, what = 'held'): Promise<void> => {
  expectHeld(stage, index, what);
  expect(index.held(), what).toEqual((await freshSync(stage.world.open())).held());
};

const errorOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    await call;
    return null;
  } catch (error) {
    return error;
  }
};

const synced = async (stage: Stage): Promise<MemoryIndex> => {
  const index = await freshSync(stage.world.open());
  expectHeld(stage, index);
  return index;
};

const listAll = async (connector: Connector): Promise<ReadonlyMap<string, string>> => {
  const entries = await collect(connector.enumerate(idle(), null));
  expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  return new Map(entries.map(({ id, rev }) => [id, rev]));
};

/** A sync under a fault ends with one clear error, and leaves everything as it was. */
const expectStopped = async (
  stage: Stage,
  index: MemoryIndex,
  fault: WorldFault,
  options?: { readonly callTimeoutMs: number },
): Promise<SourceError> => {
  const before = { held: index.held(), cursor: index.cursor };
  stage.world.setFault(fault);
  const error = await errorOf(index.sync(stage.world.open(options)));
  const listing = await errorOf(listAll(stage.world.open(options)));
  stage.world.setFault({ kind: 'none' });
  expect(listing, `listing under ${JSON.stringify(fault)}`).toBeInstanceOf(SourceError);
  expect(index.held()).toEqual(before.held);
  expect(index.cursor).toEqual(before.cursor);
  expect(index.complete).toBe(false);
  if (!(error instanceof SourceError)) {
    throw new TypeError(`no source error under ${JSON.stringify(fault)}`, { cause: error });
  }
  return error;
};

const CASES: readonly Case[] = [
  [
    'the first sync brings every document, in groups of bounded size, with checkpoints',
    async (stage) => {
      const groups: number[] = [];
      const index = new MemoryIndex();
      const report = await index.sync(stage.world.open(), {
        context: {
          select: async (entries) => {
            groups.push(entries.length);
            return new Set(entries.map(({ id }) => id));
          },
        },
      });
      expectHeld(stage, index);
      expect(index.complete).toBe(true);
      expect(report.upserts).toBe(stage.model.size);
      expect(Math.max(...groups)).toBeLessThanOrEqual(BATCH_DOCUMENTS_MAX);
      expect(report.events.filter(({ op }) => op === 'checkpoint').length).toBeGreaterThan(1);
      return undefined;
    },
  ],
  [
    'a second sync of an unchanged source writes nothing',
    async (stage) => {
      const index = await synced(stage);
      const report = await index.sync(stage.world.open());
      expect([report.upserts, report.skips, report.deletes, report.failures.length]).toEqual([0, 0, 0, 0]);
      expect(index.complete).toBe(true);
      const connector = stage.world.open();
      const { snapshot } = await connector.status(idle());
      expect([null, connector.snapshotOf(index.cursor ?? {})]).toContain(snapshot);
      return undefined;
    },
  ],
  [
    'an edit is one upsert with another revision',
    async (stage) => {
      const index = await synced(stage);
      const id = stage.world.idOf('c');
      const before = index.first.get(id)?.rev;
      await putAll(stage, { c: 'gamma revised' });
      const report = await index.sync(stage.world.open());
      expect([report.upserts, report.skips, report.deletes]).toEqual([1, 0, 0]);
      expect(index.first.get(id)?.rev).not.toBe(before);
      await expectSameAsFresh(stage, index);
      return undefined;
    },
  ],
  [
    'a rename keeps the id, or is a deletion and a new document',
    async (stage) => {
      const index = await synced(stage);
      await renameOne(stage, 'c', 'c-renamed');
      const report = await index.sync(stage.world.open());
      expect(report.upserts).toBe(1);
      expect(report.deletes).toBeLessThanOrEqual(1);
      await expectSameAsFresh(stage, index);
      expect(index.first.get(stage.world.idOf('c-renamed'))?.path).toContain('c-renamed');
      return undefined;
    },
  ],
  [
    'a deletion is exactly one delete',
    async (stage) => {
      const index = await synced(stage);
      const id = await removeOne(stage, 'd');
      const report = await index.sync(stage.world.open());
      expect([report.upserts, report.deletes]).toEqual([0, 1]);
      expect(index.first.has(id)).toBe(false);
      await expectSameAsFresh(stage, index);
      return undefined;
    },
  ],
  [
    'an invocation that dies after any event is resumed to the same state',
    async (stage) => {
      const older = await synced(stage);
      await putAll(stage, { b: 'beta revised', h: 'theta', i: 'iota' });
      await removeOne(stage, 'e');
      await renameOne(stage, 'g', 'g-renamed');
      const fresh = await freshSync(stage.world.open());
      expectHeld(stage, fresh);
      for (const start of [new MemoryIndex(), older]) {
        const events = (await start.copy().sync(stage.world.open())).events.length;
        for (let eventsMax = 1; eventsMax <= events; eventsMax += 1) {
          const index = start.copy();
          await index.sync(stage.world.open(), { eventsMax });
          await index.sync(stage.world.open());
          expect(index.complete).toBe(true);
          expect(index.held(), `died after ${String(eventsMax)} events`).toEqual(fresh.held());
        }
      }
      return undefined;
    },
  ],
  [
    'a request for patience is obeyed, but not beyond the time that is left',
    async (stage) => {
      const { world } = stage;
      if (world.limits.throttle !== undefined) {
        return world.limits.throttle;
      }
      const index = new MemoryIndex();
      const started = performance.now();
      world.setFault({ kind: 'throttle', seconds: 1, times: 1 });
      await index.sync(world.open());
      expectHeld(stage, index);
      const sleptMs = world.sleeps.reduce((sum, ms) => sum + ms, 0) + (performance.now() - started);
      expect(sleptMs).toBeGreaterThanOrEqual(1000);
      const naps = world.sleeps.length;
      world.setFault({ kind: 'throttle', seconds: 3600, times: 1 });
      expect(await errorOf(world.open().status(idle()))).toBeInstanceOf(SourceError);
      expect(world.sleeps.length).toBe(naps);
      return undefined;
    },
  ],
  [
    '500 in the middle of a listing moves no cursor and deletes nothing; one poisoned document is a failure of its own',
    async (stage) => {
      const { world } = stage;
      const index = await synced(stage);
      await putAll(stage, { b: 'beta revised', h: 'theta' });
      if (world.limits.fault !== undefined) {
        return world.limits.fault;
      }
      await expectStopped(stage, index, { kind: 'status', status: 500 });
      await expectStopped(stage, index, { kind: 'cut' });
      if (world.limits.laterPage === undefined) {
        world.setFault({ kind: 'later-page' });
        const first = new MemoryIndex();
        expect(await errorOf(first.sync(world.open()))).toBeInstanceOf(SourceError);
        expect(await errorOf(listAll(world.open()))).toBeInstanceOf(SourceError);
        world.setFault({ kind: 'none' });
        await first.sync(world.open());
        await expectSameAsFresh(stage, first);
      }
      if (world.limits.poison === undefined) {
        world.setFault({ kind: 'poison', key: 'b' });
        const poisoned = index.copy();
        const { failures, upserts } = await poisoned.sync(world.open());
        expect(failures).toMatchObject([{ id: world.idOf('b'), scope: 'document', retryable: true }]);
        expect([upserts, poisoned.complete]).toEqual([1, true]);
        expect(poisoned.first.get(world.idOf('b'))).toEqual(index.first.get(world.idOf('b')));
        world.setFault({ kind: 'none' });
      }
      await index.sync(world.open());
      await expectSameAsFresh(stage, index);
      return undefined;
    },
  ],
  [
    'a listing that is short throws',
    async (stage) => {
      if (stage.world.limits.short !== undefined) {
        return stage.world.limits.short;
      }
      const index = await synced(stage);
      stage.world.setFault({ kind: 'short' });
      expect(await errorOf(listAll(stage.world.open()))).toBeInstanceOf(SourceError);
      await errorOf(index.sync(stage.world.open()));
      expectHeld(stage, index);
      return undefined;
    },
  ],
  [
    'a lost cursor leads to a full sync without duplicates',
    async (stage) => {
      const { world } = stage;
      const index = await synced(stage);
      index.cursor = { of: 'somebody else' };
      const foreign = await index.sync(world.open());
      expect([foreign.lost !== null, index.complete]).toEqual([true, false]);
      expect((await index.sync(world.open())).upserts).toBe(0);
      await expectSameAsFresh(stage, index);
      if (world.expireCursors === undefined) {
        return world.limits.expiry === undefined ? 'no reason given' : undefined;
      }
      await putAll(stage, { b: 'beta revised' });
      await removeOne(stage, 'd');
      await world.expireCursors();
      const expired = await index.sync(world.open());
      expect([expired.lost !== null, index.complete]).toEqual([true, false]);
      // As the pipeline does after a lost cursor: everything is compared.
      const listed = await listAll(world.open());
      await index.sync(world.open());
      for (const id of [...index.first.keys()].filter((one) => !listed.has(one))) {
        index.first.delete(id);
        index.second.delete(id);
      }
      await expectSameAsFresh(stage, index);
      return undefined;
    },
  ],
  [
    'a permission that is lost on one document is about it alone; on the source it stops the sync and deletes nothing',
    async (stage) => {
      const { world } = stage;
      const index = await synced(stage);
      await putAll(stage, { b: 'beta revised', h: 'theta' });
      if (world.limits.fault !== undefined) {
        return world.limits.fault;
      }
      for (const status of [401, 403]) {
        const error = await expectStopped(stage, index, { kind: 'status', status });
        expect(troubleOf(error)).toBe('refused');
      }
      if (world.limits.poison === undefined) {
        world.setFault({ kind: 'forbid', key: 'b' });
        const { failures, upserts } = await index.sync(world.open());
        expect(failures).toMatchObject([{ id: world.idOf('b'), scope: 'document', reason: 'refused' }]);
        expect([upserts, index.complete]).toEqual([1, true]);
        expect(index.first.get(world.idOf('b'))?.text).toContain('beta');
        world.setFault({ kind: 'none' });
        index.cursor = null;
      }
      await index.sync(world.open());
      await expectSameAsFresh(stage, index);
      return undefined;
    },
  ],
  [
    'edits of the same instant across the edge of a page are not lost',
    async (stage) => {
      const { world } = stage;
      if (world.freeze === undefined) {
        return world.limits.sameInstant;
      }
      const index = await synced(stage);
      world.freeze(true);
      await putAll(stage, Object.fromEntries([...stage.model].map(([key, text]) => [key, `${text} revised`])));
      await index.sync(world.open());
      expectHeld(stage, index);
      await putAll(stage, { h: 'theta' });
      await index.sync(world.open());
      world.freeze(false);
      await expectSameAsFresh(stage, index);
      return undefined;
    },
  ],
  [
    'any script, empty, large and textless documents are taken as they are',
    async (stage) => {
      const { world } = stage;
      await putAll(stage, { empty: '', 'größe-日本-🗺': 'Grüße 🗺 नमस्ते', large: 'x'.repeat(200_000) });
      const index = await synced(stage);
      if (world.putTextless === undefined) {
        return world.limits.textless === undefined ? 'no reason given' : undefined;
      }
      const reason = await world.putTextless('picture');
      const report = await index.sync(world.open());
      expect([report.upserts, report.skips]).toEqual([0, 1]);
      expect(index.first.get(world.idOf('picture'))?.skipped).toBe(reason);
      expect((await index.sync(world.open())).skips).toBe(0);
      return undefined;
    },
  ],
  [
    'the listing and the pull name the same documents in the same revisions',
    async (stage) => {
      await stage.world.putTextless?.('picture');
      const index = await freshSync(stage.world.open());
      const listed = await listAll(stage.world.open());
      expect(byId(listed)).toEqual(index.held().map(([id, { rev }]) => [id, rev]));
      return undefined;
    },
  ],
  [
    'no credential and no content is in an error, a finding, a failure or a cursor',
    async (stage) => {
      const { world } = stage;
      const index = await synced(stage);
      const words: string[] = [inspect(index.cursor, { depth: 20 })];
      const healthy = await world.open().check(idle());
      expect(healthy.filter(({ level }) => level === 'error')).toEqual([]);
      expect(healthy.length).toBeGreaterThan(0);
      if (world.limits.fault === undefined) {
        await putAll(stage, { h: 'theta' });
        const faults: readonly WorldFault[] = [401, 404, 500, 418].map((status) => ({ kind: 'status', status }));
        for (const fault of [...faults, { kind: 'cut' }, { kind: 'silent' }] satisfies WorldFault[]) {
          const options = { callTimeoutMs: fault.kind === 'silent' ? SILENT_CALL_TIMEOUT_MS : 10_000 };
          words.push(inspect(await expectStopped(stage, index, fault, options), { depth: 20 }));
          world.setFault(fault);
          const findings = await world.open(options).check(idle());
          expect(findings.some(({ level }) => level === 'error')).toBe(true);
          words.push(inspect(findings));
          world.setFault({ kind: 'none' });
        }
      }
      expect(world.secrets.filter((secret) => words.join('\n').includes(secret))).toEqual([]);
      return undefined;
    },
  ],
  [
    'where one Region refuses writes the cursor stays, and the next run converges both',
    async (stage) => {
      const start = await synced(stage);
      await putAll(stage, { b: 'beta revised', h: 'theta', i: 'iota' });
      await removeOne(stage, 'd');
      for (const secondRefusesAt of [1, 2, 4]) {
        const index = start.copy();
        await index.sync(stage.world.open(), { secondRefusesAt });
        if (!index.equal) {
          expect(index.cursor).toEqual(start.cursor);
        }
        await index.sync(stage.world.open());
        await expectSameAsFresh(stage, index);
      }
      return undefined;
    },
  ],
];

export const CASE_TITLES: readonly string[] = CASES.map(([title]) => title);

export const connectorContract = (harness: ConnectorHarness): void => {
  describe(`Connector contract: ${harness.name}`, () => {
    let stage: Stage;

    beforeEach(async () => {
      stage = { world: await harness.create(), model: new Map() };
      await putAll(stage, START);
    });

    afterEach(async () => {
      await stage.world.close();
    });

    it.each(CASES.map(([title, run], at) => ({ number: at + 1, title, run })))('$number: $title', async (one) => {
      record(harness.name, one.number, null);
      const why = await one.run(stage);
      const verdict: Verdict = why === undefined ? { kind: 'kept' } : { kind: 'not-applicable', why };
      expect(why).not.toBe('no reason given');
      record(harness.name, one.number, verdict);
      noteLimits(harness.name, Object.values(stage.world.limits));
    });
  });
};
