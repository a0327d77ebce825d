/** The bars of the router and how they are told. */

export interface Bar {
  readonly what: string;
  readonly measured: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** A figure that could not be taken is no bar missed, and no bar met. */
export const isMet = ({ measured, atMost = Infinity, atLeast = -Infinity }: Bar): boolean | undefined =>
  Number.isNaN(measured) ? undefined : measured <= atMost && measured >= atLeast;

export const showBar = (bar: Bar): string => {
  const verdict = { true: 'met   ', false: 'MISSED', undefined: 'not measured' }[`${isMet(bar)}`];
  const bound = bar.atMost === undefined ? `at least ${bar.atLeast}` : `at most ${bar.atMost}`;
  return `${verdict} ${bar.what}: ${bar.measured.toFixed(2)} (${bound})`;
};
