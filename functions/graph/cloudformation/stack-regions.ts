/** Where a template is deployed, as far as files say it: CDK's manifest, SAM's settings. A template itself never says it. */
import { isJsonFields } from '../../domain/json-fields.ts';
import { isRegion } from '../region/names.ts';
import type { Place } from '../facts/vocabulary.ts';
import type { Context, RepositoryFile } from '../repository/context.ts';
import { deadReason } from '../repository/dead.ts';
import { at, type Data, entriesAt, textAt } from '../syntax/data.ts';
import { deployedBy, isDeployScript } from './deploy-scripts.ts';
import { isServerless, isServerlessPath, serverlessPlaces } from './serverless.ts';

export interface StackRegion {
  readonly region: string;
  readonly environment: string | undefined;
  readonly at: Place;
}

const directoryOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const lineOf = (text: string, part: string): number =>
  Math.max(
    0,
    text.split('\n').findIndex((line) => line.includes(part)),
  ) + 1;

const manifestRegions = (path: string, text: string): readonly (readonly [string, StackRegion])[] => {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    // A damaged manifest places no template; its templates are then listed as unknown.
    return [];
  }
  const artifacts =
    isJsonFields(manifest) && isJsonFields(manifest['artifacts']) ? Object.values(manifest['artifacts']) : [];
  return artifacts.flatMap((artifact) => {
    const fields = isJsonFields(artifact) ? artifact : {};
    const properties = isJsonFields(fields['properties']) ? fields['properties'] : {};
    const environment = typeof fields['environment'] === 'string' ? fields['environment'] : '';
    const region = environment.split('/').at(-1) ?? '';
    const file = properties['templateFile'];
    return typeof file === 'string' && isRegion(region)
      ? [
          [
            `${directoryOf(path)}/${file}`,
            { region, environment: undefined, at: { path, line: lineOf(text, environment) } },
          ] as const,
        ]
      : [];
  });
};

const SECTION = /^\s*\[(?<name>[\w-]+)\./u;
const REGION = /^\s*region\s*=\s*"(?<region>[a-z0-9-]+)"/u;

const samRegions = (path: string, text: string): readonly StackRegion[] => {
  let section = '';
  return text.split('\n').flatMap((line, index) => {
    section = SECTION.exec(line)?.groups?.['name'] ?? section;
    const region = REGION.exec(line)?.groups?.['region'];
    const environment = section === 'default' ? undefined : section;
    return region === undefined ? [] : [{ region, environment, at: { path, line: index + 1 } }];
  });
};

/** `samconfig.yaml` says the same in another syntax. */
const samYaml = (path: string, root: Data): readonly StackRegion[] =>
  entriesAt(root).flatMap(({ key, value }) =>
    entriesAt(value).flatMap((command): StackRegion[] => {
      const region = at(command.value, 'parameters', 'region');
      const text = region?.kind === 'scalar' ? String(region.value) : '';
      const environment = key === 'default' ? undefined : key;
      return isRegion(text) ? [{ region: text, environment, at: { path, line: region?.line ?? 1 } }] : [];
    }),
  );

const TEMPLATE_FILE = /^\s*"?template(?:_file)?"?\s*[:=]\s*"?(?<file>[\w./-]+)"?\s*$/mu;

/** What `..` and `.` come to. */
export const joinPath = (directory: string, file: string): string => {
  const steps: string[] = [];
  for (const step of [...directory.split('/'), ...file.split('/')].filter((one) => one !== '' && one !== '.')) {
    if (step === '..') {
      steps.pop();
    } else {
      steps.push(step);
    }
  }
  return steps.join('/');
};

const add = (map: Map<string, StackRegion[]>, template: string, regions: readonly StackRegion[]): void => {
  const known = map.get(template) ?? [];
  const fresh = regions.filter(
    ({ region, environment }) => !known.some((one) => one.region === region && one.environment === environment),
  );
  map.set(template, [...known, ...fresh]);
};

const NESTED =
  /^\s*"?(?:TemplateURL|Location)"?\s*:\s*["']?(?<file>\.{0,2}\/?[\w./-]+\.(?:ya?ml|json|template))["']?,?\s*$/gmu;

/** A nested stack lies where the stack around it does. */
const addNested = (context: Context, placed: Map<string, StackRegion[]>): void => {
  for (let round = 0; round < 4; round += 1) {
    for (const { path, text } of context.input.files) {
      const regions = /TemplateURL|Location/u.test(text) ? (placed.get(path) ?? []) : [];
      for (const { groups } of regions.length === 0 ? [] : text.matchAll(NESTED)) {
        add(placed, joinPath(directoryOf(path), groups?.['file'] ?? ''), regions);
      }
    }
  }
};

/** SAM's settings, of both syntaxes, and those of .NET's tools: the file, or the folder, says which template. */
const addSettings = (context: Context, file: RepositoryFile, placed: Map<string, StackRegion[]>): void => {
  const { path, text } = file;
  const folder = directoryOf(path);
  const [root] = path.endsWith('.toml') ? [] : context.data(file).documents;
  if (path.endsWith('.json')) {
    const region = at(root, 'region');
    const named = region?.kind === 'scalar' ? String(region.value) : '';
    const template = joinPath(folder, textAt(root, 'template') ?? 'serverless.template');
    const place = { path, line: region?.line ?? 1 };
    add(placed, template, isRegion(named) ? [{ region: named, environment: undefined, at: place }] : []);
    return;
  }
  const regions = root === undefined ? samRegions(path, text) : samYaml(path, root);
  const given = TEMPLATE_FILE.exec(text)?.groups?.['file'];
  const files = given === undefined ? ['template.yaml', 'template.yml', 'template.json'] : [given];
  files.forEach((one) => {
    add(placed, joinPath(folder, one), regions);
  });
};

const addServerless = (context: Context, file: RepositoryFile, placed: Map<string, StackRegion[]>): void => {
  const { path } = file;
  const root = context.data(file).documents.find((data) => isServerless(data));
  const regions = root === undefined ? [] : serverlessPlaces(root).regions;
  add(
    placed,
    path,
    regions.map(({ region, environment, line }) => ({ region, environment, at: { path, line } })),
  );
};

const addFile = (context: Context, file: RepositoryFile, placed: Map<string, StackRegion[]>): void => {
  const { path, text } = file;
  if (/(?:^|\/)cdk\.out\/(?:.*\/)?manifest\.json$/u.test(path)) {
    for (const [template, region] of manifestRegions(path, text)) {
      placed.set(template, [...(placed.get(template) ?? []), region]);
    }
  } else if (/(?:^|\/)(?:samconfig\.(?:toml|ya?ml)|aws-lambda-tools-[\w-]+\.json)$/u.test(path)) {
    addSettings(context, file, placed);
  } else if (isServerlessPath(path)) {
    addServerless(context, file, placed);
  } else if (isDeployScript(path) && deadReason(path) === undefined) {
    for (const { template, region, line } of deployedBy(path, text)) {
      add(placed, template, [{ region, environment: undefined, at: { path, line } }]);
    }
  }
};

export const findStackRegions = (context: Context): ((template: string) => readonly StackRegion[]) => {
  const placed = new Map<string, StackRegion[]>();
  const files = context.input.files.filter(({ path }) => !isDeployScript(path));
  // What describes a stack decides before what deploys it.
  for (const file of files) {
    addFile(context, file, placed);
  }
  const scripts = new Map<string, StackRegion[]>();
  for (const file of context.input.files.filter(({ path }) => isDeployScript(path))) {
    addFile(context, file, scripts);
  }
  for (const [template, regions] of scripts) {
    placed.set(template, placed.get(template) ?? regions);
  }
  addNested(context, placed);
  return (template) => placed.get(template) ?? [];
};
