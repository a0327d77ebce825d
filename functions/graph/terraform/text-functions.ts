/** Functions that make texts of texts. */
import { scalar, textOf, type Value } from './value.ts';

export type PureFunction = (args: readonly Value[]) => Value | undefined;

export const TEXT_CHARS_MAX = 16_384;

const ofText =
  (change: (text: string) => string): PureFunction =>
  ([first]) => {
    const text = textOf(first);
    return text === undefined ? undefined : scalar(change(text));
  };

const ofTexts =
  (change: (...texts: readonly string[]) => string | boolean | undefined): PureFunction =>
  (args) => {
    const texts = args.flatMap((arg) => textOf(arg) ?? []);
    const made = texts.length === args.length ? change(...texts) : undefined;
    return made === undefined ? undefined : scalar(made);
  };

const VERB = /%(?:%|[-+ 0-9.]{0,8}[svdqt])/gu;

const formatted: PureFunction = ([pattern, ...rest]) => {
  const texts = rest.map((value) => textOf(value));
  const form = textOf(pattern);
  if (form === undefined || texts.includes(undefined)) {
    return undefined;
  }
  let next = 0;
  const text = form.replaceAll(VERB, (verb) => {
    if (verb === '%%') {
      return '%';
    }
    const given = texts[next] ?? '';
    next += 1;
    const width = /^%0(?<width>\d)d$/u.exec(verb)?.groups?.['width'];
    return width === undefined ? given : given.padStart(Number(width), '0');
  });
  return next === texts.length ? scalar(text) : undefined;
};

const LENGTH = 120;

/** Only texts are replaced; patterns of others could take any time. */
const replaced = (text = '', what = '', by = ''): string | undefined =>
  what.length > 1 && what.startsWith('/') && what.endsWith('/') ? undefined : text.replaceAll(what, () => by);

const part = (text = '', from = '0', length = '0'): string =>
  Number(length) < 0 ? text.slice(Number(from)) : text.slice(Number(from), Number(from) + Number(length));

const stripped = (text: string): string => text.replace(/\/+$/u, '');

const dirOf = (text: string): string => stripped(text).slice(0, Math.max(0, stripped(text).lastIndexOf('/'))) || '.';

const isMember = (text: string, start: string): boolean => text.startsWith(start);

export const TEXT_FUNCTIONS: readonly (readonly [string, PureFunction])[] = [
  ['format', formatted],
  ['lower', ofText((text) => text.toLowerCase())],
  ['upper', ofText((text) => text.toUpperCase())],
  ['title', ofText((text) => text.slice(0, LENGTH).replaceAll(/\b[a-z]/gu, (first) => first.toUpperCase()))],
  ['trimspace', ofText((text) => text.trim())],
  ['chomp', ofText((text) => text.replace(/[\r\n]+$/u, ''))],
  ['trimprefix', ofTexts((text = '', start = '') => (isMember(text, start) ? text.slice(start.length) : text))],
  [
    'trimsuffix',
    ofTexts((text = '', end = '') => (text.endsWith(end) ? text.slice(0, text.length - end.length) : text)),
  ],
  ['startswith', ofTexts((text = '', start = '') => isMember(text, start))],
  ['endswith', ofTexts((text = '', end = '') => text.endsWith(end))],
  ['strcontains', ofTexts((text = '', inner = '') => text.includes(inner))],
  ['replace', ofTexts(replaced)],
  ['substr', ofTexts(part)],
  ['abspath', ofText((text) => text)],
  ['basename', ofText((text) => stripped(text).slice(stripped(text).lastIndexOf('/') + 1))],
  ['dirname', ofText(dirOf)],
];
