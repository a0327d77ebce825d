/** Names that are given a value: options, arguments, assignments; and what stands around them. */
import type { Node } from 'web-tree-sitter';

import { literalText } from './values.ts';

export const TEXT_CHARS_MAX = 4096;
export const NAME_CHARS_MAX = 120;

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
  /** It says something of one item of a list: a table, not an option. */
  readonly isListed: boolean;
  /** The name of the object that it is directly in: `page` in `const page = { region: "…" }`. */
  readonly holder: string | undefined;
  /** All names around it, from the outside: `BUCKETS.receipts` in `const BUCKETS = { receipts: { region: "…" } }`. */
  readonly trail: string | undefined;
}

export const lineOf = (node: Node): number => node.startPosition.row + 1;

export const cut = (text: string, max: number): string =>
  (text.length > max ? text.slice(0, max) : text).toWellFormed();

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

/** `app.config["AWS_REGION"]`: the last step is the name. */
const INDEXED = /\[\s*["'](?<name>[\w.-]+)["']\s*\]$/u;

const cleanKey = (text: string): string =>
  (literalText(text) ?? INDEXED.exec(text)?.groups?.['name'] ?? text)
    .replaceAll(/^[:$@]+|:$/gu, '')
    .split(/[.>]/u)
    .at(-1)
    ?.trim() ?? '';

const OBJECT = /^(?:object|dictionary|hash|literal_value|array_creation_expression|initializer_expression|enum_body)$/u;
const LIST = /^(?:array|list|tuple|set|array_expression|literal_value|array_creation_expression)$/u;

const WRAPPER = /^(?:array_element_initializer|literal_element|element)$/u;

const around = (node: Node): Node | null => {
  let parent = node.parent;
  for (; parent !== null && WRAPPER.test(parent.type); parent = parent.parent);
  return parent;
};

/** `[{ region: "…" }, { region: "…" }]`: directly in a list of objects. */
const isListed = (node: Node): boolean => {
  const object = around(node);
  const list = object !== null && OBJECT.test(object.type) ? around(object) : null;
  return (
    list !== null &&
    LIST.test(list.type) &&
    !/^\W*(?:replicas?|regions?)/iu.test(list.parent?.childForFieldName('key')?.text ?? '') &&
    list.namedChildren.filter(({ type }) => type === object?.type || WRAPPER.test(type)).length > 1
  );
};

const holderOf = (node: Node): string | undefined => {
  const object = node.parent;
  const owner = OBJECT.test(object?.type ?? '') ? object?.parent : undefined;
  const name = owner?.childForFieldName('name') ?? owner?.childForFieldName('left');
  return name === null || name === undefined || name.endIndex - name.startIndex > NAME_CHARS_MAX
    ? undefined
    : name.text;
};

/** What stands between an object and the name that it gets: `as const`, `Object.freeze(…)`, `.freeze`. */
const CLOTHING = /^(?:as_expression|satisfies_expression|parenthesized_expression|arguments|call_expression|call)$/u;

/** Only the name is read: a call may be as long as its file. */
const isFreezing = (call: Node): boolean => {
  const name = call.childForFieldName('function') ?? call.childForFieldName('method');
  return name !== null && name.endIndex - name.startIndex < NAME_CHARS_MAX && /(?:^|\.)freeze$/u.test(name.text);
};

const TRAIL_MAX = 6;

/** `export default { … }` is called by what imports it. */
export const DEFAULT_EXPORT = 'module.exports';

const ownerOf = (object: Node): Node | null => {
  let owner = object.parent;
  for (; owner !== null && CLOTHING.test(owner.type); owner = owner.parent) {
    if (owner.type.startsWith('call') && !isFreezing(owner)) {
      return null;
    }
  }
  return owner;
};

const trailOf = (node: Node): string | undefined => {
  const names: string[] = [];
  let object = node.parent;
  while (object !== null && OBJECT.test(object.type) && names.length < TRAIL_MAX) {
    const owner = ownerOf(object);
    const key = owner?.childForFieldName('key') ?? null;
    const name = owner?.childForFieldName('name') ?? owner?.childForFieldName('left') ?? null;
    const last = owner?.type === 'export_statement' ? DEFAULT_EXPORT : (key ?? name)?.text;
    if (last === undefined || last.length > NAME_CHARS_MAX) {
      return undefined;
    }
    names.unshift(key === null ? last : cleanKey(last));
    if (key === null) {
      return names.join('.');
    }
    object = owner?.parent ?? null;
  }
  return undefined;
};

export const pairIn = (node: Node): Pair | undefined => {
  const [key, value] = keyAndValue(node) ?? [];
  if (key === undefined || value === undefined || value.endIndex - value.startIndex >= TEXT_CHARS_MAX) {
    return undefined;
  }

  // The whole left side of an assignment tells an environment variable from a name.
  const whole = key.text;
  const name = /env/iu.test(whole) ? (/AWS_\w*REGION/u.exec(whole)?.[0] ?? cleanKey(whole)) : cleanKey(whole);
  // A default holds only where nobody gives a value.
  const text = /parameter/u.test(node.type) ? `default ${value.text}` : value.text;
  return {
    key: cut(name, NAME_CHARS_MAX),
    text,
    line: lineOf(value),
    target: cut(whole, NAME_CHARS_MAX),
    isDeclaration: isDeclaration(node, key),
    isListed: isListed(node),
    holder: holderOf(node),
    trail: trailOf(node),
  };
};

/** `{ region }`: the option is called like the name that it is given. */
export const shorthandPair = (node: Node): Pair => ({
  key: node.text,
  text: node.text,
  line: lineOf(node),
  target: node.text,
  isDeclaration: false,
  isListed: false,
  holder: holderOf(node),
  trail: undefined,
});
