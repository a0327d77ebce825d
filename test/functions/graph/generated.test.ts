/** Organisations from a generator that knows nothing of the extractors: every Region's answer is the truth that was planned. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { memoryReader } from '../../../functions/graph/answers/memory-reader.ts';
import { incidentOf } from '../../../functions/graph/answers/questions.ts';
import { generateOrganisation } from '../../support/organisation-generator/generate.ts';
import { extractFiles } from './organisation.ts';

const SEEDS = [1, 2, 3, 4, 123];
const REPOSITORIES = 50;

describe('generated organisations', () => {
  it.each(SEEDS)('seed %i: the answers are the planned truth, in every Region', async (seed) => {
    const organisation = generateOrganisation(seed, REPOSITORIES);
    const facts = await Promise.all(
      organisation.repositories.map(async ({ name, files }) =>
        extractFiles(
          name,
          Object.entries(files).map(([file, text]) => ({ path: file, text })),
        ),
      ),
    );
    const reader = memoryReader(facts.flat());
    for (const region of organisation.regions) {
      const { rows } = await incidentOf(reader, region, () => true);
      const found = Object.fromEntries(rows.map(({ name, impact }) => [name, impact]));
      expect(found, `seed ${seed}, ${region}`).toEqual(organisation.truth(region));
    }
  });

  it('the planned truth holds every impact', () => {
    const organisation = generateOrganisation(1, REPOSITORIES);
    const impacts = organisation.regions.flatMap((region) => Object.values(organisation.truth(region)));
    expect(new Set(impacts).size).toBe(4);
    expect(impacts.length).toBeGreaterThan(100);
  });

  it('one seed is one organisation', () => {
    expect(generateOrganisation(3, 20).repositories).toStrictEqual(generateOrganisation(3, 20).repositories);
    expect(generateOrganisation(3, 20).repositories).not.toStrictEqual(generateOrganisation(4, 20).repositories);
  });

  it('the generator imports nothing from what it tests', () => {
    const folder = path.resolve(import.meta.dirname, '../../support/organisation-generator');
    const imports = readdirSync(folder).flatMap((file) =>
      [...readFileSync(path.join(folder, file), 'utf8').matchAll(/^import [^;]*?from '(?<target>[^']+)';/gmu)].map(
        (match) => match.groups?.['target'] ?? '',
      ),
    );
    expect(imports.filter((target) => !/^\.\/[\w-]+\.ts$/u.test(target))).toStrictEqual([]);
  });
});
