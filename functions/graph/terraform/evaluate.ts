/**
 * Evaluates what a Region can hang on: literals, variables, locals, and pure look-ups in them. Everything else is unknown, with
 * the expression at which the evaluation stopped. Each local is evaluated once, so that doubling references stay linear.
 */
import { LIMITS } from '../../domain/limits.ts';
import type { Place } from '../facts/vocabulary.ts';
import { fileFunction } from './file-functions.ts';
import { forValue } from './for-value.ts';
import { callFunction } from './functions.ts';
import type { Placed } from './module.ts';
import { providerOf } from './providers.ts';
import type { Scope } from './scope.ts';
import { attributeOf, type Block, type Expression, type Step } from './syntax.ts';
import { withTypeDefaults } from './type-defaults.ts';
import { decidedAt, inFile, isUnknown, isWithout, itemOf, scalar, textOf, unknown, type Value } from './value.ts';

const TEXT_CHARS_MAX = 16_384;
/** Lists in lists grow with each. */
const SPLATS_MAX = 2;

/** One step into a value; `*` is all its items, each with the steps that follow. */
const stepInto = (value: Value, key: string | undefined, whole: Expression): Value => {
  const next = key === undefined ? undefined : itemOf(value, key);
  if (next !== undefined) {
    return decidedAt(next, ...value.at);
  }
  const isMissing = key !== undefined && isWithout(value, key);
  return { ...unknown(whole.text, value.at), ...(isMissing ? { isMissing } : {}) };
};

const stepsFrom = (value: Value, steps: readonly Step[], scope: Scope, whole: Expression, depth: number): Value => {
  if (steps.filter((step) => step === '*').length > SPLATS_MAX) {
    return unknown(whole.text);
  }
  let current = value;
  for (const [at, step] of steps.entries()) {
    if (isUnknown(current)) {
      return current;
    }
    if (step === '*') {
      const isNothing = current.kind === 'scalar' && current.value === null;
      const items = current.kind === 'list' ? current.items : isNothing ? [] : [current];
      const rest = steps.slice(at + 1);
      return { kind: 'list', items: items.map((item) => stepsFrom(item, rest, scope, whole, depth)), at: current.at };
    }
    current = stepInto(current, typeof step === 'string' ? step : textOf(evaluate(step, scope, depth + 1)), whole);
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

/** `nullable = false`: null means the default. */
const isLeftOut = (declared: Placed<Block> | undefined, value: Value): boolean => {
  const nullable = declared === undefined ? undefined : attributeOf(declared.is, 'nullable')?.value;
  return nullable?.kind === 'literal' && nullable.value === false && value.kind === 'scalar' && value.value === null;
};

const withOptional = (value: Value, declared: Placed<Block> | undefined, scope: Scope, depth: number): Value => {
  const type = declared === undefined ? undefined : attributeOf(declared.is, 'type')?.value;
  return type === undefined || declared === undefined
    ? value
    : inFile(
        withTypeDefaults(value, type, (otherwise) => itemValue(otherwise, scope, depth)),
        declared.path,
      );
};

const variableValue = (name: string, scope: Scope, depth: number): Value => {
  const declared = scope.module.variables.get(name);
  const here: Place[] = declared === undefined ? [] : [{ path: declared.path, line: declared.is.line }];
  const input = scope.inputs.get(name);
  const standard = declared === undefined ? undefined : attributeOf(declared.is, 'default');
  if (input !== undefined && (standard === undefined || !isLeftOut(declared, input.value))) {
    return withOptional(input.value, declared, scope, depth);
  }
  if (declared === undefined || standard === undefined) {
    return unknown(`var.${name}`, here);
  }
  const value = inFile(evaluate(standard.value, scope, depth + 1), declared.path);
  return decidedAt(withOptional(value, declared, scope, depth), { path: declared.path, line: standard.line });
};

/** Names of a `for` end at its brackets; what Terragrunt includes is known in all locals. */
const unbound = ({ bindings, rounds: _rounds, ...scope }: Scope): Scope =>
  scope.functions === undefined || bindings === undefined ? scope : { ...scope, bindings };

const localValue = (name: string, scope: Scope, depth: number): Value => {
  const local = scope.module.locals.get(name);
  return local === undefined
    ? unknown(`local.${name}`)
    : decidedAt(inFile(evaluate(local.is.value, unbound(scope), depth + 1), local.path), {
        path: local.path,
        line: local.is.line,
      });
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

/** Paths are seen from the repository; what lies above it is not known, and seldom asked for. */
const pathValue = (name: string, scope: Scope, whole: Expression): Value => {
  switch (name) {
    case 'module':
      return scalar(scope.module.directory === '' ? '.' : scope.module.directory);
    case 'root':
    case 'cwd':
      return scalar(scope.root === '' ? '.' : scope.root);
    default:
      return unknown(whole.text);
  }
};

const referenceValue = (expression: Expression & { kind: 'reference' }, scope: Scope, depth: number): Value => {
  const [first, ...rest] = expression.steps;
  const name = typeof first === 'string' ? first : '';
  const own = scope.bindings?.get(expression.root);
  if (own !== undefined) {
    return stepsFrom(own, expression.steps, scope, expression, depth);
  }
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
    case 'path':
      return pathValue(name, scope, expression);
    default:
      return resourceProperty(expression, scope, depth);
  }
};

/** `module.queue.region`: an output of a module in the same repository. */
const outputValue = (name: string, steps: readonly Step[], scope: Scope, whole: Expression, depth: number): Value => {
  const children = scope.children.get(name) ?? [];
  const named = steps.findIndex((step) => typeof step === 'string' && !/^(?:\d+|\*)$/u.test(step));
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

/** Each item is decided by its own line. */
const itemValue = (item: Expression, scope: Scope, depth: number): Value =>
  decidedAt(evaluate(item, scope, depth + 1), { line: item.line });

const objectValue = (
  given: readonly (readonly [Expression, Expression])[],
  scope: Scope,
  depth: number,
): Value & { kind: 'object' } => {
  const entries = new Map<string, Value>();
  let isPartial = false;
  for (const [key, value] of given) {
    const name = textOf(evaluate(key, scope, depth + 1));
    isPartial ||= name === undefined;
    if (name !== undefined) {
      entries.set(name, itemValue(value, scope, depth));
    }
  }
  return { kind: 'object', entries, at: [], ...(isPartial ? { isPartial } : {}) };
};

const chosen = (expression: Expression & { kind: 'conditional' }, scope: Scope, depth: number): Value => {
  const test = evaluate(expression.test, scope, depth + 1);
  const truth = textOf(test);
  if (truth === 'true' || truth === 'false') {
    return evaluate(truth === 'true' ? expression.whenTrue : expression.whenFalse, scope, depth + 1);
  }
  const [left, right] = [expression.whenTrue, expression.whenFalse].map((branch) => evaluate(branch, scope, depth + 1));
  const same =
    left !== undefined && right !== undefined && textOf(left) !== undefined && textOf(left) === textOf(right);
  return same ? left : unknown(expression.text);
};

const callValue = (expression: Expression & { kind: 'call' }, scope: Scope, depth: number): Value => {
  const [first, ...steps] = expression.args;
  if (expression.name === '[]' && first !== undefined) {
    const keys = steps.map((step) => (step.kind === 'literal' ? String(step.value) : step));
    return stepsFrom(evaluate(first, scope, depth + 1), keys, scope, expression, depth);
  }
  const args = expression.args.map((arg) => evaluate(arg, scope, depth + 1));
  const last = expression.expands === true ? args.at(-1) : undefined;
  const all = last?.kind === 'list' ? [...args.slice(0, -1), ...last.items] : args;
  const fromFile = scope.functions?.(expression.name, all) ?? fileFunction(expression.name, all, scope);
  return fromFile ?? callFunction(expression.name, all, expression.text);
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
      return { kind: 'list', items: expression.items.map((item) => itemValue(item, scope, depth)), at: [] };
    case 'object':
      return objectValue(expression.entries, scope, depth);
    case 'reference':
      return referenceValue(expression, scope, depth);
    case 'conditional':
      return chosen(expression, scope, depth);
    case 'for':
      return forValue(expression, scope, depth, evaluate);
    case 'call':
      return callValue(expression, scope, depth);
    case 'other':
      return unknown(expression.text);
  }
};
