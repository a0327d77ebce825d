/** Functions of lists, sets and maps. Maps are walked in the order of their keys, as Terraform does. */
import { scalar, textOf, unknown, type Value } from './value.ts';
import type { PureFunction } from './text-functions.ts';

const ITEMS_MAX = 1000;

const byKey = (entries: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] =>
  [...entries].toSorted(([left], [right]) => (left < right ? -1 : Number(left > right)));

/** All items; undefined where there may be others. */
export const listOf = (value: Value | undefined): readonly Value[] | undefined => {
  if (value?.kind === 'list') {
    return value.items;
  }
  return value?.kind === 'object' && value.isPartial !== true
    ? byKey(value.entries).map(([, item]) => item)
    : undefined;
};

const list = (items: readonly Value[] | undefined): Value | undefined =>
  items === undefined || items.length > ITEMS_MAX ? undefined : { kind: 'list', items, at: [] };

const ofList =
  (change: (items: readonly Value[], rest: readonly Value[]) => readonly Value[] | undefined): PureFunction =>
  ([first, ...rest]) => {
    const items = listOf(first);
    return items === undefined ? undefined : list(change(items, rest));
  };

/** Without what is there twice; what is unknown stays, as it may be another. */
const distinct = (items: readonly Value[]): readonly Value[] => {
  const seen = new Set<string>();
  return items.filter((item) => {
    const text = textOf(item);
    const isNew = text === undefined || !seen.has(text);
    seen.add(text ?? '');
    return isNew;
  });
};

const joined: PureFunction = ([separator, items]) => {
  const texts = listOf(items)?.map((item) => textOf(item));
  return texts === undefined || texts.includes(undefined) ? undefined : scalar(texts.join(textOf(separator) ?? ''));
};

const concatenated: PureFunction = (args) => {
  const lists = args.map((arg) => listOf(arg));
  const count = lists.reduce((sum, items) => sum + (items?.length ?? ITEMS_MAX), 0);
  return count > ITEMS_MAX || lists.includes(undefined) ? undefined : list(lists.flatMap((items) => items ?? []));
};

const united: PureFunction = (args) => {
  const all = concatenated(args);
  return all?.kind === 'list' ? list(distinct(all.items)) : undefined;
};

const NESTED_MAX = 20;

/** Ends once there are too many: lists may hold each other many times over. */
const flat = (items: readonly Value[], found: Value[] = [], depth = 0): readonly Value[] => {
  for (const item of items) {
    if (found.length > ITEMS_MAX) {
      return found;
    }
    if (item.kind === 'list' && depth < NESTED_MAX) {
      flat(item.items, found, depth + 1);
    } else {
      found.push(item);
    }
  }
  return found;
};

const compacted = (items: readonly Value[]): readonly Value[] | undefined =>
  items.some(({ kind }) => kind === 'unknown') ? undefined : items.filter((item) => (textOf(item) ?? '') !== '');

const sorted = (items: readonly Value[]): readonly Value[] | undefined =>
  items.some((item) => textOf(item) === undefined)
    ? undefined
    : items.toSorted((left, right) => ((textOf(left) ?? '') < (textOf(right) ?? '') ? -1 : 1));

const keysOf: PureFunction = ([map]) =>
  map?.kind === 'object' && map.isPartial !== true
    ? list(byKey(map.entries).map(([key, item]) => scalar(key, item.at)))
    : undefined;

const lengthOf: PureFunction = ([first]) => {
  const count = listOf(first)?.length ?? textOf(first)?.length;
  return count === undefined ? undefined : scalar(count);
};

const elementOf: PureFunction = ([first, index]) => {
  const items = listOf(first);
  const at = Number(textOf(index) ?? 'x');
  return items === undefined || items.length === 0 || !Number.isInteger(at)
    ? undefined
    : items[((at % items.length) + items.length) % items.length];
};

const onlyOf: PureFunction = ([first]) => {
  const items = listOf(first);
  return items === undefined || items.length > 1 ? undefined : (items[0] ?? scalar(null));
};

const without: PureFunction = ([first, ...rest]) => {
  const items = listOf(first);
  const gone = new Set(rest.flatMap((one) => listOf(one)?.map((item) => textOf(item)) ?? [undefined]));
  const isKnown = items?.every((item) => textOf(item) !== undefined) === true && !gone.has(undefined);
  return isKnown ? list(items.filter((item) => !gone.has(textOf(item)))) : undefined;
};

const contains: PureFunction = ([first, wanted]) => {
  const texts = listOf(first)?.map((item) => textOf(item));
  const text = textOf(wanted);
  if (texts === undefined || text === undefined) {
    return undefined;
  }
  return texts.includes(text) || !texts.includes(undefined) ? scalar(texts.includes(text)) : undefined;
};

const split: PureFunction = ([separator, text]) => {
  const [by, whole] = [textOf(separator), textOf(text)];
  return by === undefined || whole === undefined ? undefined : list(whole.split(by).map((one) => scalar(one)));
};

const zipped: PureFunction = ([keys, values]) => {
  const [names, items] = [listOf(keys)?.map((key) => textOf(key)), listOf(values)];
  return names === undefined || items === undefined || names.includes(undefined)
    ? undefined
    : {
        kind: 'object',
        entries: new Map(names.map((name, at) => [name ?? '', items[at] ?? unknown('zipmap')])),
        at: [],
      };
};

const PRODUCTS_MAX = 1000;

const product: PureFunction = (args) => {
  let rows: readonly (readonly Value[])[] = [[]];
  for (const items of args.map((arg) => listOf(arg))) {
    rows = items === undefined ? [] : rows.flatMap((row) => items.map((item) => [...row, item]));
    if (items === undefined || rows.length > PRODUCTS_MAX) {
      return undefined;
    }
  }
  return list(rows.map((items): Value => ({ kind: 'list', items, at: [] })));
};

const range: PureFunction = (args) => {
  const [first = Number.NaN, second] = args.map((arg) => Number(textOf(arg) ?? 'x'));
  const [from, to] = second === undefined ? [0, first] : [first, second];
  return args.length < 3 && to - from >= 0 && to - from <= PRODUCTS_MAX
    ? list(Array.from({ length: to - from }, (_, at) => scalar(from + at)))
    : undefined;
};

export const LIST_FUNCTIONS: readonly (readonly [string, PureFunction])[] = [
  ['join', joined],
  ['concat', concatenated],
  ['setunion', united],
  ['setsubtract', without],
  ['distinct', ofList(distinct)],
  ['toset', ofList(distinct)],
  ['flatten', ofList((items) => flat(items))],
  ['compact', ofList(compacted)],
  ['sort', ofList(sorted)],
  ['reverse', ofList((items) => items.toReversed())],
  ['slice', ofList((items, [from, to]) => items.slice(Number(textOf(from) ?? 0), Number(textOf(to) ?? items.length)))],
  ['values', ofList((items) => items)],
  ['keys', keysOf],
  ['length', lengthOf],
  ['element', elementOf],
  ['one', onlyOf],
  ['contains', contains],
  ['split', split],
  ['zipmap', zipped],
  ['setproduct', product],
  ['range', range],
  ['coalescelist', (args) => args.find((arg) => listOf(arg) === undefined || listOf(arg)?.length !== 0)],
];
