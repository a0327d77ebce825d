/**
 * Tables of settings that a file reads by their paths alone: `PLACES.home.region`. What stands at a path that nobody reads ties nothing;
 * where a table is gone through, passed on, exported or read by a name that is not known, all of it may be meant.
 */
import type { Node } from 'web-tree-sitter';

import type { Language } from './languages.ts';
import type { Pair } from './pairs.ts';
import { literalText } from './values.ts';

/** In the other languages no path of a table is known. */
const READ = /^(?:typescript|tsx|javascript|python|ruby)$/u;
/** Every module's names are open to others: what the file itself never reads may be theirs. */
const OPEN = /^(?:python|ruby)$/u;
const STEP = /^[\w-]+$/u;
const SCOPED = /^[A-Za-z_$][\w$]*$/u;
const DECLARING = /^(?:variable_declarator|assignment|assignment_expression)$/u;
const NAMES = ['identifier', 'constant', 'shorthand_property_identifier'];
const TRANSPARENT = /^(?:non_null_expression|parenthesized_expression)$/u;

const pathOf = ({ trail, key }: Pair): string => `${trail ?? ''}.${key}`;

const isAt = (node: Node, field: string, child: Node): boolean => node.childForFieldName(field)?.id === child.id;

/** The step that a parent takes into what stands before it; undefined where it takes none, or one that is not known. */
const stepOf = (parent: Node, from: Node): string | undefined => {
  if (parent.type === 'member_expression' && isAt(parent, 'object', from)) {
    return parent.childForFieldName('property')?.text;
  }
  const isIndex =
    (parent.type === 'subscript_expression' && isAt(parent, 'object', from)) ||
    (parent.type === 'subscript' && isAt(parent, 'value', from)) ||
    (parent.type === 'element_reference' && parent.namedChild(0)?.id === from.id);
  const index = isIndex && parent.namedChildCount === 2 ? (parent.namedChild(1)?.text ?? '') : '';
  return literalText(index) ?? /^:(?<key>\w+)$/u.exec(index)?.groups?.['key'];
};

const isCalled = (node: Node): boolean => node.parent !== null && isAt(node.parent, 'function', node);

/** What is read of a table: the whole of it where no step is known. */
const usedPath = (name: Node, known: ReadonlySet<string>): string => {
  let path = name.text;
  let node = name;
  for (let { parent } = node; parent !== null; { parent } = node) {
    const step = stepOf(parent, node);
    const next = `${path}.${step ?? ''}`;
    const isStep = step !== undefined && STEP.test(step) && known.has(next) && !isCalled(parent);
    if (!isStep && !TRANSPARENT.test(parent.type)) {
      break;
    }
    path = isStep ? next : path;
    node = parent;
  }
  return path;
};

/** A path and all that lead to it. */
const leadingTo = (pair: Pair): readonly string[] => {
  const steps = pathOf(pair).split('.');
  return steps.map((_, at) => steps.slice(0, at + 1).join('.'));
};

const isDeclared = (name: Node): boolean => {
  const { parent } = name;
  return parent !== null && DECLARING.test(parent.type) && (isAt(parent, 'name', name) || isAt(parent, 'left', name));
};

/** `export const P = …`, `const Q = (P = …)`: somebody else has it too. */
const isGivenOn = ({ parent }: Node): boolean => {
  const around = parent?.parent ?? null;
  return (
    around?.parent?.type === 'export_statement' ||
    DECLARING.test(around?.type ?? '') ||
    (parent?.type === 'assignment_expression' && around?.type !== 'expression_statement')
  );
};

const headOf = ({ trail }: Pair): string => trail?.split('.')[0] ?? '';

/** What tables say at paths that the file, which reads other paths of them, never reads. */
export const unreadIn = (root: Node, pairs: readonly Pair[], { grammar }: Language): ReadonlySet<Pair> => {
  const inTables = READ.test(grammar) ? pairs.filter((pair) => SCOPED.test(headOf(pair))) : [];
  const asked = inTables.filter(({ key }) => /region/iu.test(key));
  const tables = new Set(asked.map(headOf));
  if (tables.size === 0 || root.hasError) {
    return new Set();
  }
  const known = new Set(inTables.flatMap(leadingTo));
  const declared = new Map<string, number>();
  const used = new Set<string>();
  const read = new Set<string>();
  for (const name of root.descendantsOfType(NAMES)) {
    const table = tables.has(name.text) ? name.text : undefined;
    if (table !== undefined && isDeclared(name)) {
      declared.set(table, (declared.get(table) ?? 0) + 1);
      used.add(isGivenOn(name) ? table : '');
    } else if (table !== undefined) {
      used.add(usedPath(name, known));
      read.add(table);
    }
  }
  const isKept = (pair: Pair): boolean => {
    const table = headOf(pair);
    const isOfOthers = declared.get(table) !== 1 || (OPEN.test(grammar) && !read.has(table));
    const isPlain = pathOf(pair)
      .split('.')
      .every((step) => step === table || STEP.test(step));
    return isOfOthers || !isPlain || leadingTo(pair).some((path) => used.has(path));
  };
  return new Set(asked.filter((pair) => !isKept(pair)));
};
