/** Which packages each function's bundle holds, as esbuild itself says: what a reviewer has to look at is what runs. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { build } from 'esbuild';
import { z } from 'zod';

import { BUILT_FUNCTIONS, type BuiltFunctionName, bundleOptions } from '../build-functions.ts';

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

export interface BundleContent {
  readonly name: BuiltFunctionName;
  /** Of the bundle that those packages are in. */
  readonly bytes: number;
  /** Files of this project. */
  readonly ownFiles: number;
  readonly packages: readonly BundledPackage[];
}

const FOLDER = 'node_modules/';

const packageSchema = z.looseObject({ name: z.string(), version: z.string(), license: z.string().optional() });

/** `node_modules/a/node_modules/@b/c/dist/x.js` is of the package in `node_modules/a/node_modules/@b/c`. */
export const packageFolder = (file: string): string | undefined => {
  const at = file.lastIndexOf(FOLDER);
  if (at === -1) {
    return undefined;
  }
  const [first = '', second = ''] = file.slice(at + FOLDER.length).split('/');
  return `${file.slice(0, at + FOLDER.length)}${first.startsWith('@') ? `${first}/${second}` : first}`;
};

const readPackage = async (root: string, folder: string): Promise<BundledPackage> => {
  const text = await readFile(path.join(root, folder, 'package.json'), 'utf8');
  const { name, version, license } = packageSchema.parse(JSON.parse(text));
  return { name, version, licence: license ?? 'not declared' };
};

export const readBundle = async (root: string, name: BuiltFunctionName): Promise<BundleContent> => {
  const { metafile, outputFiles } = await build({ ...bundleOptions(root, name), metafile: true });
  // What was left out because nothing of it is used does not run.
  const files = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  const folders = new Set(files.flatMap((file) => packageFolder(file) ?? []));
  const packages = await Promise.all([...folders].map(async (folder) => readPackage(root, folder)));
  return {
    name,
    bytes: outputFiles.reduce((sum, { contents }) => sum + contents.length, 0),
    ownFiles: files.filter((file) => packageFolder(file) === undefined).length,
    packages: packages.toSorted((left, right) =>
      `${left.name}@${left.version}`.localeCompare(`${right.name}@${right.version}`),
    ),
  };
};

export const readBundles = async (
  root: string,
  names: readonly BuiltFunctionName[] = BUILT_FUNCTIONS,
): Promise<readonly BundleContent[]> => Promise.all(names.map(async (name) => readBundle(root, name)));
