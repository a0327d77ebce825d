/** CloudFormation, SAM and what CDK writes: resources of templates, where their stacks are, exports and imports. */
import { aliasId, type Place, regionId, resourceId } from '../facts/vocabulary.ts';
import type { FactsBuilder, TieInput } from '../facts/builder.ts';
import { withoutRegion } from '../region/names.ts';
import { controlPlaneOf, isCertificate, isSupporting, USE_RULES } from '../region/rules.ts';
import { cloudFormationType, terraformWord } from '../region/services.ts';
import { type Context, place } from '../repository/context.ts';
import { deadReason } from '../repository/dead.ts';
import { at, type Data, type DataEntry, entriesAt, textAt } from '../syntax/data.ts';
import {
  nameOfResource,
  namesIn,
  namesOf,
  openReplicas,
  placesOf,
  replicaLines,
  type Resource,
  type Stack,
} from './copies.ts';
import { findStackRegions } from './stack-regions.ts';
import { emitInstances, emitStackSet, isStackSet } from './stack-sets.ts';
import { conditionHolds, type Names, readTemplate, usesIn, valueOf } from './template.ts';
import { emitGlobals, emitUses } from './uses.ts';

const isTemplatePath = (path: string): boolean => /\.(?:ya?ml|template|json)$/u.test(path);
const MARK = /AWSTemplateFormatVersion|AWS::\w+::\w+/u;

const stacksOf = (context: Context): readonly Stack[] => {
  const regionsOf = findStackRegions(context);
  return context.input.files
    .filter(({ path, text }) => isTemplatePath(path) && deadReason(path) === undefined && MARK.test(text))
    .flatMap((file): readonly Stack[] => {
      const { documents, error } = context.data(file);
      const template = readTemplate(file.path, documents);
      if (template === undefined) {
        if (error !== undefined && file.text.includes('AWSTemplateFormatVersion')) {
          listError(context, file.path, error);
        }
        return [];
      }
      const regions = regionsOf(file.path);
      return regions.length === 0
        ? [{ template, place: undefined }]
        : regions.map((region) => ({ template, place: region }));
    });
};

const listError = (context: Context, path: string, error: { line: number; column: number; near: string }): void => {
  const component = context.owners.of(path);
  const expression = `not a template at ${path}:${error.line}:${error.column}: ${error.near}`;
  const facts = context.facts(path);
  facts.unknown({ subject: component, reason: 'unparseable', expression, line: error.line, column: error.column });
  facts.tie({
    from: component,
    region: undefined,
    tie: 'runtime',
    level: 'declared',
    at: [{ line: error.line }],
    expression,
  });
};

const tagged = (context: Context, entry: DataEntry): string | undefined => {
  const tags = at(entry.value, 'Properties', 'Tags');
  const pairs =
    tags?.kind === 'list'
      ? tags.items.map((tag) => [textAt(tag, 'Key'), textAt(tag, 'Value')])
      : entriesAt(tags).map(({ key, value }) => [key, textAt(value)]);
  const name = pairs.find(([key]) => /^(?:service|app|application|component)$/iu.test(key ?? ''))?.[1];
  return name === undefined ? undefined : context.owners.named(name);
};

/** Without what a condition leaves out where it is deployed, and what CDK writes for its own statistics. */
const existing = (stack: Stack): readonly DataEntry[] =>
  stack.template.resources.filter(
    ({ value }) =>
      textAt(value, 'Type') !== 'AWS::CDK::Metadata' &&
      conditionHolds(textAt(value, 'Condition') ?? '', namesOf(stack)) !== false,
  );

const resourcesOf = (context: Context, stack: Stack): readonly Resource[] =>
  existing(stack).map((entry) => {
    const type = textAt(entry.value, 'Type') ?? '';
    const owner = context.owners.of(stack.template.path);
    const component = tagged(context, entry) ?? owner;
    if (component !== owner && !context.owners.isDeclared(component)) {
      context.facts(stack.template.path).fallback(component, owner);
    }
    return {
      stack,
      entry,
      type,
      id: resourceId(`${context.input.repository}/${withoutRegion(stack.template.path)}#${entry.key}`),
      word: terraformWord(type),
      component,
    };
  });

interface Emission {
  readonly context: Context;
  readonly facts: FactsBuilder;
  readonly resource: Resource;
  readonly places: ReadonlyMap<string, ReadonlySet<string>>;
}

const changeRule = (word: string, isFirewall: boolean): string => {
  if (isFirewall) {
    return USE_RULES.cloudfrontFirewall.id;
  }
  return isCertificate(word) ? USE_RULES.certificate.id : USE_RULES.supporting.id;
};

const tieOf = ({ resource, places }: Emission, from: string, more: readonly Place[] = []): TieInput => {
  const { stack, entry, word, id } = resource;
  const isFirewall = word === 'aws_wafv2_web_acl' && textAt(entry.value, 'Properties', 'Scope') === 'CLOUDFRONT';
  const isChange = isSupporting(word) || isCertificate(word) || isFirewall;
  const environment = stack.place?.environment === undefined ? undefined : withoutRegion(stack.place.environment);
  const regions = places.get(`${environment ?? ''} ${id}`) ?? new Set();
  return {
    from,
    region: stack.place?.region,
    tie: isChange ? 'control-plane' : 'runtime',
    level: 'declared',
    at: [
      ...more,
      { path: stack.template.path, line: entry.line },
      ...(stack.place === undefined ? [] : [stack.place.at]),
    ],
    alternates: [...regions].filter((region) => region !== stack.place?.region),
    environment,
    via: id,
    ...(isChange ? { rule: changeRule(word, isFirewall) } : {}),
    ...(stack.place === undefined ? { expression: 'AWS::Region: no file says where this template is deployed' } : {}),
  };
};

const emitPlace = (emission: Emission): void => {
  const { context, facts, resource } = emission;
  if (isStackSet(resource) && emitStackSet(context, resource)) {
    return;
  }
  const rule = controlPlaneOf(resource.word);
  if (rule !== undefined) {
    const { via, at: proof } = tieOf(emission, resource.component);
    facts.tie({
      from: resource.component,
      region: rule.regions.aws,
      tie: 'control-plane',
      level: 'declared',
      at: proof,
      rule: rule.id,
      ...(via === undefined ? {} : { via }),
    });
    return;
  }
  const tie = tieOf(emission, resource.component);
  facts.tie(tie);
  const { via: _itself, ...own } = tieOf(emission, resource.id);
  facts.tie(own);
  place(context, resource.component, tie.tie === 'runtime' ? tie.region : undefined);
  for (const region of tie.alternates ?? []) {
    const all = [...(tie.alternates ?? []), ...(tie.region === undefined ? [] : [tie.region])];
    facts.tie({ ...tie, region, alternates: all, at: [...tie.at, ...replicaLines(resource, region)] });
    facts.edge(resource.id, 'replicatesTo', regionId(region), 'declared', tie.at);
  }
  for (const { text, line } of openReplicas(resource)) {
    facts.tie({ ...tie, region: undefined, at: [{ line }, ...tie.at], expression: text });
  }
  const name = nameOfResource(resource, namesIn(resource));
  const service = cloudFormationType(resource.type)?.service;
  if (name !== undefined && service !== undefined) {
    for (const alias of [
      aliasId(service, name),
      ...(tie.region === undefined ? [] : [aliasId(service, name, tie.region)]),
    ]) {
      facts.edge(alias, 'names', resource.id, 'declared', tie.at, { alternates: tie.alternates ?? [] });
    }
    facts.tie(tieOf(emission, aliasId(service, name)));
  }
};

const exportName = (output: Data, names: Names): string | undefined => {
  const name = valueOf(at(output, 'Export', 'Name'), names);
  return name === undefined || name.includes('${') ? undefined : name;
};

const emitExports = (context: Context, resources: readonly Resource[], places: Emission['places']): void => {
  const byKey = new Map(
    resources.map((resource) => [
      `${resource.stack.template.path} ${resource.stack.place?.region ?? ''} ${resource.entry.key}`,
      resource,
    ]),
  );
  for (const stack of new Set(resources.map((resource) => resource.stack))) {
    const names = namesOf(stack);
    for (const { value, line } of entriesAt(stack.template.root, 'Outputs')) {
      const name = exportName(value, names);
      for (const use of name === undefined ? [] : usesIn(at(value, 'Value') ?? value, names)) {
        const resource =
          use.kind === 'resource'
            ? byKey.get(`${stack.template.path} ${stack.place?.region ?? ''} ${use.id}`)
            : undefined;
        if (resource !== undefined) {
          const facts = context.facts(stack.template.path);
          const alias = aliasId('export', name ?? '');
          facts.edge(alias, 'names', resource.id, 'declared', [{ line }]);
          facts.tie(tieOf({ context, facts, resource, places }, alias, [{ line }]));
        }
      }
    }
  }
};

export const extractCloudFormation = (context: Context): void => {
  const stacks = stacksOf(context);
  const resources = stacks.flatMap((stack) => resourcesOf(context, stack));
  const places = placesOf(resources);
  for (const resource of resources) {
    const facts = context.facts(resource.stack.template.path);
    const emission = { context, facts, resource, places };
    const line = resource.entry.line;
    facts.node({ id: resource.id, name: resource.entry.key, attributes: { type: resource.type }, at: { line } });
    facts.edge(resource.component, 'dependsOn', resource.id, 'declared', [{ line }]);
    emitPlace(emission);
    emitUses(context, resource, new Set(resource.stack.template.resources.map(({ key }) => key)));
  }
  stacks.forEach((stack) => {
    emitGlobals(context, stack);
  });
  emitExports(context, resources, places);
  emitInstances(context);
};
