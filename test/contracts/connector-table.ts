/** The table connector × case that the contract prints once, at its end. */
export type Verdict = { readonly kind: 'kept' } | { readonly kind: 'not-applicable'; readonly why: string };

const results = new Map<string, Map<number, Verdict | null>>();

export const record = (connector: string, number: number, verdict: Verdict | null): void => {
  const row = results.get(connector) ?? new Map<number, Verdict | null>();
  results.set(connector, row.set(number, verdict));
};

const markOf = (verdict: Verdict | null | undefined): string => {
  if (verdict === null || verdict === undefined) {
    return 'FAIL';
  }
  return verdict.kind === 'kept' ? 'ok' : '-';
};

const limits = new Map<string, readonly string[]>();

/** Why a case, or a part of one, can't happen with a source. */
export const noteLimits = (connector: string, whys: readonly string[]): void => {
  limits.set(connector, whys);
};

/** With every reason for a dash, and for the parts of cases that can't happen. */
export const table = (cases: readonly string[]): string => {
  const numbers = cases.map((_, at) => at + 1);
  const head = ['connector'.padEnd(16), ...numbers.map((number) => String(number).padStart(4))].join(' ');
  const rows = [...results].map(([name, row]) =>
    [name.padEnd(16), ...numbers.map((number) => markOf(row.get(number)).padStart(4))].join(' '),
  );
  const reasons = [...limits].flatMap(([name, whys]) => [...new Set(whys)].map((why) => `  - ${name}: ${why}`));
  const legend = cases.map((title, at) => `  ${String(at + 1).padStart(2)} ${title}`);
  return ['Connector contract', head, ...rows, ...legend, 'What can not happen with a source:', ...reasons].join('\n');
};
