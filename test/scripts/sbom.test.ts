/** The bill of materials: it parses, names every runtime dependency and nothing for development, and says what a function's bundle holds. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { type BundleContent, packageFolder, readBundle } from '../../scripts/sbom/bundles.ts';
import {
  type Bom,
  bomSchema,
  bundleRef,
  readLockBom,
  unknownPackages,
  withBundles,
} from '../../scripts/sbom/cyclonedx.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

const { dependencies, devDependencies } = z
  .looseObject({
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')));

let lock: Bom;
let dispatch: BundleContent;

beforeAll(async () => {
  lock = await readLockBom(ROOT);
  dispatch = await readBundle(ROOT, 'dispatch');
}, 60_000);

const refs = (bom: Bom): ReadonlySet<string> => new Set(bom.components.map((component) => component['bom-ref']));

describe('the bill of materials', () => {
  it('names every runtime dependency in its pinned version, also those that something for development wants too', () => {
    const wanted = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`);
    expect(wanted.filter((ref) => !refs(lock).has(ref))).toEqual([]);
    expect(wanted).toContain('zod@4.6.7');
  });

  it('names nothing that is only for development', () => {
    const known = new Set(lock.components.map(({ name }) => name));
    const tools = ['vitest', 'oxlint', 'prettier', 'fast-check', 'workerd', '@pulumi/policy'];
    expect(tools.filter((name) => devDependencies[name] === undefined)).toEqual([]);
    expect(tools.filter((name) => known.has(name))).toEqual([]);
  });

  it('has a component for a function, which depends on exactly what its bundle holds', async () => {
    const bom = bomSchema.parse(JSON.parse(JSON.stringify(await withBundles(ROOT, lock, [dispatch]))));
    const { dependsOn } = bom.dependencies.find(({ ref }) => ref === bundleRef('dispatch')) ?? {};
    expect(dependsOn).toContain(`zod@${dependencies['zod'] ?? ''}`);
    expect(dependsOn).toContain(`@aws-sdk/client-sqs@${dependencies['@aws-sdk/client-sqs'] ?? ''}`);
    expect(dependsOn?.filter((ref) => ref.startsWith('dynalite') || ref.startsWith('@pulumi'))).toEqual([]);
    expect(dependsOn?.filter((ref) => !refs(bom).has(ref))).toEqual([]);
    expect(bom.metadata.component.name).toBe('twinmap');
  });

  it('finds a package that is in a bundle and not in the bill', () => {
    expect(unknownPackages(lock, [dispatch])).toEqual([]);
    const stray = { name: 'left-pad', version: '1.3.0', licence: 'WTFPL' };
    expect(unknownPackages(lock, [{ ...dispatch, packages: [stray] }])).toEqual(['dispatch: left-pad@1.3.0']);
  });
});

describe('the package of a file', () => {
  it.each([
    ['node_modules/zod/v4/index.js', 'node_modules/zod'],
    ['node_modules/@aws-sdk/core/dist-es/x.js', 'node_modules/@aws-sdk/core'],
    ['node_modules/a/node_modules/@b/c/x.js', 'node_modules/a/node_modules/@b/c'],
    ['functions/handlers/api.ts', undefined],
  ])('%s is in %s', (file, folder) => {
    expect(packageFolder(file)).toBe(folder);
  });
});
