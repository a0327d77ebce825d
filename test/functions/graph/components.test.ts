/** How components of an organisation depend on each other: packages of every kind, apis, hosts, neighbours. */
import { expect, it } from 'vitest';

import type { FileFacts } from '../../../functions/graph/facts/vocabulary.ts';
import { type Files, factsOf } from './said-ties.ts';

/** Repository to files. */
type Organisation = Readonly<Record<string, Files>>;

const CATALOG = 'catalog-info.yaml';

const entity = (name: string): string =>
  `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: ${name} }\nspec: { owner: team }\n`;

/** Two repositories, each with a component of its name. */
const two = (a: Files, b: Files): Organisation => ({
  a: { [CATALOG]: entity('a'), ...a },
  b: { [CATALOG]: entity('b'), ...b },
});

/** One repository with both in folders. */
const one = (files: Files): Organisation => ({
  shop: { [`a/${CATALOG}`]: entity('a'), [`b/${CATALOG}`]: entity('b'), ...files },
});

/** `a>b dependsOn`: edges of components, through the names that others have for them. */
const edgesOf = async (organisation: Organisation): Promise<readonly string[]> => {
  const facts: FileFacts[] = [];
  for (const [repository, files] of Object.entries(organisation)) {
    facts.push(...(await factsOf(files, repository)));
  }
  const edges = facts.flatMap((file) => file.edges);
  const named = edges.filter(({ type }) => type === 'names' || type === 'providedBy');
  const found = edges
    .filter(
      ({ type, from }) => ['dependsOn', 'consumesApi', 'builtFrom'].includes(type) && from.startsWith('component:'),
    )
    .flatMap(({ from, to, type }) =>
      [to, ...named.filter((name) => name.from === to).map((name) => name.to)]
        .filter((target) => target.startsWith('component:') && target !== from)
        .map((target) => `${from.slice(10)}>${target.slice(10)} ${type}`),
    );
  return [...new Set(found)].toSorted();
};

const BUILT = ['a>b builtFrom'];

const CASES: Readonly<Record<string, readonly [Organisation, readonly string[]]>> = {
  'Maven, with the group of the project': [
    two(
      {
        'pom.xml':
          '<project><groupId>x.y</groupId><artifactId>a</artifactId><dependencies><dependency><groupId>${project.groupId}</groupId><artifactId>b</artifactId></dependency></dependencies></project>',
      },
      { 'pom.xml': '<project><groupId>x.y</groupId><artifactId>b</artifactId></project>' },
    ),
    BUILT,
  ],
  Gradle: [
    two({ 'build.gradle': "dependencies {\n  implementation 'x.y:b:1.0'\n}\n" }, { 'build.gradle': "group = 'x.y'\n" }),
    BUILT,
  ],
  'Gradle in Kotlin': [
    two({ 'build.gradle.kts': 'dependencies {\n  api("x.y:b:1.0")\n}\n' }, { 'build.gradle.kts': 'group = "x.y"\n' }),
    BUILT,
  ],
  'a project of the same build of Gradle': [
    one({ 'a/build.gradle': "dependencies { implementation project(':b') }\n", 'b/build.gradle': '' }),
    BUILT,
  ],
  'a project of the same solution': [
    one({
      'a/A.csproj': String.raw`<Project><ItemGroup><ProjectReference Include="..\B\B.csproj" /></ItemGroup></Project>`,
      'b/B.csproj': '<Project></Project>',
    }),
    BUILT,
  ],
  'a package of NuGet that is called like its file': [
    two(
      { 'A.csproj': '<Project><ItemGroup><PackageReference Include="Org.B" Version="1" /></ItemGroup></Project>' },
      { 'Org.B.csproj': '<Project><PropertyGroup></PropertyGroup></Project>' },
    ),
    BUILT,
  ],
  Composer: [
    two({ 'composer.json': '{"require":{"php":">=8","x/b":"^1"}}' }, { 'composer.json': '{"name":"x/b"}' }),
    BUILT,
  ],
  Bundler: [
    two(
      { Gemfile: "gem 'b', git: 'https://git.example.com/b'\n" },
      { 'b.gemspec': "Gem::Specification.new do |s|\n  s.name = 'b'\nend\n" },
    ),
    BUILT,
  ],
  'Cargo, under another name': [
    two(
      { 'Cargo.toml': '[package]\nname="a"\n[dependencies]\nbee = { package = "b", version = "1" }\n' },
      { 'Cargo.toml': '[package]\nname="b"\n' },
    ),
    BUILT,
  ],
  'groups of Poetry': [
    two(
      { 'pyproject.toml': '[tool.poetry]\nname="a"\n[tool.poetry.group.main.dependencies]\nb = { path = "../b" }\n' },
      { 'pyproject.toml': '[tool.poetry]\nname="b"\n' },
    ),
    BUILT,
  ],
  'setup.py': [
    two({ 'requirements.txt': 'my_b==1.0\n' }, { 'setup.py': 'from setuptools import setup\nsetup(name="my-b")\n' }),
    BUILT,
  ],
  'npm, under another name': [
    two({ 'package.json': '{"dependencies":{"bee":"npm:@o/b@1"}}' }, { 'package.json': '{"name":"@o/b"}' }),
    BUILT,
  ],
  'an api’s server with a variable': [
    two(
      { '.env': 'B=https://b.prod.corp.test/v1\n' },
      {
        'openapi.yaml':
          'openapi: 3.0.0\ninfo: { title: B, version: "1" }\nservers:\n  - url: https://b.{env}.corp.test\n    variables: { env: { default: prod } }\n',
      },
    ),
    ['a>b dependsOn'],
  ],
  'the host of an older description': [
    two(
      { '.env': 'B=https://b.corp.test/v1\n' },
      { 'swagger.yaml': 'swagger: "2.0"\ninfo: { title: B, version: "1" }\nhost: b.corp.test\n' },
    ),
    ['a>b dependsOn'],
  ],
  'a neighbour in a compose file': [
    one({ 'compose.yaml': 'services:\n  a: { image: a, depends_on: [b] }\n  b: { image: b }\n' }),
    ['a>b dependsOn'],
  ],
};

it.each(Object.entries(CASES))('%s', async (_name, [organisation, expected]) => {
  expect(await edgesOf(organisation)).toStrictEqual(expected);
});
