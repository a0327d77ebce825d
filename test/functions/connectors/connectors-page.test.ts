/** The connector that `docs/connectors.md` builds keeps the contract, from the page as it stands. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { CONNECTOR_KINDS } from '../../../functions/connectors/registry.ts';
import { connectorContract } from '../../contracts/connector.ts';
import type { ConnectorHarness } from '../../contracts/connector-world.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const PAGE = readFileSync(path.join(ROOT, 'docs/connectors.md'), 'utf8');
/** Ignored by git and by every tool; beside the sources, so that the runner loads both alike. */
const SCRATCH = path.join(ROOT, 'node_modules/.cache', `connectors-page-${String(process.pid)}`);

const blocks = [...PAGE.matchAll(/^```ts (?<file>\S+)\n(?<code>[\s\S]*?)^```$/gmu)].map(({ groups }) => ({
  file: groups?.['file'] ?? '',
  code: groups?.['code'] ?? '',
}));
const OWN = new Set(blocks.map(({ file }) => file));

/** Imports of the page's own files stay among them; all others name the real ones. */
const rooted = (file: string, code: string): string =>
  code.replaceAll(/from '(?<target>\.[^']+)'/gu, (_whole, target: string) => {
    const named = path.join(path.dirname(file), target);
    return `from '${path.join(OWN.has(named) ? SCRATCH : ROOT, named)}'`;
  });

for (const { file, code } of blocks) {
  mkdirSync(path.dirname(path.join(SCRATCH, file)), { recursive: true });
  writeFileSync(path.join(SCRATCH, file), rooted(file, code));
}

afterAll(() => {
  rmSync(SCRATCH, { recursive: true, force: true });
});

const world = (await import(path.join(SCRATCH, 'test/functions/connectors/worlds/notes-world.ts'))) as {
  readonly notesHarness: ConnectorHarness;
};

describe('docs/connectors.md', () => {
  it('shows a connector, its stand-in and its world', () => {
    expect(blocks.map(({ file }) => path.basename(file))).toEqual(['notes.ts', 'fake-notes.ts', 'notes-world.ts']);
  });

  it.each(CONNECTOR_KINDS.map(({ kind, schema }) => ({ kind, schema })))(
    'shows a configuration of $kind that is valid',
    ({ kind, schema }) => {
      const block = [...PAGE.matchAll(/^```json (?<name>\w+)\n(?<json>[\s\S]*?)^```$/gmu)].find(
        ({ groups }) => groups?.['name'] === kind,
      );
      expect(schema.safeParse(JSON.parse(block?.groups?.['json'] ?? 'null')).error).toBeUndefined();
    },
  );

  it('names every kind there is', () => {
    const named = [...PAGE.matchAll(/^\| `(?<kind>\w+)` *\|/gmu)].map(({ groups }) => groups?.['kind'] ?? '');
    expect(named.toSorted()).toEqual(CONNECTOR_KINDS.map(({ kind }) => kind).toSorted());
  });
});

connectorContract(world.notesHarness);
