/**
 * The software bill of materials: what npm says of the lock file, without what is only for development, and one component for each
 * function's bundle that depends on exactly the packages in it.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { z } from 'zod';

import { ConfigError } from '../../functions/domain/errors.ts';
import type { BundleContent } from './bundles.ts';

const NPM_TIMEOUT_MS = 60_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

const MODEL = 'functions/embed/model/static-256.bin';

const dependencySchema = z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).optional() });

const licenceSchema = z.array(
  z.looseObject({
    license: z.looseObject({ id: z.string().optional(), name: z.string().optional() }).optional(),
    expression: z.string().optional(),
  }),
);

const componentSchema = z.looseObject({
  'bom-ref': z.string(),
  type: z.string(),
  name: z.string(),
  version: z.string().optional(),
  licenses: licenceSchema.optional(),
});

export const bomSchema = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string(),
  metadata: z.looseObject({ component: componentSchema }),
  components: z.array(componentSchema),
  dependencies: z.array(dependencySchema),
});

export type Bom = z.infer<typeof bomSchema>;
export type Component = z.infer<typeof componentSchema>;

const lockSchema = z.looseObject({
  packages: z.record(z.string(), z.looseObject({ version: z.string().optional(), dev: z.boolean().optional() })),
});

/** What the lock file wants for more than development, as `name@version`. */
const runtimeRefs = async (root: string): Promise<ReadonlySet<string>> => {
  const { packages } = lockSchema.parse(JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')));
  return new Set(
    Object.entries(packages).flatMap(([folder, { version, dev }]) =>
      folder === '' || dev === true
        ? []
        : [`${folder.slice(folder.lastIndexOf('node_modules/') + 13)}@${version ?? ''}`],
    ),
  );
};

/**
 * From the lock file alone: no network, and nothing of what happens to be installed. Not with npm's own `--omit dev`, which leaves out
 * every package that something for development wants too, zod and the Pulumi engine among them.
 */
export const readLockBom = async (root: string): Promise<Bom> => {
  const whole = await askNpm(root);
  const runtime = await runtimeRefs(root);
  const own = whole.metadata.component['bom-ref'];
  const isKept = (ref: string): boolean => ref === own || runtime.has(ref);
  return {
    ...whole,
    components: whole.components.filter((component) => runtime.has(component['bom-ref'])),
    dependencies: whole.dependencies
      .filter(({ ref }) => isKept(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: (dependsOn ?? []).filter((one) => isKept(one)) })),
  };
};

const askNpm = async (root: string): Promise<Bom> => {
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--offline'];
  const options = { cwd: root, timeout: NPM_TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX };
  const answer = Promise.withResolvers<string>();
  execFile('npm', words, options, (error, stdout) => {
    if (error === null) {
      answer.resolve(stdout);
    } else {
      answer.reject(
        new ConfigError(`npm sbom did not answer: ${error.message.split('\n', 1)[0] ?? ''}`, { cause: error }),
      );
    }
  });
  const parsed = bomSchema.safeParse(JSON.parse(await answer.promise));
  if (!parsed.success) {
    throw new ConfigError('npm sbom answered with something that is no CycloneDX; this needs npm 10 or newer');
  }
  return parsed.data;
};

export const bundleRef = (name: string): string => `function:${name}`;

const refOf = ({ name, version }: { readonly name: string; readonly version: string }): string => `${name}@${version}`;

export const licenceOf = ({ licenses }: Component): string =>
  licenses?.map(({ license, expression }) => expression ?? license?.id ?? license?.name ?? '?').join(' AND ') ??
  'not declared';

/** Packages in a bundle that the lock file's bill does not name: something for development runs in production. */
export const unknownPackages = (bom: Bom, bundles: readonly BundleContent[]): readonly string[] => {
  const known = new Set(bom.components.map((component) => component['bom-ref']));
  return bundles.flatMap(({ name, packages }) =>
    packages.flatMap((one) => (known.has(refOf(one)) ? [] : [`${name}: ${refOf(one)}`])),
  );
};

const modelComponent = async (root: string): Promise<Component> => {
  const content = createHash('sha256')
    .update(await readFile(path.join(root, MODEL)))
    .digest('hex');
  return { 'bom-ref': `file:${MODEL}`, type: 'data', name: MODEL, hashes: [{ alg: 'SHA-256', content }] };
};

const NEEDS_MODEL: ReadonlySet<string> = new Set(['sync', 'api']);

export const withBundles = async (root: string, bom: Bom, bundles: readonly BundleContent[]): Promise<Bom> => {
  const model = await modelComponent(root);
  return {
    ...bom,
    metadata: { ...bom.metadata, component: { ...bom.metadata.component, name: 'twinmap' } },
    components: [
      ...bom.components,
      model,
      ...bundles.map(({ name }) => ({
        'bom-ref': bundleRef(name),
        type: 'application',
        name: `twinmap function ${name}`,
      })),
    ],
    dependencies: [
      ...bom.dependencies,
      ...bundles.map(({ name, packages }) => ({
        ref: bundleRef(name),
        dependsOn: [...packages.map((one) => refOf(one)), ...(NEEDS_MODEL.has(name) ? [model['bom-ref']] : [])],
      })),
    ],
  };
};
