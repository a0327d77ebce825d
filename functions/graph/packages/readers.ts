/** Readers of package manifests, one for each kind: what is published by it, and what it needs. */
import { XMLParser } from 'fast-xml-parser';
import { parse as parseToml } from 'smol-toml';

import { isJsonFields, type JsonFields } from '../../domain/json-fields.ts';

export interface Packages {
  readonly ecosystem: string;
  /** Names by which others know it. */
  readonly own: readonly string[];
  readonly needs: readonly string[];
}

/** Some manifests are named by where they stand. */
interface Standing {
  readonly path: string;
  readonly repository: string;
}

type Reader = (text: string, standing: Standing) => Packages;

const known = (...names: readonly (string | undefined)[]): readonly string[] =>
  names.flatMap((name) => (name === undefined || name === '' ? [] : [name]));

const matches = (source: string, pattern: RegExp): readonly string[] =>
  [...source.matchAll(pattern)].flatMap(({ groups }) => groups?.['name'] ?? []);

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

/** `"bee": "npm:@org/b@1"` is `@org/b` under another name. */
const npmName = ([name, version]: readonly [string, unknown]): string =>
  (typeof version === 'string' ? /^npm:(?<name>@?[^@]+)/u.exec(version)?.groups?.['name'] : undefined) ?? name;

const npm: Reader = (source) => {
  const value: unknown = JSON.parse(source);
  const fields = isJsonFields(value) ? value : {};
  const kinds = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];
  return {
    ecosystem: 'npm',
    own: known(text(fields['name'])),
    needs: kinds.flatMap((kind) => Object.entries(fieldsAt(fields, kind)).map(npmName)),
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
    ...Object.values(fieldsAt(project, 'optional-dependencies')).flatMap((all) =>
      asList(all).map((one) => text(one) ?? ''),
    ),
    ...Object.keys(fieldsAt(poetry, 'dependencies')),
    ...Object.keys(fieldsAt(poetry, 'group')).flatMap((group) =>
      Object.keys(fieldsAt(poetry, 'group', group, 'dependencies')),
    ),
  ];
  return {
    ecosystem: 'pypi',
    own: known(pythonName(text(project['name']) ?? text(poetry['name']) ?? '')),
    needs: needs.flatMap((need) => pythonName(need) ?? []).filter((name) => name !== 'python'),
  };
};

const requirements: Reader = (source) => ({
  ecosystem: 'pypi',
  own: [],
  needs: source
    .split('\n')
    .filter((line) => !/^\s*(?:#|-)/u.test(line))
    .flatMap((line) => pythonName(line) ?? []),
});

const goModule: Reader = (source) => ({
  ecosystem: 'go',
  own: matches(source, /^module\s+(?<name>\S+)/gmu),
  needs: matches(source, /^[ \t]*(?:require[ \t]+)?(?<name>[\w.-]+\.[a-z]+\/\S+)[ \t]+v\d/gmu),
});

/** `bee = { package = "b" }` is `b` under another name. */
const crateName = ([name, value]: readonly [string, unknown]): string =>
  (isJsonFields(value) ? text(value['package']) : undefined) ?? name;

const cargo: Reader = (source) => {
  const value: unknown = parseToml(source);
  const fields = isJsonFields(value) ? value : {};
  const targets = Object.keys(fieldsAt(fields, 'target'));
  const tables = [
    fieldsAt(fields, 'dependencies'),
    fieldsAt(fields, 'workspace', 'dependencies'),
    ...targets.map((target) => fieldsAt(fields, 'target', target, 'dependencies')),
  ];
  return {
    ecosystem: 'cargo',
    own: known(text(fieldsAt(fields, 'package')['name'])),
    needs: tables.flatMap((table) => Object.entries(table).map(crateName)),
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
  const group = text(project['groupId']) ?? text(fieldsAt(project, 'parent')['groupId']) ?? '';
  const properties = fieldsAt(project, 'properties');
  const filled = (value: string): string =>
    value.replaceAll(/\$\{(?<name>[\w.-]+)\}/gu, (whole, name: string) =>
      /^(?:project\.|pom\.)?(?:parent\.)?groupId$/u.test(name) ? group : (text(properties[name]) ?? whole),
    );
  const nameOf = (one: unknown): string | undefined => {
    const fields = isJsonFields(one) ? one : {};
    const artifact = text(fields['artifactId']);
    return artifact === undefined ? undefined : `${filled(text(fields['groupId']) ?? group)}:${filled(artifact)}`;
  };
  return {
    ecosystem: 'maven',
    own: known(nameOf(project)),
    needs: asList(fieldsAt(project, 'dependencies')['dependency']).flatMap((one) => nameOf(one) ?? []),
  };
};

const CONFIGURATION = String.raw`(?:api|implementation|compile|compileOnly|runtimeOnly|kapt|ksp|annotationProcessor)`;
const GRADLE_NEED = new RegExp(`\\b${CONFIGURATION}\\b[ (]+["'](?<name>[\\w.-]+:[\\w.-]+)`, 'gu');
const GRADLE_PROJECT = /\bproject\(\s*(?:path\s*[:=]\s*)?["']:?(?<name>[\w:.-]+)["']/gu;
const GRADLE_GROUP = /^\s*group\s*=?\s*["'](?<name>[\w.-]+)["']/gmu;

const lastOf = (path: string): string => path.split('/').at(-1) ?? '';

/** A project of Gradle is called like its folder; one of the same build is needed by its path. */
const gradle: Reader = (source, { path, repository }) => {
  const folder = path.split('/').slice(0, -1);
  const artifact = folder.at(-1) ?? lastOf(repository);
  return {
    ecosystem: 'maven',
    own: [
      ...matches(source, GRADLE_GROUP).map((group) => `${group}:${artifact}`),
      ...(folder.length === 0 ? [] : [`${repository}#${folder.join(':')}`]),
    ],
    needs: [
      ...matches(source, GRADLE_NEED),
      ...matches(source, GRADLE_PROJECT).map((project) => `${repository}#${project}`),
    ],
  };
};

const composer: Reader = (source) => {
  const value: unknown = JSON.parse(source);
  const fields = isJsonFields(value) ? value : {};
  return {
    ecosystem: 'composer',
    own: known(text(fields['name'])),
    needs: Object.keys(fieldsAt(fields, 'require')).filter((name) => name.includes('/')),
  };
};

const gems: Reader = (source) => ({
  ecosystem: 'gem',
  own: matches(source, /^\s*\w+\.name\s*=\s*["'](?<name>[\w.-]+)["']/gmu),
  needs: matches(source, /^\s*(?:gem|\w+\.add_(?:runtime_)?dependency)[ (]+["'](?<name>[\w.-]+)["']/gmu),
});

const setupFile: Reader = (source) => {
  const required =
    /install_requires\s*=\s*(?:\[(?<list>[^\]]*)\]|(?<lines>(?:\n[ \t]+\S.*)+))/u.exec(source)?.groups ?? {};
  const needs = (required['list'] ?? required['lines'] ?? '')
    .split(/[\n,]/u)
    .map((one) => one.replaceAll(/["']/gu, ''));
  return {
    ecosystem: 'pypi',
    own: matches(source, /^(?:\s*|.*\bsetup\(\s*)name\s*=\s*["']?(?<name>[\w.-]+)/gmu)
      .slice(0, 1)
      .flatMap((name) => known(pythonName(name))),
    needs: needs.flatMap((need) => pythonName(need) ?? []),
  };
};

const projectName = (file: string): string => lastOf(file.replaceAll('\\', '/')).replace(/\.\w+proj$/u, '');

/** Without a name of its own a package is called like its project's file. */
const nuget: Reader = (source, { path }) => {
  const groups = asList(fieldsAt(xml(source), 'Project')['ItemGroup']);
  const included = (kind: string): readonly string[] =>
    groups
      .flatMap((group) => (isJsonFields(group) ? asList(group[kind]) : []))
      .flatMap((one) => (isJsonFields(one) ? (text(one['Include']) ?? []) : []));
  const properties = asList(fieldsAt(xml(source), 'Project')['PropertyGroup']);
  return {
    ecosystem: 'nuget',
    own: [
      ...new Set([
        ...properties.flatMap((one) => (isJsonFields(one) ? known(text(one['PackageId'])) : [])),
        projectName(path),
      ]),
    ],
    needs: [...included('PackageReference'), ...included('ProjectReference').map(projectName)],
  };
};

export const READERS: readonly (readonly [RegExp, Reader])[] = [
  [/(?:^|\/)package\.json$/u, npm],
  [/(?:^|\/)pyproject\.toml$/u, pyproject],
  [/(?:^|\/)requirements[\w.-]*\.(?:txt|in)$/u, requirements],
  [/(?:^|\/)go\.mod$/u, goModule],
  [/(?:^|\/)Cargo\.toml$/u, cargo],
  [/(?:^|\/)pom\.xml$/u, maven],
  [/\.(?:cs|fs|vb)proj$/u, nuget],
  [/(?:^|\/)build\.gradle(?:\.kts)?$/u, gradle],
  [/(?:^|\/)composer\.json$/u, composer],
  [/(?:^|\/)Gemfile$|\.gemspec$/u, gems],
  [/(?:^|\/)setup\.(?:py|cfg)$/u, setupFile],
];
