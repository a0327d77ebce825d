/** Package manifests: what a component publishes and what it is built from. Lock files only say which registries they came from. */
import { XMLParser } from 'fast-xml-parser';
import { parse as parseToml } from 'smol-toml';

import { isJsonFields, type JsonFields } from '../../domain/json-fields.ts';
import { aliasId } from '../facts/vocabulary.ts';
import type { Context, RepositoryFile } from '../repository/context.ts';
import { emitLiterals } from '../repository/emit-literals.ts';

interface Packages {
  readonly ecosystem: string;
  readonly own: string | undefined;
  readonly needs: readonly string[];
}

type Reader = (text: string) => Packages;

const fieldsAt = (fields: JsonFields, ...path: readonly string[]): JsonFields => {
  let current = fields;
  for (const key of path) {
    const next = current[key];
    current = isJsonFields(next) ? next : {};
  }
  return current;
};

const text = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;

const asList = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

const npm: Reader = (source) => {
  const value: unknown = JSON.parse(source);
  const fields = isJsonFields(value) ? value : {};
  const kinds = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];
  return {
    ecosystem: 'npm',
    own: text(fields['name']),
    needs: kinds.flatMap((kind) => Object.keys(fieldsAt(fields, kind))),
  };
};

const pythonName = (requirement: string): string | undefined =>
  /^\s*(?<name>[A-Za-z0-9][\w.-]*)/u.exec(requirement)?.groups?.['name']?.toLowerCase().replaceAll(/[._]+/gu, '-');

const pyproject: Reader = (source) => {
  const value: unknown = parseToml(source);
  const fields = isJsonFields(value) ? value : {};
  const project = fieldsAt(fields, 'project');
  const poetry = fieldsAt(fields, 'tool', 'poetry');
  const needs = [
    ...asList(project['dependencies']).map((one) => text(one) ?? ''),
    ...Object.keys(fieldsAt(poetry, 'dependencies')),
  ];
  return {
    ecosystem: 'pypi',
    own: pythonName(text(project['name']) ?? text(poetry['name']) ?? ''),
    needs: needs.flatMap((need) => pythonName(need) ?? []).filter((name) => name !== 'python'),
  };
};

const requirements: Reader = (source) => ({
  ecosystem: 'pypi',
  own: undefined,
  needs: source
    .split('\n')
    .filter((line) => !/^\s*(?:#|-)/u.test(line))
    .flatMap((line) => pythonName(line) ?? []),
});

const goModule: Reader = (source) => ({
  ecosystem: 'go',
  own: /^module\s+(?<name>\S+)/mu.exec(source)?.groups?.['name'],
  needs: [...source.matchAll(/^[ \t]*(?:require[ \t]+)?(?<name>[\w.-]+\.[a-z]+\/\S+)[ \t]+v\d/gmu)].map(
    ({ groups }) => groups?.['name'] ?? '',
  ),
});

const cargo: Reader = (source) => {
  const value: unknown = parseToml(source);
  const fields = isJsonFields(value) ? value : {};
  return {
    ecosystem: 'cargo',
    own: text(fieldsAt(fields, 'package')['name']),
    needs: Object.keys(fieldsAt(fields, 'dependencies')),
  };
};

const xml = (source: string): JsonFields => {
  const value: unknown = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    processEntities: false,
  }).parse(source);
  return isJsonFields(value) ? value : {};
};

const maven: Reader = (source) => {
  const project = fieldsAt(xml(source), 'project');
  const nameOf = (one: unknown): string | undefined => {
    const fields = isJsonFields(one) ? one : {};
    const artifact = text(fields['artifactId']);
    return artifact === undefined
      ? undefined
      : `${text(fields['groupId']) ?? text(fieldsAt(project, 'parent')['groupId']) ?? ''}:${artifact}`;
  };
  return {
    ecosystem: 'maven',
    own: nameOf(project),
    needs: asList(fieldsAt(project, 'dependencies')['dependency']).flatMap((one) => nameOf(one) ?? []),
  };
};

const nuget: Reader = (source) => {
  const groups = asList(fieldsAt(xml(source), 'Project')['ItemGroup']);
  const references = groups.flatMap((group) => (isJsonFields(group) ? asList(group['PackageReference']) : []));
  const properties = asList(fieldsAt(xml(source), 'Project')['PropertyGroup']);
  return {
    ecosystem: 'nuget',
    own: properties.flatMap((one) => (isJsonFields(one) ? (text(one['PackageId']) ?? []) : []))[0],
    needs: references.flatMap((one) => (isJsonFields(one) ? (text(one['Include']) ?? []) : [])),
  };
};

const READERS: readonly (readonly [RegExp, Reader])[] = [
  [/(?:^|\/)package\.json$/u, npm],
  [/(?:^|\/)pyproject\.toml$/u, pyproject],
  [/(?:^|\/)requirements[\w.-]*\.txt$/u, requirements],
  [/(?:^|\/)go\.mod$/u, goModule],
  [/(?:^|\/)Cargo\.toml$/u, cargo],
  [/(?:^|\/)pom\.xml$/u, maven],
  [/\.csproj$/u, nuget],
];

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
  if (own !== undefined && own !== '') {
    facts.edge(aliasId('package', `${ecosystem}/${own}`), 'names', component, 'declared', [
      { line: lineOf(lines, own) },
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
    emitPackages(context, path, source, reader(source));
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
