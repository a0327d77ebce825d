/** Search over a small home Region: what is found, in which order, and what is never shown. */
import { beforeEach, describe, expect, it } from 'vitest';

import { chunkKey, documentKey, parseDocumentPayload } from '../../../functions/domain/corpus.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { GraphLane } from '../../../functions/query/lanes.ts';
import { search, type Passage, type SearchOutcome, type SearchRequest } from '../../../functions/query/search.ts';
import { makeVector } from '../../../functions/stores/vector-hash.ts';
import { countedTelemetry, failingEmbedder, hashEmbedder, SmallCorpus } from './small-corpus.ts';

const FUNCTION = (name: string, inside: string): string =>
  `export const ${name} = (order: Order): void => {\n${`  ${inside};\n`.repeat(30)}};\n`;

let corpus = new SmallCorpus();
let telemetry = countedTelemetry();

const requestOf = (query: string): SearchRequest => ({
  home: { region: 'us-east-2', records: corpus.records, vectors: corpus.vectors },
  embedder: hashEmbedder,
  telemetry,
  query,
  limit: 5,
  isAllowed: () => true,
  signal: AbortSignal.timeout(5000),
});

const ask = async (query: string, more: Partial<SearchRequest> = {}): Promise<SearchOutcome> =>
  search({ ...requestOf(query), knownSources: corpus.sources, ...more });

/** How often the stores are asked from now on. */
const countCalls = (): (() => number) => {
  let count = 0;
  const { records, vectors } = corpus;
  const getMany = records.getMany.bind(records);
  const query = records.query.bind(records);
  const queryVectors = vectors.query.bind(vectors);
  records.getMany = async (...asked) => {
    count += 1;
    return getMany(...asked);
  };
  records.query = async (...asked) => {
    count += 1;
    return query(...asked);
  };
  vectors.query = async (...asked) => {
    count += 1;
    return queryVectors(...asked);
  };
  return () => count;
};

const passagesOf = (outcome: SearchOutcome): readonly Passage[] => {
  if (outcome.kind === 'failed') {
    throw new Error(`${outcome.part}: ${outcome.failure.message}`);
  }
  return outcome.passages;
};

const find = async (query: string, more: Partial<SearchRequest> = {}): Promise<readonly Passage[]> => {
  await corpus.indexWords();
  return passagesOf(await ask(query, more));
};

const pathsOf = (passages: readonly Passage[]): readonly string[] => passages.map(({ path }) => path);

const section = (at: number): string => `## Part ${at}\n\n${'Queues hold orders until they are paid. '.repeat(35)}\n`;

const decision = (status: string): string =>
  `# Use queues\n\n## Status\n\n${status}\n\n## Decision\n\nUse queues for orders.\n`;

const orphan = async (id: string, text: string): Promise<void> => {
  const embedded = await hashEmbedder.embed([text], AbortSignal.timeout(1000));
  const data = embedded.kind === 'done' ? embedded.value[0] : undefined;
  await corpus.vectors.put([
    makeVector(
      data ?? new Float32Array(),
      { src: 'shop', doc: id, chunk: 'c'.repeat(32) },
      '01JD0000000000000000000002',
    ),
  ]);
};

beforeEach(() => {
  corpus = new SmallCorpus();
  telemetry = countedTelemetry();
});

describe('a question', () => {
  it('finds the passage that answers it, and says where it stands', async () => {
    const id = await corpus.add(
      'shop',
      'docs/queues.md',
      '# Queues\n\nThe dead letter queue keeps messages for 14 days.\n',
    );
    await corpus.add('shop', 'docs/lunch.md', '# Lunch\n\nThe canteen opens at noon.\n');
    const [first] = await find('how long does the dead letter queue keep messages?');
    expect(first).toMatchObject({
      document: id,
      path: 'docs/queues.md',
      title: 'Queues',
      source: 'shop',
      heading: 'Queues',
      breadcrumb: 'shop > docs/queues.md > Queues',
      startLine: 1,
      endLine: 3,
      text: '# Queues\n\nThe dead letter queue keeps messages for 14 days.',
      score: 1,
      status: null,
      lanes: { lexical: 1, vectors: 1 },
    });
  });

  it('that is an identifier finds the function of that name, not its callers', async () => {
    await corpus.add('shop', 'src/total.ts', FUNCTION('computeOrderTotal', 'total += line.price * line.count'));
    for (const name of ['cart', 'invoice', 'refund', 'report']) {
      await corpus.add('shop', `src/${name}.ts`, FUNCTION(`${name}Order`, 'computeOrderTotal(order)'));
    }
    expect(pathsOf(await find('computeOrderTotal'))[0]).toBe('src/total.ts');
  });

  it('in plural finds what is written in singular', async () => {
    await corpus.add('shop', 'a.md', 'The policy of a retry is here.\n');
    await corpus.add('shop', 'b.md', 'Nothing to see, and no more of it.\n');
    expect(pathsOf(await find('retries policies'))[0]).toBe('a.md');
  });

  it('gets at most two passages of one document', async () => {
    await corpus.add('shop', 'long.md', [1, 2, 3, 4, 5].map((at) => section(at)).join('\n'));
    await corpus.add('shop', 'short.md', 'Queues hold orders, in short.\n');
    const paths = pathsOf(await find('queues hold orders', { limit: 5 }));
    expect(paths.filter((path) => path === 'long.md')).toHaveLength(2);
    expect(paths).toContain('short.md');
  });

  it('gets a superseded decision after the one that holds', async () => {
    await corpus.add('shop', 'docs/adr/0001-queues.md', decision('Superseded by 2'));
    await corpus.add('shop', 'docs/adr/0002-queues.md', decision('Accepted'));
    const passages = await find('superseded decision on queues for orders');
    expect(passages.map(({ status }) => status)).toEqual(['Accepted', 'Superseded']);
  });

  it('is answered from the asked sources only', async () => {
    await corpus.add('shop', 'a.md', 'Queues hold orders.\n');
    await corpus.add('bank', 'b.md', 'Queues hold orders.\n');
    expect(pathsOf(await find('queues', { sources: ['bank'] }))).toEqual(['b.md']);
  });

  it('gets no more passages than it asked for, best first', async () => {
    for (const [at, name] of ['a', 'b', 'c', 'd'].entries()) {
      await corpus.add('shop', `${name}.md`, `Queues ${'and other things '.repeat(at + 1)}.\n`);
    }
    const passages = await find('queues', { limit: 3 });
    expect(passages).toHaveLength(3);
    const scores = passages.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((left, right) => right - left));
  });

  it('gets nothing from an empty Region', async () => {
    expect(await ask('anything')).toEqual({ kind: 'found', passages: [], dropped: {}, degraded: [] });
  });
});

describe('a hit', () => {
  it('that the document does not list is dropped and counted', async () => {
    const id = await corpus.add('shop', 'a.md', 'Queues hold orders.\n');
    await orphan(id, 'old text about refunds');
    const outcome = await ask('old text about refunds');
    expect(outcome).toMatchObject({ kind: 'found', dropped: { unlisted: 1 }, degraded: [] });
    expect(passagesOf(outcome).map(({ text }) => text)).toEqual(['Queues hold orders.']);
    expect(telemetry.counts).toEqual(['SearchHitsDropped us-east-2/unlisted 1']);
  });

  it('of a deleted document is dropped, though its vector and its chunk are still there', async () => {
    const id = await corpus.add('shop', 'a.md', 'Queues hold orders.\n');
    await corpus.remove(documentKey('shop', id));
    expect(await ask('queues hold orders')).toMatchObject({ passages: [], dropped: { deleted: 1 } });
  });

  it('of a document that never was committed is dropped', async () => {
    await orphan('shop~0123456789abcdef0123', 'queues');
    expect(await ask('queues')).toMatchObject({ passages: [], dropped: { 'no-document': 1 } });
  });

  it('whose chunk record is gone or damaged is dropped', async () => {
    const [one, two] = [await corpus.add('shop', 'a.md', 'Queues.\n'), await corpus.add('shop', 'b.md', 'Queues!\n')];
    const chunkOf = async (id: string): Promise<string> => {
      const read = await corpus.records.get(documentKey('shop', id));
      return read.kind === 'done' ? (parseDocumentPayload(read.value?.data ?? '')?.chunks[0]?.c ?? '') : '';
    };
    await corpus.remove(chunkKey('shop', one, await chunkOf(one)));
    await corpus.put(chunkKey('shop', two, await chunkOf(two)), { text: 1 });
    expect(await ask('queues')).toMatchObject({ passages: [], dropped: { 'no-chunk': 2 } });
  });

  describe('that is listed, behind more orphans than the first look takes', () => {
    /** As in production: the graph is asked, and names nothing here. */
    const graph: GraphLane = { find: async () => ({ kind: 'done', value: [] }) };

    beforeEach(async () => {
      const id = await corpus.add('shop', 'a.md', 'Queues hold orders, and so do other things that are named here.\n');
      for (let at = 0; at < LIMITS.searchCandidatesMax + 10; at += 1) {
        await orphan(id, `queues hold orders ${'queues '.repeat(at)}`);
      }
    });

    it('is found, with what the lanes did not need', async () => {
      const outcome = await ask('queues hold orders', { graph });
      expect(outcome).toMatchObject({
        kind: 'found',
        degraded: [],
        passages: [{ path: 'a.md', lanes: { vectors: 1 } }],
      });
    });

    it('is said to be missing where the lanes needed all calls', async () => {
      const busy: GraphLane = {
        find: async (_query, _isAllowed, calls) => {
          calls.take(LIMITS.searchGraphCallsMax);
          return { kind: 'done', value: [] };
        },
      };
      await corpus.indexWords();
      const counted = countCalls();
      // Of sources that nobody names a bucket is read across all of them: a call for each of the words.
      const query = 'queues hold orders things named other quickly';
      const outcome = await search({ ...requestOf(query), graph: busy });
      expect(outcome.kind === 'found' ? outcome.degraded : []).toContain('vectors');
      expect(counted() + LIMITS.searchGraphCallsMax).toBeLessThanOrEqual(LIMITS.searchStoreCallsMax);
    });
  });
});

describe('a long question', () => {
  const FILLER = Array.from(
    { length: LIMITS.searchTermsMax },
    (_, at) => `ab${String.fromCodePoint(97 + (at % 26), 97 + Math.floor(at / 26))}`,
  );

  it('looks up the words that tell the most, wherever they stand, and says that it left out others', async () => {
    await corpus.add('shop', 'a.md', 'The zebraQueueHandler holds orders.\n');
    await corpus.indexWords();
    const lanes = ['lexical'] as const;
    const outcome = await ask(`${FILLER.join(' ')} zebraQueueHandler`, { lanes });
    expect(outcome).toMatchObject({ kind: 'found', degraded: ['words'], passages: [{ path: 'a.md' }] });
    expect(await ask('zebraQueueHandler', { lanes })).toMatchObject({ degraded: [] });
  });

  it('over many sources says when words stayed unread that tell something, and not for those that everybody writes', async () => {
    await corpus.add('shop', 'a.md', 'Queues hold orders.\n');
    await corpus.indexWords();
    const lanes = ['lexical'] as const;
    const wide = async (query: string): Promise<SearchOutcome> => search({ ...requestOf(query), lanes });
    expect(await wide('queues hold orders refunds ledgers invoices')).toMatchObject({ degraded: [] });
    expect(await wide('queues hold orders refunds ledgers invoices service config')).toMatchObject({ degraded: [] });
    expect(await wide('queues hold orders refunds ledgers invoices vouchers')).toMatchObject({ degraded: ['words'] });
  });
});

describe('the graph of a question', () => {
  it('of which more was there than its calls could read is said to be short', async () => {
    await corpus.add('shop', 'a.md', 'Queues hold orders.\n');
    await corpus.indexWords();
    const graph: GraphLane = {
      find: async (_query, _isAllowed, calls) => {
        calls.take(LIMITS.searchGraphCallsMax);
        calls.take();
        return { kind: 'done', value: [] };
      },
    };
    expect(await ask('queues', { graph })).toMatchObject({ kind: 'found', degraded: ['graph'] });
  });
});

describe('a failure', () => {
  const DOWN = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'down' } as const;

  beforeEach(async () => {
    await corpus.add('shop', 'a.md', 'Queues hold orders.\n');
    await corpus.add('shop', 'b.md', 'Queues hold refunds.\n');
    await corpus.indexWords();
  });

  it('of the embedder leaves the words', async () => {
    const outcome = await ask('refunds', { embedder: failingEmbedder(DOWN) });
    expect(outcome).toMatchObject({ kind: 'found', degraded: ['embedding'] });
    expect(passagesOf(outcome)).toMatchObject([{ path: 'b.md', lanes: { lexical: 1 } }]);
  });

  it('of the vectors leaves the words', async () => {
    corpus.failures.add('vectors.query');
    const outcome = await ask('refunds');
    expect(outcome).toMatchObject({ kind: 'found', degraded: ['vectors'] });
    expect(pathsOf(passagesOf(outcome))).toEqual(['b.md']);
  });

  it('of the postings leaves the vectors', async () => {
    const getMany = corpus.records.getMany.bind(corpus.records);
    corpus.records.getMany = async (keys) =>
      keys.some(({ pk }) => pk.startsWith('lex#')) ? { kind: 'failed', failure: DOWN } : getMany(keys);
    const outcome = await ask('refunds');
    expect(outcome).toMatchObject({ kind: 'found', degraded: ['lexical'] });
    expect(passagesOf(outcome)[0]).toMatchObject({ path: 'b.md', lanes: { vectors: 1 } });
  });

  it('of every lane is a value', async () => {
    corpus.failures.add('records.getMany').add('records.query');
    expect(await ask('queues', { embedder: failingEmbedder(DOWN) })).toMatchObject({
      kind: 'failed',
      part: 'lexical index',
      failure: { reason: 'unreachable' },
    });
  });

  it('of the documents is a value', async () => {
    corpus.failures.add('records.getMany').add('records.query');
    expect(await ask('queues')).toMatchObject({ kind: 'failed', part: 'records', failure: { reason: 'unreachable' } });
  });

  it('of the graph leaves the rest', async () => {
    const graph = { find: async () => ({ kind: 'failed', failure: DOWN }) as const };
    const outcome = await ask('refunds', { graph });
    expect(outcome).toMatchObject({ kind: 'found', degraded: ['graph'] });
    expect(pathsOf(passagesOf(outcome))).toContain('b.md');
  });

  it('of the texts leaves an answer that says it may lack something', async () => {
    const getMany = corpus.records.getMany.bind(corpus.records);
    corpus.records.getMany = async (keys) =>
      keys.some(({ pk }) => pk.startsWith('chunks#')) ? { kind: 'failed', failure: DOWN } : getMany(keys);
    expect(await ask('queues')).toMatchObject({
      kind: 'found',
      passages: [],
      degraded: ['records'],
      dropped: { unreadable: 2 },
    });
  });
});
