/** Package manifests: what a component publishes and what it is built from. Lock files only say which registries they came from. */
import { aliasId } from '../facts/vocabulary.ts';
import type { Context, RepositoryFile } from '../repository/context.ts';
import { emitLiterals } from '../repository/emit-literals.ts';
import { type Packages, READERS } from './readers.ts';

const LOCKS =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|poetry\.lock|uv\.lock|Pipfile\.lock|go\.sum|Cargo\.lock|packages\.lock\.json|Gemfile\.lock|composer\.lock|\.npmrc|\.yarnrc\.yml|pip\.conf|settings\.xml|nuget\.config)$/iu;

export const isManifestFile = (path: string): boolean =>
  LOCKS.test(path) || READERS.some(([pattern]) => pattern.test(path));

const lineOf = (lines: readonly string[], name: string): number => {
  const last = name.split(/[:/]/u).at(-1) ?? name;
  return (
    Math.max(
      0,
      lines.findIndex((line) =>
        line.toLowerCase().replaceAll(/[._]/gu, '-').includes(last.toLowerCase().replaceAll(/[._]/gu, '-')),
      ),
    ) + 1
  );
};

const emitPackages = (context: Context, path: string, source: string, { ecosystem, own, needs }: Packages): void => {
  const facts = context.facts(path);
  const component = context.owners.of(path);
  const lines = source.split('\n');
  for (const name of own) {
    facts.edge(aliasId('package', `${ecosystem}/${name}`), 'names', component, 'declared', [
      { line: lineOf(lines, name) },
    ]);
  }
  for (const need of new Set(needs)) {
    facts.edge(component, 'builtFrom', aliasId('package', `${ecosystem}/${need}`), 'declared', [
      { line: lineOf(lines, need) },
    ]);
  }
};

export const emitManifestFile = (context: Context, { path, text: source }: RepositoryFile): void => {
  const reader = READERS.find(([pattern]) => pattern.test(path))?.[1];
  const facts = context.facts(path);
  const component = context.owners.of(path);
  if (reader === undefined) {
    emitLiterals(context, facts, source, 1, { component, tie: 'deploy' });
    return;
  }
  try {
    emitPackages(context, path, source, reader(source, { path, repository: context.input.repository }));
  } catch (error) {
    // A broken manifest breaks the build, and hides packages only: it is listed, and ties nothing.
    const near = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    facts.unknown({
      subject: component,
      reason: 'unparseable',
      expression: `not a manifest: ${path}: ${near.slice(0, 120)}`,
      line: 1,
    });
  }
};
