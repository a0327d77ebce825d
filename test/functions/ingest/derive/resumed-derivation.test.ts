/** What is derived after a hand-over: an invocation goes on where the one before stopped only where nothing has changed since. */
import { describe, expect, it } from 'vitest';

import type { Derivation } from '../../../../functions/ingest/derive/derivation.ts';
import { lexicalDerivation } from '../../../../functions/ingest/derive/lexical/lexical-derivation.ts';
import type { World } from '../../../support/cycle-world.ts';
import { derivedRecords, GRAPH_EDITS, graphWorld } from './small-graph.ts';

const HURRIED = { hurried: true };

const wholeWorld = (): World => {
  const world = graphWorld();
  world.derivations = [...world.derivations, lexicalDerivation];
  return world;
};

const edit = ({ origin: { files } }: World): void => {
  GRAPH_EDITS[0]?.(files);
  files.set('docs/runbooks/payments.md', '# Payments\n\nWholly other words: zebra.\n');
  files.delete('src/other.py');
};

/** Runs until so many invocations have handed over in the middle of a derivation; false where there are not so many. */
const runUntilDerived = async (world: World, handovers: number): Promise<boolean> => {
  let outcome = await world.run(HURRIED);
  for (let left = handovers; outcome.kind === 'handed-over'; outcome = await world.resume(HURRIED)) {
    left -= (world.queued[0] ?? '').includes('"derive"') ? 1 : 0;
    if (left === 0) {
      return true;
    }
  }
  return false;
};

/** Says where it was told to go on, and can be left after each of three steps. */
class Steps implements Derivation {
  readonly name: string;
  readonly from: (string | undefined)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  async *derive({ from }: Parameters<Derivation['derive']>[0]): ReturnType<Derivation['derive']> & AsyncGenerator {
    this.from.push(from);
    for (let at = Number(from ?? 0) + 1; at <= 3; at += 1) {
      yield { op: 'checkpoint', at: at.toString() };
    }
  }
}

describe('a run that was handed over in the middle of a derivation', () => {
  it('goes on from there, and repeats nothing that is done', async () => {
    const world = graphWorld();
    const [first, second] = [new Steps('first'), new Steps('second')];
    world.derivations = [first, second];
    expect((await world.runAll(HURRIED)).kind).toBe('acknowledged');
    expect(first.from).toStrictEqual([undefined, '1', '2', '3']);
    expect(second.from).toStrictEqual([undefined, '1', '2', '3']);
  });

  it('begins all derivations anew where something has changed since', async () => {
    const world = graphWorld();
    const [first, second] = [new Steps('first'), new Steps('second')];
    world.derivations = [first, second];
    await runUntilDerived(world, 5);
    expect([first.from.length, second.from.length]).toStrictEqual([4, 2]);
    edit(world);
    expect((await world.resume()).kind).toBe('acknowledged');
    expect(first.from.slice(4)).toStrictEqual([undefined]);
    expect(second.from.slice(2)).toStrictEqual([undefined]);
  });

  it('ends in what a fresh sync stores, wherever it was and whatever came in since', async () => {
    const fresh = wholeWorld();
    edit(fresh);
    await fresh.run();
    const wanted = await derivedRecords(fresh);
    let handovers = 1;
    for (let world = wholeWorld(); await runUntilDerived(world, handovers); world = wholeWorld(), handovers += 1) {
      edit(world);
      expect((await world.resume()).kind).toBe('acknowledged');
      expect(await derivedRecords(world), `after ${handovers} hand-overs`).toStrictEqual(wanted);
      expect(await derivedRecords(world, world.secondary)).toStrictEqual(wanted);
    }
    expect(handovers).toBeGreaterThan(2);
  });
});
