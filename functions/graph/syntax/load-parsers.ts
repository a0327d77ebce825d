/**
 * The rim: makes the parsers from the bytes of their WebAssembly modules. Who composes the program says where the bytes lie
 * (`grammarFile` names them), so that the same loader serves a checkout, a bundle and a test.
 */
import { Language, type ParseOptions, Parser, type ParseState, type Tree } from 'web-tree-sitter';

import { LIMITS } from '../../domain/limits.ts';
import { type Grammar, GRAMMARS, type Parsers } from './parsers.ts';

export interface ParserBytes {
  readonly runtime: Uint8Array;
  grammar(grammar: Grammar): Promise<Uint8Array>;
}

export interface LoadedParsers extends Parsers {
  /** Loads those of these grammars that are not loaded yet: thirteen of them are 20 MB, and a repository needs a few. */
  load(grammars: readonly Grammar[]): Promise<void>;
}

const nothing = (): void => undefined;

/** What it returns ends the parse, though the runtime's type says that it returns nothing. */
const stopAfter = (now: () => number, until: number): ParseOptions => {
  const options: { progressCallback: (state: ParseState) => unknown } = { progressCallback: () => now() > until };
  return options;
};

/**
 * `now` in ms bounds each parse. Processor time is the better clock where the machine is shared: a busy neighbour then never
 * makes a file unreadable.
 */
export const loadParsers = async (
  bytes: ParserBytes,
  now: () => number,
  grammars: readonly Grammar[] = GRAMMARS,
): Promise<LoadedParsers> => {
  // What the runtime prints when it gives a text up is said by the caller, with the file.
  await Parser.init({ wasmBinary: bytes.runtime, printErr: nothing, print: nothing });
  const loaded = new Map<Grammar, Language>();
  const load: LoadedParsers['load'] = async (wanted) => {
    for (const grammar of wanted.filter((one) => !loaded.has(one))) {
      loaded.set(grammar, await Language.load(await bytes.grammar(grammar)));
    }
  };
  await load(grammars);
  let parser = new Parser();
  const parseTree = (language: Language, text: string): Tree | string => {
    const until = now() + LIMITS.graphParseMs;
    try {
      parser.setLanguage(language);
      const tree = parser.parse(text, undefined, stopAfter(now, until));
      if (tree === null) {
        parser.reset();
      }
      return tree ?? `the parser had not ended after ${LIMITS.graphParseMs} ms`;
    } catch (error) {
      // A grammar can give up for good; that parser is not used again.
      parser = new Parser();
      return `the parser gave up: ${error instanceof Error ? error.message : String(error)}`;
    }
  };
  return {
    load,
    parse: (grammar, text, visit) => {
      const language = loaded.get(grammar);
      if (language === undefined) {
        return { kind: 'unparsed', reason: `no grammar for ${grammar} is loaded` };
      }
      const tree = parseTree(language, text);
      if (typeof tree === 'string') {
        return { kind: 'unparsed', reason: tree };
      }
      try {
        return { kind: 'parsed', value: visit(tree.rootNode) };
      } finally {
        tree.delete();
      }
    },
  };
};
