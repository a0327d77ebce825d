/** The parsers that the sync function reads code and infrastructure with: one runtime and a grammar for each language, as WebAssembly. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { GRAMMARS } from '../../functions/graph/syntax/parsers.ts';
import { bundledFile, grammarFile, RUNTIME_FILE } from '../../functions/graph/syntax/parser-files.ts';

/** By their names beside the bundle; empty for a project that has none installed. */
export const parserFiles = async (root: string): Promise<ReadonlyMap<string, Uint8Array>> => {
  const found = new Map<string, Uint8Array>();
  for (const file of [RUNTIME_FILE, ...GRAMMARS.map((grammar) => grammarFile(grammar))]) {
    const from = path.join(root, 'node_modules', file);
    if (existsSync(from)) {
      found.set(bundledFile(file), await readFile(from));
    }
  }
  return found;
};
