/**
 * Takes credentials and personal data out of a document before it is cut, stored or embedded (DESIGN §4: pull, redact, chunk).
 * Lines stay where they are, so that evidence still points at the right one; what was taken out is counted by kind, never told.
 */
import type { RedactionMode } from '../../domain/corpus.ts';
import { REDACTION_RULES, type RedactionRule } from './rules.ts';

export interface Redacted {
  readonly text: string;
  /** By kind; empty where nothing was found. */
  readonly counts: Readonly<Record<string, number>>;
}

const rulesOf = (mode: RedactionMode): readonly RedactionRule[] => {
  switch (mode) {
    case 'none': {
      return [];
    }
    case 'credentials': {
      return REDACTION_RULES.filter((rule) => rule.class === 'credential');
    }
    case 'credentials-and-personal': {
      return REDACTION_RULES;
    }
  }
};

/** The mark, and as many line breaks as the text had that it stands for. */
export const markFor = (kind: string, taken: string): string =>
  `[redacted:${kind}]${'\n'.repeat(taken.split('\n').length - 1)}`;

const groupsOf = (args: readonly unknown[]): Readonly<Record<string, unknown>> => {
  const last = args.at(-1);
  return typeof last === 'object' && last !== null ? { ...last } : {};
};

export const redact = (text: string, mode: RedactionMode): Redacted => {
  const counts: Record<string, number> = {};
  let kept = text;
  for (const { kind, pattern, accepts } of rulesOf(mode)) {
    kept = kept.replaceAll(pattern, (whole: string, ...rest: readonly unknown[]) => {
      const { secret } = groupsOf(rest);
      const taken = typeof secret === 'string' ? secret : whole;
      if (accepts?.(taken) === false || taken.startsWith('[redacted:')) {
        return whole;
      }
      counts[kind] = (counts[kind] ?? 0) + 1;
      const at = whole.lastIndexOf(taken);
      return whole.slice(0, at) + markFor(kind, taken) + whole.slice(at + taken.length);
    });
  }
  return { text: kept, counts };
};
