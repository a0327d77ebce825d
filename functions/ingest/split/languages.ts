/** Which language a path names, and the few things about a language that splitting by its lines needs. */

/** Declarations nested by indentation; keys nested by indentation; flat sections under `[headers]`. */
export type Style = 'code' | 'keys' | 'sections';

type Comments = 'slash' | 'preprocessor' | 'hash' | 'dash' | 'semicolon' | 'percent' | 'markup';

export interface LanguageProfile {
  readonly style: Style;
  /** Lines that belong to what follows them: comments, and what a preprocessor reads. */
  readonly comment: RegExp;
  readonly blockComment?: { readonly open: RegExp; readonly close: string };
  /** Lines that only go on with, or end, what stands above them. */
  readonly continued: RegExp;
  /** Triple-quoted text may stand at any indentation. */
  readonly docstrings: boolean;
}

const COMMENTS: Readonly<Record<Comments, Omit<LanguageProfile, 'style' | 'docstrings' | 'continued'>>> = {
  slash: { comment: /^(?:\/\/|#!)/u, blockComment: { open: /^\/\*/u, close: '*/' } },
  preprocessor: { comment: /^(?:\/\/|#)/u, blockComment: { open: /^\/\*/u, close: '*/' } },
  hash: { comment: /^#/u },
  dash: { comment: /^--/u },
  semicolon: { comment: /^;/u },
  percent: { comment: /^%/u },
  markup: { comment: /^<!--.*-->\s*$/u, blockComment: { open: /^<!--/u, close: '-->' } },
};

interface Language {
  readonly comments: Comments;
  readonly style: Style;
  /** File name endings, without the dot. */
  readonly endings: string;
  readonly names?: string;
}

const code = (comments: Comments, endings: string, names?: string): Language => ({
  comments,
  style: 'code',
  endings,
  ...(names === undefined ? {} : { names }),
});

const LANGUAGES: Readonly<Record<string, Language>> = {
  typescript: code('slash', 'ts mts cts tsx'),
  javascript: code('slash', 'js mjs cjs jsx'),
  java: code('slash', 'java'),
  kotlin: code('slash', 'kt kts'),
  scala: code('slash', 'scala sc sbt'),
  groovy: code('slash', 'groovy gradle', 'jenkinsfile'),
  csharp: code('preprocessor', 'cs csx'),
  fsharp: code('preprocessor', 'fs fsx fsi'),
  c: code('preprocessor', 'c h'),
  cpp: code('preprocessor', 'cc cpp cxx hh hpp hxx ino'),
  'objective-c': code('preprocessor', 'm mm'),
  go: code('slash', 'go'),
  rust: code('slash', 'rs'),
  swift: code('preprocessor', 'swift'),
  dart: code('slash', 'dart'),
  zig: code('slash', 'zig'),
  solidity: code('slash', 'sol'),
  php: code('preprocessor', 'php phtml'),
  protobuf: code('slash', 'proto'),
  thrift: code('slash', 'thrift'),
  prisma: code('slash', 'prisma'),
  css: code('slash', 'css scss sass less'),
  python: code('hash', 'py pyi pyw pyx bzl star', 'sconstruct build'),
  ruby: code('hash', 'rb rake gemspec ru', 'rakefile gemfile vagrantfile podfile fastfile'),
  elixir: code('hash', 'ex exs'),
  perl: code('hash', 'pl pm t'),
  r: code('hash', 'r'),
  julia: code('hash', 'jl'),
  nim: code('hash', 'nim'),
  crystal: code('hash', 'cr'),
  shell: code('hash', 'sh bash zsh ksh fish bats'),
  powershell: code('hash', 'ps1 psm1 psd1'),
  makefile: code('hash', 'mk', 'makefile gnumakefile'),
  cmake: code('hash', 'cmake', 'cmakelists.txt'),
  dockerfile: code('hash', 'dockerfile', 'dockerfile containerfile'),
  graphql: code('hash', 'graphql gql graphqls'),
  nix: code('hash', 'nix'),
  rego: code('hash', 'rego'),
  hcl: code('preprocessor', 'tf tfvars hcl nomad'),
  nginx: code('hash', 'nginx', 'nginx.conf'),
  sql: code('dash', 'sql ddl dml'),
  lua: code('dash', 'lua'),
  haskell: code('dash', 'hs'),
  elm: code('dash', 'elm'),
  ada: code('dash', 'adb ads'),
  vhdl: code('dash', 'vhd vhdl'),
  clojure: code('semicolon', 'clj cljs cljc edn'),
  lisp: code('semicolon', 'lisp el scm rkt'),
  erlang: code('percent', 'erl hrl'),
  html: code('markup', 'html htm xhtml hbs ejs'),
  xml: code('markup', 'xml xsd xsl xslt svg csproj fsproj vbproj props targets plist wsdl', 'pom.xml'),
  vue: code('markup', 'vue'),
  svelte: code('markup', 'svelte astro'),
  yaml: { comments: 'hash', style: 'keys', endings: 'yaml yml' },
  json: { comments: 'slash', style: 'keys', endings: 'json jsonc json5 jsonl ndjson ipynb webmanifest' },
  toml: { comments: 'hash', style: 'sections', endings: 'toml', names: 'pipfile' },
  ini: {
    comments: 'hash',
    style: 'sections',
    endings: 'ini cfg conf properties editorconfig env service socket timer',
    names: '.gitconfig .env .npmrc .gitmodules',
  },
};

const byEnding = new Map<string, string>();
const byName = new Map<string, string>();
for (const [language, { endings, names }] of Object.entries(LANGUAGES)) {
  for (const ending of endings.split(' ')) {
    byEnding.set(ending, language);
  }
  for (const name of names?.split(' ') ?? []) {
    byName.set(name, language);
  }
}

const SHEBANG = /^#!.*?\b(?<program>python|node|deno|bun|bash|zsh|sh|ruby|perl|php|lua)[\d.]*(?:\s|$)/u;
const PROGRAMS: Readonly<Record<string, string>> = {
  python: 'python',
  node: 'javascript',
  deno: 'typescript',
  bun: 'typescript',
  ruby: 'ruby',
  perl: 'perl',
  php: 'php',
  lua: 'lua',
};

/** The name of a path's last part. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The ending of a file name in lower case, without the dot; empty where there is none. */
export const endingOf = (path: string): string => {
  const name = baseName(path);
  const at = name.lastIndexOf('.');
  return at <= 0 ? '' : name.slice(at + 1).toLowerCase();
};

/** The language of a source or configuration file; undefined for prose and for what is not known. */
export const languageOf = (path: string, firstLine: string): string | undefined => {
  const name = baseName(path).toLowerCase();
  const named = byName.get(name) ?? (/^dockerfile[.-]/u.test(name) ? 'dockerfile' : undefined);
  const known = named ?? byEnding.get(endingOf(path));
  const program = SHEBANG.exec(firstLine)?.groups?.['program'];
  return known ?? (program === undefined ? undefined : (PROGRAMS[program] ?? 'shell'));
};

const CONTINUED =
  /^(?:[\])}{.,?:|&+=]|\/>|<\/|->|(?:and|or|end|else|elif|elsif|elseif|except|finally|catch|rescue|ensure|fi|done|esac|then|begin|where|in|of)\b)/iu;
/** Where lines begin with dots, colons and any word: keys, selectors, elements. */
const BRACKETED = /^(?:[\])}{]|\/>|<\/)/u;

const DEFAULT: LanguageProfile = { style: 'code', docstrings: false, continued: CONTINUED, ...COMMENTS.slash };

/** Languages whose block comment is not that of their family. */
const BLOCK_COMMENTS: Readonly<Record<string, LanguageProfile['blockComment']>> = {
  nix: { open: /^\/\*/u, close: '*/' },
  sql: { open: /^\/\*/u, close: '*/' },
  haskell: { open: /^\{-/u, close: '-}' },
  elm: { open: /^\{-/u, close: '-}' },
  lua: { open: /^--\[\[/u, close: ']]' },
  powershell: { open: /^<#/u, close: '#>' },
  ruby: { open: /^=begin\b/u, close: '=end' },
};

export const profileOf = (language: string): LanguageProfile => {
  const found = LANGUAGES[language];
  if (found === undefined) {
    return DEFAULT;
  }
  const block = BLOCK_COMMENTS[language];
  return {
    ...COMMENTS[found.comments],
    style: found.style,
    continued: found.style === 'code' && found.comments !== 'markup' && language !== 'css' ? CONTINUED : BRACKETED,
    docstrings: language === 'python' || language === 'elixir' || language === 'julia',
    ...(block === undefined ? {} : { blockComment: block }),
  };
};
