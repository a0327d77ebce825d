/** Reads an organisation from a folder, one repository per folder, and extracts it with the real parsers. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import type { FileFacts } from '../../../functions/graph/facts/vocabulary.ts';
import { extractRepository } from '../../../functions/graph/repository/extract-repository.ts';
import type { RepositoryFile } from '../../../functions/graph/repository/context.ts';
import { type LoadedParsers, loadParsers } from '../../../functions/graph/syntax/load-parsers.ts';
import { grammarFile, RUNTIME_FILE } from '../../../functions/graph/syntax/parser-files.ts';

const MODULES = path.resolve(import.meta.dirname, '../../../node_modules');

const bytesOf = (file: string): Uint8Array => readFileSync(path.join(MODULES, file));

let loading: Promise<LoadedParsers> | undefined;

/** Loaded once for a test file. */
export const testParsers = async (): Promise<LoadedParsers> => {
  loading ??= loadParsers(
    { runtime: bytesOf(RUNTIME_FILE), grammar: async (grammar) => bytesOf(grammarFile(grammar)) },
    () => process.cpuUsage().user / 1000,
  );
  return loading;
};

export const readTree = (folder: string): readonly RepositoryFile[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return { path: path.relative(folder, file), text: readFileSync(file, 'utf8') };
    });

export const AS_OF = Date.UTC(2026, 10, 20);

export const extractFiles = async (
  repository: string,
  files: readonly RepositoryFile[],
): Promise<readonly FileFacts[]> =>
  extractRepository(
    { source: `src-${repository}`, repository, commit: 'c0ffee', asOf: AS_OF, files },
    await testParsers(),
  );

export const extractOrganisation = async (folder: string): Promise<readonly FileFacts[]> => {
  const repositories = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const facts: FileFacts[] = [];
  for (const { name } of repositories) {
    facts.push(...(await extractFiles(name, readTree(path.join(folder, name)))));
  }
  return facts;
};
