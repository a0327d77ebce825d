/** A run of several invocations is of one definition, one index and one set of derivations: where one of them changes, it begins anew. */
import { describe, expect, it } from 'vitest';

import { parseDocumentPayload, sourceDocumentsPartition } from '../../../functions/domain/corpus.ts';
import type { Derivation } from '../../../functions/ingest/derive/derivation.ts';
import { SOURCE, World } from '../../support/cycle-world.ts';

const HURRIED = { hurried: true };

/** An incremental cycle whose first invocation has read a part of what is new. */
const handedOver = async (derivations: readonly Derivation[] = []): Promise<World> => {
  const world = new World();
  world.derivations = derivations;
  world.origin.files.set('README.md', '# Handbook\n\nWhat we know.\n');
  await world.run();
  for (let n = 0; n < 12; n += 1) {
    world.origin.files.set(`notes/${n}.md`, `# Note ${n}\n\nText ${n}.\n`);
  }
  expect(await world.run(HURRIED)).toMatchObject({ kind: 'handed-over' });
  return world;
};

const indexesIn = async (world: World): Promise<ReadonlySet<string | undefined>> => {
  const read = await world.primary.graph.query(sourceDocumentsPartition(SOURCE.id));
  const records = read.kind === 'done' ? read.value.items : [];
  return new Set(records.map(({ data }) => parseDocumentPayload(data)?.index));
};

const named = (name: string, isFull: boolean[]): Derivation => ({
  name,
  async *derive({ full, from }) {
    isFull.push(full && from === undefined);
    if (from === undefined) {
      yield { op: 'checkpoint', at: '1' };
    }
  },
});

describe('an invocation that takes over', () => {
  it('goes on where nothing has changed', async () => {
    const world = await handedOver();
    expect(await world.resume()).toMatchObject({ kind: 'acknowledged', mode: 'incremental' });
  });

  it('compares everything where the source is now redacted otherwise', async () => {
    const world = await handedOver();
    world.given = { source: { ...SOURCE, redaction: 'none' } };
    expect(await world.resume()).toMatchObject({ kind: 'acknowledged', mode: 'unfinished-run' });
    expect((await indexesIn(world)).size).toBe(1);
    expect(await world.defects()).toStrictEqual([]);
  });

  it('compares everything where the source is now told to read something else', async () => {
    const world = await handedOver();
    world.given = { source: { ...SOURCE, config: { ...SOURCE.config, paths: ['notes'] } } };
    expect(await world.resume()).toMatchObject({ kind: 'acknowledged', mode: 'unfinished-run' });
    expect(await world.defects()).toStrictEqual([]);
  });

  it('begins every derivation anew where one of them is another one now', async () => {
    const second = named('second-1', []);
    const world = await handedOver([named('first-1', []), second]);
    let outcome = await world.resume(HURRIED);
    while (outcome.kind === 'handed-over' && !(world.queued[0] ?? '').includes('"second-1"')) {
      outcome = await world.resume(HURRIED);
    }
    const isFull: boolean[] = [];
    world.derivations = [named('first-2', isFull), second];
    expect(await world.resume()).toMatchObject({ kind: 'acknowledged' });
    expect(isFull).toStrictEqual([true]);
  });
});
