/**
 * Constants that other files of a repository take: `constants.ts`, `config.py`, `settings/`, `Regions.java`. Such files are read with
 * those that decide what others mean (`isSharedPath`), so that a file is understood the same however few files changed.
 */
import type { Context } from '../repository/context.ts';
import { deadReason } from '../repository/dead.ts';
import type { Scan } from './scan.ts';
import { scanCode } from './scan.ts';
import { languageOfPath } from './languages.ts';
import { type Constant, regionOfValue } from './values.ts';

const WORD = '(?:constants?|consts?|config|conf|settings|regions?|defaults?|globals?|env|environment|aws|vars)';
const FILE = new RegExp(`(?:^|/)(?:[\\w-]+[._-])?${WORD}(?:[._-][\\w-]+)?\\.[a-z]+$`, 'iu');
const FOLDER = new RegExp(`(?:^|/)${WORD}/(?:src/|lib/)?(?:index|__init__|mod|lib|main|${WORD})\\.[a-z]+$`, 'iu');
const CLASS = /(?:^|\/)[A-Za-z]*(?:Constants?|Config(?:uration)?|Settings|Regions?|Defaults)\.(?:java|cs|php)$/u;
const GO_FOLDER = new RegExp(`(?:^|/)${WORD}/[\\w-]+\\.go$`, 'u');

export const isSharedPath = (path: string): boolean =>
  languageOfPath(path) !== undefined &&
  !/\.d\.[cm]?ts$/u.test(path) &&
  [FILE, FOLDER, CLASS, GO_FOLDER].some((pattern) => pattern.test(path));

interface Shared extends Constant {
  readonly name: string;
  /** How others call what holds it: a file, a folder, a package, a class. */
  readonly base: string;
  readonly path: string;
  readonly isDeclaration: boolean;
}

const stepsOf = (path: string): readonly string[] => path.replace(/\.[a-z]+$/iu, '').split('/');

const baseOf = (path: string): string => {
  const steps = stepsOf(path).filter(
    (step, at, all) => at < all.length - 1 || !/^(?:index|__init__|mod|lib|main)$/u.test(step),
  );
  const named = path.endsWith('.go') ? steps.slice(0, -1) : steps.filter((step) => !/^(?:src|lib)$/u.test(step));
  return named.at(-1) ?? '';
};

const directoryOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const FILES_MAX = 200;
const known = new WeakMap<Context, readonly Shared[]>();

const readShared = (context: Context): readonly Shared[] =>
  context.input.files
    .filter(
      ({ path, text }) =>
        isSharedPath(path) &&
        deadReason(path) === undefined &&
        /region|\b[a-z]{2}(?:-gov)?-[a-z]+-[1-9]\b/iu.test(text),
    )
    .slice(0, FILES_MAX)
    .flatMap(({ path, text }): Shared[] => {
      const language = languageOfPath(path);
      const parsed =
        language === undefined
          ? undefined
          : context.parsers.parse(language.grammar, text, (root) => scanCode(root, language));
      if (parsed?.kind !== 'parsed') {
        return [];
      }
      const { pairs, constants } = parsed.value;
      return pairs
        .filter(({ key, isListed }) => constants.has(key) && !isListed)
        .flatMap(({ key: name, text: value, line, isDeclaration }): Shared[] => {
          const said = regionOfValue(value, constants);
          const isTelling = said.kind === 'region' || (/region/iu.test(name) && said.kind === 'ambient');
          return isTelling ? [{ name, text: value, line, path, base: baseOf(path), isDeclaration, constants }] : [];
        });
    });

const sharedOf = (context: Context): readonly Shared[] => {
  const found = known.get(context) ?? readShared(context);
  known.set(context, found);
  return found;
};

const isSame = (all: readonly Shared[]): boolean => new Set(all.map(({ text }) => text)).size === 1;

/** The constants of a file with those that it takes from others; a name that two files give two values is none. */
export const withShared = (context: Context, path: string, scan: Scan, grammar: string): Scan => {
  const others = sharedOf(context).filter((one) => one.path !== path);
  if (others.length === 0) {
    return scan;
  }
  const imported = scan.imports.map(({ text }) => text).join('\n');
  const takes = (word: string): boolean => new RegExp(`\\b${word.replaceAll(/[^\w]/gu, '.')}\\b`, 'u').test(imported);
  const hasPackages = grammar === 'java' || grammar === 'c-sharp' || grammar === 'php';
  const found = new Map<string, Shared[]>();
  const add = (name: string, one: Shared): void => {
    found.set(name, [...(found.get(name) ?? []), one]);
  };
  for (const one of others) {
    const isNear = grammar === 'go' && directoryOf(one.path) === directoryOf(path);
    if (one.isDeclaration && (takes(one.name) || isNear)) {
      add(one.name, one);
    }
    if (takes(one.base) || (hasPackages && /^[A-Z]/u.test(one.base))) {
      add(`${one.base}.${one.name}`, one);
    }
  }
  const usable = [...found].filter(([name, all]) => isSame(all) && !scan.constants.has(name));
  return usable.length === 0
    ? scan
    : {
        ...scan,
        constants: new Map([
          ...usable.flatMap(([name, all]): [string, Constant][] => (all[0] === undefined ? [] : [[name, all[0]]])),
          ...scan.constants,
        ]),
      };
};
