/** Pulumi: Regions of stack settings, and resources of YAML programs in each stack. */
import { type Place, resourceId } from '../facts/vocabulary.ts';
import { isRegion, withoutRegion } from '../region/names.ts';
import { controlPlaneOf, isCertificate, isSupporting, USE_RULES } from '../region/rules.ts';
import { pulumiWord } from '../region/services.ts';
import { type Context, place, type RepositoryFile } from '../repository/context.ts';
import { deadReason } from '../repository/dead.ts';
import { emitLiterals, regionOfSetting } from '../repository/emit-literals.ts';
import { at, type Data, type DataEntry, entriesAt, settingsOf, textAt } from '../syntax/data.ts';
import { emitNamed } from './named-resource.ts';
import { copyRegions, isProviderType, type Located, locate, replicasIn } from './pulumi-places.ts';
import { type Program, regionSetting, settingsIn, type Stack } from './pulumi-values.ts';

const FILE = /^(?<directory>(?:.*\/)?)Pulumi(?:\.(?<stack>[\w-]+))?\.ya?ml$/u;

const stacksIn = (context: Context, files: readonly RepositoryFile[], project: Data | undefined): readonly Stack[] => {
  const projectPath = files.find(({ path }) => FILE.exec(path)?.groups?.['stack'] === undefined)?.path ?? '';
  const defaults = settingsIn(project, projectPath);
  return files.flatMap((file): Stack[] => {
    const name = FILE.exec(file.path)?.groups?.['stack'];
    if (name === undefined) {
      return [];
    }
    const settings = new Map([...defaults, ...settingsIn(context.data(file).documents[0], file.path)]);
    return [{ name, settings, region: regionSetting(settings), path: file.path }];
  });
};

interface Project {
  readonly context: Context;
  readonly component: string;
  readonly program: Program | undefined;
  readonly stacks: readonly Stack[];
  readonly isYaml: boolean;
}

const twinsOf = ({ name }: Stack, stacks: readonly Stack[]): readonly Stack[] =>
  stacks.filter((other) => withoutRegion(other.name) === withoutRegion(name));

/** What a program in another language does with a further Region of its settings can't be seen here; it is told it. */
const furtherRegions = (stack: Stack): readonly { readonly text: string; readonly at: Place }[] => {
  const found = [...stack.settings].filter(
    ([key, { text, at: where }]) =>
      where !== stack.region?.at && regionOfSetting(key.slice(key.indexOf(':') + 1), text) !== undefined,
  );
  return found
    .map(([, setting]) => setting)
    .filter((one, index, all) => all.findIndex((other) => other.at === one.at) === index);
};

/** A program in any language uses the default provider, and so the stack's Region. */
const emitStacks = ({ context, component, stacks, isYaml }: Project): void => {
  for (const stack of stacks) {
    const environment = withoutRegion(stack.name);
    const facts = context.facts(stack.path);
    const base = { from: component, tie: 'runtime' as const, level: 'literal' as const, environment };
    const via = resourceId(`pulumi/${context.input.repository}/${environment}`);
    const { region } = stack;
    if (region !== undefined && isRegion(region.text)) {
      const twins = twinsOf(stack, stacks).flatMap((twin) => twin.region?.text ?? []);
      const alternates = twins.filter((text) => isRegion(text));
      facts.tie({ ...base, region: region.text, at: [region.at], alternates, via });
      place(context, component, region.text);
    } else if (region !== undefined) {
      facts.tie({ ...base, region: undefined, at: [region.at], expression: region.text });
    }
    for (const further of isYaml ? [] : furtherRegions(stack)) {
      facts.tie({ ...base, region: further.text, at: [further.at] });
    }
  }
};

const changeOf = (word: string): string | undefined => {
  if (isCertificate(word)) {
    return USE_RULES.certificate.id;
  }
  return isSupporting(word) ? USE_RULES.supporting.id : undefined;
};

const OURS = /^(?:aws|aws-native|awsx|eks):/u;

const emitResource = (project: Project, program: Program, entry: DataEntry): void => {
  const { context, component, stacks } = project;
  const type = textAt(entry.value, 'type') ?? '';
  if (!OURS.test(type)) {
    return;
  }
  const word = pulumiWord(type);
  const { path } = program;
  const facts = context.facts(path);
  const id = resourceId(`${context.input.repository}/${path}#${entry.key}`);
  facts.node({ id, name: entry.key, attributes: { type }, at: { line: entry.line } });
  facts.edge(component, 'dependsOn', id, 'declared', [{ line: entry.line }]);
  const change = changeOf(word);
  const rule = controlPlaneOf(word);
  const placed = (stack: Stack | undefined): Located => locate(program, entry, stack);
  for (const stack of stacks.length === 0 ? [undefined] : stacks) {
    const { region, expression, at: lines } = placed(stack);
    const twins = stack === undefined ? [] : twinsOf(stack, stacks);
    const replicas = replicasIn(program, entry, stack);
    const copies = copyRegions(program, entry, stack);
    const environment = stack === undefined ? undefined : withoutRegion(stack.name);
    const alternates = [
      ...new Set([
        ...twins.flatMap((twin) => placed(twin).region ?? []),
        ...copies,
        ...replicas.flatMap((replica) => replica.region ?? []),
      ]),
    ].filter((other) => other !== region);
    const base = { component, id, word, line: entry.line, rule, change, data: at(entry.value, 'properties') };
    emitNamed(context, path, { ...base, region, at: lines, expression, alternates, environment });
    for (const replica of rule === undefined ? replicas : []) {
      facts.tie({
        from: component,
        region: replica.region,
        tie: 'runtime',
        level: 'declared',
        at: [{ line: entry.line }, ...replica.at],
        alternates: region === undefined ? alternates : [...alternates, region],
        environment,
        via: id,
        ...(replica.region === undefined ? { expression: replica.expression } : {}),
      });
    }
  }
};

/** What is named in settings or programs, wherever it lies. */
const emitTexts = (context: Context, component: string, files: readonly RepositoryFile[]): void => {
  for (const file of files) {
    const [data] = context.data(file).documents;
    for (const { value, line } of data === undefined ? [] : settingsOf(data)) {
      emitLiterals(context, context.facts(file.path), value, line, { component });
    }
  }
};

export const extractPulumi = (context: Context): void => {
  const files = context.input.files.filter(({ path }) => FILE.test(path) && deadReason(path) === undefined);
  const directories = new Set(files.map(({ path }) => FILE.exec(path)?.groups?.['directory'] ?? ''));
  for (const directory of directories) {
    const own = files.filter(({ path }) => (FILE.exec(path)?.groups?.['directory'] ?? '') === directory);
    const main = own.find(({ path }) => FILE.exec(path)?.groups?.['stack'] === undefined);
    const project = main === undefined ? undefined : context.data(main).documents[0];
    const resources = entriesAt(project, 'resources');
    const program =
      main === undefined ? undefined : { path: main.path, resources, variables: entriesAt(project, 'variables') };
    const component = context.owners.of(`${directory}Pulumi.yaml`);
    const stacks = stacksIn(context, own, project);
    const whole: Project = { context, component, program, stacks, isYaml: resources.length > 0 };
    emitStacks(whole);
    if (program !== undefined) {
      resources
        .filter(({ value }) => !isProviderType(textAt(value, 'type') ?? ''))
        .forEach((entry) => {
          emitResource(whole, program, entry);
        });
    }
    emitTexts(context, component, own);
  }
};
