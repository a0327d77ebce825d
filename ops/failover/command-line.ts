/** A command as it was given, to be given again with something more or less: what is printed for people can be pasted as it stands. Pure. */
import type { CommandInput, CommandOption } from '../command.ts';

export interface GivenCommand {
  /** Of `twinmap`. */
  readonly name: string;
  readonly flags: readonly CommandOption[];
  readonly options: CommandInput['options'];
}

const camel = (flag: string): string =>
  flag.replaceAll(/-(?<letter>[a-z])/gu, (_match, letter: string) => letter.toUpperCase());

const PLAIN = /^[\w%+,./:=@-]+$/u;
const DOUBLE_QUOTED = /^[^!"$\\`]*$/u;

/** As a shell of POSIX reads it. */
const quoted = (word: string): string => {
  if (PLAIN.test(word)) {
    return word;
  }
  return DOUBLE_QUOTED.test(word) ? `"${word}"` : `'${word.replaceAll("'", String.raw`'\''`)}'`;
};

const wordsOf = ({ flags, fallback }: CommandOption, options: CommandInput['options']): readonly string[] => {
  const flag = flags.split(' ')[0] ?? '';
  const isNegative = flag.startsWith('--no-');
  const value = options[camel(flag.replace(/^--(?:no-)?/u, ''))];
  if (typeof value === 'string') {
    return value === fallback ? [] : [flag, quoted(value)];
  }
  return value === !isNegative ? [flag] : [];
};

export interface Changed {
  /** Flags that are left out, for instance `--plan`. */
  readonly without?: readonly string[];
  readonly with?: readonly string[];
}

/** In the order in which the command's help lists its options. */
export const commandLine = ({ name, flags, options }: GivenCommand, changed: Changed = {}): string => {
  const without = new Set(changed.without);
  const kept = flags.filter((one) => !without.has(one.flags.split(' ')[0] ?? ''));
  return ['npx twinmap', name, ...kept.flatMap((one) => wordsOf(one, options)), ...(changed.with ?? [])].join(' ');
};
