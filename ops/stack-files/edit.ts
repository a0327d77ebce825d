/**
 * Edits of a stack file: new values in the bytes of the old ones, whole entries in or out. Pure. What comes out is parsed
 * again and compared, so that an edit can't change a setting that nobody asked it to.
 */
import { isDeepStrictEqual } from 'node:util';

import { Document, isScalar, type Node, type Pair, Scalar, visit } from 'yaml';

import { InvariantError } from '../../functions/domain/errors.ts';
import { entryOf, parseStackFile, type StackFile, StackFileError } from './stack-file.ts';

export type SettingValue = string | number | boolean | Readonly<Record<string, string>>;

/** By full key; `undefined` takes the setting out. */
export type SettingEdits = Readonly<Record<string, SettingValue | undefined>>;

interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Plain in every version of YAML, and never a number, a date or a yes. Anything else is quoted. */
const PLAIN = /^[A-Za-z][A-Za-z0-9 _.,()/-]*[A-Za-z0-9.)]$/u;
const WORDS: ReadonlySet<string> = new Set(['true', 'false', 'yes', 'no', 'on', 'off', 'null']);

const styleFor = (value: SettingValue, was: Scalar.Type | undefined): Scalar.Type => {
  if (was === Scalar.QUOTE_DOUBLE || was === Scalar.QUOTE_SINGLE) {
    return was;
  }
  const plain = typeof value !== 'string' || (PLAIN.test(value) && !WORDS.has(value.toLowerCase()));
  return plain ? Scalar.PLAIN : Scalar.QUOTE_SINGLE;
};

const render = (value: string | number | boolean, was?: Scalar.Type): string => {
  const style = styleFor(value, was);
  const scalar = new Scalar(style === Scalar.PLAIN ? value : String(value));
  scalar.type = style;
  return new Document(scalar).toString({ lineWidth: 0 }).trimEnd();
};

const rangeOf = (node: unknown): readonly [number, number] | undefined => {
  const { range } = (node ?? {}) as Partial<Node>;
  return range === undefined || range === null ? undefined : [range[0], range[1]];
};

const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

const lineEnd = (text: string, at: number): number => {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
};

const endOfLine = ({ text }: StackFile): string => (text.includes('\r\n') ? '\r\n' : '\n');

const startOf = (pair: Pair): number => rangeOf(pair.key)?.[0] ?? 0;
const endOf = (pair: Pair): number => rangeOf(pair.value)?.[1] ?? rangeOf(pair.key)?.[1] ?? 0;

const assertBlock = (file: StackFile, key: string): void => {
  if (file.settings.flow === true) {
    throw new StackFileError(
      `${file.name} has its settings in one {…}, where ${key} can't be put in or taken out without rewriting it; ` +
        'write one setting a line',
    );
  }
};

const replaced = (file: StackFile, key: string, pair: Pair, value: string | number | boolean): Splice => {
  const range = rangeOf(pair.value);
  if (range === undefined || !isScalar(pair.value)) {
    throw new StackFileError(`${file.name}: ${key} holds no plain value that could be replaced; write one by hand`);
  }
  const [from, to] = range;
  const spaced = from > 0 && /\s/u.test(file.text[from - 1] ?? ' ');
  const block = pair.value.type === Scalar.BLOCK_FOLDED || pair.value.type === Scalar.BLOCK_LITERAL;
  const text = `${spaced ? '' : ' '}${render(value, pair.value.type)}`;
  return { from, to, text: block ? text + endOfLine(file) : text };
};

const entryLines = (key: string, value: SettingValue, indent: string, eol: string): string =>
  typeof value === 'object'
    ? [
        `${indent}${key}:`,
        ...Object.entries(value).map(([name, inner]) => `${indent}  ${name}: ${render(inner, Scalar.QUOTE_SINGLE)}`),
      ]
        .map((line) => line + eol)
        .join('')
    : `${indent}${key}: ${render(value)}${eol}`;

/** After `neighbour`, or as the last of the settings: at its own line, indented as the others are. */
const inserted = (file: StackFile, key: string, value: SettingValue, neighbour: Pair | undefined): Splice => {
  assertBlock(file, key);
  const eol = endOfLine(file);
  const beside = neighbour ?? file.settings.items.at(-1);
  if (beside === undefined) {
    throw new StackFileError(`${file.name} has no settings to put ${key} beside`);
  }
  const start = startOf(beside);
  const indent = file.text.slice(lineStart(file.text, start), start);
  const last = Math.max(start, endOf(beside) - 1);
  const at = lineEnd(file.text, last);
  const broken = at > 0 && file.text[at - 1] !== '\n';
  return { from: at, to: at, text: (broken ? eol : '') + entryLines(key, value, indent, eol) };
};

/** Whole lines: the entry, and a comment at the end of its last one. */
const removed = (file: StackFile, key: string, pair: Pair): Splice => {
  assertBlock(file, key);
  const from = lineStart(file.text, startOf(pair));
  return { from, to: lineEnd(file.text, Math.max(startOf(pair), endOf(pair) - 1)), text: '' };
};

const spliceFor = (
  file: StackFile,
  key: string,
  value: SettingValue | undefined,
  neighbourKey: string,
): Splice | undefined => {
  const pair = entryOf(file, key);
  if (value === undefined) {
    return pair === undefined ? undefined : removed(file, key, pair);
  }
  if (pair === undefined) {
    return inserted(file, key, value, entryOf(file, neighbourKey));
  }
  if (typeof value === 'object') {
    const indent = ' '.repeat(startOf(pair) - lineStart(file.text, startOf(pair)));
    return { ...removed(file, key, pair), text: entryLines(key, value, indent, endOfLine(file)) };
  }
  return replaced(file, key, pair, value);
};

const settingsOf = ({ document }: StackFile): Readonly<Record<string, unknown>> => {
  const all = document.toJS() as { readonly config: Readonly<Record<string, unknown>> };
  return all.config;
};

const hasAnchors = ({ document }: StackFile): boolean => {
  let found = false;
  visit(document, {
    Alias: () => {
      found = true;
      return visit.BREAK;
    },
  });
  return found;
};

/** `pulumi config set` writes "2" where a person writes 2; to Pulumi the two are one. */
const asText = (value: unknown): unknown =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;

const assertOnlyAsked = (before: StackFile, after: StackFile, edits: SettingEdits): void => {
  const wanted = Object.fromEntries(
    Object.entries({ ...settingsOf(before), ...edits }).filter(([, value]) => value !== undefined),
  );
  const found = settingsOf(after);
  const same = Object.keys(wanted).length === Object.keys(found).length;
  const equal = Object.entries(wanted).every(([key, value]) => isDeepStrictEqual(asText(found[key]), asText(value)));
  if (!same || !equal) {
    throw hasAnchors(before)
      ? new StackFileError(
          `${before.name} shares values by anchors and aliases, which an edit would change in more than one place; write them out`,
        )
      : new InvariantError(`an edit of ${before.name} would have changed more than it should; nothing was written`);
  }
};

/** `neighbourKey`: a setting that is not there yet goes on the line after this one. */
export const editStackFile = (file: StackFile, edits: SettingEdits, neighbourKey: string): StackFile => {
  const splices = Object.entries(edits)
    .map(([key, value]) => spliceFor(file, key, value, neighbourKey))
    .filter((splice) => splice !== undefined)
    .toSorted((left, right) => right.from - left.from);
  let { text } = file;
  for (const splice of splices) {
    text = text.slice(0, splice.from) + splice.text + text.slice(splice.to);
  }
  const edited = parseStackFile(file.role, file.file, text);
  assertOnlyAsked(file, edited, edits);
  return edited;
};
