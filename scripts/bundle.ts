/**
 * `npm run bundle`: the whole `twinmap` command in one file, dist/twinmap.mjs, with its checksum and an example of its config. It
 * runs under plain Node in an empty folder, so that it can lie on a stick in a safe and still move the work when no registry, no
 * repository and no CI answers.
 */
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { build } from 'esbuild';

import { ConfigError, InvariantError } from '../functions/domain/errors.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
export const BUNDLE_FILE = 'twinmap.mjs';
export const CONFIG_EXAMPLE = 'twinmap.example.json';
const EXAMPLE_SOURCE = 'ops/twinmap.example.json';
const OLDER_NODE = 24;

/** CommonJS packages inside an ES module still call `require` for Node's own modules; an older Node is told so in one sentence. */
const BANNER = [
  '#!/usr/bin/env node',
  "import { createRequire as twinmapCreateRequire } from 'node:module'; const require = twinmapCreateRequire(import.meta.url);",
  `if (Number(process.versions.node.split('.')[0]) < ${OLDER_NODE}) { process.stderr.write('twinmap needs Node ${OLDER_NODE} or newer, this is ' + process.version + '\\n'); process.exit(1); }`,
].join('\n');

export interface Bundled {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

const bundleText = async (root: string): Promise<Uint8Array> => {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['ops/cli.ts'],
    outfile: BUNDLE_FILE,
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: `node${OLDER_NODE}`,
    mainFields: ['module', 'main'],
    banner: { js: BANNER },
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'silent',
    tsconfigRaw: {},
  }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The command can't be bundled: ${why}`, { cause: error });
  });
  const [file] = outputFiles;
  if (file === undefined) {
    throw new InvariantError('esbuild gave no output for the command');
  }
  return file.contents;
};

/** Three files: the command, its checksum as `sha256sum -c` reads it, and what a config looks like. */
export const bundleCommand = async (outDir: string, root: string = ROOT): Promise<Bundled> => {
  const code = await bundleText(root);
  const sha256 = createHash('sha256').update(code).digest('hex');
  const file = path.join(outDir, BUNDLE_FILE);
  await mkdir(outDir, { recursive: true });
  await writeFile(file, code);
  await chmod(file, 0o755);
  await writeFile(`${file}.sha256`, `${sha256}  ${BUNDLE_FILE}\n`);
  await writeFile(path.join(outDir, CONFIG_EXAMPLE), await readFile(path.join(root, EXAMPLE_SOURCE)));
  return { file, bytes: code.length, sha256 };
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: path.join(ROOT, 'dist') },
      json: { type: 'boolean', default: false },
    },
  });
  const bundled = await bundleCommand(values.out);
  const { file, bytes, sha256 } = bundled;
  process.stderr.write(
    [
      `${file}  ${Math.ceil(bytes / 1024)} KiB`,
      `${file}.sha256  ${sha256}`,
      `${path.join(values.out, CONFIG_EXAMPLE)}  what a config looks like`,
      'on the stick, beside a config of your own:',
      `  sha256sum -c ${BUNDLE_FILE}.sha256`,
      `  node ${BUNDLE_FILE} status --stores twinmap.json`,
      '',
    ].join('\n'),
  );
  if (values.json) {
    process.stdout.write(`${JSON.stringify(bundled)}\n`);
  }
};

if (import.meta.main || process.argv[1] === import.meta.filename) {
  await main();
}
