/** What `optional(string, "eu-west-1")` in the type of a variable puts in, wherever the value that is given leaves it out. */
import type { Expression } from './syntax.ts';
import { scalar, type Value } from './value.ts';

/** Values that hold each other many times over are no settings, and are left as they are. */
const DEPTH_MAX = 8;
const ITEMS_MAX = 20;

const isLarge = (value: Value): boolean => value.kind === 'list' && value.items.length > ITEMS_MAX;

type Evaluate = (expression: Expression) => Value;

const inObject = (
  value: Value & { kind: 'object' },
  of: Expression & { kind: 'object' },
  evaluate: Evaluate,
  depth: number,
): Value => {
  const entries = new Map(value.entries);
  for (const [key, inner] of of.entries) {
    const name = key.kind === 'literal' ? String(key.value) : '';
    const given = entries.get(name) ?? (value.isPartial === true ? undefined : scalar(null));
    if (given !== undefined) {
      entries.set(name, withTypeDefaults(given, inner, evaluate, depth + 1));
    }
  }
  return { ...value, entries };
};

export const withTypeDefaults = (value: Value, type: Expression, evaluate: Evaluate, depth = 0): Value => {
  const [of, otherwise] = type.kind === 'call' ? type.args : [];
  if (type.kind !== 'call' || of === undefined || depth > DEPTH_MAX || isLarge(value)) {
    return value;
  }
  if (type.name === 'optional') {
    const isGiven = value.kind !== 'scalar' || value.value !== null || otherwise === undefined;
    return withTypeDefaults(isGiven ? value : evaluate(otherwise), of, evaluate, depth + 1);
  }
  if (type.name === 'object' && of.kind === 'object' && value.kind === 'object') {
    return inObject(value, of, evaluate, depth);
  }
  if (value.kind === 'list') {
    return { ...value, items: value.items.map((item) => withTypeDefaults(item, of, evaluate, depth + 1)) };
  }
  if (value.kind !== 'object' || type.name !== 'map') {
    return value;
  }
  const entries = [...value.entries].map(([key, item]): [string, Value] => [
    key,
    withTypeDefaults(item, of, evaluate, depth + 1),
  ]);
  return { ...value, entries: new Map(entries) };
};
