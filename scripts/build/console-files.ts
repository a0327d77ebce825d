/** The console's script, style and icon as they are served: small, and the same bytes wherever they are made. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { transform } from 'esbuild';

const FOLDER = 'functions/console/browser';

const minified = async (file: string, loader: 'ts' | 'css'): Promise<Uint8Array> => {
  const { code } = await transform(await readFile(file, 'utf8'), {
    loader,
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    target: 'es2022',
    tsconfigRaw: {},
  });
  return Buffer.from(code);
};

/** Nothing where a project has no console: a test's own small one. */
export const consoleFiles = async (root: string): Promise<ReadonlyMap<string, Uint8Array>> => {
  const folder = path.join(root, FOLDER);
  return existsSync(folder)
    ? new Map<string, Uint8Array>([
        ['style.css', await minified(path.join(folder, 'style.css'), 'css')],
        ['script.js', await minified(path.join(folder, 'script.ts'), 'ts')],
        ['icon.svg', await readFile(path.join(folder, 'icon.svg'))],
      ])
    : new Map();
};
