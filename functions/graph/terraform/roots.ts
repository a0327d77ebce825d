/**
 * Which directories are applied, and with which values. A directory that a local call names is a module; so is one below
 * `modules/`. Values come from `terraform.tfvars` and `*.auto.tfvars` always, and from each further `*.tfvars` as an environment of
 * its own. A map that is indexed with `terraform.workspace` makes one environment for each of its keys.
 */
import type { Scope } from './scope.ts';
import type { Root } from './instances.ts';
import { evaluate } from './evaluate.ts';
import { directoryOf, localSource, type Module } from './module.ts';
import type { Expression, TerraformFile } from './syntax.ts';
import { inFile } from './value.ts';
import { givenTogether } from './values-files.ts';

type Inputs = Root['inputs'];

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const isStandard = (path: string): boolean => /^(?:terraform|.*\.auto)\.tfvars(?:\.json)?$/u.test(baseName(path));

const scopeless = (module: Module): Scope => ({
  module: { ...module, variables: new Map(), locals: new Map() },
  address: '',
  root: module.directory,
  environment: undefined,
  workspace: undefined,
  inputs: new Map(),
  providers: new Map(),
  children: new Map(),
  cache: new Map(),
});

const inputsIn = (file: TerraformFile, module: Module): Inputs =>
  new Map(
    file.attributes.map(({ name, value, line }) => {
      const given = inFile(evaluate(value, scopeless(module)), file.path);
      return [name, { value: { ...given, at: [{ path: file.path, line }, ...given.at] } }];
    }),
  );

/** The root that a values file is for: in its directory, above it, or anywhere with such variables. */
const isFor = (file: TerraformFile, module: Module, roots: readonly Module[]): boolean => {
  for (let directory = directoryOf(file.path); ; directory = directoryOf(directory)) {
    if (roots.some((root) => root.directory === directory)) {
      return module.directory === directory;
    }
    if (directory === '') {
      return file.attributes.some(({ name }) => module.variables.has(name));
    }
  }
};

const isWorkspace = (step: Expression | string | undefined): boolean =>
  typeof step === 'object' && step.kind === 'reference' && step.text === 'terraform.workspace';

const keysOf = (expression: Expression, module: Module): readonly string[] => {
  if (expression.kind === 'object') {
    return expression.entries.flatMap(([key]) => (key.kind === 'literal' ? [String(key.value)] : []));
  }
  const name = expression.kind === 'reference' ? expression.steps[0] : undefined;
  if (expression.kind !== 'reference' || typeof name !== 'string') {
    return [];
  }
  const local = expression.root === 'local' ? module.locals.get(name)?.is.value : undefined;
  const variable = expression.root === 'var' ? module.variables.get(name)?.is : undefined;
  const target = local ?? variable?.attributes.find((attribute) => attribute.name === 'default')?.value;
  return target?.kind === 'object' ? keysOf(target, module) : [];
};

/** The workspaces that a module names: keys of maps that it indexes with the workspace, and what it compares it with. */
const workspacesOf = (module: Module): readonly string[] => {
  const found = new Set<string>();
  const addAll = (names: readonly string[]): void => {
    names.forEach((name) => {
      found.add(name);
    });
  };
  const visit = (expression: Expression, depth: number): void => {
    if (depth > 20) {
      return;
    }
    if (expression.kind === 'reference' && isWorkspace(expression.steps.at(1))) {
      addAll(keysOf({ ...expression, steps: expression.steps.slice(0, 1) }, module));
    } else if (expression.kind === 'call') {
      const [map, key] = expression.args;
      if (map !== undefined && isWorkspace(key)) {
        addAll(keysOf(map, module));
      }
      expression.args.forEach((arg) => {
        visit(arg, depth + 1);
      });
    } else if (expression.kind === 'conditional') {
      [expression.test, expression.whenTrue, expression.whenFalse].forEach((part) => {
        visit(part, depth + 1);
      });
    } else if (expression.kind === 'template') {
      expression.parts.forEach((part) => {
        visit(part, depth + 1);
      });
    }
  };
  for (const { is } of module.locals.values()) {
    visit(is.value, 0);
  }
  for (const { is } of [...module.providers, ...module.calls.values(), ...module.resources.values()]) {
    is.attributes.forEach(({ value }) => {
      visit(value, 0);
    });
  }
  return [...found];
};

const rootsOfModule = (module: Module, values: readonly TerraformFile[], roots: readonly Module[]): readonly Root[] => {
  const own = values.filter((file) => isFor(file, module, roots));
  const standard = own.filter(({ path }) => isStandard(path) && directoryOf(path) === module.directory);
  const base = new Map(standard.flatMap((file) => [...inputsIn(file, module)]));
  const named = own.filter((file) => !standard.includes(file));
  const workspaces = workspacesOf(module);
  if (named.length > 0) {
    return givenTogether(named, module).map(({ environment, files }) => {
      const workspace = workspaces.includes(environment) ? environment : undefined;
      const inputs = new Map([...base, ...files.flatMap((file) => [...inputsIn(file, module)])]);
      return { module, environment, workspace, inputs };
    });
  }
  return workspaces.length > 0
    ? workspaces.map((workspace) => ({ module, environment: workspace, workspace, inputs: base }))
    : [{ module, environment: undefined, workspace: undefined, inputs: base }];
};

export interface FoundRoots {
  readonly roots: readonly Root[];
  /** Directories that are modules, and that nobody in this repository calls. */
  readonly uncalled: readonly string[];
}

const isModule = ({ directory }: Module): boolean => directory !== '' && /(?:^|\/)modules?\//u.test(`${directory}/`);

/** `elsewhere`: directories that are applied by other means than by themselves; `isLibrary`: what nobody applies as it is. */
export const findRoots = (
  modules: ReadonlyMap<string, Module>,
  values: readonly TerraformFile[],
  elsewhere: ReadonlySet<string>,
  isLibrary: (module: Module) => boolean,
): FoundRoots => {
  const isPart = (module: Module): boolean => isModule(module) || isLibrary(module);
  const all = [...modules.values()];
  const called = new Set([
    ...elsewhere,
    ...all.flatMap((module) => [...module.calls.values()].map(({ is }) => localSource(is, module.directory))),
  ]);
  const roots = all.filter((module) => !called.has(module.directory) && !isPart(module));
  return {
    roots: roots.flatMap((module) => rootsOfModule(module, values, roots)),
    uncalled: all.filter((module) => !called.has(module.directory) && isPart(module)).map(({ directory }) => directory),
  };
};
