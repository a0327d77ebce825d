/** What an earlier version of this code has stored of the words is found until it is derived anew; what a later one has is told. */
import { beforeEach, describe, expect, it } from 'vitest';

import { LIMITS } from '../../../functions/domain/limits.ts';
import { type Directory, parseDirectory } from '../../../functions/lexical/directory.ts';
import { directoryKey } from '../../../functions/lexical/keys.ts';
import { handleOfSlot } from '../../../functions/lexical/postings.ts';
import { CallBudget } from '../../../functions/query/call-budget.ts';
import { findByWords, type LexicalFinding } from '../../../functions/query/lexical-lane.ts';
import { SmallCorpus } from './small-corpus.ts';

const KEY = directoryKey({ source: 'shop', part: 0 });

/** As the first format packed it: two bytes for each chunk. */
const packedBefore = ({ documents }: Directory): string =>
  Buffer.concat(
    documents.map(({ hash, slots }) => {
      const bytes = Buffer.alloc(12 + 2 * slots.length);
      bytes.write(hash, 0, 'hex');
      bytes.writeUInt16BE(slots.length, 10);
      for (const [at, slot] of slots.entries()) {
        bytes.writeUInt16BE(handleOfSlot(slot), 12 + 2 * at);
      }
      return bytes;
    }),
  ).toString('base64');

let corpus = new SmallCorpus(1000);

const find = async (query: string): Promise<LexicalFinding | undefined> => {
  const found = await findByWords({
    records: corpus.records,
    query,
    sources: ['shop'],
    isAllowed: () => true,
    calls: new CallBudget(LIMITS.searchLexicalCallsMax + 1),
    hitsMax: LIMITS.searchLexicalHitsMax,
  });
  return found.kind === 'done' ? found.value : undefined;
};

const restore = async (payloadOf: (directory: Directory) => Readonly<Record<string, unknown>>): Promise<void> => {
  const read = await corpus.records.get(KEY);
  const directory = parseDirectory(read.kind === 'done' ? (read.value?.data ?? '') : '');
  expect(directory?.documents).toHaveLength(2);
  await corpus.put(KEY, directory === undefined ? {} : payloadOf(directory));
};

beforeEach(async () => {
  corpus = new SmallCorpus(1000);
  await corpus.add('shop', 'zebra.md', '# Zebra\n\nThe runbook of the zebra.\n');
  await corpus.add('shop', 'other.md', '# Other\n\nSomething else.\n');
  await corpus.indexWords();
});

describe('the words of a source', () => {
  it('are found by a directory of the format before', async () => {
    const now = await find('zebra');
    expect(now?.candidates).toHaveLength(1);
    await restore((directory) => ({ b: 'f'.repeat(32), d: packedBefore(directory), m: 1, n: 2 }));
    expect(await find('zebra')).toStrictEqual(now);
  });

  it('that stand in a directory which this code can not read are told to be missing', async () => {
    await restore(() => ({ later: 'format' }));
    expect(await find('zebra')).toMatchObject({ candidates: [], isPartial: true });
  });
});
