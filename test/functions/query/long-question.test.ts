/** A question of many words over few but large sources: which of its words are looked up, and in how many calls. */
import { describe, expect, it } from 'vitest';

import { LIMITS } from '../../../functions/domain/limits.ts';
import { CallBudget } from '../../../functions/query/call-budget.ts';
import { findByWords, type LexicalFinding } from '../../../functions/query/lexical-lane.ts';
import { SmallCorpus } from './small-corpus.ts';

const UNITS = 16;
const letter = (at: number): string => String.fromCodePoint(97 + at);
/** Long words that every document has. */
const COMMON = Array.from({ length: 60 }, (_, at) => `${letter(at % 20)}ub${letter(at % 13)}otorik${letter(at % 17)}`);

const filled = async (): Promise<SmallCorpus> => {
  const corpus = new SmallCorpus(1000);
  for (let at = 0; at < 60; at += 1) {
    await corpus.add('shop', `common-${at}.md`, `${COMMON.join(' ')}\n`);
  }
  await corpus.add('shop', 'rare.md', `The zq, and ${COMMON.slice(0, 9).join(' ')}\n`);
  await corpus.indexWords(UNITS);
  return corpus;
};

const find = async (
  corpus: SmallCorpus,
  query: string,
  sources: readonly string[],
): Promise<{ readonly finding: LexicalFinding; readonly calls: number }> => {
  let calls = 0;
  const { records } = corpus;
  const found = await findByWords({
    records: {
      getMany: async (keys) => {
        calls += Math.ceil(keys.length / LIMITS.searchGetItemsMax);
        return records.getMany(keys);
      },
      query: async (...asked) => {
        calls += 1;
        return records.query(...asked);
      },
    },
    query,
    sources,
    isAllowed: () => true,
    calls: new CallBudget(LIMITS.searchLexicalCallsMax + 1),
    hitsMax: LIMITS.searchLexicalHitsMax,
  });
  if (found.kind === 'failed') {
    throw new Error(found.failure.message);
  }
  return { finding: found.value, calls };
};

describe('a question of many words', () => {
  it('over one large source is answered by those that are rare in it, however short they are', async () => {
    const corpus = await filled();
    const rare = await find(corpus, 'zq', ['shop']);
    const [wanted] = rare.finding.candidates;
    expect(wanted).toBeDefined();
    const { finding, calls } = await find(corpus, `${COMMON.join(' ')} zq`, ['shop']);
    expect(finding.candidates[0]?.document).toBe(wanted?.document);
    expect(finding.isShortened).toBe(true);
    expect(calls).toBeLessThanOrEqual(LIMITS.searchLexicalCallsMax + 1);
  });

  it('over more sources than can be read by their keys still has calls for its most telling words', async () => {
    const corpus = await filled();
    const many = ['shop', ...Array.from({ length: 99 }, (_, at) => `other-${at}`)];
    const { finding, calls } = await find(corpus, COMMON.slice(0, 6).join(' '), many);
    expect(finding.candidates.length).toBeGreaterThan(0);
    expect(calls).toBeLessThanOrEqual(LIMITS.searchLexicalCallsMax + 1);
  });
});
