/** The Terraform files of one directory, taken together: what Terraform calls a module. */
import type { Attribute, Block, TerraformFile } from './syntax.ts';
import { attributeOf, blocksOf } from './syntax.ts';

export interface Placed<T> {
  readonly path: string;
  readonly is: T;
}

export interface Module {
  readonly directory: string;
  readonly files: readonly TerraformFile[];
  readonly variables: ReadonlyMap<string, Placed<Block>>;
  readonly locals: ReadonlyMap<string, Placed<Attribute>>;
  readonly outputs: ReadonlyMap<string, Placed<Block>>;
  readonly providers: readonly Placed<Block>[];
  readonly resources: ReadonlyMap<string, Placed<Block>>;
  /** Keys begin with `data.`. */
  readonly data: ReadonlyMap<string, Placed<Block>>;
  readonly calls: ReadonlyMap<string, Placed<Block>>;
  readonly backends: readonly Placed<Block>[];
  /** The text of another file of the repository, for `file` and `yamldecode`. */
  readonly read: ReadFile;
}

export type ReadFile = (path: string) => string | undefined;

export const directoryOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** Joins a relative source to a directory; undefined where it leaves the repository. */
export const joinPath = (directory: string, relative: string): string | undefined => {
  const parts = directory === '' ? [] : directory.split('/');
  for (const step of relative.split('/')) {
    if (step === '..') {
      if (parts.pop() === undefined) {
        return undefined;
      }
    } else if (step !== '.' && step !== '') {
      parts.push(step);
    }
  }
  return parts.join('/');
};

const blocksIn = (files: readonly TerraformFile[], type: string): readonly Placed<Block>[] =>
  files.flatMap(({ path, blocks }) => blocks.filter((block) => block.type === type).map((is) => ({ path, is })));

const byLabel = (blocks: readonly Placed<Block>[]): ReadonlyMap<string, Placed<Block>> =>
  new Map(blocks.map((block) => [block.is.labels.join('.'), block]));

export const makeModule = (
  directory: string,
  files: readonly TerraformFile[],
  read: ReadFile = () => undefined,
): Module => {
  const locals = blocksIn(files, 'locals').flatMap(({ path, is }) =>
    is.attributes.map((attribute): [string, Placed<Attribute>] => [attribute.name, { path, is: attribute }]),
  );
  return {
    directory,
    files,
    read,
    variables: byLabel(blocksIn(files, 'variable')),
    locals: new Map(locals),
    outputs: byLabel(blocksIn(files, 'output')),
    providers: blocksIn(files, 'provider'),
    resources: byLabel(blocksIn(files, 'resource')),
    data: byLabel(blocksIn(files, 'data')),
    calls: byLabel(blocksIn(files, 'module')),
    backends: blocksIn(files, 'terraform').flatMap(({ path, is }) =>
      blocksOf(is, 'backend').map((backend) => ({ path, is: backend })),
    ),
  };
};

/** Where the source of a call lies in the same repository; undefined where it comes from elsewhere. */
export const localSource = (call: Block, directory: string): string | undefined => {
  const source = attributeOf(call, 'source')?.value;
  return source?.kind === 'literal' && typeof source.value === 'string' && /^\.\.?(?:\/|$)/u.test(source.value)
    ? joinPath(directory, source.value)
    : undefined;
};
