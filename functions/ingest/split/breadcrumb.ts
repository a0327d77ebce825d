/**
 * Says where a chunk stands: source, path and headings on one line. It is embedded and ranked with the text, so that a
 * paragraph that never names its system is found by that name all the same.
 */
import { clip, plainName } from './outline.ts';
import { BREADCRUMB_CHARS_MAX } from './sizes.ts';

const SEPARATOR = ' > ';
const SOURCE_CHARS_MAX = 60;
const PATH_CHARS_MAX = 160;

/** Keeps the end: a file name says more than the root of its tree. */
const shortPath = (path: string): string => {
  const plain = plainName(path, Number.MAX_SAFE_INTEGER);
  return plain.length <= PATH_CHARS_MAX
    ? plain
    : `…${plain.slice(plain.length - PATH_CHARS_MAX + 1).replace(/^[\uDC00-\uDFFF]/u, '')}`;
};

/** Never longer than `BREADCRUMB_CHARS_MAX`: the outer headings go first, the innermost says the most. */
export const breadcrumbOf = (sourceName: string, path: string, headings: readonly string[]): string => {
  const origin = [plainName(sourceName, SOURCE_CHARS_MAX), shortPath(path)].filter((part) => part !== '');
  for (let from = 0; from < headings.length; from += 1) {
    const shown = from === 0 ? headings : ['…', ...headings.slice(from)];
    const breadcrumb = [...origin, ...shown].join(SEPARATOR);
    if (breadcrumb.length <= BREADCRUMB_CHARS_MAX) {
      return breadcrumb;
    }
  }
  return clip([...origin, ...headings.slice(-1)].join(SEPARATOR), BREADCRUMB_CHARS_MAX);
};
