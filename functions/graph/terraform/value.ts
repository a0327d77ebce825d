/** What an expression comes to, with the lines that decided it; or the expression at which nobody could go on. */
import type { Place } from '../facts/vocabulary.ts';

export type Scalar = string | number | boolean | null;

export type Value = { readonly at: readonly Place[] } & (
  | { readonly kind: 'scalar'; readonly value: Scalar }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'object'; readonly entries: ReadonlyMap<string, Value> }
  | { readonly kind: 'unknown'; readonly expression: string }
);

const PLACES_MAX = 6;

export const scalar = (value: Scalar, at: readonly Place[] = []): Value => ({ kind: 'scalar', value, at });

export const unknown = (expression: string, at: readonly Place[] = []): Value => ({ kind: 'unknown', expression, at });

export const isUnknown = (value: Value): value is Value & { kind: 'unknown' } => value.kind === 'unknown';

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
