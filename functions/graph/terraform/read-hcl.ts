/** Reads HCL: from the parser's tree to blocks and expressions. A file with an error keeps what stands around it. */
import type { Node } from 'web-tree-sitter';

import { LIMITS } from '../../domain/limits.ts';
import { firstError, type Parsers } from '../syntax/parsers.ts';
import { cutExpression } from '../facts/expression-text.ts';
import type { Attribute, Block, Expression, Step, TerraformFile } from './syntax.ts';

const lineOf = (node: Node): number => node.startPosition.row + 1;

const placed = (node: Node): { line: number; text: string } => ({ line: lineOf(node), text: cutExpression(node.text) });

const named = (node: Node): readonly Node[] => node.namedChildren.filter((child) => child.type !== 'comment');

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

const unescape = (text: string): string =>
  text
    .replaceAll(/\\(?<char>[nrt"\\])/gu, (whole, char: string) => ESCAPES[char] ?? whole)
    .replaceAll('$${', '${')
    .replaceAll('%%{', '%{');

const stringText = (node: Node): string =>
  unescape(
    node.namedChildren
      .filter((child) => child.type === 'template_literal')
      .map((child) => child.text)
      .join(''),
  );

const otherOf = (node: Node, depth: number): Expression => ({
  ...placed(node),
  kind: 'other',
  parts: named(node).map((child) => readExpression(child, depth + 1)),
});

const readTemplate = (node: Node, depth: number): Expression => {
  const template = named(node)[0] ?? node;
  const parts = named(template).flatMap((part): Expression[] => {
    if (part.type === 'template_literal') {
      const text = template.type === 'heredoc_template' ? part.text : unescape(part.text);
      return [{ line: lineOf(part), text: '', kind: 'literal', value: text }];
    }
    const inner =
      part.type === 'template_interpolation' ? named(part).find(({ type }) => type === 'expression') : undefined;
    if (inner !== undefined) {
      return [readExpression(inner, depth + 1)];
    }
    return part.type === 'template_directive' ? [otherOf(part, depth)] : [];
  });
  return { ...placed(node), kind: 'template', parts };
};

const readLiteral = (node: Node): Expression => {
  const inner = named(node)[0];
  const text = node.text;
  const base = placed(node);
  if (inner?.type === 'string_lit') {
    return { ...base, kind: 'literal', value: stringText(inner) };
  }
  if (inner?.type === 'numeric_lit') {
    return { ...base, kind: 'literal', value: Number(text) };
  }
  return { ...base, kind: 'literal', value: inner?.type === 'bool_lit' ? text === 'true' : null };
};

const readCollection = (node: Node, depth: number): Expression => {
  const inner = named(node)[0];
  if (inner?.type === 'tuple') {
    const items = named(inner).filter(({ type }) => type === 'expression');
    return { ...placed(node), kind: 'list', items: items.map((item) => readExpression(item, depth + 1)) };
  }
  const entries = (inner === undefined ? [] : named(inner))
    .filter(({ type }) => type === 'object_elem')
    .flatMap((entry): (readonly [Expression, Expression])[] => {
      const key = entry.childForFieldName('key');
      const value = entry.childForFieldName('val');
      return key === null || value === null ? [] : [[readKey(key, depth + 1), readExpression(value, depth + 1)]];
    });
  return { ...placed(node), kind: 'object', entries };
};

/** A bare word before `=` is a text, not a reference. */
const readKey = (node: Node, depth: number): Expression => {
  const key = readExpression(node, depth);
  return key.kind === 'reference' && key.steps.length === 0 && /^[\w-]+$/u.test(node.text)
    ? { line: key.line, text: key.text, kind: 'literal', value: key.root }
    : key;
};

const readStep = (node: Node, depth: number): Step => {
  if (node.type === 'get_attr') {
    return named(node)[0]?.text ?? '';
  }
  if (node.type === 'index') {
    const index = node.descendantsOfType('expression')[0];
    return index === undefined || index === null
      ? node.text.replaceAll(/[.[\]]/gu, '')
      : readExpression(index, depth + 1);
  }
  return { ...placed(node), kind: 'other', parts: [] };
};

const STEPS: ReadonlySet<string> = new Set(['get_attr', 'index', 'splat']);

/** A splat holds the steps that follow it. */
const readSteps = (node: Node, depth: number): readonly Step[] =>
  node.type === 'splat'
    ? ['*', ...named(node).flatMap((inner) => named(inner).map((step) => readStep(step, depth)))]
    : [readStep(node, depth)];

const readTerm = (node: Node, depth: number): Expression => {
  switch (node.type) {
    case 'expression':
      return readExpression(node, depth + 1);
    case 'literal_value':
      return readLiteral(node);
    case 'template_expr':
      return readTemplate(node, depth);
    case 'collection_value':
      return readCollection(node, depth);
    case 'function_call': {
      const [name, args] = named(node);
      const given = args === undefined || args.type !== 'function_arguments' ? [] : named(args);
      const expands = given.some(({ type }) => type === 'ellipsis');
      return {
        ...placed(node),
        kind: 'call',
        name: name?.text ?? '',
        args: given.filter(({ type }) => type === 'expression').map((arg) => readExpression(arg, depth + 1)),
        ...(expands ? { expands } : {}),
      };
    }
    case 'variable_expr':
      return { ...placed(node), kind: 'reference', root: node.text, steps: [] };
    case 'conditional':
      return readConditional(node, depth);
    case 'operation':
      return readOperation(node, depth);
    case 'for_expr':
      return readFor(node, depth);
    default:
      return otherOf(node, depth);
  }
};

const readConditional = (node: Node, depth: number): Expression => {
  const [test, whenTrue, whenFalse] = named(node).map((part) => readExpression(part, depth + 1));
  return test === undefined || whenTrue === undefined || whenFalse === undefined
    ? otherOf(node, depth)
    : { ...placed(node), kind: 'conditional', test, whenTrue, whenFalse };
};

const readFor = (node: Node, depth: number): Expression => {
  const [whole] = named(node);
  const parts = whole === undefined ? [] : named(whole);
  const intro = parts.find(({ type }) => type === 'for_intro');
  const condition = parts.find(({ type }) => type === 'for_cond');
  const over = intro === undefined ? undefined : named(intro).find(({ type }) => type === 'expression');
  const made = parts.filter(({ type }) => type === 'expression').map((part) => readExpression(part, depth + 1));
  const value = made.at(-1);
  if (intro === undefined || over === undefined || value === undefined) {
    return otherOf(node, depth);
  }
  const test = condition === undefined ? undefined : named(condition)[0];
  return {
    ...placed(node),
    kind: 'for',
    names: named(intro).flatMap(({ type, text }) => (type === 'identifier' ? [text] : [])),
    over: readExpression(over, depth + 1),
    key: made.length > 1 ? made[0] : undefined,
    value,
    test: test === undefined ? undefined : readExpression(test, depth + 1),
    groups: parts.some(({ type }) => type === 'ellipsis'),
  };
};

const OPERATORS: ReadonlySet<string> = new Set(['==', '!=', '&&', '||', '<', '>', '<=', '>=', '+', '-', '*', '%', '!']);

/** What a conditional Region, a filter or a count is decided by. */
const readOperation = (node: Node, depth: number): Expression => {
  const binary = named(node)[0];
  const operator = binary?.children.find(({ type, isNamed }) => !isNamed && OPERATORS.has(type));
  if (binary !== undefined && operator !== undefined) {
    const before = named(binary).filter((child) => child.startIndex < operator.startIndex);
    const after = named(binary).filter((child) => child.startIndex > operator.startIndex);
    const args = [before, after].flatMap((part) => readChain(part, depth + 1) ?? []);
    return { ...placed(node), kind: 'call', name: operator.type, args };
  }
  const parts = binary === undefined ? undefined : chainsOf(named(binary), depth + 1);
  return parts === undefined ? otherOf(node, depth) : { ...placed(node), kind: 'other', parts };
};

/** The parser lists a term and its steps side by side: `var`, `.map`, `["key"]`. */
const chainsOf = (nodes: readonly Node[], depth: number): Expression[] => {
  const starts = nodes.flatMap((node, at) => (STEPS.has(node.type) ? [] : [at]));
  return starts.flatMap((start, at) => {
    const chain = readChain(nodes.slice(start, starts[at + 1] ?? nodes.length), depth);
    return chain === undefined ? [] : [chain];
  });
};

const readChain = (nodes: readonly Node[], depth: number): Expression | undefined => {
  const [first, ...rest] = nodes;
  if (first === undefined) {
    return undefined;
  }
  const term = readTerm(first, depth);
  const steps = rest.filter(({ type }) => STEPS.has(type)).flatMap((step) => readSteps(step, depth));
  if (steps.length === 0) {
    return term;
  }
  const base = { line: term.line, text: cutExpression(nodes.map(({ text }) => text).join('')) };
  return term.kind === 'reference'
    ? { ...base, kind: 'reference', root: term.root, steps: [...term.steps, ...steps] }
    : {
        ...base,
        kind: 'call',
        name: '[]',
        args: [
          term,
          ...steps.map((step): Expression => (typeof step === 'string' ? literalOf(step, term.line) : step)),
        ],
      };
};

const literalOf = (value: string, line: number): Expression => ({ line, text: value, kind: 'literal', value });

export const readExpression = (node: Node, depth: number): Expression => {
  if (depth > LIMITS.graphDepthMax) {
    return { line: lineOf(node), text: 'nested too deeply', kind: 'other', parts: [] };
  }
  if (node.type !== 'expression') {
    return readTerm(node, depth);
  }
  return readChain(named(node), depth) ?? { ...placed(node), kind: 'other', parts: [] };
};

const readBody = (body: Node | undefined, depth: number): { attributes: Attribute[]; blocks: Block[] } => {
  const attributes: Attribute[] = [];
  const blocks: Block[] = [];
  for (const child of body === undefined || depth > LIMITS.graphDepthMax ? [] : named(body)) {
    if (child.type === 'attribute') {
      const [name, value] = named(child);
      if (name !== undefined && value !== undefined) {
        attributes.push({ name: name.text, line: lineOf(child), value: readExpression(value, depth + 1) });
      }
    } else if (child.type === 'block') {
      blocks.push(readBlock(child, depth + 1));
    } else if (child.type === 'body' || child.type === 'ERROR') {
      const inner = readBody(child, depth + 1);
      attributes.push(...inner.attributes);
      blocks.push(...inner.blocks);
    }
  }
  return { attributes, blocks };
};

const readBlock = (node: Node, depth: number): Block => {
  const [type, ...rest] = named(node);
  const labels = rest.filter((part) => part.type === 'string_lit' || part.type === 'identifier');
  return {
    type: type?.text ?? '',
    labels: labels.map((label) => (label.type === 'string_lit' ? stringText(label) : label.text)),
    line: lineOf(node),
    ...readBody(
      rest.find((part) => part.type === 'body'),
      depth,
    ),
  };
};

export const readHcl = (parsers: Parsers, path: string, text: string): TerraformFile => {
  const read = parsers.parse('hcl', text, (root): TerraformFile => {
    const error = root.hasError ? firstError(root) : undefined;
    return { path, ...readBody(root, 0), ...(error === undefined ? {} : { error }) };
  });
  return read.kind === 'parsed'
    ? read.value
    : { path, attributes: [], blocks: [], error: { line: 1, column: 1, near: read.reason } };
};
