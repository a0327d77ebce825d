/**
 * The stored graph as a search sees it: documents by their own ids, whatever their paths are; nothing of sources that the caller may not
 * read; and never more calls than the lane was given.
 */
import { beforeAll, describe, expect, it } from 'vitest';

import type { Connector, PullContext } from '../../../functions/connectors/connector.ts';
import { documentId } from '../../../functions/domain/corpus.ts';
import type { RecordKey } from '../../../functions/domain/record.ts';
import { onCallOf } from '../../../functions/graph/answers/questions.ts';
import type { FileFacts, GraphEdge } from '../../../functions/graph/facts/vocabulary.ts';
import {
  indexOf,
  type NodeFiles,
  nodeName,
  nodePuts,
  storedFacts,
} from '../../../functions/ingest/derive/graph/unit-records.ts';
import { documentIdOf } from '../../../functions/ingest/plan-document.ts';
import { CallBudget } from '../../../functions/query/call-budget.ts';
import { cacheOf } from '../../../functions/query/graph-answers.ts';
import { GraphDirectory, type GraphRecords } from '../../../functions/query/graph-index.ts';
import { openGraphLane } from '../../../functions/query/graph-lane.ts';
import { StoreGraphReader } from '../../../functions/query/graph-reader.ts';
import type { GraphLane } from '../../../functions/query/lanes.ts';
import { searchGraph } from '../../../functions/query/search-graph.ts';
import { makeCanonicalRecord } from '../../../functions/stores/envelope.ts';
import { type Origin, originConnector, SOURCE, type World } from '../../support/cycle-world.ts';
import { MemoryRecordStore } from '../../support/memory-stores.ts';
import { GRAPH_EDITS, graphWorld } from '../ingest/derive/small-graph.ts';

const PEOPLE = [
  ['API', 'ledger-api', 'type: openapi'],
  ['System', 'banking', 'owner: money'],
  ['Group', 'money', 'type: team'],
]
  .map(
    ([kind, name, spec]) =>
      `apiVersion: backstage.io/v1alpha1\nkind: ${kind}\nmetadata:\n  name: ${name}\nspec:\n  ${spec}\n`,
  )
  .join('---\n');

const MEMBER = 'payments@main';

const KEY = `git.example/${MEMBER}`;
const outer = (id: string): string => `${KEY}!${id}`;
const idOf = (file: string): string => documentIdOf(SOURCE.id, outer(file));

/** A source of several repositories, as `composite.ts` makes it: paths begin with the member, and ids with its key. */
const composite = (origin: Origin): Connector => {
  const inner = originConnector(origin);
  return {
    ...inner,
    async *pull(context, cursor) {
      const select: PullContext['select'] = async (entries) => {
        const selected = await context.select(entries.map(({ id, rev }) => ({ id: outer(id), rev })));
        return new Set([...selected].map((id) => id.slice(KEY.length + 1)));
      };
      for await (const event of inner.pull({ ...context, select }, cursor)) {
        if (event.op === 'upsert') {
          const { id, path: file } = event.document;
          yield { ...event, document: { ...event.document, id: outer(id), path: `${MEMBER}/${file}` } };
        } else if (event.op === 'skip') {
          yield { ...event, entry: { ...event.entry, id: outer(event.entry.id) }, path: `${MEMBER}/${event.path}` };
        } else if (event.op === 'delete') {
          yield { ...event, id: outer(event.id) };
        } else if (event.op === 'checkpoint') {
          yield { ...event, cursor: { ...event.cursor, parts: { [KEY]: { commit: 'c1' } } } };
        } else {
          yield event;
        }
      }
    },
    async *enumerate(signal, cursor) {
      for await (const { id, rev } of inner.enumerate(signal, cursor)) {
        yield { id: outer(id), rev };
      }
    },
  };
};

const compositeWorld = async (): Promise<World> => {
  const world = graphWorld();
  world.open = () => composite(world.origin);
  await world.run();
  return world;
};

const all = (): boolean => true;
const SOURCES = [SOURCE.id];

const laneOver = (records: GraphRecords, nowMs: number): GraphLane => searchGraph({ records, sources: SOURCES, nowMs });

const documentsOf = async (lane: GraphLane, query: string): Promise<readonly string[]> => {
  const found = await lane.find(query, all, new CallBudget(2));
  return found.kind === 'done' ? found.value.map(({ document }) => document) : [found.failure.message];
};

const warm = async (records: GraphRecords): Promise<void> => {
  expect((await cacheOf(records).directory(SOURCES)).kind).toBe('done');
};

describe('a source whose documents are not named by their paths', () => {
  it('has the documents of what a question names, after its first cycle and after an edit', async () => {
    const world = await compositeWorld();
    const { graph } = world.primary;
    await warm(graph);
    const first = await documentsOf(laneOver(graph, 1), 'who needs payments?');
    expect(first).toContain(idOf('catalog-info.yaml'));
    expect(first).toContain(idOf('docs/runbooks/payments.md'));
    GRAPH_EDITS[7]?.(world.origin.files);
    world.origin.files.set('docs/runbooks/payments.md', '# Payments are slow\n\nWait, then restart it.\n');
    await world.run();
    await warm(graph);
    const { units } = cacheOf(graph).peek();
    expect(units.map(({ head }) => head.repository)).toContain('payments');
    expect(await documentsOf(laneOver(graph, 1), 'payments')).toEqual(expect.arrayContaining([...first]));
  });

  it('names them in the evidence of an answer, which a plain repository need not', async () => {
    const plain = graphWorld();
    await plain.run();
    for (const { graph, document } of [
      { graph: (await compositeWorld()).primary.graph, document: idOf('catalog-info.yaml') },
      { graph: plain.primary.graph, document: undefined },
    ]) {
      await warm(graph);
      const reader = new StoreGraphReader({ records: graph, directory: cacheOf(graph).peek(), readAt: new Map() });
      const { owner } = (await onCallOf(reader, 'payments', all)) ?? {};
      expect(owner?.evidence).toMatchObject([{ path: 'catalog-info.yaml' }]);
      expect(owner?.evidence[0]?.document).toBe(document);
    }
  });

  it('is read where its records are of before documents were kept, and named by nothing', async () => {
    const world = await compositeWorld();
    const { graph } = world.primary;
    for (const items of graph.partitions.values()) {
      for (const [sk, item] of items) {
        if (sk.startsWith('node#')) {
          items.set(sk, { ...item, data: (item.data ?? '').replaceAll(/"d":"[0-9a-f]+",/gu, '') });
        }
      }
    }
    await warm(graph);
    const reader = new StoreGraphReader({ records: graph, directory: cacheOf(graph).peek(), readAt: new Map() });
    const nodes = (await reader.nodes(['component:payments'])).get('component:payments') ?? [];
    expect(nodes.map(({ origin }) => [origin.path, origin.document])).toEqual([['catalog-info.yaml', undefined]]);
    expect(await documentsOf(laneOver(graph, 1), 'payments')).toEqual([]);
  });
});

describe('what is kept of the graph', () => {
  let world: World;

  beforeAll(async () => {
    world = graphWorld();
    world.origin.files.set('people/catalog-info.yaml', PEOPLE);
    await world.run();
    await warm(world.primary.graph);
  });

  it.each(['payments', 'ledger-api', 'banking', 'money'])(
    '%s is found by its name, whatever kind it is of',
    async (name) => {
      const kept = laneOver(world.primary.graph, 1);
      expect(await documentsOf(kept, `what about ${name}?`)).toContain(
        documentIdOf(SOURCE.id, name === 'payments' ? 'catalog-info.yaml' : 'people/catalog-info.yaml'),
      );
    },
  );

  it('stays as it is where nobody could say which sources there are', async () => {
    const { graph } = world.primary;
    const blind = searchGraph({ records: graph, sources: undefined, nowMs: 10_000_000 });
    expect(await documentsOf(blind, 'payments')).not.toEqual([]);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(cacheOf(graph).peek().units.length).toBeGreaterThan(0);
  });
});

const ORDERS = 'component:orders';

/** So many runbooks of one component that its record has several parts. */
const runbooksOf = (source: string, count: number): FileFacts => ({
  source,
  repository: source,
  commit: 'c',
  path: 'runbooks.md',
  asOf: 0,
  extractor: 'graph',
  nodes: [{ id: ORDERS, kind: 'component', name: 'orders', attributes: {}, at: { line: 1 } }],
  edges: Array.from({ length: count }, (_, at): GraphEdge => ({
    from: `runbook:${source}/${at}-${'x'.repeat(500)}`,
    to: ORDERS,
    type: 'documents',
    level: 'prose',
    at: [{ line: at + 1 }],
  })),
  unknowns: [],
});

class CountedGraph {
  readonly store = new MemoryRecordStore();
  readonly asked: RecordKey[][] = [];
  readonly records: GraphRecords = {
    getMany: async (keys) => {
      this.asked.push([...keys]);
      return this.store.getMany(keys);
    },
    getDigests: async (keys) => this.store.getDigests(keys),
  };

  async open(sources: readonly FileFacts[]): Promise<GraphLane> {
    const units = await Promise.all(
      sources.map(async (facts) => {
        const stored = storedFacts(facts.source, UNIT, facts, 'd'.repeat(20));
        const nodes = stored.nodes.map(({ id, direction, file }): NodeFiles => ({ id, direction, files: [file] }));
        const files = [{ d: '', path: facts.path, rev: '1', facts: stored.hash, parts: stored.puts.length }];
        const puts = [...stored.puts, ...nodes.flatMap((node) => nodePuts(facts.source, UNIT, node))];
        for (const { key, canonical } of puts) {
          await this.store.put(makeCanonicalRecord(key, { v: '1', op: 'op' }, canonical));
        }
        const names = new Map(nodes.map((node) => [nodeName(node.direction, node.id), node]));
        const head = { unit: UNIT, repository: facts.source, prefix: '', commit: 'c', basis: '', sum: '' };
        return {
          source: facts.source,
          head: { ...head, files: 1, index: 1, indexHash: '' },
          index: indexOf(names.values(), files),
        };
      }),
    );
    const directory = new GraphDirectory(units);
    return openGraphLane(() => ({
      named: (name) => (name === 'orders' ? units.map(({ source }) => ({ id: ORDERS, source })) : []),
      open: (calls, isRead) =>
        new StoreGraphReader({ records: this.records, directory, readAt: new Map(), calls, isRead }),
    }));
  }
}

const UNIT = '0123abcd';

describe('the calls of the lane', () => {
  it('are never more than it was given, however much there is to read, and that it was not all is told', async () => {
    const graph = new CountedGraph();
    const calls = new CallBudget(2);
    const found = await (await graph.open([runbooksOf('shop', 2000)])).find('orders', all, calls);
    expect(found).toMatchObject({ kind: 'done', value: [{ document: documentId('shop', 'd'.repeat(20)) }] });
    expect([graph.asked.length, calls.left, calls.isShort]).toEqual([2, 0, true]);
  });

  it('are enough for what has one record, and then nothing is short', async () => {
    const graph = new CountedGraph();
    const calls = new CallBudget(2);
    await (await graph.open([runbooksOf('shop', 2)])).find('orders', all, calls);
    expect([graph.asked.length, calls.isShort]).toEqual([2, false]);
  });

  it('ask for no record of a source that the caller may not read', async () => {
    const graph = new CountedGraph();
    const lane = await graph.open([runbooksOf('shop', 2), runbooksOf('bank', 2)]);
    await lane.find('orders', (source) => source === 'shop', new CallBudget(2));
    expect(new Set(graph.asked.flat().map(({ pk }) => pk.split('#')[1]))).toEqual(new Set(['shop']));
  });
});
