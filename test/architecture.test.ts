/** The walls of the house: which folder may import which, and the habits that a formatter can't see. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');
const FOLDERS = ['infra', 'functions', 'router', 'ops', 'local', 'examples', 'scripts', 'test'];

const filesIn = (folder: string): string[] =>
  readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ts|mjs)$/u.test(entry.name))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));

const existing = (folder: string): boolean => readdirSync(ROOT).includes(folder);

const FILES = FOLDERS.filter((folder) => existing(folder)).flatMap((folder) => filesIn(folder));
const SOURCES = FILES.filter((file) => !file.startsWith('test/'));
const text = new Map(FILES.map((file) => [file, readFileSync(path.join(ROOT, file), 'utf8')]));
const textOf = (file: string): string => text.get(file) ?? '';

interface Edge {
  readonly from: string;
  /** A project path, or a package name. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const IMPORT = /^(?:import|export)\s+(?<type>type\s)?[^;]*?from\s+'(?<target>[^']+)';|import\('(?<dynamic>[^']+)'\)/gmu;

const edgesOf = (file: string): Edge[] =>
  [...textOf(file).matchAll(IMPORT)].map(({ groups }) => {
    const target = groups?.['target'] ?? groups?.['dynamic'] ?? '';
    const to = target.startsWith('.') ? path.relative(ROOT, path.resolve(ROOT, path.dirname(file), target)) : target;
    return { from: file, to, typeOnly: groups?.['type'] !== undefined };
  });

const EDGES = SOURCES.flatMap((file) => edgesOf(file));
const show = (edges: readonly Edge[]): string[] => edges.map(({ from, to }) => `${from} -> ${to}`);
const isPackage = (to: string): boolean =>
  !/^(?:infra|functions|router|ops|local|examples|scripts|test|bin|tools)\//u.test(to);

const within = (file: string, ...folders: readonly string[]): boolean =>
  folders.some((folder) => file === folder || file.startsWith(`${folder}/`));

/** One row per rule: which edges are forbidden. */
const RULES: readonly (readonly [string, (edge: Edge) => boolean])[] = [
  [
    'domain imports nothing outside itself',
    ({ from, to }) => within(from, 'functions/domain') && !within(to, 'functions/domain'),
  ],
  [
    'only stores, the gate source, the embedder, the client options and the operator’s clients import the AWS SDK',
    ({ from, to }) =>
      /^@(?:aws-sdk|smithy)\//u.test(to) &&
      within(from, 'functions', 'router', 'ops') &&
      !within(
        from,
        'functions/stores',
        'functions/gate/appconfig-source.ts',
        'functions/embed/bedrock-embedder.ts',
        'functions/aws',
        'ops/aws',
      ),
  ],
  [
    'only writers, repair, ops, local and composition roots hold two Regions',
    ({ from, to }) =>
      to === 'functions/dual-write/regions.ts' &&
      !within(
        from,
        'functions/dual-write',
        'functions/repair',
        'functions/ingest',
        'functions/handlers',
        'ops',
        'local',
        'scripts/bench',
        'scripts/survey',
      ),
  ],
  [
    'query never imports the dual write',
    ({ from, to }) => within(from, 'functions/query') && within(to, 'functions/dual-write'),
  ],
  ['router policy imports nothing from npm', ({ from, to }) => within(from, 'router/policy') && isPackage(to)],
  [
    'nothing imports infra, but infra, local, scripts and what an example declares',
    ({ from, to }) => within(to, 'infra') && !within(from, 'infra', 'local', 'scripts', 'examples/survey/infra'),
  ],
  [
    'nothing imports test, but the simulator’s command, which runs it',
    ({ from, to }) =>
      within(to, 'test') && !(within(from, 'scripts/sim', 'scripts/sim.ts') && within(to, 'test/simulation')),
  ],
  [
    'only the simulator plants defects',
    ({ from, to }) =>
      to === 'functions/domain/mutants.ts' && !within(from, 'functions', 'scripts/sim', 'scripts/sim.ts'),
  ],
  [
    'infra imports domain, Pulumi and itself only; its root adds the example',
    ({ from, to }) =>
      within(from, 'infra') &&
      !within(to, 'infra', 'functions/domain') &&
      !(from === 'infra/index.ts' && within(to, 'examples/survey/infra')) &&
      !/^@pulumi\/|^node:|^zod$/u.test(to),
  ],
  [
    'the product imports no example: it runs without any',
    ({ from, to }) => within(from, 'functions', 'router', 'ops') && within(to, 'examples'),
  ],
  [
    'an example runs on the product alone',
    ({ from, to }) => within(from, 'examples') && within(to, 'local', 'ops', 'scripts', 'test'),
  ],
  [
    'product code never imports local, ops or scripts',
    ({ from, to }) => within(from, 'functions', 'router') && within(to, 'local', 'ops', 'scripts'),
  ],
  [
    'connectors, stores, gate and embed know their own contract, not each other',
    ({ from, to, typeOnly }) => {
      const rooms = ['functions/connectors', 'functions/stores', 'functions/gate', 'functions/embed'];
      const own = rooms.find((room) => within(from, room));
      return (
        own !== undefined &&
        !typeOnly &&
        rooms.some((room) => room !== own && within(to, room)) &&
        !(own === 'functions/gate' && within(to, 'functions/stores/record-store.ts'))
      );
    },
  ],
  [
    'ingest, query and writers never import handlers',
    ({ from, to }) =>
      within(from, 'functions') && !within(from, 'functions/handlers') && within(to, 'functions/handlers'),
  ],
];

describe('imports', () => {
  it.each(RULES)('%s', (_rule, forbidden) => {
    expect(show(EDGES.filter((edge) => forbidden(edge)))).toStrictEqual([]);
  });

  it('sees the edges that it judges', () => {
    expect(EDGES.length).toBeGreaterThan(100);
    expect(show(EDGES)).toContain('functions/dual-write/dual-writer.ts -> functions/dual-write/outcome.ts');
  });
});

/** Composition roots: environment, clock and randomness enter here. */
const ROOTS = [
  'functions/handlers',
  'local',
  'ops',
  'scripts',
  'infra/index.ts',
  'router/entries',
  'bin',
  'examples/survey/functions/survey.ts',
  'examples/survey/page',
];

const BANNED: readonly (readonly [string, RegExp, readonly string[]])[] = [
  ['process.env outside composition roots', /\bprocess\.env\b/u, ROOTS],
  ['the clock outside composition roots', /\bDate\.now\(|new Date\(\)/u, ROOTS],
  ['randomness outside composition roots', /\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/u, ROOTS],
  ['console outside tools', /\bconsole\./u, ['local', 'ops', 'scripts']],
  ['export *', /^export \*/mu, []],
  ['a literal aws partition', /arn:aws:/u, ['local']],
  ['a batch write, which has no conditions', /BatchWriteItem/u, ['local']],
  ['leftover work', /\b(?:TODO|FIXME|XXX)\b/u, []],
];

const codeOf = (file: string): string =>
  textOf(file)
    .replaceAll(/\/\*[\s\S]*?\*\//gu, '')
    .replaceAll(/^\s*\/\/.*$/gmu, '');

describe('habits', () => {
  it.each(BANNED)('sources have no %s', (_what, pattern, allowed) => {
    const found = SOURCES.filter((file) => !within(file, ...allowed) && pattern.test(codeOf(file)));
    expect(found).toStrictEqual([]);
  });

  it('every source opens with its purpose', () => {
    expect(SOURCES.filter((file) => !/^(?:#!.*\n)?\/\*\*/u.test(textOf(file)))).toStrictEqual([]);
  });

  it('every source has at most 300 lines', () => {
    expect(SOURCES.filter((file) => textOf(file).split('\n').length > 301)).toStrictEqual([]);
  });

  it('a handler is an entry of at most 40 lines', () => {
    const entries = ['dispatch', 'sync', 'api', 'drain', 'repair', 'proof', 'audit'].map(
      (name) => `functions/handlers/${name}.ts`,
    );
    expect(entries.filter((file) => textOf(file).split('\n').length > 41)).toStrictEqual([]);
  });

  it('numbers in limits.ts carry their unit', () => {
    const files = ['limits', 'access-limits', 'call-limits'].map((name) => textOf(`functions/domain/${name}.ts`));
    const names = [...files.join('\n').matchAll(/^ {2}(?<name>\w+):/gmu)].map(({ groups }) => groups?.['name'] ?? '');
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !/(?:Max|Min|Target|Default|Ms|Seconds|Bytes)$/u.test(name))).toStrictEqual([]);
  });

  it('test titles state facts', () => {
    const tests = FILES.filter((file) => file.endsWith('.test.ts') || file.startsWith('test/contracts/'));
    const titles = tests.flatMap((file) =>
      [...textOf(file).matchAll(/\bit(?:\.each\([^)]*\))?\(\s*['"`](?<title>[^'"`]+)/gu)].map(
        ({ groups }) => `${file}: ${groups?.['title'] ?? ''}`,
      ),
    );
    expect(titles.length).toBeGreaterThan(50);
    expect(titles.filter((title) => /\bshould\b|\bworks\b/u.test(title))).toStrictEqual([]);
  });

  it('no test is skipped without a reason', () => {
    const tests = FILES.filter((file) => file.startsWith('test/') && file !== 'test/architecture.test.ts');
    expect(tests.filter((file) => /\b(?:it|describe|test)\.(?:skip|only|todo)\(/u.test(codeOf(file)))).toStrictEqual(
      [],
    );
  });
});
