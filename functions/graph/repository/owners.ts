/**
 * Which component a file belongs to: the nearest catalog file above it decides. Of several components in one catalog file, the
 * one whose name is a folder of the path, else the first. Without a catalog the repository is the component.
 */
import { isCatalogPath, readEntities, SLUG } from '../catalog/entities.ts';
import { type Data, entriesAt } from '../syntax/data.ts';
import { componentId } from '../facts/vocabulary.ts';
import type { Owners, RepositoryInput } from './context.ts';
import { deadReason } from './dead.ts';

interface Component {
  readonly id: string;
  readonly name: string;
  readonly data: Data;
}

interface Declared {
  readonly directory: string;
  /** A folder of catalog files, of which many speak of other repositories. */
  readonly isFolder: boolean;
  readonly components: readonly Component[];
}

/** `url:https://…/tree/main/services/orders/`, `dir:./services/orders`. */
const LOCATION =
  /^(?:url|dir|file):(?:(?<host>https?:\/\/.*?)\/(?:-\/)?(?:tree|blob|src|browse)\/(?:branch\/)?[^/]+|\.)\/(?<folder>[^?#]+?)\/?$/u;

const annotationsOf = (data: Data, pattern: RegExp): readonly string[] =>
  entriesAt(data, 'metadata', 'annotations').flatMap(({ key, value }) =>
    pattern.test(key) && value.kind === 'scalar' && value.value !== null ? [String(value.value)] : [],
  );

interface Location {
  readonly folder: string;
  /** The last word of the repository's address; absent where it is this one. */
  readonly repository: string | undefined;
}

const lastOf = (path: string): string => path.split('/').at(-1) ?? '';

/** The folder that an entity says is its own. */
const locationOf = (data: Data): Location | undefined => {
  const [text = ''] = annotationsOf(data, /^backstage\.io\/source-location$/u);
  const { host, folder } = LOCATION.exec(text)?.groups ?? {};
  return folder === undefined ? undefined : { folder, repository: host === undefined ? undefined : lastOf(host) };
};

/** Which repositories the entities of a catalog speak of: where all speak of one, it is this, whatever it is called here. */
const isOther = (named: string | undefined, all: readonly (string | undefined)[], repository: string): boolean =>
  named !== undefined && named !== lastOf(repository) && new Set(all.filter((one) => one !== undefined)).size > 1;

const slugOf = (data: Data): string | undefined => annotationsOf(data, SLUG).map(lastOf)[0];

/** `geo-index`, `geo_index` and `geoindex` are one name of a folder. */
const plainName = (name: string): string => name.toLowerCase().replaceAll(/[-_.]/gu, '');

const directoryOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const isInside = (path: string, directory: string): boolean => directory === '' || path.startsWith(`${directory}/`);

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Whose a file is that no folder's name decides: the one called like the repository, else the first that may be it. */
const firstOf = (
  near: readonly Declared[],
  repository: string,
  isElsewhere: (component: Component) => boolean,
): Component | undefined => {
  const central = near.filter(({ isFolder }) => isFolder).flatMap(({ components }) => components);
  const own = near.flatMap(({ components, isFolder }) =>
    components.filter((one) => !isElsewhere(one) && !(isFolder && central.length > 1 && one.name !== repository)),
  );
  return own.find(({ name }) => name === lastOf(repository)) ?? own[0];
};

export const findOwners = ({ files, repository }: RepositoryInput): Owners => {
  const declared = files
    .filter(({ path }) => isCatalogPath(path) && deadReason(path) === undefined)
    .map(({ path, text }): Declared => {
      const components = readEntities(text).entities.filter(({ kind }) => kind === 'component');
      // A folder of catalog files describes the repository, not the folder.
      const own = directoryOf(path);
      const isFolder = /(?:^|\/)(?:catalog|\.?backstage)$/u.test(own) && baseName(path) !== 'catalog-info.yaml';
      return { directory: isFolder ? directoryOf(own) : own, isFolder, components };
    })
    .filter(({ components }) => components.length > 0)
    .toSorted((left, right) => right.directory.length - left.directory.length);
  const all = declared.flatMap(({ components }) => components);
  const slugs = all.map(({ data }) => slugOf(data));
  const isElsewhere = ({ data }: Component): boolean => isOther(slugOf(data), slugs, repository);
  const placed = all.flatMap(({ id, data }) => {
    const location = locationOf(data);
    return location === undefined ? [] : [{ id, ...location }];
  });
  const hosts = placed.map((one) => one.repository);
  const locations = placed
    .filter((one) => !isOther(one.repository, hosts, repository))
    .toSorted((left, right) => right.folder.length - left.folder.length);
  const known = new Map<string, string>();
  const find = (path: string): string => {
    const located = locations.find(({ folder }) => isInside(path, folder));
    if (located !== undefined) {
      return located.id;
    }
    const steps = path.split('/').slice(0, -1).map(plainName);
    const depthOf = ({ name }: { readonly name: string }): number => steps.lastIndexOf(plainName(name));
    const inFolder = all.filter((one) => depthOf(one) !== -1).toSorted((left, right) => depthOf(right) - depthOf(left));
    const nearest = declared.find(({ directory }) => isInside(path, directory));
    const near = declared.filter(({ directory }) => directory === nearest?.directory);
    const shared = near.flatMap(({ components }) => components);
    const byFolder = shared.length > 1 || nearest === undefined ? inFolder[0] : undefined;
    return (byFolder ?? firstOf(near, repository, isElsewhere))?.id ?? componentId(repository);
  };
  const owned = declared.flatMap(({ directory, components }) =>
    components.filter((one) => !isElsewhere(one)).map(({ id }) => ({ id, directory })),
  );
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
