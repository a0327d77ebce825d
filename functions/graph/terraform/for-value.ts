/** `[for …]` and `{for …}`: a list or an object, item by item; items whose condition is unknown stay, as they may be there. */
import { LIMITS } from '../../domain/limits.ts';
import { bound, type Scope } from './scope.ts';
import type { Expression } from './syntax.ts';
import { scalar, textOf, unknown, type Value } from './value.ts';

type Evaluate = (expression: Expression, scope: Scope, depth: number) => Value;

const pairsOf = (value: Value): readonly (readonly [Value, Value])[] | undefined => {
  if (value.kind === 'list') {
    return value.items.map((item, at) => [scalar(at), item] as const);
  }
  return value.kind === 'object' && value.isPartial !== true
    ? [...value.entries].map(([key, item]) => [scalar(key, item.at), item] as const)
    : undefined;
};

interface Made {
  readonly key: Value | undefined;
  readonly value: Value;
}

const objectOf = (made: readonly Made[], groups: boolean): Value => {
  const entries = new Map<string, Value>();
  let isPartial = false;
  for (const { key, value } of made) {
    const name = textOf(key);
    isPartial ||= name === undefined;
    if (name !== undefined) {
      const known = entries.get(name);
      const earlier = known?.kind === 'list' ? known.items : [];
      entries.set(name, groups ? { kind: 'list', items: [...earlier, value], at: value.at } : value);
    }
  }
  return { kind: 'object', entries, at: [], ...(isPartial ? { isPartial } : {}) };
};

const pairOf = (name: string, value: Value): readonly [string, Value] => [name, value];

export const forValue = (
  expression: Expression & { kind: 'for' },
  scope: Scope,
  depth: number,
  evaluate: Evaluate,
): Value => {
  const over = evaluate(expression.over, scope, depth + 1);
  const pairs = pairsOf(over);
  const [first = '', second] = expression.names;
  const rounds = (scope.rounds ?? 1) * Math.max(1, pairs?.length ?? 1);
  if (pairs === undefined || rounds > LIMITS.graphInstancesMax * 20) {
    return over.kind === 'unknown' ? over : unknown(expression.text, over.at);
  }
  const made = pairs.flatMap(([key, item]): Made[] => {
    const names = second === undefined ? [pairOf(first, item)] : [pairOf(first, key), pairOf(second, item)];
    const inner = bound({ ...scope, rounds }, names);
    const test = expression.test === undefined ? undefined : textOf(evaluate(expression.test, inner, depth + 1));
    return test === 'false'
      ? []
      : [
          {
            key: expression.key === undefined ? undefined : evaluate(expression.key, inner, depth + 1),
            value: evaluate(expression.value, inner, depth + 1),
          },
        ];
  });
  return expression.key === undefined
    ? { kind: 'list', items: made.map(({ value }) => value), at: over.at }
    : { ...objectOf(made, expression.groups), at: over.at };
};
