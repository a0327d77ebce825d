/**
 * Which component a file belongs to: the nearest catalog file above it decides. Of several components in one catalog file, the
 * one whose name is a folder of the path, else the first. Without a catalog the repository is the component.
 */
import { isCatalogPath, readEntities } from '../catalog/entities.ts';
import { componentId } from '../facts/vocabulary.ts';
import type { Owners, RepositoryInput } from './context.ts';
import { deadReason } from './dead.ts';

interface Declared {
  readonly directory: string;
  readonly components: readonly { readonly id: string; readonly name: string }[];
}

const directoryOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const isInside = (path: string, directory: string): boolean => directory === '' || path.startsWith(`${directory}/`);

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const findOwners = ({ files, repository }: RepositoryInput): Owners => {
  const declared = files
    .filter(({ path }) => isCatalogPath(path) && deadReason(path) === undefined)
    .map(({ path, text }): Declared => {
      const components = readEntities(text).entities.filter(({ kind }) => kind === 'component');
      // A folder of catalog files describes the repository, not the folder.
      const own = directoryOf(path);
      const isFolder = /(?:^|\/)(?:catalog|\.?backstage)$/u.test(own) && baseName(path) !== 'catalog-info.yaml';
      return { directory: isFolder ? directoryOf(own) : own, components };
    })
    .filter(({ components }) => components.length > 0)
    .toSorted((left, right) => right.directory.length - left.directory.length);
  const all = declared.flatMap(({ components }) => components);
  const known = new Map<string, string>();
  const find = (path: string): string => {
    const steps = path.split('/').slice(0, -1);
    const inFolder = all
      .filter(({ name }) => steps.includes(name))
      .toSorted((left, right) => steps.lastIndexOf(right.name) - steps.lastIndexOf(left.name));
    const nearest = declared.find(({ directory }) => isInside(path, directory));
    const shared = declared
      .filter(({ directory }) => directory === nearest?.directory)
      .flatMap(({ components }) => components);
    const byFolder = shared.length > 1 || nearest === undefined ? inFolder[0] : undefined;
    return (byFolder ?? shared[0])?.id ?? componentId(repository);
  };
  const owned = declared.flatMap(({ directory, components }) => components.map(({ id }) => ({ id, directory })));
  return {
    all: owned.length > 0 ? owned : [{ id: componentId(repository), directory: '' }],
    of: (path) => {
      const folder = directoryOf(path);
      const owner = known.get(folder) ?? find(path);
      known.set(folder, owner);
      return owner;
    },
    named: (name) => all.find((component) => component.name === name)?.id ?? componentId(name),
    isDeclared: (component) => all.some(({ id }) => id === component),
  };
};
