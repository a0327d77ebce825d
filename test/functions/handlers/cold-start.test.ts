/** What the API loads before it can answer: a client of HTTP, the check of a signature and agents' protocol wait for who needs them. */
import path from 'node:path';

import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const ENTRY = 'functions/handlers/api.ts';

/** Packages that are evaluated with the entry: by static imports alone, as the bundle keeps them apart. */
const loadedAtStart = async (): Promise<ReadonlySet<string>> => {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [ENTRY],
    bundle: true,
    write: false,
    outfile: 'index.mjs',
    metafile: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node24',
    tsconfigRaw: {},
    logLevel: 'silent',
  });
  const packages = new Set<string>();
  const seen = new Set<string>();
  const wanted = [ENTRY];
  for (let file = wanted.pop(); file !== undefined; file = wanted.pop()) {
    if (seen.has(file)) {
      continue;
    }
    seen.add(file);
    for (const { path: to, kind, external } of metafile.inputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && external === true) {
        packages.add(to);
      } else if (kind === 'import-statement') {
        wanted.push(to);
      }
    }
  }
  return packages;
};

describe('the API', () => {
  it('starts without what only some requests need', async () => {
    const loaded = await loadedAtStart();
    expect(loaded).toContain('hono');
    for (const name of [
      'undici',
      'jose',
      '@modelcontextprotocol/server',
      'parse5',
      '@aws-sdk/client-bedrock-runtime',
    ]) {
      expect(loaded).not.toContain(name);
    }
  });
});
