/** What an expression refers to: resources of the same repository through variables, locals and outputs, and names of others. */
import { LIMITS } from '../../domain/limits.ts';
import type { Place } from '../facts/vocabulary.ts';
import { evaluate } from './evaluate.ts';
import type { Placed } from './module.ts';
import type { Scope } from './scope.ts';
import { attributeOf, type Block, type Expression, withDynamic } from './syntax.ts';
import { textOf } from './value.ts';

export type Reference =
  | { readonly kind: 'resource'; readonly key: string; readonly scope: Scope; readonly property: string }
  | { readonly kind: 'data'; readonly key: string; readonly scope: Scope; readonly property: string }
  /** An output of another repository's state. */
  | { readonly kind: 'state'; readonly data: Placed<Block>; readonly scope: Scope; readonly output: string };

const REFERENCES_MAX = 200;

export const partsOf = (expression: Expression): readonly Expression[] => {
  switch (expression.kind) {
    case 'literal':
      return [];
    case 'template':
    case 'other':
      return expression.parts;
    case 'list':
      return expression.items;
    case 'object':
      return expression.entries.flat();
    case 'reference':
      return expression.steps.filter((step) => typeof step !== 'string');
    case 'call':
      return expression.args;
    case 'conditional':
      return [expression.test, expression.whenTrue, expression.whenFalse];
    case 'for':
      return [expression.over, expression.key, expression.value, expression.test].filter((part) => part !== undefined);
  }
};

interface Search {
  readonly found: Reference[];
  readonly seen: Set<Expression>;
}

const followData = (steps: readonly string[], scope: Scope, search: Search): void => {
  const [type = '', name = '', property = '', output = ''] = steps;
  const key = `${type}.${name}`;
  const data = scope.module.data.get(key);
  if (data === undefined) {
    return;
  }
  if (type === 'terraform_remote_state') {
    search.found.push({ kind: 'state', data, scope, output: property === 'outputs' ? output : property });
  } else {
    search.found.push({ kind: 'data', key, scope, property });
  }
};

const followOutput = (steps: readonly string[], scope: Scope, search: Search, depth: number): void => {
  const [name = '', ...rest] = steps;
  const output = rest.find((step) => step !== '');
  for (const child of scope.children.get(name) ?? []) {
    const value = attributeOf(child.module.outputs.get(output ?? '')?.is ?? { attributes: [] }, 'value')?.value;
    if (value !== undefined) {
      follow(value, child, search, depth + 1);
    }
  }
};

const followReference = (
  expression: Expression & { kind: 'reference' },
  scope: Scope,
  search: Search,
  depth: number,
): void => {
  const steps = expression.steps.filter((step) => typeof step === 'string' && !/^(?:\d+|\*)$/u.test(step)).map(String);
  const [name = '', property = ''] = steps;
  switch (expression.root) {
    case 'var': {
      const input = scope.inputs.get(name);
      if (input?.expression !== undefined && input.scope !== undefined) {
        follow(input.expression, input.scope, search, depth + 1);
      }
      return;
    }
    case 'local': {
      const local = scope.module.locals.get(name)?.is.value;
      if (local !== undefined) {
        follow(local, scope, search, depth + 1);
      }
      return;
    }
    case 'data':
      followData(steps, scope, search);
      return;
    case 'module':
      followOutput(steps, scope, search, depth);
      return;
    default: {
      const key = `${expression.root}.${name}`;
      if (scope.module.resources.has(key)) {
        search.found.push({ kind: 'resource', key, scope, property });
      }
    }
  }
};

const follow = (expression: Expression, scope: Scope, search: Search, depth: number): void => {
  if (depth > LIMITS.graphDepthMax || search.found.length > REFERENCES_MAX || search.seen.has(expression)) {
    return;
  }
  search.seen.add(expression);
  if (expression.kind === 'reference') {
    followReference(expression, scope, search, depth);
  }
  partsOf(expression).forEach((part) => {
    follow(part, scope, search, depth + 1);
  });
};

export const referencesOf = (expression: Expression, scope: Scope): readonly Reference[] => {
  const search: Search = { found: [], seen: new Set() };
  follow(expression, scope, search, 0);
  return search.found;
};

const ORDER_ONLY: ReadonlySet<string> = new Set(['depends_on', 'provider', 'lifecycle', 'count', 'for_each', 'tags']);

/** Every expression of a block and the blocks in it. */
export const expressionsOf = (block: Pick<Block, 'attributes' | 'blocks'>, depth = 0): readonly Expression[] => [
  ...block.attributes.filter(({ name }) => depth > 0 || !ORDER_ONLY.has(name)).map(({ value }) => value),
  ...(depth > LIMITS.graphDepthMax ? [] : withDynamic(block).flatMap((inner) => expressionsOf(inner, depth + 1))),
];

export interface Text {
  readonly text: string;
  readonly line: number;
  /** Where variables and locals in it were decided. */
  readonly at: readonly Place[];
}

/** Every text in an expression, with what can be evaluated put in. */
export const textsOf = (expression: Expression, scope: Scope, depth = 0): readonly Text[] => {
  if (depth > LIMITS.graphDepthMax) {
    return [];
  }
  if (expression.kind === 'literal') {
    return typeof expression.value === 'string' ? [{ text: expression.value, line: expression.line, at: [] }] : [];
  }
  if (expression.kind === 'template') {
    const value = evaluate(expression, scope);
    // What is unknown inside stays visible as `${…}`, so that no half name is taken for a whole one.
    const text =
      textOf(value) ?? expression.parts.map((part) => textOf(evaluate(part, scope)) ?? `\${${part.text}}`).join('');
    return [{ text, line: expression.line, at: value.at }];
  }
  // `local.queue_arn` and `format("arn:…", var.region)` say what they come to.
  const value = expression.kind === 'reference' || expression.kind === 'call' ? evaluate(expression, scope) : undefined;
  const text = textOf(value);
  return value === undefined || text === undefined
    ? partsOf(expression).flatMap((part) => textsOf(part, scope, depth + 1))
    : [{ text, line: expression.line, at: value.at }];
};
