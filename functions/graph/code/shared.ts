/**
 * Constants that other files of a repository take: `constants.ts`, `config.py`, `settings/`, `Regions.java`. Such files are read with
 * those that decide what others mean (`isSharedPath`), so that a file is understood the same however few files changed.
 */
import type { Context } from '../repository/context.ts';
import { deadReason } from '../repository/dead.ts';
import type { Scan } from './scan.ts';
import { scanCode } from './scan.ts';
import { languageOfPath } from './languages.ts';
import { DEFAULT_EXPORT } from './pairs.ts';
import { type Constant, isOfEnvironment, regionOfValue } from './values.ts';

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
  /** No other of its file is called the same. */
  readonly isAlone: boolean;
  /** The names around it. */
  readonly trail: string | undefined;
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

/** `ORDERS_TABLE = "orders"`, `TABLES = { orders: "orders" }`: what other files look up. */
const NAMING = /(?:table|queue|bucket|stream|topic|function)s?(?:_?names?)?(?:\.\w+)?$/iu;
const NAME = /^(?:(?:\w+\.)?Field\(\s*(?:default\s*=\s*)?)?["'`][\w./-]{2,256}["'`]/u;

const readShared = (context: Context): readonly Shared[] =>
  context.input.files
    .filter(
      ({ path, text }) =>
        isSharedPath(path) &&
        deadReason(path) === undefined &&
        /region|table|queue|bucket|stream|topic|\b[a-z]{2}(?:-gov)?-[a-z]+-[1-9]\b/iu.test(text),
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
        .filter(
          ({ key, trail, isListed }) => (constants.has(key) || constants.has(`${trail ?? ''}.${key}`)) && !isListed,
        )
        .flatMap(({ key: name, text: value, line, isDeclaration, trail }): Shared[] => {
          const said = regionOfValue(value, constants);
          const isNaming = NAMING.test(`${trail ?? ''}.${name}`) && NAME.test(value);
          const isTelling = said.kind === 'region' || isNaming || (/region/iu.test(name) && isOfEnvironment(value));
          return isTelling
            ? [
                {
                  name,
                  text: value,
                  line,
                  path,
                  base: baseOf(path),
                  isDeclaration,
                  isAlone: constants.has(name),
                  trail,
                  constants,
                },
              ]
            : [];
        });
    });

const sharedOf = (context: Context): readonly Shared[] => {
  const found = known.get(context) ?? readShared(context);
  known.set(context, found);
  return found;
};

const isSame = (all: readonly Shared[]): boolean => new Set(all.map(({ text }) => text)).size === 1;

const IMPORTED = /^import\s+(?:\*\s+as\s+)?(?<name>[\w$]+)[\s\S]*?from\s+["'](?<path>\.[^"']*)["']/u;
const REQUIRED = /^require\(\s*["'](?<path>\.[^"']*)["']\s*\)/u;

/** What a file calls each file of the repository that it takes as a whole: `import cfg from './config'`. */
const wholes = (scan: Scan): readonly { readonly name: string; readonly base: string }[] => [
  ...scan.imports.flatMap(({ text }) => {
    const { name = '', path = '' } = IMPORTED.exec(text)?.groups ?? {};
    return name === '' ? [] : [{ name, base: baseOf(path.replace(/(?:\.[cm]?[jt]s)?$/u, '.js')) }];
  }),
  ...scan.pairs.flatMap(({ target: name, text }) => {
    const path = REQUIRED.exec(text)?.groups?.['path'];
    return path === undefined || !/^[\w$]+$/u.test(name)
      ? []
      : [{ name, base: baseOf(path.replace(/(?:\.[cm]?js)?$/u, '.js')) }];
  }),
];

/** What a file sees of others. */
interface Sight {
  readonly path: string;
  readonly grammar: string;
  readonly takes: (word: string) => boolean;
  readonly wholes: ReturnType<typeof wholes>;
}

/** All names by which a file may call a constant of another one. */
const calledIn = (one: Shared, { path, grammar, takes, wholes: named }: Sight): readonly string[] => {
  const hasPackages = grammar === 'java' || grammar === 'c-sharp' || grammar === 'php';
  const isNear = grammar === 'go' && directoryOf(one.path) === directoryOf(path);
  const isWhole = takes(one.base) || (hasPackages && /^[A-Z]/u.test(one.base));
  const [outer = '', ...inner] = one.trail?.replace(DEFAULT_EXPORT, 'default').split('.') ?? [];
  const within = [...inner, one.name].join('.');
  return [
    ...(one.isDeclaration && (takes(one.name) || isNear) ? [one.name] : []),
    ...(isWhole && one.isAlone ? [`${one.base}.${one.name}`] : []),
    ...(isWhole && one.trail !== undefined ? [`${one.base}.${one.trail}.${one.name}`] : []),
    ...(outer !== '' && takes(outer) ? [`${outer}.${within}`] : []),
    ...(outer === 'default' ? named.filter(({ base }) => base === one.base) : []).map(
      ({ name }) => `${name}.${within}`,
    ),
  ];
};

/** The constants of a file with those that it takes from others; a name that two files give two values is none. */
export const withShared = (context: Context, path: string, scan: Scan, grammar: string): Scan => {
  const others = sharedOf(context).filter((one) => one.path !== path);
  if (others.length === 0) {
    return scan;
  }
  const required = scan.pairs.flatMap(({ target, text }) => (REQUIRED.test(text) ? [`${target} ${text}`] : []));
  const imported = [...scan.imports.map(({ text }) => text), ...required].join('\n');
  const takes = (word: string): boolean => new RegExp(`\\b${word.replaceAll(/[^\w]/gu, '.')}\\b`, 'u').test(imported);
  const sight: Sight = { path, grammar, takes, wholes: wholes(scan) };
  const found = new Map<string, Shared[]>();
  for (const one of others) {
    for (const name of new Set(calledIn(one, sight))) {
      found.set(name, [...(found.get(name) ?? []), one]);
    }
  }
  const usable = [...found].flatMap(([name, all]): [string, Constant][] =>
    all[0] === undefined || !isSame(all) || scan.constants.has(name) ? [] : [[name, all[0]]],
  );
  return usable.length === 0 ? scan : { ...scan, constants: new Map([...usable, ...scan.constants]) };
};
