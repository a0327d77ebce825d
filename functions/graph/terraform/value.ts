/** What an expression comes to, with the lines that decided it; or the expression at which nobody could go on. */
import type { Place } from '../facts/vocabulary.ts';

export type Scalar = string | number | boolean | null;

/** `isPlaced`: the lines of everything in it have their file, so that nobody goes through it again. */
export type Value = { readonly at: readonly Place[]; readonly isPlaced?: boolean } & (
  | { readonly kind: 'scalar'; readonly value: Scalar }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  /** `isPartial`: there may be further keys, or others in their place. */
  | { readonly kind: 'object'; readonly entries: ReadonlyMap<string, Value>; readonly isPartial?: boolean }
  /** `isMissing`: it is known that nothing is there, so that `try` goes on. */
  | { readonly kind: 'unknown'; readonly expression: string; readonly isMissing?: boolean }
);

const PLACES_MAX = 6;

export const scalar = (value: Scalar, at: readonly Place[] = []): Value => ({ kind: 'scalar', value, at });

export const unknown = (expression: string, at: readonly Place[] = []): Value => ({ kind: 'unknown', expression, at });

export const isUnknown = (value: Value): value is Value & { kind: 'unknown' } => value.kind === 'unknown';

/** Is it known that the value has no such item? */
export const isWithout = (value: Value, key: string): boolean => {
  switch (value.kind) {
    case 'list':
      return /^\d+$/u.test(key) && Number(key) >= value.items.length;
    case 'object':
      return value.isPartial !== true && !value.entries.has(key);
    case 'scalar':
      return true;
    case 'unknown':
      return value.isMissing === true;
  }
};

/** What an object was not given is null: an optional attribute. */
export const orNull = (value: Value): Value =>
  value.kind === 'unknown' && value.isMissing === true ? scalar(null, value.at) : value;

/** The same value with its lines, and those of what is in it, in this file. A value that many share is gone through once. */
export const inFile = (value: Value, path: string): Value => {
  const at = value.at.map((place) => (place.path === undefined ? { line: place.line, path } : place));
  if (value.isPlaced === true || value.kind === 'scalar' || value.kind === 'unknown') {
    return { ...value, at };
  }
  if (value.kind === 'list') {
    return { ...value, at, items: value.items.map((item) => inFile(item, path)), isPlaced: true };
  }
  const entries = [...value.entries].map(([key, item]): [string, Value] => [key, inFile(item, path)]);
  return { ...value, at, entries: new Map(entries), isPlaced: true };
};

export const textOf = (value: Value | undefined): string | undefined =>
  value?.kind === 'scalar' && value.value !== null ? String(value.value) : undefined;

/** The same value, decided by further lines. */
export const decidedAt = (value: Value, ...places: readonly Place[]): Value => {
  const more = places.filter(
    (place) => !value.at.some((known) => known.path === place.path && known.line === place.line),
  );
  return more.length === 0 ? value : { ...value, at: [...value.at, ...more].slice(0, PLACES_MAX) };
};

export const itemOf = (value: Value, key: string): Value | undefined => {
  switch (value.kind) {
    case 'list':
      return /^\d+$/u.test(key) ? value.items[Number(key)] : undefined;
    case 'object':
      return value.entries.get(key);
    case 'scalar':
    case 'unknown':
      return undefined;
  }
};
