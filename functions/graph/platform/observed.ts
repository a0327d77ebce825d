/** What was observed: Terraform state (version 4) and exported Pulumi stacks. Values of resources are not kept, only where they are. */
import { type JsonFields, isJsonFields } from '../../domain/json-fields.ts';
import { resourceId } from '../facts/vocabulary.ts';
import { literalsIn } from '../region/literals.ts';
import { isRegion, withoutRegion } from '../region/names.ts';
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

const regionIn = (attributes: JsonFields): string | undefined => {
  const own = textIn(attributes, 'region');
  const arn = literalsIn(textIn(attributes, 'arn') ?? '')[0]?.region;
  return arn ?? (own !== undefined && isRegion(own) ? own : undefined);
};

const directoryOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

interface Seen {
  readonly id: string;
  readonly word: string;
  readonly name: string;
  readonly attributes: JsonFields;
  readonly region: string | undefined;
}

const changeRule = (word: string): string | undefined => {
  if (isCertificate(word)) {
    return USE_RULES.certificate.id;
  }
  return isSupporting(word) ? USE_RULES.supporting.id : undefined;
};

const emitSeen = (context: Context, { path, text }: RepositoryFile, seen: readonly Seen[]): void => {
  const lines = text.split('\n');
  for (const { id, word, name, attributes, region } of seen) {
    const rule = controlPlaneOf(word);
    const line =
      Math.max(
        0,
        lines.findIndex((one) => one.includes(`"${name}"`)),
      ) + 1;
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

const stateResources = (context: Context, file: RepositoryFile, state: JsonFields): readonly Seen[] =>
  fieldsIn(state['resources'])
    .filter((resource) => resource['mode'] === 'managed')
    .flatMap((resource) => {
      const [type, name, module] = ['type', 'name', 'module'].map((key) => textIn(resource, key) ?? '');
      const key = `${type ?? ''}.${name ?? ''}`;
      const address = (module ?? '').replaceAll(/\[[^\]]*\]/gu, '');
      const prefix =
        address === ''
          ? ''
          : `${address
              .split('.')
              .map((part) => (part === 'module' ? part : withoutRegion(part)))
              .join('.')}.`;
      const id = resourceId(`${context.input.repository}/${withoutRegion(directoryOf(file.path))}#${prefix}${key}`);
      return fieldsIn(resource['instances']).map((instance): Seen => {
        const attributes = inner(instance, 'attributes');
        const region = regionIn(attributes);
        if (region !== undefined) {
          context.observed.set(`${directoryOf(file.path)}#${address === '' ? '' : `${address}.`}${key}`, {
            region,
            path: file.path,
            line: 1,
          });
        }
        return { id, word: type ?? '', name: name ?? '', attributes, region };
      });
    })
    .filter(({ word }) => word.startsWith('aws_'));

const exportedResources = (context: Context, deployment: JsonFields): readonly Seen[] => {
  const resources = fieldsIn(deployment['resources']);
  const providers = new Map(
    resources.map((resource) => [
      `${textIn(resource, 'urn') ?? ''}::${textIn(resource, 'id') ?? ''}`,
      textIn(inner(resource, 'inputs'), 'region'),
    ]),
  );
  return resources
    .filter((resource) => (textIn(resource, 'type') ?? '').startsWith('aws:'))
    .map((resource): Seen => {
      const outputs = inner(resource, 'outputs');
      const urn = textIn(resource, 'urn') ?? '';
      const name = urn.split('::').at(-1) ?? '';
      const region = regionIn(outputs) ?? providers.get(textIn(resource, 'provider') ?? '');
      return {
        id: resourceId(`${context.input.repository}/pulumi#${withoutRegion(name)}`),
        word: pulumiWord(textIn(resource, 'type') ?? ''),
        name,
        attributes: outputs,
        region: region !== undefined && isRegion(region) ? region : undefined,
      };
    });
};

const isObserved = (path: string): boolean =>
  /\.tfstate$|(?:^|\/)(?:[\w.-]*stack[\w.-]*|[\w.-]*export[\w.-]*|[\w.-]*state[\w.-]*)\.json$/iu.test(path);

/** Reads states first: where a declared Region is unknown, an observed one decides. */
export const extractObserved = (context: Context): void => {
  for (const file of context.input.files.filter(({ path }) => isObserved(path) && deadReason(path) === undefined)) {
    try {
      const value: unknown = JSON.parse(file.text);
      const fields = isJsonFields(value) ? value : {};
      const deployment = inner(fields, 'deployment');
      if (fields['version'] === 4 && Array.isArray(fields['resources'])) {
        emitSeen(context, file, stateResources(context, file, fields));
      } else if (Array.isArray(deployment['resources'])) {
        emitSeen(context, file, exportedResources(context, deployment));
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
