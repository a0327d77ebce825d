/** Pulumi: Regions of stack settings, resources of YAML programs, and what an exported stack shows. */
import { resourceId } from '../facts/vocabulary.ts';
import { isRegion, withoutRegion } from '../region/names.ts';
import { controlPlaneOf, isCertificate, isSupporting, USE_RULES } from '../region/rules.ts';
import { pulumiWord } from '../region/services.ts';
import { type Context, place, type RepositoryFile } from '../repository/context.ts';
import { deadReason } from '../repository/dead.ts';
import { emitLiterals } from '../repository/emit-literals.ts';
import { at, type Data, type DataEntry, entriesAt, settingsOf, textAt } from '../syntax/data.ts';
import { emitNamed } from './named-resource.ts';

interface Stack {
  readonly name: string;
  readonly region: string | undefined;
  readonly path: string;
  readonly line: number;
}

const FILE = /^(?<directory>(?:.*\/)?)Pulumi(?:\.(?<stack>[\w-]+))?\.ya?ml$/u;

const stackOf = (context: Context, file: RepositoryFile): Stack | undefined => {
  const name = FILE.exec(file.path)?.groups?.['stack'];
  const config = context.data(file).documents[0];
  const entries = entriesAt(config, 'config');
  // A program that makes its own provider keeps the Region under its own name.
  const entry =
    entries.find(({ key }) => /^(?:aws|aws-native):region$/u.test(key)) ??
    entries.find(({ key }) => /:(?:aws|home)?-?region$/iu.test(key));
  return name === undefined
    ? undefined
    : {
        name,
        region: entry?.value.kind === 'scalar' ? String(entry.value.value) : undefined,
        path: file.path,
        line: entry?.line ?? 1,
      };
};

/** A program in any language uses the default provider, and so the stack's Region. */
const emitStacks = (context: Context, component: string, stacks: readonly Stack[]): void => {
  for (const { name, region, path, line } of stacks) {
    const environment = withoutRegion(name);
    const twins = stacks.filter((other) => withoutRegion(other.name) === environment);
    if (region !== undefined && isRegion(region)) {
      context.facts(path).tie({
        from: component,
        region,
        tie: 'runtime',
        level: 'literal',
        at: [{ line }],
        alternates: twins.flatMap((twin) => (twin.region !== undefined && isRegion(twin.region) ? [twin.region] : [])),
        environment,
        via: resourceId(`pulumi/${context.input.repository}/${environment}`),
      });
      place(context, component, region);
    } else if (region !== undefined) {
      context.facts(path).tie({
        from: component,
        region: undefined,
        tie: 'runtime',
        level: 'literal',
        at: [{ line }],
        environment,
        expression: region,
      });
    }
  }
};

interface Program {
  readonly context: Context;
  readonly path: string;
  readonly component: string;
  readonly resources: readonly DataEntry[];
  readonly stacks: readonly Stack[];
}

const literalRegion = (
  data: Data | undefined,
): { region: string | undefined; text: string; line: number } | undefined =>
  data?.kind === 'scalar'
    ? {
        region: isRegion(String(data.value)) ? String(data.value) : undefined,
        text: String(data.value),
        line: data.line,
      }
    : undefined;

const providerRegion = ({ resources }: Program, resource: DataEntry): ReturnType<typeof literalRegion> => {
  const own = literalRegion(at(resource.value, 'properties', 'region'));
  if (own !== undefined) {
    return own;
  }
  const provider = /^\$\{(?<name>[\w-]+)\}$/u.exec(textAt(resource.value, 'options', 'provider') ?? '')?.groups?.[
    'name'
  ];
  return literalRegion(at(resources.find(({ key }) => key === provider)?.value, 'properties', 'region'));
};

const emitResource = (program: Program, entry: DataEntry): void => {
  const { context, path, component, stacks } = program;
  const type = textAt(entry.value, 'type') ?? '';
  const word = pulumiWord(type);
  if (!type.startsWith('aws:') && !type.startsWith('aws-native:')) {
    return;
  }
  const given = providerRegion(program, entry);
  const placed = given === undefined ? stacks.filter(({ region }) => region !== undefined) : [];
  const facts = context.facts(path);
  const id = resourceId(`${context.input.repository}/${path}#${entry.key}`);
  facts.node({ id, name: entry.key, attributes: { type }, at: { line: entry.line } });
  facts.edge(component, 'dependsOn', id, 'declared', [{ line: entry.line }]);
  const rule = controlPlaneOf(word);
  const change = isCertificate(word)
    ? USE_RULES.certificate.id
    : isSupporting(word)
      ? USE_RULES.supporting.id
      : undefined;
  const base = { component, id, word, line: entry.line, rule, change, data: at(entry.value, 'properties') };
  if (placed.length === 0) {
    emitNamed(context, path, {
      ...base,
      region: given?.region,
      at: given === undefined ? [] : [{ line: given.line }],
      expression: given?.text ?? 'aws:region is in no stack file',
      alternates: [],
      environment: undefined,
    });
  }
  for (const stack of placed) {
    const environment = withoutRegion(stack.name);
    const twins = stacks
      .filter((other) => withoutRegion(other.name) === environment)
      .flatMap(({ region }) => region ?? []);
    emitNamed(context, path, {
      ...base,
      region: stack.region,
      at: [{ path: stack.path, line: stack.line }],
      expression: stack.region ?? '',
      alternates: twins,
      environment,
    });
  }
};

export const extractPulumi = (context: Context): void => {
  const files = context.input.files.filter(({ path }) => FILE.test(path) && deadReason(path) === undefined);
  const directories = new Set(files.map(({ path }) => FILE.exec(path)?.groups?.['directory'] ?? ''));
  for (const directory of directories) {
    const own = files.filter(({ path }) => (FILE.exec(path)?.groups?.['directory'] ?? '') === directory);
    const stacks = own.flatMap((file) => stackOf(context, file) ?? []);
    const component = context.owners.of(`${directory}Pulumi.yaml`);
    emitStacks(context, component, stacks);
    for (const file of own) {
      const [data] = context.data(file).documents;
      const resources = entriesAt(data, 'resources');
      resources.forEach((entry) => {
        emitResource({ context, path: file.path, component, resources, stacks }, entry);
      });
      for (const { value, line } of data === undefined ? [] : settingsOf(data)) {
        emitLiterals(context, context.facts(file.path), value, line, { component });
      }
    }
  }
};
