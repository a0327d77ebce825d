/** What the graph adds to a search: the files around a name that the question has, within what the caller may read. */
import { describe, expect, it } from 'vitest';

import { documentId } from '../../../functions/domain/corpus.ts';
import { memoryReader } from '../../../functions/graph/answers/memory-reader.ts';
import type { GraphReader } from '../../../functions/graph/answers/reader.ts';
import type { FileFacts } from '../../../functions/graph/facts/vocabulary.ts';
import { CallBudget } from '../../../functions/query/call-budget.ts';
import { openGraphLane } from '../../../functions/query/graph-lane.ts';
import { GraphUnavailableError } from '../../../functions/query/graph-reader.ts';
import { sha256Hex } from '../../../functions/stores/envelope.ts';

const factsOf = (source: string, path: string, more: Partial<FileFacts>): FileFacts => ({
  source,
  repository: source,
  commit: 'c',
  path,
  asOf: 1,
  extractor: 'graph',
  nodes: [],
  edges: [],
  unknowns: [],
  ...more,
});

const ORDERS = 'component:orders-api';
const FACTS: readonly FileFacts[] = [
  factsOf('shop', 'catalog-info.yaml', {
    nodes: [{ id: ORDERS, kind: 'component', name: 'orders-api', attributes: {}, at: { line: 3 } }],
  }),
  factsOf('shop', 'runbooks/orders.md', {
    edges: [{ from: 'runbook:orders', to: ORDERS, type: 'documents', level: 'prose', at: [{ line: 7 }] }],
  }),
  factsOf('bank', 'main.tf', {
    edges: [{ from: 'component:bank', to: ORDERS, type: 'dependsOn', level: 'declared', at: [{ line: 9 }] }],
  }),
];

const named = (name: string): readonly { readonly id: string; readonly source: string }[] =>
  name === 'orders-api' ? [{ id: ORDERS, source: 'shop' }] : [];
const idOf = (source: string, path: string): string => documentId(source, sha256Hex(path));
const all = (): boolean => true;

/** With the document of each file, as stored records have it; a file of which it is not known has none. */
const withDocuments = (reader: GraphReader): GraphReader => {
  const known = <T extends { readonly origin: { readonly source: string; readonly path: string } }>(
    found: ReadonlyMap<string, readonly T[]>,
  ): ReadonlyMap<string, readonly T[]> =>
    new Map(
      [...found].map(([id, seen]) => [
        id,
        seen.map((one) => ({
          ...one,
          origin: { ...one.origin, document: idOf(one.origin.source, one.origin.path) },
        })),
      ]),
    );
  return {
    nodes: async (ids) => known(await reader.nodes(ids)),
    outOf: async (ids, types) => known(await reader.outOf(ids, types)),
    into: async (ids, types) => known(await reader.into(ids, types)),
  };
};

const lane = openGraphLane(() => ({ named, open: () => withDocuments(memoryReader(FACTS)) }));

describe('the graph lane', () => {
  it('finds what is written about a name first, then where it is declared, then who needs it', async () => {
    expect(await lane.find('what is the state of orders-api?', all, new CallBudget(2))).toEqual({
      kind: 'done',
      value: [
        { document: idOf('shop', 'runbooks/orders.md'), line: 7 },
        { document: idOf('shop', 'catalog-info.yaml'), line: 3 },
        { document: idOf('bank', 'main.tf'), line: 9 },
      ],
    });
  });

  it('is silent where nothing is named, kept or allowed, and where there are no calls left', async () => {
    const nothing = { kind: 'done', value: [] };
    expect(await lane.find('orders', all, new CallBudget(2))).toEqual(nothing);
    expect(await lane.find('orders-api', all, new CallBudget(1))).toEqual(nothing);
    expect(await lane.find('orders-api', (source) => source === 'bank', new CallBudget(2))).toEqual(nothing);
    expect(await openGraphLane(() => undefined).find('orders-api', all, new CallBudget(2))).toEqual(nothing);
  });

  it('leaves out a file of which the document is not known: its path does not tell', async () => {
    const unknown = openGraphLane(() => ({ named, open: () => memoryReader(FACTS) }));
    expect(await unknown.find('orders-api', all, new CallBudget(2))).toEqual({ kind: 'done', value: [] });
  });

  it('names nothing of a source that the caller may not read', async () => {
    const found = await lane.find('orders-api', (source) => source === 'shop', new CallBudget(2));
    expect(JSON.stringify(found)).not.toContain('bank');
  });

  it('that can not be read is a value', async () => {
    const failure = { reason: 'unreachable', code: 'X', message: 'down' } as const;
    const broken = {
      ...memoryReader(FACTS),
      nodes: async () => {
        throw new GraphUnavailableError(failure);
      },
    };
    const down = openGraphLane(() => ({ named, open: () => broken }));
    expect(await down.find('orders-api', all, new CallBudget(2))).toEqual({ kind: 'failed', failure });
  });
});
