/** The shipped organisation: what its author planted is found, all of it and nothing else, with the lines that prove it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { IMPACTS } from '../../../functions/graph/answers/impact.ts';
import { memoryReader } from '../../../functions/graph/answers/memory-reader.ts';
import { blastRadius, incidentOf, onCallOf, workaroundsFor } from '../../../functions/graph/answers/questions.ts';
import type { GraphReader } from '../../../functions/graph/answers/reader.ts';
import { measureFacts } from '../../../functions/graph/facts/measure.ts';
import type { FileFacts } from '../../../functions/graph/facts/vocabulary.ts';
import { extractOrganisation } from './organisation.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../fixtures/organisation');

const names = z.array(z.string()).default([]);

const expectedSchema = z.object({
  about: z.string(),
  regions: z.record(z.string(), z.object({ DOWN: names, DEGRADED: names, 'CONTROL-PLANE': names })),
  unknown: z.array(z.object({ component: z.string(), path: z.string(), line: z.number(), expression: z.string() })),
  proofs: z.array(z.object({ component: z.string(), region: z.string(), lines: z.array(z.string()) })),
  dead: z.array(z.string()),
  environments: z.record(z.string(), z.record(z.string(), z.array(z.string()))),
});

const EXPECTED = expectedSchema.parse(JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')));

const everybody = (): boolean => true;

let facts: readonly FileFacts[];
let reader: GraphReader;

beforeAll(async () => {
  facts = await extractOrganisation(FOLDER);
  reader = memoryReader(facts);
});

const unknownBeside = (reached: readonly string[]): string[] =>
  EXPECTED.unknown.map(({ component }) => component).filter((component) => !reached.includes(component));

describe('the shipped organisation', () => {
  it('has at least fifteen repositories', () => {
    expect(new Set(facts.map(({ repository }) => repository)).size).toBeGreaterThanOrEqual(15);
  });

  it.each(Object.keys(EXPECTED.regions))('%s reaches exactly what was planted', async (region) => {
    const { rows } = await incidentOf(reader, region, everybody);
    const found = Object.fromEntries(
      IMPACTS.map((impact) => [
        impact,
        rows
          .filter((row) => row.impact === impact)
          .map(({ name }) => name)
          .toSorted(),
      ]),
    );
    const planted = EXPECTED.regions[region] ?? { DOWN: [], DEGRADED: [], 'CONTROL-PLANE': [] };
    const reached = Object.values(planted).flat();
    const wanted = Object.fromEntries(Object.entries(planted).map(([impact, list]) => [impact, list.toSorted()]));
    expect(found).toStrictEqual({ ...wanted, UNKNOWN: unknownBeside(reached).toSorted() });
  });

  it.each(EXPECTED.unknown)(
    'what is unknown of $component is listed with its place',
    async ({ component, path: file, line, expression }) => {
      const { rows } = await incidentOf(reader, 'ap-south-2', everybody);
      const row = rows.find(({ name }) => name === component);
      const shown = row?.ties.map((tie) => ({
        text: tie.expression,
        at: tie.evidence.map((one) => `${one.path}:${one.line}`),
      }));
      expect(shown?.some((tie) => (tie.text ?? '').includes(expression) && tie.at.includes(`${file}:${line}`))).toBe(
        true,
      );
    },
  );

  it.each(EXPECTED.proofs)(
    '$component in $region is proved by the lines that decide it',
    async ({ component, region, lines }) => {
      const { rows } = await incidentOf(reader, region, everybody);
      const ties = rows.find(({ name }) => name === component)?.ties ?? [];
      const proofs = ties.map((tie) => tie.evidence.map((one) => `${one.repository}/${one.path}:${one.line}`));
      expect(proofs.some((proof) => lines.every((line) => proof.includes(line)))).toBe(true);
    },
  );

  it('every cited line exists, and every proof of a known Region cites one', async () => {
    for (const region of Object.keys(EXPECTED.regions)) {
      const { rows } = await incidentOf(reader, region, everybody);
      for (const evidence of rows.flatMap((row) => row.path.concat(row.ties)).map((step) => step.evidence)) {
        expect(evidence.length).toBeGreaterThan(0);
        for (const { repository, path: file, line } of evidence) {
          const count = readFileSync(path.join(FOLDER, repository, file), 'utf8').split('\n').length;
          expect(line).toBeLessThanOrEqual(count);
        }
      }
    }
  });

  it('dead files are listed with a reason and make no edges', () => {
    const dead = facts.filter((file) => file.dead !== undefined);
    expect(dead.map(({ repository, path: file }) => `${repository}/${file}`).toSorted()).toStrictEqual(
      EXPECTED.dead.toSorted(),
    );
    expect(dead.flatMap(({ edges }) => edges)).toStrictEqual([]);
  });

  it('everything is counted, the unknown and the dead too', () => {
    const { files, dead, ties, unknowns, levels } = measureFacts(facts);
    expect(files).toBe(facts.length);
    expect(dead).toBe(EXPECTED.dead.length);
    expect(ties['unknown']).toBeGreaterThanOrEqual(EXPECTED.unknown.length);
    expect(unknowns['unparseable']).toBe(1);
    expect(Object.keys(levels)).toStrictEqual(['catalog', 'declared', 'literal', 'observed', 'prose']);
  });

  it('environments are told apart', async () => {
    for (const [component, regions] of Object.entries(EXPECTED.environments)) {
      for (const [region, environments] of Object.entries(regions)) {
        const { rows } = await incidentOf(reader, region, everybody);
        expect(rows.find(({ name }) => name === component)?.environments).toStrictEqual(environments);
      }
    }
  });

  it('rows come worst first, then by tier, then by reach', async () => {
    const { rows } = await incidentOf(reader, 'us-east-1', everybody);
    expect(rows.slice(0, 6).map(({ name }) => name)).toStrictEqual([
      'orders',
      'payments',
      'reports',
      'shipping',
      'inventory',
      'checkout',
    ]);
    expect(rows[0]).toMatchObject({ tier: 1, reach: 2 });
  });

  it('the owner, who is paged, the runbook and the decision in force are in the row', async () => {
    const { rows } = await incidentOf(reader, 'us-east-1', everybody);
    const orders = rows.find(({ name }) => name === 'orders');
    expect(orders?.owner).toMatchObject({ id: 'group:team-orders', from: 'catalog' });
    expect(orders?.onCall.map(({ name }) => name)).toStrictEqual(['PORDERS']);
    expect(orders?.runbooks.map(({ name }) => name)).toStrictEqual(['Orders runbook']);
    expect(orders?.decisions.map(({ attributes }) => attributes['status'])).toStrictEqual([
      'Accepted',
      'Superseded by 7',
    ]);
  });
});

describe('questions about one component', () => {
  it('the blast radius of orders holds callers by API, by host and by remote state', async () => {
    const { rows } = await blastRadius(reader, 'orders', everybody);
    expect(rows.map(({ name }) => name).toSorted()).toStrictEqual(['payments', 'reports', 'search', 'shipping']);
  });

  it('CODEOWNERS names an owner where the catalog names none, and says so', async () => {
    expect(await onCallOf(reader, 'storefront', everybody)).toMatchObject({
      owner: { id: 'group:web', from: 'CODEOWNERS' },
    });
  });

  it('a component that nobody knows has no answer', async () => {
    expect(await onCallOf(reader, 'nobody', everybody)).toBeUndefined();
    expect(await workaroundsFor(reader, 'nobody', everybody)).toBeUndefined();
  });

  it('workarounds name the runbook and the copies', async () => {
    const answer = await workaroundsFor(reader, 'inventory', everybody);
    expect(answer?.runbooks.map(({ attributes }) => attributes['section'])).toStrictEqual(['Failover']);
    expect(new Set(answer?.alternates.flatMap(({ alternates }) => alternates ?? []))).toStrictEqual(
      new Set(['us-east-1', 'us-west-2']),
    );
  });
});
