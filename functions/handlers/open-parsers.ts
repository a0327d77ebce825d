/** Opens the parsers that lie beside the bundle, once and only when a cycle has something to read with them. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { type LoadedParsers, loadParsers } from '../graph/syntax/load-parsers.ts';
import { bundledFile, grammarFile, RUNTIME_FILE } from '../graph/syntax/parser-files.ts';

/** Processor time bounds a parse: a busy neighbour then never makes a file unreadable. */
const processorMs = (): number => process.cpuUsage().user / 1000;

export const openParsers = (directory: string): (() => Promise<LoadedParsers>) => {
  let opening: Promise<LoadedParsers> | undefined;
  const read = async (file: string): Promise<Uint8Array> => readFile(path.join(directory, bundledFile(file)));
  const open = async (): Promise<LoadedParsers> =>
    loadParsers(
      { runtime: await read(RUNTIME_FILE), grammar: async (grammar) => read(grammarFile(grammar)) },
      processorMs,
      [],
    );
  return async () => {
    opening ??= open();
    return opening;
  };
};
