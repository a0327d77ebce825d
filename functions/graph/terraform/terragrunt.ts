/**
 * Terragrunt: each `terragrunt.hcl` with a source is applied by itself, with the inputs, the locals and the generated providers of
 * the files that it includes. Paths are seen from the repository's root and begin with a slash.
 */
import { readHcl } from './read-hcl.ts';
import type { Context } from '../repository/context.ts';
import { deadReason } from '../repository/dead.ts';
import { evaluate } from './evaluate.ts';
import { generated } from './terragrunt-generate.ts';
import type { Root } from './instances.ts';
import { directoryOf, joinPath, makeModule, type Module } from './module.ts';
import type { Input, Scope } from './scope.ts';
import { attributeOf, type Block, type TerraformFile } from './syntax.ts';
import { inFile, scalar, textOf, type Value } from './value.ts';

const isConfig = (path: string): boolean =>
  path.endsWith('.hcl') &&
  !/(?:\.lock|\.pkr|\.pkrvars|\.tfdeploy|\.tfcomponent|\.tfstack|\.tftest|\.tfmock|\.nomad)\.hcl$/u.test(path);

const DEFAULT_NAMES = ['terragrunt.hcl', 'root.hcl'];
const DEPTH_MAX = 8;

interface Unit {
  readonly directory: string;
  readonly files: ReadonlyMap<string, TerraformFile>;
  readonly used: Set<string>;
}

/** One file as this unit sees it. */
interface Config {
  readonly file: TerraformFile;
  readonly scope: Scope;
}

const absolute = (unit: Unit, path: string): string | undefined =>
  path.startsWith('/') ? joinPath('', path) : joinPath(unit.directory, path);

const inParents = (unit: Unit, names: readonly string[]): string | undefined => {
  for (let directory = unit.directory; directory !== '';) {
    directory = directoryOf(directory);
    const found = names.map((name) => joinPath(directory, name) ?? '').find((path) => unit.files.has(path));
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
};

const objectOf = (entries: readonly (readonly [string, Value])[]): Value => ({
  kind: 'object',
  entries: new Map(entries),
  at: [],
});

const localsOf = ({ scope }: Config): Value =>
  objectOf(
    [...scope.module.locals].map(([name, { path, is }]) => {
      const value = inFile(evaluate(is.value, scope), path);
      return [name, { ...value, at: [{ path, line: is.line }, ...value.at] }];
    }),
  );

const inputsOf = ({ file, scope }: Config): Value => {
  const given = attributeOf(file, 'inputs')?.value;
  return given === undefined ? objectOf([]) : inFile(evaluate(given, scope), file.path);
};

const shown = (config: Config): Value =>
  objectOf([
    ['locals', localsOf(config)],
    ['inputs', inputsOf(config)],
  ]);

const from = (base: string, path: string): string =>
  base === '' ? path : path.startsWith(`${base}/`) ? path.slice(base.length + 1) : '.';

const functionOf =
  (unit: Unit, including: string, depth: number) =>
  (name: string, [first, second]: readonly Value[]): Value | undefined => {
    const text = textOf(first);
    switch (name) {
      case 'find_in_parent_folders': {
        const found = inParents(unit, text === undefined ? DEFAULT_NAMES : [text]);
        return found === undefined ? second : scalar(`/${found}`);
      }
      case 'read_terragrunt_config': {
        const path = text === undefined ? undefined : absolute(unit, text);
        const config = path === undefined ? undefined : configOf(unit, path, depth + 1);
        return config === undefined ? second : shown(config);
      }
      case 'get_terragrunt_dir':
      case 'get_original_terragrunt_dir':
      case 'get_working_dir':
        return scalar(`/${unit.directory}`);
      case 'get_parent_terragrunt_dir':
        return scalar(`/${directoryOf(including)}`);
      case 'get_repo_root':
      case 'get_path_to_repo_root':
        return scalar('/');
      case 'get_path_from_repo_root':
        return scalar(unit.directory);
      case 'path_relative_to_include':
        return scalar(from(directoryOf(including), unit.directory));
      default:
        return undefined;
    }
  };

const configOf = (
  unit: Unit,
  path: string,
  depth = 0,
  bindings: readonly (readonly [string, Value])[] = [],
): Config | undefined => {
  const file = unit.files.get(path);
  if (file === undefined || depth > DEPTH_MAX) {
    return undefined;
  }
  unit.used.add(path);
  const scope: Scope = {
    module: makeModule(directoryOf(path), [file]),
    address: '',
    root: unit.directory,
    environment: undefined,
    workspace: undefined,
    inputs: new Map(),
    providers: new Map(),
    children: new Map(),
    cache: new Map(),
    functions: functionOf(unit, path, depth),
    bindings: new Map(bindings),
  };
  return { file, scope };
};

const blocksIn = (file: TerraformFile, type: string): readonly Block[] =>
  file.blocks.filter((one) => one.type === type);

const includedIn = (unit: Unit, config: Config): readonly (readonly [string, Config])[] =>
  blocksIn(config.file, 'include').flatMap((block) => {
    const given = attributeOf(block, 'path')?.value;
    const text = given === undefined ? undefined : textOf(evaluate(given, config.scope));
    const path = text === undefined ? undefined : absolute(unit, text);
    const found = path === undefined ? undefined : configOf(unit, path);
    return found === undefined ? [] : [[block.labels[0] ?? '', found] as const];
  });

/** The unit's own source, else that of what it includes. */
const sourceOf = (configs: readonly Config[]): { text: string; line: number; path: string } | undefined =>
  configs
    .flatMap(({ file, scope }) =>
      blocksIn(file, 'terraform').flatMap((block) => {
        const source = attributeOf(block, 'source');
        const text = source === undefined ? undefined : textOf(evaluate(source.value, scope));
        return text === undefined ? [] : [{ text, line: source?.line ?? 1, path: file.path }];
      }),
    )
    .at(-1);

const moduleOf = (
  unit: Unit,
  path: string,
  configs: readonly Config[],
  modules: ReadonlyMap<string, Module>,
): Module | undefined => {
  const source = sourceOf(configs);
  if (source === undefined) {
    return modules.get(unit.directory);
  }
  const isLocal = /^(?:\.{0,2}\/)/u.test(source.text);
  if (isLocal) {
    return modules.get(absolute(unit, source.text) ?? '');
  }
  const value = { kind: 'literal' as const, value: source.text, line: source.line, text: source.text };
  const attributes = [{ name: 'source', line: source.line, value }];
  const call: Block = { type: 'module', labels: ['terragrunt'], line: source.line, attributes, blocks: [] };
  return makeModule(
    unit.directory,
    [{ path: source.path, attributes: [], blocks: [call] }].concat([{ path, attributes: [], blocks: [] }]),
  );
};

const rootOf = (context: Context, unit: Unit, path: string, modules: ReadonlyMap<string, Module>): Root | undefined => {
  const first = configOf(unit, path);
  if (first === undefined) {
    return undefined;
  }
  const included = includedIn(unit, first);
  // `include.root.locals.region`
  const own = configOf(unit, path, 0, [['include', objectOf(included.map(([name, config]) => [name, shown(config)]))]]);
  const configs = [...included.map(([, config]) => config), ...(own === undefined ? [] : [own])];
  const module = moduleOf(unit, path, configs, modules);
  if (module === undefined) {
    return undefined;
  }
  const inputs = new Map<string, Input>();
  for (const config of configs) {
    const given = inputsOf(config);
    for (const [name, value] of given.kind === 'object' ? given.entries : []) {
      inputs.set(name, { value });
    }
  }
  const made = configs.map(({ file, scope }) => generated(context.parsers, file, scope));
  made.forEach((one) => {
    one.inputs.forEach((input, name) => {
      inputs.set(name, input);
    });
  });
  const extra = makeModule(
    module.directory,
    made.flatMap(({ files }) => files),
  );
  const whole = {
    ...module,
    providers: [...module.providers, ...extra.providers],
    backends: [...module.backends, ...extra.backends],
  };
  return { module: whole, at: unit.directory, environment: undefined, workspace: undefined, inputs };
};

export interface TerragruntRoots {
  readonly roots: readonly Root[];
  /** Directories that units are made from. */
  readonly sources: ReadonlySet<string>;
}

const isUnit = (file: TerraformFile): boolean =>
  file.path.endsWith('terragrunt.hcl') &&
  (blocksIn(file, 'include').length > 0 ||
    blocksIn(file, 'terraform').some((block) => attributeOf(block, 'source') !== undefined));

export const terragruntRoots = (context: Context, modules: ReadonlyMap<string, Module>): TerragruntRoots => {
  const paths = context.input.files.filter(({ path }) => isConfig(path) && deadReason(path) === undefined);
  if (!paths.some(({ path }) => path.endsWith('terragrunt.hcl'))) {
    return { roots: [], sources: new Set() };
  }
  const files = new Map(paths.map(({ path, text }) => [path, readHcl(context.parsers, path, text)]));
  const used = new Set<string>();
  const roots = [...files.values()]
    .filter((file) => isUnit(file))
    .flatMap(({ path }) => rootOf(context, { directory: directoryOf(path), files, used }, path, modules) ?? []);
  if (roots.length > 0) {
    used.forEach((path) => {
      context.decided.add(path);
    });
  }
  return { roots, sources: new Set(roots.map(({ module }) => module.directory)) };
};
