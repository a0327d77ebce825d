/**
 * From the files of one repository to the facts of each. Files of infrastructure and catalogs are read together, because one
 * decides what another means (`isContextPath`); every other file depends only on itself and on those. So a cycle that pulled a few
 * changed files extracts them with the context files, and replaces exactly the facts of what changed.
 */
import { LIMITS } from '../../domain/limits.ts';
import { cutExpression } from '../facts/expression-text.ts';
import { isCatalogPath } from '../catalog/entities.ts';
import { isDeployScript } from '../cloudformation/deploy-scripts.ts';
import { isParametersFile } from '../cloudformation/stack-regions.ts';
import { isSharedPath } from '../code/shared.ts';
import type { FactsBuilder } from '../facts/builder.ts';
import type { FileFacts } from '../facts/vocabulary.ts';
import { repositoryId } from '../facts/vocabulary.ts';
import type { Parsers } from '../syntax/parsers.ts';
import { isDockerfile } from '../platform/compose.ts';
import { isSettingsJson } from '../platform/data-files.ts';
import { isObserved } from '../platform/observed.ts';
import { isPlainSettings } from '../platform/plain-settings.ts';
import { isXmlSettings } from '../platform/xml-settings.ts';
import { type DataText, readData } from '../syntax/data.ts';
import { isTerraformPath } from '../terraform/extract.ts';
import { type Context, makeFacts, type RepositoryFile, type RepositoryInput } from './context.ts';
import { deadReason } from './dead.ts';
import { findOwners } from './owners.ts';
import { FILE_EXTRACTORS, REPOSITORY_EXTRACTORS } from './registry.ts';

/** Templates, manifests, stack settings and states: they say where a component runs. */
const isDataPath = (path: string): boolean =>
  /\.(?:ya?ml|template|tfstate|hcl)$|(?:^|\/)(?:samconfig\.toml|CODEOWNERS)$|(?:^|\/)cdk\.out\/|\.template\.json$/iu.test(
    path,
  ) ||
  isObserved(path) ||
  isParametersFile(path);

/** Settings, and constants that other files take: what they say decides where code without a Region of its own runs. */
const isSettingPath = (path: string): boolean =>
  isPlainSettings(path) ||
  isXmlSettings(path) ||
  isSettingsJson(path) ||
  isDockerfile(path) ||
  isDeployScript(path) ||
  isSharedPath(path);

/** A change of such a file may change the facts of every file of its repository. */
export const isContextPath = (path: string): boolean =>
  isTerraformPath(path) || isCatalogPath(path) || isDataPath(path) || isSettingPath(path);

/** Does anything read this file? Others are never asked for. */
export const isGraphPath = (path: string): boolean =>
  isContextPath(path) || FILE_EXTRACTORS.some((one) => one.accepts(path));

/** A component that no catalog names is declared by every file that says something of it. */
const declareOwner = (context: Context, builder: FactsBuilder): void => {
  const owner = context.owners.of(builder.path);
  if (builder.speaksOf(owner)) {
    builder.edge(repositoryId(context.input.repository), 'contains', owner, 'declared', [{ line: 1 }]);
    if (!context.owners.isDeclared(owner)) {
      builder.node({ id: owner, attributes: { declared: 'repository' }, at: { line: 1 } });
    }
  }
};

/** A defect in one extractor costs the facts of one file, and is listed; it never stops a repository. */
const guarded = (context: Context, path: string, name: string, run: () => void): void => {
  try {
    run();
  } catch (error) {
    const expression = cutExpression(
      `the extractor "${name}" failed: ${error instanceof Error ? error.message : String(error)}`,
    );
    context.facts(path).unknown({ subject: context.owners.of(path), reason: 'not-read', expression, line: 1 });
  }
};

const extractFile = (context: Context, file: RepositoryFile): void => {
  const matching = FILE_EXTRACTORS.filter((one) => one.accepts(file.path));
  const dead = deadReason(file.path);
  if (dead !== undefined) {
    if (matching.length > 0 || isContextPath(file.path)) {
      context.facts(file.path).dead(dead);
    }
    return;
  }
  if (file.text.length > LIMITS.fileBytesMax) {
    notRead(context, file.path, `larger than ${LIMITS.fileBytesMax} bytes`);
    return;
  }
  matching.forEach(({ name, extract }) => {
    guarded(context, file.path, name, () => {
      extract(context, file);
    });
  });
};

/** A file that has no text here may hide a tie; where it would have been read, that is said. */
const notRead = (context: Context, path: string, reason: string): void => {
  if (isTerraformPath(path) || FILE_EXTRACTORS.some((one) => one.accepts(path))) {
    const subject = context.owners.of(path);
    context.facts(path).unknown({ subject, reason: 'not-read', expression: reason, line: 1 });
  }
};

const listSkipped = (context: Context): void => {
  for (const { path, reason } of context.input.skipped ?? []) {
    if (deadReason(path) === undefined) {
      notRead(context, path, reason);
    }
  }
};

const byPath = (left: { readonly path: string }, right: { readonly path: string }): number =>
  left.path < right.path ? -1 : Number(left.path > right.path);

export const extractRepository = (input: RepositoryInput, parsers: Parsers): readonly FileFacts[] => {
  const sorted = { ...input, files: input.files.toSorted(byPath) };
  const files = makeFacts(sorted);
  const tasks: (() => void)[] = [];
  const data = new Map<string, DataText>();
  const context: Context = {
    input: sorted,
    parsers,
    owners: findOwners(sorted),
    facts: (path) => files.facts(path),
    data: ({ path, text }) => {
      const read = data.get(path) ?? readData(text);
      data.set(path, read);
      return read;
    },
    observed: new Map(),
    placesOf: new Map(),
    decided: new Set(),
    given: new Map(),
    atEnd: (task) => {
      tasks.push(task);
    },
  };
  REPOSITORY_EXTRACTORS.forEach(({ name, extract }) => {
    guarded(context, '.', name, () => {
      extract(context);
    });
  });
  for (const file of sorted.files) {
    extractFile(context, file);
  }
  listSkipped(context);
  tasks.forEach((task) => {
    task();
  });
  return files
    .all()
    .map((builder) => {
      declareOwner(context, builder);
      return builder.build();
    })
    .filter(
      (file) =>
        file.nodes.length + file.edges.length + file.unknowns.length > 0 ||
        file.dead !== undefined ||
        file.code !== undefined,
    )
    .toSorted(byPath);
};
