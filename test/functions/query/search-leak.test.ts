/**
 * What a caller may not read does not exist for them: whatever the corpora, the sources of the caller and the lane, nothing of
 * another source is shown, counted or named, and taking all other sources away changes nothing of an answer.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isSourceAllowed, type Principal } from '../../../functions/domain/access.ts';
import { done } from '../../../functions/domain/failure.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { type Lane, LANES } from '../../../functions/query/fuse.ts';
import type { GraphLane } from '../../../functions/query/lanes.ts';
import { search, type SearchOutcome } from '../../../functions/query/search.ts';
import { MemoryRecordStore } from '../../support/memory-stores.ts';
import { countedTelemetry, hashEmbedder, SmallCorpus } from './small-corpus.ts';

const SOURCES = ['shop', 'bank', 'cafe', 'depot'] as const;

const words = fc.array(fc.constantFrom('queue', 'orders', 'refund', 'fence', 'getUserById', 'north', 'retry'), {
  minLength: 1,
  maxLength: 8,
});
const corpora = fc.array(fc.record({ source: fc.constantFrom(...SOURCES), text: words }), {
  minLength: 1,
  maxLength: 10,
});
const grants = fc.subarray([...SOURCES]);
const lanes = fc.constantFrom<readonly Lane[]>([...LANES], ['lexical'], ['vectors'], ['lexical', 'graph']);

const principalOf = (sources: readonly string[]): Principal => ({
  id: 'key:1',
  name: 'somebody',
  roles: ['reader'],
  sources,
});

/** A graph that names everything, whoever asks. */
const openGraph = (documents: readonly string[]): GraphLane => ({
  find: async () => done(documents.map((document) => ({ document, line: 1 }))),
});

interface Asked {
  readonly corpus: SmallCorpus;
  readonly documents: readonly string[];
  readonly query: string;
  readonly granted: readonly string[];
  readonly lanes: readonly Lane[];
  /** By keys, or by partitions across all sources. */
  readonly isKnown: boolean;
}

const ask = async ({ corpus, documents, query, granted, lanes: asked, isKnown }: Asked): Promise<SearchOutcome> => {
  const principal = principalOf(granted);
  return search({
    home: { region: 'us-east-2', records: corpus.records, vectors: corpus.vectors },
    embedder: hashEmbedder,
    telemetry: countedTelemetry(),
    query,
    limit: 10,
    // The lane's own filter is left open: what judges is what this test is about.
    ...(isKnown ? { sources: granted, knownSources: corpus.sources } : {}),
    isAllowed: (source) => isSourceAllowed(principal, source),
    lanes: asked,
    graph: openGraph(documents),
    signal: AbortSignal.timeout(5000),
  });
};

const fill = async (
  given: readonly { readonly source: string; readonly text: readonly string[] }[],
): Promise<{ readonly corpus: SmallCorpus; readonly documents: readonly string[] }> => {
  const corpus = new SmallCorpus(100);
  const documents: string[] = [];
  for (const [at, { source, text }] of given.entries()) {
    documents.push(await corpus.add(source, `${at}.md`, `${text.join(' ')} ${source}secret\n`));
  }
  await corpus.indexWords();
  return { corpus, documents };
};

describe('a search', () => {
  it('shows nothing of a source that the caller may not read, in any lane', async () => {
    await fc.assert(
      fc.asyncProperty(corpora, words, grants, lanes, fc.boolean(), async (given, asked, granted, by, isKnown) => {
        const filled = await fill(given);
        const query = `${asked.join(' ')} ${SOURCES.map((source) => `${source}secret`).join(' ')}`;
        const outcome = await ask({ ...filled, query, granted, lanes: by, isKnown });
        expect(outcome.kind).toBe('found');
        for (const source of SOURCES.filter((one) => !granted.includes(one))) {
          const { passages = [], dropped } = outcome.kind === 'found' ? outcome : { dropped: {} };
          expect(JSON.stringify([passages, dropped])).not.toContain(`${source}secret`);
          expect(passages.some((passage) => passage.source === source)).toBe(false);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('answers as if other sources were not there', async () => {
    await fc.assert(
      fc.asyncProperty(corpora, words, grants, fc.boolean(), async (given, asked, granted, isKnown) => {
        const query = asked.join(' ');
        const own = given.map((one, at) => ({ ...one, at })).filter(({ source }) => granted.includes(source));
        const all = await fill(given);
        const alone = new SmallCorpus(100);
        for (const { source, text, at } of own) {
          await alone.add(source, `${at}.md`, `${text.join(' ')} ${source}secret\n`);
        }
        await alone.indexWords();
        const terms = { query, granted, lanes: ['lexical'] as const, isKnown };
        expect(await ask({ ...all, ...terms })).toEqual(await ask({ corpus: alone, documents: [], ...terms }));
      }),
      { numRuns: 30 },
    );
  });

  it('makes at most so many calls, however many sources there are', async () => {
    const corpus = new SmallCorpus(1000);
    for (let at = 0; at < 120; at += 1) {
      await corpus.add(
        `source-${at}`,
        'a.md',
        `queue orders refund fence north retry number${at} shared words of all\n`,
      );
    }
    await corpus.indexWords();
    let calls = 0;
    const counted = new MemoryRecordStore({
      pageItemsMax: 1000,
      fault: (operation) => {
        calls += operation === 'getMany' || operation === 'query' ? 1 : 0;
        return undefined;
      },
    });
    for (const [pk, partition] of corpus.records.partitions) {
      counted.partitions.set(pk, partition);
    }
    for (const query of [
      'queue',
      'number7 refund',
      'queue orders refund fence north retry number9 shared words of all',
    ]) {
      for (const granted of [corpus.sources, corpus.sources.slice(0, 3)]) {
        calls = 0;
        const outcome = await search({
          home: { region: 'us-east-2', records: counted, vectors: corpus.vectors },
          embedder: hashEmbedder,
          telemetry: countedTelemetry(),
          query,
          limit: 50,
          knownSources: granted,
          isAllowed: (source) => granted.includes(source),
          signal: AbortSignal.timeout(5000),
        });
        // Where the words of the question are more than the calls, it says so; nothing else is lacking.
        const degraded = outcome.kind === 'found' ? outcome.degraded.filter((one) => one !== 'words') : [outcome.kind];
        expect(degraded).toEqual([]);
        expect(calls + 1).toBeLessThanOrEqual(LIMITS.searchStoreCallsMax);
      }
    }
  });

  it('that reads partitions finds what the caller may read', async () => {
    const { corpus } = await fill([
      { source: 'shop', text: ['queue', 'orders'] },
      { source: 'bank', text: ['refund'] },
    ]);
    const outcome = await ask({
      corpus,
      documents: [],
      query: 'refund',
      granted: ['bank'],
      lanes: ['lexical'],
      isKnown: false,
    });
    expect(outcome).toMatchObject({ kind: 'found', passages: [{ source: 'bank', lanes: { lexical: 1 } }] });
  });
});
