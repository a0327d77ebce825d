/** How documents without files become text and paths: a title line, a few facts, the body. Pure. */

import { createHash } from 'node:crypto';

const NAME_CHARS_MAX = 120;

/** One line that may stand in a path: titles are written by people and hold anything. */
export const pathName = (title: string): string =>
  title
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .replaceAll('/', '∕')
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .slice(0, NAME_CHARS_MAX)
    .toWellFormed() || 'untitled';

const oneLine = (text: string): string => text.replaceAll(/\s+/gu, ' ').trim();

/** Empty facts are left out, and so is an empty body. */
export const titledText = (title: string, facts: readonly (readonly [string, string])[], body: string): string => {
  const lines = facts.filter(([, value]) => value !== '').map(([name, value]) => `- ${name}: ${oneLine(value)}`);
  return [`# ${oneLine(title)}`, lines.join('\n'), body.trim()].filter((part) => part !== '').join('\n\n');
};

/** Of a document whose source has no version that can be trusted: what it says. */
export const revisionOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 24);
