/**
 * The parsers of all languages, as the extractors see them. A tree lives in WebAssembly memory and is given back after its
 * visit. A text that takes too long is not parsed: the file is then listed as unknown, and nothing hangs.
 */
import type { Node } from 'web-tree-sitter';

export const GRAMMARS = [
  'bash',
  'c-sharp',
  'go',
  'hcl',
  'java',
  'javascript',
  'php',
  'powershell',
  'python',
  'ruby',
  'rust',
  'tsx',
  'typescript',
] as const;

export type Grammar = (typeof GRAMMARS)[number];

export type ParseVisit<T> =
  | { readonly kind: 'parsed'; readonly value: T }
  /** No grammar was loaded for it, or the parser gave up. */
  | { readonly kind: 'unparsed'; readonly reason: string };

export interface Parsers {
  /** Parses, hands the root to `visit` and frees the tree. */
  parse<T>(grammar: Grammar, text: string, visit: (root: Node) => T): ParseVisit<T>;
}

export interface SyntaxError {
  readonly line: number;
  readonly column: number;
  readonly near: string;
}

const NEAR_CHARS = 60;

/** The first place where the text is not of its language. Walks only into what holds an error. */
export const firstError = (root: Node): SyntaxError | undefined => {
  let node: Node | undefined = root;
  while (node !== undefined) {
    if (node.isError || node.isMissing) {
      return {
        line: node.startPosition.row + 1,
        column: node.startPosition.column + 1,
        near: node.isMissing ? `missing ${node.type}` : (node.text.slice(0, NEAR_CHARS).split('\n')[0] ?? ''),
      };
    }
    node = node.children.find((child) => child.hasError || child.isMissing);
  }
  return undefined;
};
