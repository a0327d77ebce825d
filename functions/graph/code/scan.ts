/** Walks the tree of a source file once, without recursion, and collects what the map is made of. Comments are never looked at. */
import type { Node, TreeCursor } from 'web-tree-sitter';

import { LIMITS } from '../../domain/limits.ts';
import type { CodeMap, CodeSymbol } from '../facts/vocabulary.ts';
import type { Language } from './languages.ts';
import { type Constant, literalText } from './values.ts';

export interface Text {
  readonly text: string;
  readonly line: number;
}

export interface Pair extends Text {
  readonly key: string;
  /** The whole left side: `AWS.config.region`. */
  readonly target: string;
  /** It makes a name, and gives nobody an option. */
  readonly isDeclaration: boolean;
}

export interface Call extends Text {
  readonly name: string;
  /** What it is called with, as written. */
  readonly args: string;
  readonly endLine: number;
}

export interface Scan {
  readonly map: CodeMap;
  readonly strings: readonly Text[];
  readonly pairs: readonly Pair[];
  readonly calls: readonly Call[];
  readonly imports: readonly Text[];
  readonly constants: ReadonlyMap<string, Constant>;
  readonly error: { readonly line: number; readonly column: number } | undefined;
  /** Nothing in it was understood. */
  readonly isWhollyBroken: boolean;
}

const TEXT_CHARS_MAX = 4096;
const NAME_CHARS_MAX = 120;
const CALLS_MAX = 20_000;

interface Collected {
  readonly symbols: CodeSymbol[];
  readonly strings: Text[];
  readonly pairs: Pair[];
  readonly calls: Call[];
  readonly imports: Text[];
}

const lineOf = (node: Node): number => node.startPosition.row + 1;

const cut = (text: string, max: number): string => (text.length > max ? text.slice(0, max) : text).toWellFormed();

/** A text that stands alone in Python is documentation. */
const isDocumentation = (node: Node): boolean => node.parent?.type === 'expression_statement' && node.type === 'string';

const keyAndValue = (node: Node): readonly [Node, Node] | undefined => {
  const field = (...names: readonly string[]): Node | undefined =>
    names.map((name) => node.childForFieldName(name)).find((found) => found !== null) ?? undefined;
  const key = field('key', 'name', 'left', 'pattern', 'property', 'field');
  const value = field('value', 'right', 'default_value');
  if (key !== undefined && value !== undefined) {
    return [key, value];
  }
  // The type of a parameter is no value of it.
  const children = node.namedChildren.filter(({ type }) => type !== 'comment' && type !== 'type_annotation');
  const [first, last] = [children[0], children.at(-1)];
  return first === undefined || last === undefined || children.length < 2 ? undefined : [key ?? first, last];
};

const DECLARATION =
  /declarator|const_spec|var_spec|short_var|let_declaration|const_item|static_item|field_definition|parameter|const_element/u;
const ASSIGNMENT = /^(?:assignment|variable_assignment|assignment_statement|assignment_expression)$/u;

/** `REGION = "…"` makes a name; `AWS.config.region = "…"`, and an initialiser in C#, set an option. */
const isDeclaration = (node: Node, key: Node): boolean =>
  DECLARATION.test(node.type) ||
  (ASSIGNMENT.test(node.type) && /^[\w$]+$/u.test(key.text) && node.parent?.type !== 'initializer_expression');

const cleanKey = (text: string): string =>
  (literalText(text) ?? text)
    .replaceAll(/^[:$@]+|:$/gu, '')
    .split(/[.>]/u)
    .at(-1)
    ?.trim() ?? '';

const collectPair = (node: Node, found: Collected): void => {
  const [key, value] = keyAndValue(node) ?? [];
  if (key !== undefined && value !== undefined && value.endIndex - value.startIndex < TEXT_CHARS_MAX) {
    // The whole left side of an assignment tells an environment variable from a name.
    const whole = key.text;
    const name = /env/iu.test(whole) ? (/AWS_\w*REGION/u.exec(whole)?.[0] ?? cleanKey(whole)) : cleanKey(whole);
    // A default holds only where nobody gives a value.
    const text = /parameter/u.test(node.type) ? `default ${value.text}` : value.text;
    found.pairs.push({
      key: cut(name, NAME_CHARS_MAX),
      text,
      line: lineOf(value),
      target: cut(whole, NAME_CHARS_MAX),
      isDeclaration: isDeclaration(node, key),
    });
  }
};

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

/** True where the inside was taken as a whole. */
const collect = (node: Node, type: string, language: Language, found: Collected): boolean => {
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
    collectPair(node, found);
  }
  if (language.calls.has(type) && found.calls.length < CALLS_MAX) {
    collectCall(node, found);
  }
  if (type === 'shorthand_property_identifier') {
    found.pairs.push({ key: node.text, text: node.text, line: lineOf(node), target: node.text, isDeclaration: false });
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
  for (const { key, text, line } of pairs) {
    if (CONSTANT_PARENTS.test(key) && key !== text) {
      if (found.has(key) && found.get(key)?.text !== text) {
        twice.add(key);
      }
      found.set(key, { text, line });
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
  const found: Collected = { symbols: [], strings: [], pairs: [], calls: [], imports: [] };
  const wanted = WANTED(language);
  const cursor = root.walk();
  let error: Scan['error'];
  for (let isMore = true; isMore;) {
    const type = cursor.nodeType;
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
    calls: found.calls,
    imports: found.imports,
    constants: constantsOf(found.pairs),
    error,
    isWhollyBroken: root.type === 'ERROR' && found.symbols.length + found.imports.length === 0,
  };
};
