/** What every extractor is given: the repository, who owns a file, and the facts of each file that are being collected. */
import { FactsBuilder, type FileOrigin } from '../facts/builder.ts';
import type { DataText } from '../syntax/data.ts';
import type { Parsers } from '../syntax/parsers.ts';

export interface RepositoryFile {
  readonly path: string;
  readonly text: string;
}

export interface RepositoryInput {
  readonly source: string;
  /** Its name in the organisation: what a component is called where no catalog names one. */
  readonly repository: string;
  readonly commit: string;
  /** When it was read, in ms since 1970. */
  readonly asOf: number;
  readonly files: readonly RepositoryFile[];
  /** Paths that exist but have no text here, with the reason. */
  readonly skipped?: readonly { readonly path: string; readonly reason: string }[];
}

export interface OwnedFolder {
  readonly id: string;
  /** The folder that the catalog file describes; empty for the whole repository. */
  readonly directory: string;
}

export interface Owners {
  /** The components of the repository; at least one. */
  readonly all: readonly OwnedFolder[];
  /** The component that a file belongs to. */
  of(path: string): string;
  /** The component of this name, whether or not this repository declares it. */
  named(name: string): string;
  isDeclared(component: string): boolean;
}

export interface Context {
  readonly input: RepositoryInput;
  readonly parsers: Parsers;
  readonly owners: Owners;
  facts(path: string): FactsBuilder;
  /** The file as YAML or JSON; read once for all extractors. */
  data(file: RepositoryFile): DataText;
  /** Regions of resources by their address, as a state file observed them. */
  readonly observed: Map<string, Observed>;
  /** Regions in which a component runs, by what the infrastructure says; known once all was read. */
  readonly placesOf: Map<string, Set<string>>;
  /** Variables by which settings tell a component a Region. */
  readonly given: Map<string, Set<string>>;
  /** Files that are read as what others mean by them: settings that Terraform decodes, states. They are no settings themselves. */
  readonly decided: Set<string>;
  /** Runs when every file was read. */
  atEnd(task: () => void): void;
}

export interface Observed {
  readonly region: string;
  readonly path: string;
  readonly line: number;
}

export const makeFacts = (
  input: RepositoryInput,
): { facts(path: string): FactsBuilder; all(): readonly FactsBuilder[] } => {
  const builders = new Map<string, FactsBuilder>();
  const { source, repository, commit, asOf } = input;
  return {
    facts: (path) => {
      const known = builders.get(path);
      if (known !== undefined) {
        return known;
      }
      const origin: FileOrigin = { source, repository, commit, path, asOf };
      const made = new FactsBuilder(origin);
      builders.set(path, made);
      return made;
    },
    all: () => [...builders.values()],
  };
};

/** Remembers where a component runs, so that code without a Region of its own is known to run there. */
export const place = (context: Context, component: string, region: string | undefined): void => {
  if (region !== undefined) {
    const regions = context.placesOf.get(component) ?? new Set();
    context.placesOf.set(component, regions.add(region));
  }
};

/** Regions where a component runs; only to be asked at the end. */
export const placesOf = (context: Context, component: string): readonly string[] => [
  ...(context.placesOf.get(component) ?? []),
];

const plainKey = (key: string): string => (key.split('.').at(-1) ?? key).toLowerCase().replaceAll(/[-_]/gu, '');

/** Remembers that a setting tells the component a Region under this name. */
export const give = (context: Context, component: string, key: string): void => {
  const names = context.given.get(component) ?? new Set();
  context.given.set(component, names.add(plainKey(key)));
};

/** Does any setting tell it? Only to be asked at the end. */
export const isGiven = (context: Context, component: string, key: string): boolean =>
  context.given.get(component)?.has(plainKey(key)) ?? false;
