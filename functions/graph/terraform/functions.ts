/** The pure functions and operators that Regions and names are looked up with. Others are unknown; that is always an honest answer. */
import { decidedAt, isUnknown, isWithout, itemOf, orNull, scalar, textOf, unknown, type Value } from './value.ts';
import { LIST_FUNCTIONS } from './list-functions.ts';
import { type PureFunction, TEXT_CHARS_MAX, TEXT_FUNCTIONS } from './text-functions.ts';

const ENTRIES_MAX = 1000;

/** What an unknown argument may hold stands before what comes later, and hides what came before. */
const merged: PureFunction = (args) => {
  const entries = new Map<string, Value>();
  let isPartial = false;
  for (const arg of args.flatMap((one) => (one.kind === 'list' ? one.items : [one]))) {
    if (arg.kind === 'unknown') {
      entries.clear();
      isPartial = true;
    } else if (arg.kind === 'object') {
      isPartial ||= arg.isPartial === true;
      if (entries.size + arg.entries.size > ENTRIES_MAX) {
        return undefined;
      }
      for (const [key, value] of arg.entries) {
        entries.set(key, value);
      }
    }
  }
  return { kind: 'object', entries, at: [], ...(isPartial ? { isPartial } : {}) };
};

const lookedUp: PureFunction = ([map, key, otherwise]) => {
  const name = textOf(key);
  if (map === undefined || isUnknown(map) || name === undefined) {
    return undefined;
  }
  return itemOf(map, name) ?? (isWithout(map, name) ? otherwise : undefined);
};

/** `try` goes on where nothing is there, and not where nobody knows. */
const firstKnown: PureFunction = (args) => args.find((arg) => !isUnknown(arg) || arg.isMissing !== true);

const firstGiven: PureFunction = (args) => {
  const given = args.map((arg) => orNull(arg)).find((arg) => isUnknown(arg) || (textOf(arg) ?? '') !== '');
  return given === undefined || isUnknown(given) ? undefined : given;
};

const truthOf = (value: Value | undefined): boolean | undefined => {
  const text = textOf(value);
  return text === 'true' || text === 'false' ? text === 'true' : undefined;
};

/** `false && unknown` is false, `true || unknown` is true. */
const logical =
  (decisive: boolean): PureFunction =>
  (args) => {
    const truths = new Set(args.map((arg) => truthOf(arg)));
    if (truths.has(decisive)) {
      return scalar(decisive);
    }
    return truths.has(undefined) ? undefined : scalar(!decisive);
  };

/** Nothing is equal to nothing only. */
const sameText = (left: Value, right: Value): boolean | undefined => {
  if (left.kind === 'scalar' && right.kind === 'scalar') {
    return textOf(left) === textOf(right);
  }
  const [one, other] = left.kind === 'scalar' ? [left, right] : [right, left];
  return one.kind === 'scalar' && (other.kind === 'list' || other.kind === 'object') ? false : undefined;
};

const equal =
  (wanted: boolean): PureFunction =>
  ([left, right]) => {
    const same = left === undefined || right === undefined ? undefined : sameText(orNull(left), orNull(right));
    return same === undefined ? undefined : scalar(same === wanted);
  };

const ofNumbers =
  (compute: (left: number, right: number) => number | boolean): PureFunction =>
  (args) => {
    const [left, right] = args.map((arg) => Number(textOf(arg) ?? 'x'));
    const isWhole = left !== undefined && right !== undefined && !Number.isNaN(left) && !Number.isNaN(right);
    return isWhole ? scalar(compute(left, right)) : undefined;
  };

const negated: PureFunction = ([first]) => {
  const truth = truthOf(first);
  return truth === undefined ? undefined : scalar(!truth);
};

const can: PureFunction = ([first]) => {
  if (first === undefined || isUnknown(first)) {
    return first?.isMissing === true ? scalar(false) : undefined;
  }
  return scalar(true);
};

const SAME: readonly string[] = ['tostring', 'tolist', 'tomap', 'tonumber', 'tobool', 'nonsensitive', 'sensitive'];

const FUNCTIONS: ReadonlyMap<string, PureFunction> = new Map<string, PureFunction>([
  ...TEXT_FUNCTIONS,
  ...LIST_FUNCTIONS,
  ['lookup', lookedUp],
  ['merge', merged],
  ['coalesce', firstGiven],
  ['try', firstKnown],
  ['can', can],
  ['&&', logical(false)],
  ['||', logical(true)],
  ['!', negated],
  ['==', equal(true)],
  ['!=', equal(false)],
  ['<', ofNumbers((left, right) => left < right)],
  ['>', ofNumbers((left, right) => left > right)],
  ['<=', ofNumbers((left, right) => left <= right)],
  ['>=', ofNumbers((left, right) => left >= right)],
  ['+', ofNumbers((left, right) => left + right)],
  ['-', ofNumbers((left, right) => left - right)],
  ['*', ofNumbers((left, right) => left * right)],
  ['%', ofNumbers((left, right) => left % right)],
  ...SAME.map((name): [string, PureFunction] => [name, ([first]) => first]),
]);

/** The lines of a collection stay with it; those of an item are its own. */
const PICKS: ReadonlySet<string> = new Set(['try', 'coalesce']);

export const callFunction = (name: string, args: readonly Value[], text: string): Value => {
  const value = FUNCTIONS.get(name)?.(args);
  if (value === undefined) {
    return args.find((arg) => isUnknown(arg)) ?? unknown(text);
  }
  const short = textOf(value);
  if (short !== undefined && short.length > TEXT_CHARS_MAX) {
    return unknown(text);
  }
  return PICKS.has(name) ? value : decidedAt(value, ...args.flatMap(({ at }) => at));
};
