/** Walks the tree of a source file once, without recursion, and collects what the map is made of. Comments are never looked at. */
import type { Node, TreeCursor } from 'web-tree-sitter';

import { LIMITS } from '../../domain/limits.ts';
import type { CodeMap, CodeSymbol } from '../facts/vocabulary.ts';
import type { Language } from './languages.ts';
import { type Loop, LOOP_NODES, loopIn } from './loops.ts';
import { cut, lineOf, NAME_CHARS_MAX, type Pair, pairIn, shorthandPair, type Text, TEXT_CHARS_MAX } from './pairs.ts';
import { unreadIn } from './tables.ts';
import type { Constant } from './values.ts';

export interface Call extends Text {
  readonly name: string;
  /** What it is called with, as written. */
  readonly args: string;
  /** Where the first argument stands: in a chain of calls, not where the chain begins. */
  readonly argsLine: number;
  readonly endLine: number;
}

export interface Scan {
  readonly map: CodeMap;
  readonly strings: readonly Text[];
  readonly pairs: readonly Pair[];
  /** Those in tables at paths that nobody reads. */
  readonly unread: ReadonlySet<Pair>;
  readonly calls: readonly Call[];
  readonly imports: readonly Text[];
  readonly loops: readonly Loop[];
  readonly constants: ReadonlyMap<string, Constant>;
  readonly error: { readonly line: number; readonly column: number } | undefined;
  /** Lines of what stands where the text is not of its language: the parser guessed. */
  readonly guessed: ReadonlySet<number>;
  /** Nothing in it was understood. */
  readonly isWhollyBroken: boolean;
}

const CALLS_MAX = 20_000;

interface Collected {
  readonly symbols: CodeSymbol[];
  readonly strings: Text[];
  readonly pairs: Pair[];
  readonly calls: Call[];
  readonly imports: Text[];
  readonly loops: Loop[];
}

/** A text that stands alone in Python is documentation. */
const isDocumentation = (node: Node): boolean => node.parent?.type === 'expression_statement' && node.type === 'string';

const collectCall = (node: Node, found: Collected): void => {
  const target =
    node.childForFieldName('function') ??
    node.childForFieldName('constructor') ??
    node.childForFieldName('type') ??
    node.childForFieldName('method') ??
    node.childForFieldName('name') ??
    node.firstNamedChild;
  const args = node.childForFieldName('arguments') ?? (node.type === 'command' ? node : node.lastNamedChild);
  if (target === null) {
    return;
  }
  const receiver = node.childForFieldName('receiver') ?? node.childForFieldName('object');
  const name = `${receiver === null || receiver.endIndex - receiver.startIndex > NAME_CHARS_MAX ? '' : `${receiver.text}.`}${target.text}`;
  const text = args === null || args.id === target.id ? '' : args.text;
  found.calls.push({
    name: cut(name, NAME_CHARS_MAX * 2),
    args: cut(text, TEXT_CHARS_MAX),
    text: cut(node.text, TEXT_CHARS_MAX),
    line: lineOf(node),
    argsLine: lineOf(args?.firstNamedChild ?? args ?? node),
    endLine: node.endPosition.row + 1,
  });
};

const collectSymbol = (node: Node, kind: string, found: Collected): void => {
  const name = node.childForFieldName('name') ?? node.childForFieldName('type');
  if (name !== null && found.symbols.length < LIMITS.graphSymbolsPerFileMax) {
    found.symbols.push({
      name: cut(name.text, NAME_CHARS_MAX),
      kind,
      line: lineOf(node),
      endLine: node.endPosition.row + 1,
    });
  }
};

/** `#[cfg(test)] mod tests`, `#[test] fn …`: in Rust tests stand beside what they test. */
const isTestOnly = (node: Node, { grammar }: Language): boolean => {
  let before = grammar === 'rust' && /^(?:mod|function)_item$/u.test(node.type) ? node.previousNamedSibling : null;
  for (; before?.type === 'attribute_item'; before = before.previousNamedSibling) {
    if (/\bcfg\(\s*test\s*\)|^#\[(?:\w+::)?test\b/u.test(before.text)) {
      return true;
    }
  }
  return false;
};

/** True where the inside was taken as a whole. */
const collect = (node: Node, type: string, language: Language, found: Collected): boolean => {
  if (isTestOnly(node, language)) {
    return true;
  }
  const loop = LOOP_NODES.has(type) ? loopIn(node) : undefined;
  if (loop !== undefined) {
    found.loops.push(loop);
  }
  if (language.strings.has(type)) {
    if (!isDocumentation(node) && node.endIndex - node.startIndex > 2) {
      found.strings.push({ text: node.text, line: lineOf(node) });
    }
    return type !== 'template_string' && type !== 'interpolated_string_expression' && type !== 'string';
  }
  if (language.imports.has(type)) {
    found.imports.push({ text: cut(node.text, TEXT_CHARS_MAX), line: lineOf(node) });
    return true;
  }
  const symbol = language.symbols.get(type);
  if (symbol !== undefined) {
    collectSymbol(node, symbol, found);
  }
  if (language.pairs.has(type)) {
    const pair = pairIn(node);
    found.pairs.push(...(pair === undefined ? [] : [pair]));
  }
  if (language.calls.has(type) && found.calls.length < CALLS_MAX) {
    collectCall(node, found);
  }
  if (type === 'shorthand_property_identifier') {
    found.pairs.push(shorthandPair(node));
  }
  return false;
};

const advance = (cursor: TreeCursor, intoChildren: boolean): boolean => {
  if (intoChildren && cursor.gotoFirstChild()) {
    return true;
  }
  while (!cursor.gotoNextSibling()) {
    if (!cursor.gotoParent()) {
      return false;
    }
  }
  return true;
};

const WANTED = (language: Language): ReadonlySet<string> =>
  new Set([
    ...language.strings,
    ...language.imports,
    ...language.symbols.keys(),
    ...language.pairs,
    ...language.calls,
    ...LOOP_NODES,
    'shorthand_property_identifier',
  ]);

const importNames = (
  language: Language,
  imports: readonly Text[],
  calls: readonly Call[],
): readonly { name: string; line: number }[] => {
  const required = calls.filter(({ name }) => /^(?:\w+\.)?require(?:_relative)?$|^import$/u.test(name));
  return [...imports, ...required].map(({ text, line }) => {
    const quoted = /["'`](?<name>[^"'`]+)["'`]/u.exec(text)?.groups?.['name'];
    const plain = text.replace(/^(?:from|import|using|use)\s+(?:static\s+)?/u, '').split(/[\s;]/u)[0] ?? '';
    return { name: cut(language.grammar === 'python' ? plain : (quoted ?? plain), NAME_CHARS_MAX), line };
  });
};

const CONSTANT_PARENTS = /^[A-Za-z_$][\w$]*$/u;

/** Names that get one value in the file; a name with two values is none. */
const constantsOf = (pairs: readonly Pair[]): ReadonlyMap<string, Constant> => {
  const found = new Map<string, Constant>();
  const twice = new Set<string>();
  const add = (name: string, { text, line }: Pair): void => {
    if (found.has(name) && found.get(name)?.text !== text) {
      twice.add(name);
    }
    found.set(name, { text, line });
  };
  for (const pair of pairs) {
    if (CONSTANT_PARENTS.test(pair.key) && pair.key !== pair.text) {
      add(pair.key, pair);
      if (pair.holder !== undefined) {
        add(`${pair.holder}.${pair.key}`, pair);
      }
      if (pair.trail !== undefined && pair.trail !== pair.holder) {
        add(`${pair.trail}.${pair.key}`, pair);
      }
    }
  }
  return new Map([...found].filter(([name]) => !twice.has(name)));
};

const uniqueCalls = (calls: readonly Call[]): readonly { name: string; line: number }[] => {
  const first = new Map<string, number>();
  for (const { name, line } of calls) {
    if (!first.has(name) && name.length <= NAME_CHARS_MAX && !/[\n({]/u.test(name)) {
      first.set(name, line);
    }
  }
  return [...first].slice(0, LIMITS.graphSymbolsPerFileMax).map(([name, line]) => ({ name, line }));
};

export const scanCode = (root: Node, language: Language): Scan => {
  const found: Collected = { symbols: [], strings: [], pairs: [], calls: [], imports: [], loops: [] };
  const wanted = WANTED(language);
  const cursor = root.walk();
  let error: Scan['error'];
  let brokenUntil = 0;
  const guessed = new Set<number>();
  for (let isMore = true; isMore;) {
    const type = cursor.nodeType;
    if (cursor.startIndex < brokenUntil) {
      guessed.add(cursor.startPosition.row + 1);
    }
    brokenUntil = type === 'ERROR' ? Math.max(brokenUntil, cursor.endIndex) : brokenUntil;
    const isTaken = wanted.has(type) && cursor.nodeIsNamed && collect(cursor.currentNode, type, language, found);
    if (error === undefined && (type === 'ERROR' || cursor.nodeIsMissing)) {
      error = { line: cursor.startPosition.row + 1, column: cursor.startPosition.column + 1 };
    }
    isMore = advance(cursor, !isTaken);
  }
  cursor.delete();
  const imports = importNames(language, found.imports, found.calls);
  return {
    map: { language: language.name, symbols: found.symbols, imports, calls: uniqueCalls(found.calls) },
    strings: found.strings,
    pairs: found.pairs,
    unread: unreadIn(root, found.pairs, language),
    calls: found.calls,
    imports: found.imports,
    loops: found.loops,
    constants: constantsOf(found.pairs),
    error,
    guessed,
    isWhollyBroken: root.type === 'ERROR' && found.symbols.length + found.imports.length === 0,
  };
};
