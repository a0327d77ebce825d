/** Where the parsers' WebAssembly modules lie: below `node_modules` in a checkout, beside `index.mjs` in a bundle. */
import type { Grammar } from './parsers.ts';

/** Below `node_modules`. */
export const RUNTIME_FILE = 'web-tree-sitter/web-tree-sitter.wasm';

export const grammarFile = (grammar: Grammar): string =>
  grammar === 'hcl'
    ? '@tree-sitter-grammars/tree-sitter-hcl/tree-sitter-hcl.wasm'
    : `@vscode/tree-sitter-wasm/wasm/tree-sitter-${grammar}.wasm`;

/** What such a file is called beside the bundle. */
export const bundledFile = (file: string): string => file.slice(file.lastIndexOf('/') + 1);
