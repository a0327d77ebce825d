/** Terraform: from the files of a repository to nodes, ties and names, with the lines that decided each. */
import type { Context, RepositoryFile } from '../repository/context.ts';
import { deadReason } from '../repository/dead.ts';
import { backendTies } from './backends.ts';
import { emitCalls } from './calls.ts';
import { emitData } from './data-sources.ts';
import { emitResource } from './emit.ts';
import { indexInstances } from './instance-index.ts';
import { instantiate } from './instances.ts';
import { directoryOf, makeModule, type Module, type ReadFile } from './module.ts';
import { emitOutputs } from './outputs.ts';
import { readHcl } from './read-hcl.ts';
import { readTerraformJson } from './read-json.ts';
import { alternatesOf } from './replicas.ts';
import { instancesIn } from './resources.ts';
import { libraryTest } from './libraries.ts';
import { findRoots } from './roots.ts';
import type { TerraformFile } from './syntax.ts';
import { terragruntRoots } from './terragrunt.ts';
import { usesOf } from './edge-uses.ts';

export const isTerraformPath = (path: string): boolean => /\.(?:tf|tfvars|tofu)(?:\.json)?$/u.test(path);

const isValues = (path: string): boolean => /\.tfvars(?:\.json)?$/u.test(path);

const readFile = (context: Context, path: string, text: string): TerraformFile =>
  path.endsWith('.json') ? readTerraformJson(context.parsers, path, text) : readHcl(context.parsers, path, text);

/** What can't be read may hide anything: its component is listed as unknown, with the place. */
const listError = (context: Context, { path, error }: TerraformFile): void => {
  if (error !== undefined) {
    const component = context.owners.of(path);
    const facts = context.facts(path);
    const expression = `not Terraform at ${path}:${error.line}:${error.column}: ${error.near}`;
    facts.unknown({ subject: component, reason: 'unparseable', expression, line: error.line, column: error.column });
    facts.tie({
      from: component,
      region: undefined,
      tie: 'runtime',
      level: 'declared',
      at: [{ line: error.line }],
      expression,
    });
  }
};

const modulesOf = (context: Context, files: readonly TerraformFile[]): ReadonlyMap<string, Module> => {
  // Only files whose change makes the whole repository be read again: what others mean must not hang on any other.
  const settings = context.input.files.filter(({ path }) => /\.ya?ml$/u.test(path));
  const texts = new Map(settings.map(({ path, text }) => [path, text]));
  const read: ReadFile = (path) => {
    const text = texts.get(path);
    if (text !== undefined) {
      context.decided.add(path);
    }
    return text;
  };
  const byDirectory = new Map<string, TerraformFile[]>();
  for (const file of files.filter(({ path }) => !isValues(path))) {
    const directory = directoryOf(file.path);
    byDirectory.set(directory, [...(byDirectory.get(directory) ?? []), file]);
  }
  return new Map([...byDirectory].map(([directory, own]) => [directory, makeModule(directory, own, read)]));
};

/** `file("${path.module}/config/${var.env}.yaml")`: which of them is read, the values decide; the others are of no settings either. */
const CHOSEN_FILE = /\bfile\(\s*"(?<path>[^"\n]{0,200}\$\{(?!path\.)[^"\n]{1,200}\.ya?ml)"\s*\)/gu;

const choiceOf = (directory: string, path: string): RegExp => {
  const inside = path.replace(/^\$\{path\.\w+\}\/|^\.\//u, '');
  const parts = `${directory === '' ? '' : `${directory}/`}${inside}`.split(/\$\{[^}]*\}/u);
  const plain = parts.map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`));
  return new RegExp(`^${plain.join('[^/]+')}$`, 'u');
};

const decideChoices = (context: Context, files: readonly RepositoryFile[]): void => {
  for (const { path, text } of files) {
    for (const { groups } of text.matchAll(CHOSEN_FILE)) {
      const pattern = choiceOf(directoryOf(path), groups?.['path'] ?? '');
      const choices = context.input.files.filter((file) => pattern.test(file.path));
      if (choices.some((file) => context.decided.has(file.path))) {
        choices.forEach((file) => {
          context.decided.add(file.path);
        });
      }
    }
  }
};

export const extractTerraform = (context: Context): void => {
  const live = context.input.files.filter(({ path }) => isTerraformPath(path) && deadReason(path) === undefined);
  const files = live.map(({ path, text }) => readFile(context, path, text));
  files.forEach((file) => {
    listError(context, file);
  });
  const modules = modulesOf(context, files);
  const terragrunt = terragruntRoots(context, modules);
  const values = files.filter(({ path }) => isValues(path));
  const withValues = new Set(values.map(({ path }) => directoryOf(path)));
  const { roots, uncalled } = findRoots(modules, values, terragrunt.sources, libraryTest(context, withValues));
  for (const directory of uncalled) {
    modules.get(directory)?.files.forEach(({ path }) => {
      context.facts(path).dead('a module that nothing in this repository calls');
    });
  }
  const { scopes } = instantiate([...roots, ...terragrunt.roots], modules);
  const instances = instancesIn(context, scopes);
  const index = indexInstances(instances);
  const alternates = alternatesOf(instances, index);
  const uses = usesOf(instances, index);
  for (const instance of instances) {
    emitResource({ context, instance, alternates, index, uses });
  }
  for (const scope of scopes) {
    emitData(context, scope);
    emitCalls(context, scope, modules);
    emitOutputs(context, scope, index);
  }
  backendTies(context, scopes);
  decideChoices(context, live);
};
