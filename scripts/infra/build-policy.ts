/**
 * Builds the policy pack for the Pulumi CLI: one JavaScript module with the rules, Pulumi's own packages left outside. The CLI
 * loads a pack with a compiler of its own that can't read these sources.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { build } from 'esbuild';

import { ROOT } from './record-stack.ts';

const ENTRY = 'infra/policy/index.ts';

/** The pack must stay below the project, where it finds `@pulumi/policy`. */
const DEFAULT_FOLDER = 'dist/policy';

export const buildPolicy = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await build({
    absWorkingDir: ROOT,
    entryPoints: [ENTRY],
    outfile: path.join(folder, 'index.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: ['@pulumi/*'],
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'silent',
    tsconfigRaw: {},
  });
  await copyFile(path.join(ROOT, 'infra/policy/PulumiPolicy.yaml'), path.join(folder, 'PulumiPolicy.yaml'));
  const manifest = { name: 'twinmap-policy', version: '0.1.0', type: 'module', main: 'index.mjs' };
  await writeFile(path.join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
};

if (import.meta.main || process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { out: { type: 'string', default: path.join(ROOT, DEFAULT_FOLDER) } } });
  await buildPolicy(path.resolve(values.out));
  console.log(`${path.relative(ROOT, values.out)}: pulumi preview --policy-pack ${path.relative(ROOT, values.out)}`);
}
