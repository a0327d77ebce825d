/** Parsers of single settings: text as Pulumi hands it over (lists and objects are JSON text) to typed values. */
import type { z } from 'zod';

import { type Parsed, value, wrong } from './setting-reader.ts';

/** Says what was found without repeating more of it than a person needs to recognise it. */
const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);

export const matching =
  (pattern: RegExp, expected: string) =>
  (text: string): Parsed<string> =>
    pattern.test(text) ? value(text) : wrong(`is ${shown(text)}, which is not ${expected}`);

export const oneOf =
  <const T extends string>(allowed: readonly T[]) =>
  (text: string): Parsed<T> => {
    const found = allowed.find((candidate) => candidate === text);
    return found === undefined ? wrong(`is ${shown(text)}, which is none of: ${allowed.join(', ')}`) : value(found);
  };

export const yesOrNo = (text: string): Parsed<boolean> => {
  if (text === 'true' || text === 'false') {
    return value(text === 'true');
  }
  return wrong(`is ${shown(text)}, which is neither true nor false`);
};

export const wholeNumber =
  (min: number, max: number) =>
  (text: string): Parsed<number> => {
    const parsed = /^\d{1,15}$/u.test(text) ? Number(text) : Number.NaN;
    return parsed >= min && parsed <= max
      ? value(parsed)
      : wrong(`is ${shown(text)}, which is not a whole number from ${min} to ${max}`);
  };

/** A list or an object: every mistake in it is told, each with the place where it is. */
export const json =
  <T>(schema: z.ZodType<T>, expected: string) =>
  (text: string): Parsed<T> => {
    let data: unknown;
    try {
      data = JSON.parse(text);
    } catch {
      return wrong(`is ${shown(text)}, which is not ${expected}`);
    }
    const parsed = schema.safeParse(data);
    return parsed.success ? value(parsed.data) : wrong(...parsed.error.issues.map(issueText));
  };

const issueText = (issue: z.core.$ZodIssue): string => {
  const place = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return place === '' ? `is wrong: ${issue.message}` : `is wrong at ${place}: ${issue.message}`;
};
