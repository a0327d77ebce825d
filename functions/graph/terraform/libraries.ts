/**
 * Modules that other repositories take: nothing configures a provider or a state for them here, and the repository is named as
 * registries want it, or an example shows how the module is called. Nobody applies them as they are.
 */
import type { Context } from '../repository/context.ts';
import { deadReason } from '../repository/dead.ts';
import { directoryOf, joinPath, type Module } from './module.ts';

const REGISTRY_NAME = /^terraform-[a-z0-9]+-[\w-]+$|(?:^|[-_])(?:terraform|tf|tofu|infra)[-_]modules?$|^modules?$/iu;

const SOURCE = /\bsource\s*=\s*"(?<source>\.\.?\/?[^"\n]{0,200})"/gu;

/** Directories that examples and tests call. */
const shownIn = (context: Context): ReadonlySet<string> =>
  new Set(
    context.input.files
      .filter(({ path }) => /\.(?:tf|tofu|hcl)$/u.test(path) && deadReason(path) !== undefined)
      .flatMap(({ path, text }) =>
        [...text.matchAll(SOURCE)].flatMap(
          ({ groups }) => joinPath(directoryOf(path), (groups?.['source'] ?? '').replace(/\/\/.*$/u, '')) ?? [],
        ),
      ),
  );

export const libraryTest = (
  context: Context,
  valuesDirectories: ReadonlySet<string>,
): ((module: Module) => boolean) => {
  const shown = shownIn(context);
  const name = context.input.repository.split('/').at(-1) ?? '';
  return ({ directory, providers, backends }) =>
    providers.length === 0 &&
    backends.length === 0 &&
    !valuesDirectories.has(directory) &&
    (REGISTRY_NAME.test(name) || shown.has(directory));
};
