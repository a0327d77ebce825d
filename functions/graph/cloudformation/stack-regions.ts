/** Where a template is deployed, as far as files say it: CDK's manifest, SAM's settings. A template itself never says it. */
import { isJsonFields } from '../../domain/json-fields.ts';
import { isRegion } from '../region/names.ts';
import type { Place } from '../facts/vocabulary.ts';
import type { Context, RepositoryFile } from '../repository/context.ts';
import { deadReason } from '../repository/dead.ts';
import { at, type Data, entriesAt, textAt } from '../syntax/data.ts';
import { deployedBy, isDeployScript, pairsIn } from './deploy-scripts.ts';
import type { Parameters } from './template.ts';
import { isServerless, isServerlessPath, serverlessPlaces } from './serverless.ts';

export interface StackRegion {
  readonly region: string;
  readonly environment: string | undefined;
  readonly at: Place;
  /** What it is given; absent where that can't be known. */
  readonly parameters?: Parameters | undefined;
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

const OVERRIDES = /^\s*parameter_overrides\s*=\s*(?:"(?<text>(?:[^"\\]|\\.)*)"|\[(?<list>[^\]]*)\])\s*(?:#.*)?$/u;

/** What each section of the settings gives to parameters; `Peer=\"eu-west-1\"` is as good as without the marks. */
const samOverrides = (text: string): ReadonlyMap<string, Parameters | undefined> => {
  let section = '';
  const found = text.split('\n').flatMap((line): [string, Parameters | undefined][] => {
    section = SECTION.exec(line)?.groups?.['name'] ?? section;
    const given = OVERRIDES.exec(line)?.groups;
    const inside = given?.['text']?.replaceAll('\\', '') ?? given?.['list']?.replaceAll(/["',]/gu, ' ');
    return inside === undefined ? [] : [[section, pairsIn(inside)]];
  });
  return new Map(found);
};

const samRegions = (path: string, text: string): readonly StackRegion[] => {
  let section = '';
  const overrides = samOverrides(text);
  return text.split('\n').flatMap((line, index) => {
    section = SECTION.exec(line)?.groups?.['name'] ?? section;
    const region = REGION.exec(line)?.groups?.['region'];
    const environment = section === 'default' ? undefined : section;
    const parameters = overrides.get(section);
    return region === undefined ? [] : [{ region, environment, at: { path, line: index + 1 }, parameters }];
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
  const found = new Map((map.get(template) ?? []).map((one) => [`${one.environment ?? ''} ${one.region}`, one]));
  for (const one of regions) {
    const key = `${one.environment ?? ''} ${one.region}`;
    const known = found.get(key);
    // Deployed there twice, with whatever each is given: nothing is left out.
    found.set(key, known === undefined ? one : { region: known.region, environment: known.environment, at: known.at });
  }
  map.set(template, [...found.values()]);
};

const NESTED =
  /^\s*"?(?:TemplateURL|Location)"?\s*:\s*["']?(?<file>\.{0,2}\/?[\w./-]+\.(?:ya?ml|json|template))["']?,?\s*$/gmu;
/** CDK uploads what is nested, and leaves its name beside the address. */
const NESTED_ASSET = /"aws:asset:path"\s*:\s*"(?<file>[\w./-]+\.template\.json)"/gu;

/** A nested stack lies where the stack around it does. */
const addNested = (context: Context, placed: Map<string, StackRegion[]>): void => {
  for (let round = 0; round < 4; round += 1) {
    for (const { path, text } of context.input.files) {
      const around = /TemplateURL|Location/u.test(text) ? (placed.get(path) ?? []) : [];
      // What the stack around it gives it is not known here.
      const regions = around.map(({ region, environment, at: place }) => ({ region, environment, at: place }));
      for (const { groups } of regions.length === 0 ? [] : [...text.matchAll(NESTED), ...text.matchAll(NESTED_ASSET)]) {
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

/** Known by its path, since a change of such a file makes its whole repository be read again. */
export const isParametersFile = (path: string): boolean =>
  /(?:^|\/)(?:[\w.-]*param[\w.-]*\.json|param[\w-]*\/(?:[\w-]+\/)*[\w.-]+\.json)$/iu.test(path);

/** `file://params/prod.json`, from the repository's folder or the script's own, in any of the three ways to write it. */
const fileParameters = (context: Context, script: string, file: string | undefined): Parameters | undefined => {
  const paths = file === undefined ? [] : [joinPath('', file), joinPath(directoryOf(script), file)];
  const found = context.input.files.find(({ path }) => paths.includes(path) && isParametersFile(path));
  const [root] = found === undefined ? [] : context.data(found).documents;
  const pairs = (root?.kind === 'list' ? root.items : []).map((item) => {
    const [key = '', value] = item.kind === 'scalar' ? String(item.value).split('=') : [];
    return [textAt(item, 'ParameterKey') ?? key, textAt(item, 'ParameterValue') ?? value] as const;
  });
  const named = entriesAt(root, 'Parameters').map(({ key, value }) => [key, textAt(value)] as const);
  return root === undefined ? undefined : new Map([...pairs, ...named]);
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

/** Where CDK uploads to while it deploys, and its templates once more as a tree: neither says what runs. */
const CDK_EXTRAS = /(?:^|\/)cdk\.out\/(?:.*\/)?(?:[\w.-]+\.assets|tree)\.json$/u;

const addFile = (context: Context, file: RepositoryFile, placed: Map<string, StackRegion[]>): void => {
  const { path, text } = file;
  if (CDK_EXTRAS.test(path)) {
    context.decided.add(path);
  } else if (/(?:^|\/)cdk\.out\/(?:.*\/)?manifest\.json$/u.test(path)) {
    for (const [template, region] of manifestRegions(path, text)) {
      placed.set(template, [...(placed.get(template) ?? []), region]);
    }
  } else if (/(?:^|\/)(?:samconfig\.(?:toml|ya?ml)|aws-lambda-tools-[\w-]+\.json)$/u.test(path)) {
    addSettings(context, file, placed);
  } else if (isServerlessPath(path)) {
    addServerless(context, file, placed);
  } else if (isDeployScript(path) && deadReason(path) === undefined) {
    for (const { template, region, line, parameters, parametersFile } of deployedBy(path, text)) {
      const given = parameters ?? fileParameters(context, path, parametersFile);
      add(placed, template, [{ region, environment: undefined, at: { path, line }, parameters: given }]);
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
