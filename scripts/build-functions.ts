/**
 * Bundles each function into one file with everything that it imports, the AWS clients included: the runtime's own lag
 * behind. The bytes depend on the sources and the pinned packages alone, not on where or when the build ran, so that an
 * unchanged function is not deployed again. Not minified: a reviewer can read what runs.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { build, type BuildOptions as EsbuildOptions, type Plugin, transform } from 'esbuild';

import { ConfigError, InvariantError } from '../functions/domain/errors.ts';
import { consoleFiles } from './build/console-files.ts';
import { parserFiles } from './build/parser-files.ts';

export const BUILT_FUNCTIONS = ['dispatch', 'sync', 'api', 'drain', 'repair', 'proof', 'audit', 'survey'] as const;

export type BuiltFunctionName = (typeof BUILT_FUNCTIONS)[number];

export interface BuildOptions {
  /** Gets one folder per function. */
  readonly outDir: string;
  readonly only?: readonly BuiltFunctionName[];
  /** Leaves out what does not exist yet, and says so; without it that is an error. */
  readonly development?: boolean;
  /** For tests: entries and model of another project. */
  readonly rootDirectory?: string;
}

export interface BuiltFunction {
  readonly name: BuiltFunctionName;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface BuildResult {
  readonly built: readonly BuiltFunction[];
  /** Sentences, one for each thing that was left out. */
  readonly skipped: readonly string[];
}

const ROOT = path.resolve(import.meta.dirname, '..');
/** Where a function begins; the example's is in its own folder. */
export const entryOf = (name: BuiltFunctionName): string =>
  name === 'survey' ? 'examples/survey/functions/survey.ts' : `functions/handlers/${name}.ts`;

const MODEL = 'functions/embed/model/static-256.bin';
const NEEDS_MODEL: ReadonlySet<BuiltFunctionName> = new Set(['sync', 'api']);

/** Code that a function starts beside itself: reading strangers' office files needs a heap and a loop of its own. */
const WORKERS: Readonly<Partial<Record<BuiltFunctionName, readonly string[]>>> = {
  sync: ['functions/connectors/text/extract-worker.ts'],
};

/** CommonJS packages inside an ES module still call `require` for Node's own modules. */
const REQUIRE_BANNER =
  "import { createRequire as twinmapCreateRequire } from 'node:module'; const require = twinmapCreateRequire(import.meta.url);";

export const buildFunctions = async (options: BuildOptions): Promise<BuildResult> => {
  const root = options.rootDirectory ?? ROOT;
  const skipped: string[] = [];
  const built: BuiltFunction[] = [];
  for (const name of options.only ?? BUILT_FUNCTIONS) {
    const missing = missingParts(root, name);
    if (missing.length === 0) {
      built.push(await buildOne(root, path.join(options.outDir, name), name));
    } else if (options.development === true) {
      skipped.push(`The function ${name} is not built: ${missing.join(' and ')} does not exist yet.`);
    } else {
      throw new ConfigError(`The function ${name} can't be built: ${missing.join(' and ')} does not exist.`);
    }
  }
  return { built, skipped };
};

const missingParts = (root: string, name: BuiltFunctionName): readonly string[] =>
  [entryOf(name), ...(NEEDS_MODEL.has(name) ? [MODEL] : [])].filter((file) => !existsSync(path.join(root, file)));

const buildOne = async (root: string, folder: string, name: BuiltFunctionName): Promise<BuiltFunction> => {
  const code = await bundle(bundleOptions(root, name), name);
  const files = new Map([['index.mjs', code]]);
  const hash = createHash('sha256').update(code);
  for (const worker of (WORKERS[name] ?? []).filter((file) => existsSync(path.join(root, file)))) {
    const file = `${path.basename(worker, '.ts')}.mjs`;
    const bytes = await bundle({ ...bundleOptions(root, name), entryPoints: [worker], outfile: file }, name);
    hash.update(bytes);
    files.set(file, bytes);
  }
  if (NEEDS_MODEL.has(name)) {
    files.set(path.basename(MODEL), await readFile(path.join(root, MODEL)));
  }
  if (name === 'api') {
    for (const [file, bytes] of await consoleFiles(root)) {
      files.set(file, bytes);
    }
  }
  if (name === 'sync') {
    for (const [file, bytes] of await parserFiles(root)) {
      files.set(file, bytes);
    }
  }
  await mkdir(folder, { recursive: true });
  for (const stale of (await readdir(folder)).filter((entry) => !files.has(entry))) {
    await rm(path.join(folder, stale), { recursive: true, force: true });
  }
  for (const [file, bytes] of files) {
    await replaceFile(path.join(folder, file), bytes);
  }
  return { name, file: path.join(folder, 'index.mjs'), bytes: code.length, sha256: hash.digest('hex') };
};

const PLANTED = /\bisMutant\('[^']*'\)/gu;

/**
 * The simulator's planted defects are switches in the source; what is deployed has none: each becomes `false`, and a file that
 * had one is folded, so that its branch is gone, and the import with it. The other files stay as they were written.
 */
const withoutMutants = (root: string): Plugin => ({
  name: 'without-mutants',
  setup: (building) => {
    const folder = path.join(root, 'functions') + path.sep;
    // oxlint-disable-next-line require-unicode-regexp -- esbuild reads the pattern as Go does, which knows no such flag
    building.onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      if (!file.startsWith(folder)) {
        return undefined;
      }
      const source = await readFile(file, 'utf8');
      const clean = source.replaceAll(PLANTED, 'false');
      if (clean === source) {
        return undefined;
      }
      const { code } = await transform(clean, {
        loader: 'ts',
        minifySyntax: true,
        target: 'node24',
        charset: 'utf8',
        tsconfigRaw: {},
      });
      return { contents: code, loader: 'js' };
    });
  },
});

/** How each function is bundled; what a bundle holds is asked with the same options. */
export const bundleOptions = (root: string, name: BuiltFunctionName): EsbuildOptions & { readonly write: false } => ({
  // Paths in the bundle's comments start here, so that two checkouts give the same bytes.
  absWorkingDir: root,
  entryPoints: [entryOf(name)],
  outfile: 'index.mjs',
  write: false,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  mainFields: ['module', 'main'],
  banner: { js: REQUIRE_BANNER },
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'silent',
  // A tsconfig beside the checkout must not change what is built.
  tsconfigRaw: {},
  plugins: [withoutMutants(root)],
});

const bundle = async (
  options: EsbuildOptions & { readonly write: false },
  name: BuiltFunctionName,
): Promise<Uint8Array> => {
  const { outputFiles } = await build(options).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The function ${name} can't be built: ${why}`, { cause: error });
  });
  const [file] = outputFiles;
  if (file === undefined) {
    throw new InvariantError(`esbuild gave no output for ${name}`);
  }
  return file.contents;
};

/** Only where the bytes differ, and in one step: a running Region loads its functions from these files. */
const replaceFile = async (file: string, bytes: Uint8Array): Promise<void> => {
  const current = existsSync(file) ? await readFile(file) : undefined;
  if (current !== undefined && current.equals(bytes)) {
    return;
  }
  // Outside the folder, which holds nothing but what is deployed.
  const next = path.join(path.dirname(file), '..', `.${randomUUID()}`);
  await writeFile(next, bytes);
  await rename(next, file);
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: path.join(ROOT, 'dist/functions') },
      development: { type: 'boolean', default: false },
    },
  });
  const { built, skipped } = await buildFunctions({ outDir: values.out, development: values.development });
  for (const { name, bytes, sha256 } of built) {
    console.log(`${name.padEnd(8)} ${String(Math.ceil(bytes / 1024)).padStart(6)} KiB  ${sha256.slice(0, 16)}`);
  }
  for (const sentence of skipped) {
    console.warn(sentence);
  }
};

if (import.meta.main || process.argv[1] === import.meta.filename) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
