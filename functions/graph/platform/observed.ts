/** What was observed: Terraform state (version 4, or as `terraform show -json` says it) and exported Pulumi stacks. Kept is only where things are. */
import { type JsonFields, isJsonFields } from '../../domain/json-fields.ts';
import { resourceId } from '../facts/vocabulary.ts';
import { literalsIn } from '../region/literals.ts';
import { isRegion, regionOfZone, withoutRegion } from '../region/names.ts';
import { controlPlaneOf, isCertificate, isSupporting, USE_RULES } from '../region/rules.ts';
import { pulumiWord, terraformType } from '../region/services.ts';
import type { Context, RepositoryFile } from '../repository/context.ts';
import { deadReason } from '../repository/dead.ts';
import { jsonError } from '../syntax/json-position.ts';
import { emitNamed } from './named-resource.ts';

const fieldsIn = (value: unknown): readonly JsonFields[] =>
  Array.isArray(value) ? value.filter((one): one is JsonFields => isJsonFields(one)) : [];

const textIn = (fields: JsonFields, name: string): string | undefined => {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
};

const inner = (fields: JsonFields, name: string): JsonFields => {
  const value = fields[name];
  return isJsonFields(value) ? value : {};
};

const WHERE = ['arn', 'region', 'availability_zone', 'availabilityZone', 'url', 'id'];

/** The first attribute that says where it is: an ARN, a Region, a zone, an address. */
const placeIn = (attributes: JsonFields): { region: string; text: string } | undefined =>
  WHERE.flatMap((name) => {
    const text = textIn(attributes, name) ?? '';
    const plain = name === 'region' && isRegion(text) ? text : regionOfZone(text);
    const region = literalsIn(text)[0]?.region ?? plain;
    return region === undefined ? [] : [{ region, text }];
  })[0];

const directoryOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

interface Seen {
  readonly id: string;
  readonly word: string;
  readonly name: string;
  readonly attributes: JsonFields;
  readonly region: string | undefined;
  readonly line: number;
}

const AHEAD = 5000;

/** Lines of a file that is walked from its beginning to its end: names that stand there often are found where they are meant. */
class LinesAhead {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#lines = text.split('\n');
  }

  /** The next line that holds all of these, as JSON texts; else where it stands. */
  next(...texts: readonly string[]): number {
    const wanted = texts.map((text) => JSON.stringify(text));
    const found = this.#lines
      .slice(this.#at, this.#at + AHEAD)
      .findIndex((line) => wanted.every((text) => line.includes(text)));
    this.#at += Math.max(0, found);
    return this.#at + 1;
  }
}

const changeRule = (word: string): string | undefined => {
  if (isCertificate(word)) {
    return USE_RULES.certificate.id;
  }
  return isSupporting(word) ? USE_RULES.supporting.id : undefined;
};

const emitSeen = (context: Context, { path }: RepositoryFile, seen: readonly Seen[]): void => {
  for (const { id, word, name, attributes, region, line } of seen) {
    const rule = controlPlaneOf(word);
    const component = context.owners.of(path);
    const facts = context.facts(path);
    facts.node({ id, name, attributes: { type: word, observed: 'yes' }, at: { line } });
    facts.edge(component, 'dependsOn', id, 'observed', [{ line }]);
    if (region !== undefined || rule !== undefined) {
      const places = seen.filter((other) => other.id === id).flatMap((other) => other.region ?? []);
      const property = terraformType(word)?.terraformName ?? '';
      emitNamed(context, path, {
        component,
        id,
        word,
        line,
        region,
        at: [],
        expression: '',
        alternates: [...new Set(places)],
        environment: undefined,
        rule,
        change: changeRule(word),
        level: 'observed',
        name: textIn(attributes, property),
      });
    }
  }
};

const addressOf = (module: string): string => module.replaceAll(/\[[^\]]*\]/gu, '');

const idOf = (context: Context, file: RepositoryFile, address: string, key: string): string => {
  const steps = address.split('.').map((part) => (part === 'module' ? part : withoutRegion(part)));
  const prefix = address === '' ? '' : `${steps.join('.')}.`;
  return resourceId(`${context.input.repository}/${withoutRegion(directoryOf(file.path))}#${prefix}${key}`);
};

interface StateInstance {
  readonly type: string;
  readonly name: string;
  readonly module: string;
  readonly provider: string;
  readonly attributes: JsonFields;
  /** Texts that stand where it begins, in their order. */
  readonly heads: readonly string[];
}

const seenIn = (context: Context, file: RepositoryFile, instances: readonly StateInstance[]): readonly Seen[] => {
  const lines = new LinesAhead(file.text);
  // What has no place of its own lies where its provider's other resources lie.
  const ofProvider = new Map<string, string>();
  for (const { provider, attributes } of instances) {
    const region = placeIn(attributes)?.region;
    if (region !== undefined && !ofProvider.has(provider)) {
      ofProvider.set(provider, region);
    }
  }
  return instances
    .filter(({ type }) => type.startsWith('aws_'))
    .map(({ type, name, module, provider, attributes, heads }): Seen => {
      const key = `${type}.${name}`;
      const address = addressOf(module);
      const id = idOf(context, file, address, key);
      const where = placeIn(attributes);
      const named = heads.map((head) => lines.next(head)).at(-1) ?? lines.next(name);
      const line = where === undefined ? named : lines.next(where.text);
      const region = where?.region ?? ofProvider.get(provider);
      if (region !== undefined) {
        const observed = `${directoryOf(file.path)}#${address === '' ? '' : `${address}.`}${key}`;
        context.observed.set(observed, { region, path: file.path, line });
      }
      return { id, word: type, name, attributes, region, line };
    });
};

const stateInstances = (state: JsonFields): readonly StateInstance[] =>
  fieldsIn(state['resources'])
    .filter((resource) => resource['mode'] === 'managed')
    .flatMap((resource) => {
      const [type = '', name = '', module = '', provider = ''] = ['type', 'name', 'module', 'provider'].map(
        (key) => textIn(resource, key) ?? '',
      );
      return fieldsIn(resource['instances']).map((instance, at): StateInstance => ({
        type,
        name,
        module,
        provider,
        attributes: inner(instance, 'attributes'),
        heads: at === 0 ? [type, name] : [],
      }));
    });

const MODULES_MAX = 20;

/** `terraform show -json`: the same, by modules. */
const shownInstances = (module: JsonFields, depth = 0): readonly StateInstance[] => [
  ...fieldsIn(module['resources'])
    .filter((resource) => resource['mode'] === 'managed')
    .map((resource): StateInstance => ({
      type: textIn(resource, 'type') ?? '',
      name: textIn(resource, 'name') ?? '',
      module: textIn(module, 'address') ?? '',
      provider: textIn(module, 'address') ?? '',
      attributes: inner(resource, 'values'),
      heads: [textIn(resource, 'address') ?? ''],
    })),
  ...(depth > MODULES_MAX
    ? []
    : fieldsIn(module['child_modules']).flatMap((child) => shownInstances(child, depth + 1))),
];

const exportedResources = (context: Context, file: RepositoryFile, deployment: JsonFields): readonly Seen[] => {
  const lines = new LinesAhead(file.text);
  const resources = fieldsIn(deployment['resources']);
  const providers = new Map(
    resources.map((resource) => [
      `${textIn(resource, 'urn') ?? ''}::${textIn(resource, 'id') ?? ''}`,
      textIn(inner(resource, 'inputs'), 'region'),
    ]),
  );
  return (
    resources
      // What waits to be deleted was replaced.
      .filter((resource) => (textIn(resource, 'type') ?? '').startsWith('aws:') && resource['delete'] !== true)
      .map((resource): Seen => {
        const outputs = inner(resource, 'outputs');
        const urn = textIn(resource, 'urn') ?? '';
        const name = urn.split('::').at(-1) ?? '';
        const named = lines.next(urn);
        const where = placeIn(outputs);
        const region = where?.region ?? providers.get(textIn(resource, 'provider') ?? '');
        return {
          id: resourceId(`${context.input.repository}/pulumi#${withoutRegion(name)}`),
          word: pulumiWord(textIn(resource, 'type') ?? ''),
          name,
          attributes: outputs,
          region: region !== undefined && isRegion(region) ? region : undefined,
          line: where === undefined ? named : lines.next(where.text),
        };
      })
  );
};

/** By its path alone, since a change of such a file makes its whole repository be read again: `exports/prod.json`. */
export const isObserved = (path: string): boolean =>
  /\.tfstate$|(?:stack|export|state|show|snapshot|pulumi)[\w./-]*\.json$/iu.test(path);

const seenOf = (context: Context, file: RepositoryFile, fields: JsonFields): readonly Seen[] | undefined => {
  // A bucket of Pulumi's own states writes the same as a checkpoint.
  const latest = inner(inner(fields, 'checkpoint'), 'latest');
  const deployment = Array.isArray(latest['resources']) ? latest : inner(fields, 'deployment');
  const shown = inner(fields, 'values');
  if (fields['version'] === 4 && Array.isArray(fields['resources'])) {
    return seenIn(context, file, stateInstances(fields));
  }
  if (isJsonFields(shown['root_module'])) {
    return seenIn(context, file, shownInstances(inner(shown, 'root_module')));
  }
  return Array.isArray(deployment['resources']) ? exportedResources(context, file, deployment) : undefined;
};

/** Reads states first: where a declared Region is unknown, an observed one decides. */
export const extractObserved = (context: Context): void => {
  for (const file of context.input.files.filter(({ path }) => isObserved(path) && deadReason(path) === undefined)) {
    try {
      const value: unknown = JSON.parse(file.text);
      const fields = isJsonFields(value) ? value : {};
      const seen = seenOf(context, file, fields);
      if (seen !== undefined) {
        context.decided.add(file.path);
        emitSeen(context, file, seen);
      }
    } catch (error) {
      if (file.path.endsWith('.tfstate')) {
        const { line, column, near } = jsonError(file.text, error);
        const expression = `not a state at ${file.path}:${line}:${column}: ${near}`;
        context
          .facts(file.path)
          .unknown({ subject: context.owners.of(file.path), reason: 'unparseable', expression, line, column });
      }
    }
  }
};
