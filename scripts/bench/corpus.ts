/** Real text for benches: sources and documents of installed packages, as a source that needs no network and no git. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import type {
  Connector,
  Cursor,
  PullEvent,
  SourceDocument,
  SourceEntry,
} from '../../functions/connectors/connector.ts';
import { LIMITS } from '../../functions/domain/limits.ts';
import { sha256Hex } from '../../functions/stores/envelope.ts';
import { batchesOf } from '../../functions/stores/vector-batches.ts';

const PACKAGES = ['hono', 'zod', 'commander', 'abstract-level', 'fast-check', 'dynalite'];
const TEXT = /\.(?:ts|js|mjs|cjs|md)$/u;
const FILE_CHARS_MAX = 40_000;

const filesOf = async (root: string, name: string): Promise<string[]> => {
  const entries = await readdir(path.join(root, 'node_modules', name), { recursive: true, withFileTypes: true });
  return entries
    .filter(
      (entry) =>
        entry.isFile() && TEXT.test(entry.name) && !entry.parentPath.includes('/node_modules/', root.length + 14),
    )
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
};

/** At most so many files, the same ones on every run of the same lock file. */
export const readCorpus = async (root: string, filesMax: number): Promise<readonly SourceDocument[]> => {
  const documents: SourceDocument[] = [];
  const lists = await Promise.all(PACKAGES.map(async (name) => filesOf(root, name)));
  for (const file of lists.flat()) {
    const text = await readFile(file, 'utf8');
    if (text.trim() !== '' && text.length <= FILE_CHARS_MAX && documents.length < filesMax) {
      const where = path.relative(path.join(root, 'node_modules'), file);
      documents.push({ id: where, path: where, rev: sha256Hex(text), text });
    }
  }
  return documents;
};

/** The corpus behind the connector contract: one snapshot, everything in it. */
export const corpusConnector = (documents: readonly SourceDocument[]): Connector => {
  const snapshot = sha256Hex(documents.map(({ id, rev }) => `${id} ${rev}`).join('\n'));
  const cursor: Cursor = { snapshot };
  return {
    kind: 'corpus',
    status: async () => ({ snapshot }),
    snapshotOf: () => snapshot,
    async *pull(context): AsyncIterable<PullEvent> {
      for (const batch of batchesOf(documents, LIMITS.fetchDocumentsMax)) {
        const needed = await context.select(batch);
        for (const document of batch.filter(({ id }) => needed.has(id))) {
          yield { op: 'upsert', document };
        }
        yield { op: 'checkpoint', cursor, complete: false };
      }
      yield { op: 'checkpoint', cursor, complete: true };
    },
    async *enumerate(): AsyncIterable<SourceEntry> {
      yield* documents;
    },
    check: async () => [],
    close: async () => undefined,
  };
};
