/** The pure functions that Regions and names are looked up with. Others are unknown; that is always an honest answer. */
import { decidedAt, isUnknown, itemOf, scalar, textOf, unknown, type Value } from './value.ts';

const TEXT_CHARS_MAX = 16_384;

type PureFunction = (args: readonly Value[]) => Value | undefined;

const listOf = (value: Value | undefined): readonly Value[] | undefined => {
  if (value?.kind === 'list') {
    return value.items;
  }
  return value?.kind === 'object' ? [...value.entries.values()] : undefined;
};

const ofText =
  (change: (text: string) => string): PureFunction =>
  ([first]) => {
    const text = textOf(first);
    return text === undefined ? undefined : scalar(change(text));
  };

const merged: PureFunction = (args) => {
  const entries = new Map<string, Value>();
  for (const arg of args) {
    if (arg.kind !== 'object') {
      return undefined;
    }
    for (const [key, value] of arg.entries) {
      entries.set(key, value);
    }
  }
  return { kind: 'object', entries, at: [] };
};

const lookedUp: PureFunction = ([map, key, otherwise]) => {
  const name = textOf(key);
  return map === undefined || isUnknown(map) || name === undefined ? undefined : (itemOf(map, name) ?? otherwise);
};

const formatted: PureFunction = ([pattern, ...rest]) => {
  const parts = (textOf(pattern) ?? '%v').split(/%[svd]/u);
  const texts = rest.map((value) => textOf(value));
  const isWhole = parts.length === texts.length + 1 && !texts.includes(undefined);
  return isWhole ? scalar(parts.map((part, at) => part + (texts[at] ?? '')).join('')) : undefined;
};

const joined: PureFunction = ([separator, list]) => {
  const texts = listOf(list)?.map((item) => textOf(item));
  return texts === undefined || texts.includes(undefined) ? undefined : scalar(texts.join(textOf(separator) ?? ''));
};

const concatenated: PureFunction = (args) => {
  const lists = args.map((arg) => listOf(arg));
  const items = lists.flatMap((list) => list ?? []);
  return lists.includes(undefined) || items.length > TEXT_CHARS_MAX ? undefined : { kind: 'list', items, at: [] };
};

const firstKnown: PureFunction = (args) => args.find((arg) => !isUnknown(arg));

const firstGiven: PureFunction = (args) => {
  const given = args.find((arg) => isUnknown(arg) || (textOf(arg) ?? '') !== '');
  return given === undefined || isUnknown(given) ? undefined : given;
};

const asIs: PureFunction = ([first]) => first;

const keysOf: PureFunction = ([map]) =>
  map?.kind === 'object'
    ? { kind: 'list', items: [...map.entries.keys()].map((key) => scalar(key)), at: [] }
    : undefined;

const valuesOf: PureFunction = ([map]) => {
  const items = listOf(map);
  return items === undefined ? undefined : { kind: 'list', items, at: [] };
};

const lengthOf: PureFunction = ([first]) => {
  const count = listOf(first)?.length ?? textOf(first)?.length;
  return count === undefined ? undefined : scalar(count);
};

const FUNCTIONS: ReadonlyMap<string, PureFunction> = new Map([
  ['lookup', lookedUp],
  ['element', lookedUp],
  ['[]', lookedUp],
  ['merge', merged],
  ['coalesce', firstGiven],
  ['try', firstKnown],
  ['format', formatted],
  ['join', joined],
  ['concat', concatenated],
  ['keys', keysOf],
  ['values', valuesOf],
  ['length', lengthOf],
  ['lower', ofText((text) => text.toLowerCase())],
  ['upper', ofText((text) => text.toUpperCase())],
  ['trimspace', ofText((text) => text.trim())],
  ...['tostring', 'toset', 'tolist', 'tomap', 'nonsensitive', 'sensitive'].map((name): [string, PureFunction] => [
    name,
    asIs,
  ]),
]);

export const callFunction = (name: string, args: readonly Value[], text: string): Value => {
  const value = FUNCTIONS.get(name)?.(args);
  if (value === undefined) {
    return args.find((arg) => isUnknown(arg) && name !== 'try') ?? unknown(text);
  }
  const short = textOf(value);
  return short !== undefined && short.length > TEXT_CHARS_MAX
    ? unknown(text)
    : decidedAt(value, ...args.flatMap(({ at }) => at));
};
