/**
 * What a connector adds to the contract when its source has snapshots: a pull stays on the one that it began with, and a
 * complete cursor stands for it. A mirror of the source is kept from events alone, and compared.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connector, Cursor, PullContext, PullEvent, SkipReason } from '../../functions/connectors/connector.ts';
import { SourceError } from '../../functions/domain/errors.ts';
import { collect, contextOf } from './connector-index.ts';

/** How a source is broken on the wire, from the next request on. */
export type SourceTrouble = 'none' | 'refuses' | 'fails' | 'cuts' | 'silent';

export interface ConnectorWorld {
  /**
   * A fresh connector, as one invocation opens it. Its batches hold at most three documents; a silent source ends a call
   * after `callTimeoutMs`, which is ample unless a test gives one.
   */
  open(options?: { readonly callTimeoutMs: number }): Connector;
  /** Creates or replaces documents, all at once. */
  put(documents: Readonly<Record<string, string>>): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** Replaces everything, and makes the source forget what earlier cursors meant. */
  forget(documents: Readonly<Record<string, string>>): Promise<void>;
  /** Puts a document without text, and says why it has none. */
  putTextless(id: string): Promise<SkipReason>;
  setTrouble(trouble: SourceTrouble): void;
  /** Contents and credentials that no error message may hold. */
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

export interface ConnectorHarness {
  create(): Promise<ConnectorWorld>;
}

const BATCH_DOCUMENTS_MAX = 3;
const SILENT_CALL_TIMEOUT_MS = 400;
const DOCUMENTS = {
  'a.md': 'alpha',
  'b.md': 'beta',
  'c.md': 'gamma',
  'd.md': 'delta',
  'e.md': 'epsilon',
  'f.md': 'zeta',
  'g.md': 'eta',
} as const;

type Held = { readonly rev: string; readonly text: string } | { readonly rev: string; readonly reason: SkipReason };

/** What a consumer would hold: documents by id, and the last cursor that covers them. */
class Mirror {
  readonly documents = new Map<string, Held>();
  readonly events: PullEvent[] = [];
  cursor: Cursor | null = null;
  complete = false;
  lost: string | null = null;

  apply(event: PullEvent): void {
    this.events.push(event);
    switch (event.op) {
      case 'upsert': {
        this.documents.set(event.document.id, { rev: event.document.rev, text: event.document.text });
        break;
      }
      case 'skip': {
        this.documents.set(event.entry.id, { rev: event.entry.rev, reason: event.reason });
        break;
      }
      case 'delete': {
        this.documents.delete(event.id);
        break;
      }
      case 'checkpoint': {
        this.cursor = event.cursor;
        this.complete = event.complete;
        break;
      }
      case 'failure': {
        break;
      }
      case 'cursor-lost': {
        this.lost = event.why;
        break;
      }
    }
  }

  texts(): Record<string, string> {
    const entries = [...this.documents].map(([id, held]) => [id, 'text' in held ? held.text : held.reason] as const);
    return Object.fromEntries(entries.toSorted(([left], [right]) => (left < right ? -1 : 1)));
  }

  ops(): readonly string[] {
    return this.events.map((event) => event.op);
  }
}

/** Pulls once; `eventsMax` kills the invocation after so many events. */
const pullOnce = async (
  connector: Connector,
  mirror: Mirror,
  options: { readonly context?: PullContext; readonly eventsMax?: number } = {},
): Promise<void> => {
  const { context = contextOf(), eventsMax = Number.POSITIVE_INFINITY } = options;
  mirror.complete = false;
  let count = 0;
  for await (const event of connector.pull(context, mirror.cursor)) {
    mirror.apply(event);
    count += 1;
    if (count >= eventsMax) {
      return;
    }
  }
};

const listIds = async (connector: Connector, cursor: Cursor | null): Promise<ReadonlyMap<string, string>> => {
  const entries = await collect(connector.enumerate(new AbortController().signal, cursor));
  expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  return new Map(entries.map(({ id, rev }) => [id, rev]));
};

const errorOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    await call;
    return null;
  } catch (error) {
    return error;
  }
};

export const snapshotContract = (name: string, harness: ConnectorHarness): void => {
  describe(`Connector with snapshots: ${name}`, () => {
    let world: ConnectorWorld;

    beforeEach(async () => {
      world = await harness.create();
      await world.put(DOCUMENTS);
    });

    afterEach(async () => {
      await world.close();
    });

    const pulled = async (mirror = new Mirror()): Promise<Mirror> => {
      await pullOnce(world.open(), mirror);
      return mirror;
    };

    it('a complete cursor stands for the snapshot that the status told', async () => {
      const connector = world.open();
      const { snapshot } = await connector.status(new AbortController().signal);
      const { cursor } = await pulled();
      expect(connector.snapshotOf(cursor ?? {})).toBe(snapshot);
    });

    it('an interrupted pull stays on its snapshot, and the next one brings what changed meanwhile', async () => {
      const mirror = new Mirror();
      await pullOnce(world.open(), mirror, { eventsMax: BATCH_DOCUMENTS_MAX + 1 });
      await world.put({ 'a.md': 'alpha, edited', 'g.md': 'eta, edited' });
      await pullOnce(world.open(), mirror);
      expect(mirror.texts()).toEqual(DOCUMENTS);
      expect(mirror.complete).toBe(true);
      await pullOnce(world.open(), mirror);
      expect(mirror.texts()).toEqual({ ...DOCUMENTS, 'a.md': 'alpha, edited', 'g.md': 'eta, edited' });
    });

    it('only selected documents are brought, and a selection is asked for in bounded groups', async () => {
      const mirror = new Mirror();
      const groups: number[] = [];
      const context: PullContext = {
        signal: new AbortController().signal,
        select: async (entries) => {
          groups.push(entries.length);
          return new Set(entries.map(({ id }) => id).filter((id) => id === 'b.md'));
        },
      };
      await pullOnce(world.open(), mirror, { context });
      expect(mirror.texts()).toEqual({ 'b.md': 'beta' });
      expect(mirror.complete).toBe(true);
      expect(Math.max(...groups)).toBeLessThanOrEqual(BATCH_DOCUMENTS_MAX);
      expect(groups.reduce((sum, count) => sum + count, 0)).toBe(Object.keys(DOCUMENTS).length);
    });

    it('a cursor in the middle of a pull lists the snapshot that it pins', async () => {
      const mirror = new Mirror();
      await pullOnce(world.open(), mirror, { eventsMax: BATCH_DOCUMENTS_MAX + 1 });
      await world.put({ 'new.md': 'new' });
      const listed = await listIds(world.open(), mirror.cursor);
      expect([...listed.keys()].toSorted()).toEqual(Object.keys(DOCUMENTS));
    });

    it('a document without text is reported with its reason, and one that gets text becomes a document', async () => {
      const reason = await world.putTextless('picture');
      const mirror = await pulled();
      expect(mirror.texts()).toEqual({ ...DOCUMENTS, picture: reason });
      await world.put({ picture: 'now words' });
      await pullOnce(world.open(), mirror);
      expect(mirror.texts()).toEqual({ ...DOCUMENTS, picture: 'now words' });
    });

    it('empty documents and names in any script are documents', async () => {
      const more = { 'empty.md': '', 'docs/with space.md': 'x', 'docs/größe-日本-🗺.md': 'Grüße 🗺' };
      await world.put(more);
      expect((await pulled()).texts()).toEqual({ ...DOCUMENTS, ...more });
    });

    it('a source that forgot its history loses the cursor, and a pull from the start converges', async () => {
      const mirror = await pulled();
      const documents = { 'a.md': 'alpha', 'z.md': 'omega' };
      await world.forget(documents);
      await pullOnce(world.open(), mirror);
      expect(mirror.lost).not.toBeNull();
      expect(mirror.complete).toBe(false);
      const again = await pulled();
      expect(again.texts()).toEqual(documents);
    });

    it('a pinned snapshot that the source forgot loses the cursor too', async () => {
      const mirror = new Mirror();
      await pullOnce(world.open(), mirror, { eventsMax: BATCH_DOCUMENTS_MAX + 1 });
      await world.forget({ 'z.md': 'omega' });
      await pullOnce(world.open(), mirror);
      expect(mirror.lost).not.toBeNull();
    });

    it('a cursor of somebody else is lost, not guessed at', async () => {
      const mirror = Object.assign(new Mirror(), { cursor: { page: 7 } });
      await pullOnce(world.open(), mirror);
      expect(mirror.ops()).toEqual(['cursor-lost']);
    });

    it.each(['refuses', 'fails', 'cuts', 'silent'] as const)(
      'a source that %s ends pull, listing and status with one clear error in time',
      async (trouble) => {
        const mirror = await pulled();
        await world.put({ 'h.md': 'theta' });
        world.setTrouble(trouble);
        const started = performance.now();
        const open = (): Connector =>
          trouble === 'silent' ? world.open({ callTimeoutMs: SILENT_CALL_TIMEOUT_MS }) : world.open();
        const { signal } = new AbortController();
        const errors = [
          await errorOf(pullOnce(open(), mirror)),
          await errorOf(listIds(open(), null)),
          await errorOf(open().status(signal)),
        ];
        const findings = await open().check(signal);
        for (const error of errors) {
          expect(error).toBeInstanceOf(SourceError);
        }
        expect(findings.some(({ level }) => level === 'error')).toBe(true);
        const words = [...errors.map(String), ...findings.map(({ message }) => message)].join('\n');
        expect(world.secrets.filter((secret) => words.includes(secret))).toEqual([]);
        expect(performance.now() - started).toBeLessThan(4 * 4 * SILENT_CALL_TIMEOUT_MS);
        expect(mirror.texts()).toEqual(DOCUMENTS);
        expect(mirror.complete).toBe(false);
      },
    );

    it('trouble in the middle of a pull keeps the cursor where it was, and the next pull goes on', async () => {
      const mirror = new Mirror();
      const broken = async (): Promise<void> => {
        for await (const event of world.open().pull(contextOf(), mirror.cursor)) {
          mirror.apply(event);
          if (event.op === 'checkpoint') {
            world.setTrouble('cuts');
          }
        }
      };
      expect(await errorOf(broken())).toBeInstanceOf(SourceError);
      expect(mirror.complete).toBe(false);
      expect(mirror.cursor).not.toBeNull();
      world.setTrouble('none');
      await pullOnce(world.open(), mirror);
      expect(mirror.texts()).toEqual(DOCUMENTS);
    });

    it('an aborted signal ends a call at once, also while the source is silent', async () => {
      world.setTrouble('silent');
      const reason = new Error('time is up');
      const abort = new AbortController();
      const started = performance.now();
      const context = contextOf(() => true, abort.signal);
      const calls = [pullOnce(world.open(), new Mirror(), { context }), world.open().status(abort.signal)];
      setTimeout(() => {
        abort.abort(reason);
      }, 20);
      expect(await Promise.all(calls.map(errorOf))).toEqual([reason, reason]);
      expect(performance.now() - started).toBeLessThan(3000);
    });
  });
};
