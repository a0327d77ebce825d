/**
 * Evaluates what a Region can hang on: literals, variables, locals, and pure look-ups in them. Everything else is unknown, with
 * the expression at which the evaluation stopped. Each local is evaluated once, so that doubling references stay linear.
 */
import { LIMITS } from '../../domain/limits.ts';
import type { Place } from '../facts/vocabulary.ts';
import { callFunction } from './functions.ts';
import { providerOf } from './providers.ts';
import type { Scope } from './scope.ts';
import { attributeOf, type Expression, type Step } from './syntax.ts';
import { decidedAt, isUnknown, itemOf, scalar, textOf, unknown, type Value } from './value.ts';

const TEXT_CHARS_MAX = 16_384;

const stepsFrom = (value: Value, steps: readonly Step[], scope: Scope, whole: Expression, depth: number): Value => {
  let current = value;
  for (const step of steps) {
    if (isUnknown(current)) {
      return current;
    }
    const key = typeof step === 'string' ? step : textOf(evaluate(step, scope, depth + 1));
    const next = key === undefined ? undefined : itemOf(current, key);
    if (next === undefined) {
      return unknown(whole.text, current.at);
    }
    current = decidedAt(next, ...current.at);
  }
  return current;
};

const cached = (scope: Scope, name: string, make: () => Value): Value => {
  const known = scope.cache.get(name);
  if (known === 'evaluating') {
    return unknown(`${name} refers to itself`);
  }
  if (known !== undefined) {
    return known;
  }
  scope.cache.set(name, 'evaluating');
  const value = make();
  scope.cache.set(name, value);
  return value;
};

const variableValue = (name: string, scope: Scope, depth: number): Value => {
  const declared = scope.module.variables.get(name);
  const here: Place[] = declared === undefined ? [] : [{ path: declared.path, line: declared.is.line }];
  const input = scope.inputs.get(name);
  if (input !== undefined) {
    return input.value;
  }
  const standard = declared === undefined ? undefined : attributeOf(declared.is, 'default');
  if (declared === undefined || standard === undefined) {
    return unknown(`var.${name}`, here);
  }
  return decidedAt(evaluate(standard.value, scope, depth + 1), { path: declared.path, line: standard.line });
};

const localValue = (name: string, scope: Scope, depth: number): Value => {
  const local = scope.module.locals.get(name);
  return local === undefined
    ? unknown(`local.${name}`)
    : decidedAt(evaluate(local.is.value, scope, depth + 1), { path: local.path, line: local.is.line });
};

/** `data.aws_region.current` is the Region of its provider. */
const regionData = (steps: readonly Step[], scope: Scope, whole: Expression): Value => {
  const [type, name, property] = steps;
  const data = typeof name === 'string' ? scope.module.data.get(`aws_region.${name}`) : undefined;
  return type === 'aws_region' &&
    data !== undefined &&
    (property === 'name' || property === 'id' || property === 'region')
    ? providerOf(data.is, scope, (expression) => evaluate(expression, scope, 0)).region
    : unknown(whole.text);
};

const referenceValue = (expression: Expression & { kind: 'reference' }, scope: Scope, depth: number): Value => {
  const [first, ...rest] = expression.steps;
  const name = typeof first === 'string' ? first : '';
  switch (expression.root) {
    case 'var': {
      const value = cached(scope, `var.${name}`, () => variableValue(name, scope, depth));
      return stepsFrom(value, rest, scope, expression, depth);
    }
    case 'local': {
      const value = cached(scope, `local.${name}`, () => localValue(name, scope, depth));
      return stepsFrom(value, rest, scope, expression, depth);
    }
    case 'each': {
      const value = name === 'key' ? scope.iteration?.key : scope.iteration?.value;
      return value === undefined ? unknown(expression.text) : stepsFrom(value, rest, scope, expression, depth);
    }
    case 'count':
      return scope.iteration?.key ?? unknown(expression.text);
    case 'terraform':
      return name === 'workspace' && scope.workspace !== undefined ? scalar(scope.workspace) : unknown(expression.text);
    case 'data':
      return regionData(expression.steps, scope, expression);
    case 'module':
      return outputValue(name, rest, scope, expression, depth);
    default:
      if (scope.dynamic?.name === expression.root) {
        return stepsFrom(name === 'key' ? scope.dynamic.key : scope.dynamic.value, rest, scope, expression, depth);
      }
      return resourceProperty(expression, scope, depth);
  }
};

/** `module.queue.region`: an output of a module in the same repository. */
const outputValue = (name: string, steps: readonly Step[], scope: Scope, whole: Expression, depth: number): Value => {
  const children = scope.children.get(name) ?? [];
  const named = steps.findIndex((step) => typeof step === 'string' && !/^\d+$/u.test(step));
  const output = steps[named];
  const [child] = children;
  const declared = typeof output === 'string' ? child?.module.outputs.get(output) : undefined;
  const value = declared === undefined ? undefined : attributeOf(declared.is, 'value')?.value;
  return children.length !== 1 || child === undefined || value === undefined
    ? unknown(whole.text)
    : stepsFrom(evaluate(value, child, depth + 1), steps.slice(named + 1), scope, whole, depth);
};

/** A property that the resource is given in the same module: `aws_sqs_queue.orders.name`. */
const resourceProperty = (whole: Expression & { kind: 'reference' }, scope: Scope, depth: number): Value => {
  const [name, property, ...rest] = whole.steps;
  if (typeof name !== 'string' || typeof property !== 'string' || rest.length > 0) {
    return unknown(whole.text);
  }
  const resource = scope.module.resources.get(`${whole.root}.${name}`);
  const wanted = whole.root === 'aws_s3_bucket' && property === 'id' ? 'bucket' : property;
  const attribute = resource === undefined ? undefined : attributeOf(resource.is, wanted);
  return attribute === undefined
    ? unknown(whole.text)
    : cached(scope, `${whole.root}.${name}.${wanted}`, () => evaluate(attribute.value, scope, depth + 1));
};

const templateValue = (parts: readonly Expression[], scope: Scope, whole: Expression, depth: number): Value => {
  const values = parts.map((part) => evaluate(part, scope, depth + 1));
  const stopped = values.find((value) => isUnknown(value));
  if (stopped !== undefined) {
    return stopped;
  }
  const texts = values.map((value) => textOf(value));
  const text = texts.join('');
  return texts.includes(undefined) || text.length > TEXT_CHARS_MAX
    ? unknown(whole.text)
    : scalar(
        text,
        values.flatMap(({ at }) => at),
      );
};

const entriesOf = (
  entries: readonly (readonly [Expression, Expression])[],
  scope: Scope,
  depth: number,
): ReadonlyMap<string, Value> =>
  new Map(
    entries.flatMap(([key, value]): [string, Value][] => {
      const name = textOf(evaluate(key, scope, depth + 1));
      return name === undefined ? [] : [[name, evaluate(value, scope, depth + 1)]];
    }),
  );

const chosen = (expression: Expression & { kind: 'conditional' }, scope: Scope, depth: number): Value => {
  const test = evaluate(expression.test, scope, depth + 1);
  if (test.kind === 'scalar' && typeof test.value === 'boolean') {
    return evaluate(test.value ? expression.whenTrue : expression.whenFalse, scope, depth + 1);
  }
  const [left, right] = [expression.whenTrue, expression.whenFalse].map((branch) => evaluate(branch, scope, depth + 1));
  const same =
    left !== undefined && right !== undefined && textOf(left) !== undefined && textOf(left) === textOf(right);
  return same ? left : unknown(expression.text);
};

export const evaluate = (expression: Expression, scope: Scope, depth = 0): Value => {
  if (depth > LIMITS.graphDepthMax) {
    return unknown('evaluated too deeply');
  }
  switch (expression.kind) {
    case 'literal':
      return scalar(expression.value);
    case 'template':
      return templateValue(expression.parts, scope, expression, depth);
    case 'list':
      return { kind: 'list', items: expression.items.map((item) => evaluate(item, scope, depth + 1)), at: [] };
    case 'object':
      return { kind: 'object', entries: entriesOf(expression.entries, scope, depth), at: [] };
    case 'reference':
      return referenceValue(expression, scope, depth);
    case 'conditional':
      return chosen(expression, scope, depth);
    case 'equals': {
      const left = textOf(evaluate(expression.left, scope, depth + 1));
      const right = textOf(evaluate(expression.right, scope, depth + 1));
      return left === undefined || right === undefined
        ? unknown(expression.text)
        : scalar((left === right) !== expression.negated);
    }
    case 'call':
      return callFunction(
        expression.name,
        expression.args.map((arg) => evaluate(arg, scope, depth + 1)),
        expression.text,
      );
    case 'other':
      return unknown(expression.text);
  }
};
