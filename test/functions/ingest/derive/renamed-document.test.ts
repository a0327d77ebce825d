/** A page of a wiki keeps its id where it is renamed: the graph forgets where it was. */
import { describe, expect, it } from 'vitest';

import { documentId } from '../../../../functions/domain/corpus.ts';
import { changedOf, goneOf, touchedUnits } from '../../../../functions/ingest/derive/graph/unit-changes.ts';
import { fileOf, hashPartOf } from '../../../../functions/ingest/derive/graph/units.ts';
import { sha256Hex } from '../../../../functions/stores/envelope.ts';
import { originConnector, type World } from '../../../support/cycle-world.ts';
import { derivedRecords, graphWorld } from './small-graph.ts';

/** Documents are shown under these paths; a rename is a new revision, as it is of a page. */
const movableWorld = (paths: Map<string, string>): World => {
  const world = graphWorld();
  const revised = (text: string, path: string): string => sha256Hex(`${path}\n${text}`);
  world.open = () => {
    const connector = originConnector(world.origin);
    return {
      ...connector,
      async *pull(context, cursor) {
        for await (const event of connector.pull(context, cursor)) {
          const path = event.op === 'upsert' ? paths.get(event.document.id) : undefined;
          yield event.op === 'upsert' && path !== undefined
            ? { op: 'upsert', document: { ...event.document, path, rev: revised(event.document.text, path) } }
            : event;
        }
      },
    };
  };
  return world;
};

const MOVES: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['is renamed', { 'docs/runbooks/payments.md': 'docs/runbooks/billing.md' }],
  ['becomes something that the graph is not made of', { 'docs/runbooks/payments.md': 'docs/payments.md' }],
  ['changes places with another one', { 'src/send.ts': 'src/other.ts', 'src/other.py': 'src/send.py' }],
  ['takes the path that another one leaves', { 'src/send.ts': 'src/old.ts', 'src/new.ts': 'src/send.ts' }],
];

describe('a document', () => {
  it.each(MOVES)('that %s leaves nothing where it was', async (_what, moves) => {
    const paths = new Map<string, string>();
    const world = movableWorld(paths);
    world.origin.files.set('src/new.ts', 'export const one = 1;\n');
    expect((await world.run()).kind).toBe('acknowledged');
    for (const [id, path] of Object.entries(moves)) {
      paths.set(id, path);
      world.origin.files.set(id, `${world.origin.files.get(id) ?? ''}\n`);
    }
    world.primary.operations.length = 0;
    expect(await world.run()).toMatchObject({ kind: 'acknowledged', mode: 'incremental' });
    // Nothing was incomplete, so nobody had to list all documents and read them again.
    expect(world.primary.operations).not.toContain('query');
    const fresh = movableWorld(paths);
    fresh.origin.files.clear();
    for (const [id, text] of world.origin.files) {
      fresh.origin.files.set(id, text);
    }
    await fresh.run();
    const wanted = await derivedRecords(fresh);
    expect(await derivedRecords(world)).toStrictEqual(wanted);
    expect(await derivedRecords(world, world.secondary)).toStrictEqual(wanted);
  });
});

describe('the units of a source that a change touches', () => {
  const places = ['a/b/', 'c/d/', ''].map((prefix) => ({ unit: `unit ${prefix}`, repository: '', prefix, commit: '' }));

  it('are those where a document is, and where it was', () => {
    expect(touchedUnits(places, [{ path: 'a/b/now.ts' }], ['was.ts'])).toStrictEqual(new Set(['unit a/b/', 'unit ']));
    expect(touchedUnits(places, [], ['c/d/gone.ts'])).toStrictEqual(new Set(['unit c/d/']));
    expect(touchedUnits(places, [], [])).toStrictEqual(new Set());
  });

  it('are all of them where it is not known what a document was', () => {
    expect(touchedUnits(places, [{ path: 'a/b/now.ts' }], [undefined]).size).toBe(3);
  });

  it('have a document to read that is somewhere else, although its text is the same', () => {
    const id = documentId('shop', sha256Hex('page'));
    const document = {
      id,
      src: 'shop',
      path: 'a/b/x.ts',
      rev: '1',
      index: '',
      kind: 'code',
      title: '',
      chars: 1,
      chunks: [],
    };
    const known = [fileOf({ document, path: 'x.ts' })];
    expect(changedOf(known, [{ document, path: 'x.ts' }])).toStrictEqual([]);
    expect(changedOf(known, [{ document, path: 'y.ts' }])).toHaveLength(1);
  });

  it('lose a document that is in another one now', () => {
    const id = documentId('shop', sha256Hex('page'));
    const [place] = places;
    const known = [{ d: hashPartOf(id), path: 'x.ts', rev: '', facts: '', parts: 0 }];
    const goneTo = (path: string): number =>
      place === undefined ? -1 : goneOf(place, known, new Set(), [{ id, path }]).length;
    expect([goneTo('a/b/x.ts'), goneTo('a/b/y.ts'), goneTo('c/d/x.ts')]).toStrictEqual([0, 1, 1]);
  });
});
