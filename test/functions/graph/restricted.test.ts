/** Who may not read a source sees that it counts, and nothing else of it. */
import path from 'node:path';

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { memoryReader } from '../../../functions/graph/answers/memory-reader.ts';
import {
  blastRadius,
  dependentsOf,
  incidentOf,
  onCallOf,
  workaroundsFor,
} from '../../../functions/graph/answers/questions.ts';
import type { GraphReader } from '../../../functions/graph/answers/reader.ts';
import type { FileFacts } from '../../../functions/graph/facts/vocabulary.ts';
import { extractOrganisation } from './organisation.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../fixtures/organisation');

let facts: readonly FileFacts[];
let reader: GraphReader;
let sources: readonly string[];

beforeAll(async () => {
  facts = await extractOrganisation(FOLDER);
  reader = memoryReader(facts);
  sources = [...new Set(facts.map(({ source }) => source))];
});

/** Names that only the given sources hold: in node ids, lines of proof, expressions. */
const secretsOf = (hidden: ReadonlySet<string>): readonly string[] => {
  const open = JSON.stringify(facts.filter(({ source }) => !hidden.has(source)));
  const closed = facts.filter(({ source }) => hidden.has(source));
  const nodes = closed.flatMap((file) => file.nodes.map(({ id }) => id));
  const edges = closed.flatMap((file) =>
    file.edges.flatMap(({ from, to, via = '', expression = '' }) => [from, to, via, expression]),
  );
  const words = [...hidden].concat(nodes, edges);
  return [...new Set(words)].filter((word) => word.length > 6 && !word.startsWith('region:') && !open.includes(word));
};

describe('restricted sources', () => {
  it('a restricted component is counted and not named, and what depends on it is still reached', async () => {
    const all = await incidentOf(reader, 'us-east-1', () => true);
    const some = await incidentOf(reader, 'us-east-1', (source) => source !== 'src-orders');
    expect(some.counts).toStrictEqual(all.counts);
    expect(some.restricted).toStrictEqual({ DOWN: 1, DEGRADED: 0, 'CONTROL-PLANE': 0, UNKNOWN: 0 });
    expect(some.rows.map(({ name }) => name)).not.toContain('orders');
    const payments = some.rows.find(({ name }) => name === 'payments');
    expect(payments?.impact).toBe('DOWN');
    expect(payments?.path.at(-1)).toMatchObject({ from: 'restricted', to: 'region:us-east-1', evidence: [] });
  });

  it('a restricted component does not exist for questions about it', async () => {
    const isVisible = (source: string): boolean => source !== 'src-orders';
    expect(await onCallOf(reader, 'orders', isVisible)).toBeUndefined();
    expect(await workaroundsFor(reader, 'orders', isVisible)).toBeUndefined();
  });

  it('no answer holds a word that only hidden sources hold, whatever is hidden', async () => {
    const cases = fc.asyncProperty(
      fc.infiniteStream(fc.boolean()),
      fc.constantFrom('us-east-1', 'eu-west-1', 'us-west-2', 'ca-west-1', 'eu-central-1', 'ap-southeast-2'),
      fc.constantFrom('orders', 'inventory', 'platform-events', 'picking', 'checkout'),
      async (coins, region, component) => {
        const hidden = new Set(sources.filter(() => coins.next().value === true));
        const isVisible = (source: string): boolean => !hidden.has(source);
        // The question's own words come back; what was asked about is no news to who asked.
        const secrets = secretsOf(hidden).filter((word) => word !== `component:${component}`);
        const answers = JSON.stringify([
          await incidentOf(reader, region, isVisible),
          await dependentsOf(reader, region, isVisible),
          await blastRadius(reader, component, isVisible),
          (await onCallOf(reader, component, isVisible)) ?? null,
          (await workaroundsFor(reader, component, isVisible)) ?? null,
        ]);
        expect(secrets.filter((word) => answers.includes(JSON.stringify(word).slice(1, -1)))).toStrictEqual([]);
      },
    );
    await fc.assert(cases, { numRuns: 40, seed: 11 });
  });
});
