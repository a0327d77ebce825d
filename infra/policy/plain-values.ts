/** Reading plain data: by path, text by text, and as policy documents. */
import { type Plain, type PlainObject, UNKNOWN } from './rule.ts';

export const isObject = (value: Plain | undefined): value is PlainObject =>
  typeof value === 'object' && value !== null && !isList(value);

export const isList = (value: Plain | undefined): value is readonly Plain[] => Array.isArray(value);

/** Every value at a path such as `rules[].copyActions`; an unknown value on the way is one unknown value. */
export const valuesAt = (props: Plain, path: string): readonly Plain[] => {
  let found: readonly Plain[] = [props];
  for (const step of path.split('.')) {
    const key = step.replace(/\[\]$/u, '');
    found = found.flatMap((value) => childOf(value, key));
    if (step.endsWith('[]')) {
      found = found.flatMap((value) => (isList(value) ? value : [value]));
    }
  }
  return found;
};

const childOf = (value: Plain, key: string): readonly Plain[] => {
  if (value === UNKNOWN) {
    return [UNKNOWN];
  }
  const child = isObject(value) ? value[key] : undefined;
  return child === undefined ? [] : [child];
};

/** The one value at a path without lists. */
export const valueAt = (props: Plain, path: string): Plain | undefined => valuesAt(props, path)[0];

/** An empty list, object or text counts as not set: the provider fills them in. */
export const isSet = (value: Plain | undefined): boolean => {
  if (isList(value)) {
    return value.length > 0;
  }
  if (isObject(value)) {
    return Object.keys(value).length > 0;
  }
  return value !== undefined && value !== null && value !== '' && value !== false;
};

/** In a preview the value may be known after creation only; then it is there. */
export const isTextOrUnknown = (value: Plain | undefined): boolean =>
  value === UNKNOWN || (typeof value === 'string' && value !== '');

export interface Leaf {
  /** For instance `environment.variables.TWINMAP_ROLE`. */
  readonly path: string;
  /** The last key on the path that is not a place in a list. */
  readonly key: string;
  readonly value: Plain;
}

export const leavesOf = (value: Plain, path = '', key = ''): readonly Leaf[] => {
  if (isList(value)) {
    return value.flatMap((item, place) => leavesOf(item, `${path}[${place}]`, key));
  }
  if (isObject(value)) {
    return Object.entries(value).flatMap(([name, inner]) =>
      leavesOf(inner, path === '' ? name : `${path}.${name}`, name),
    );
  }
  return [{ path, key, value }];
};

const asPlain = (value: unknown): Plain => {
  if (Array.isArray(value)) {
    return value.map((item) => asPlain(item));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asPlain(inner)]));
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
};

/** Text as the object that it is JSON of; undefined for any other text. */
export const jsonObject = (text: Plain | undefined): PlainObject | undefined => {
  if (typeof text !== 'string' || !text.trimStart().startsWith('{')) {
    return undefined;
  }
  try {
    const parsed = asPlain(JSON.parse(text));
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
};

/** One value or a list of them, as policy documents write them. */
export const listOf = (value: Plain | undefined): readonly Plain[] =>
  value === undefined ? [] : isList(value) ? value : [value];
