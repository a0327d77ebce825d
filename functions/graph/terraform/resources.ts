/** The resources of all instances: what each is called, where it lies, whose it is. */
import { resourceId } from '../facts/vocabulary.ts';
import type { Context } from '../repository/context.ts';
import { isRegion, withoutRegion } from '../region/names.ts';
import { LIMITS } from '../../domain/limits.ts';
import { evaluate } from './evaluate.ts';
import type { Placed } from './module.ts';
import { scopesOf } from './instances.ts';
import { providerName, providerOf } from './providers.ts';
import type { Provider, Scope } from './scope.ts';
import { attributeOf, type Block, type Expression } from './syntax.ts';
import { scalar, textOf, type Value } from './value.ts';

export interface Instance {
  readonly id: string;
  /** `aws_sqs_queue.orders`. */
  readonly key: string;
  readonly type: string;
  readonly path: string;
  readonly block: Block;
  /** With the iteration of this instance. */
  readonly scope: Scope;
  /** The instance of the module, without the iteration: what references name. */
  readonly module: Scope;
  readonly provider: Provider;
  /** Undefined where it is not known. */
  readonly region: string | undefined;
  readonly environment: string | undefined;
  readonly component: string;
}

const TAG_KEYS: ReadonlySet<string> = new Set([
  'service',
  'app',
  'application',
  'component',
  'app.kubernetes.io/name',
  'backstage.io/component',
]);

const taggedComponent = (context: Context, tags: Value | undefined): string | undefined => {
  const entries = tags?.kind === 'object' ? [...tags.entries] : [];
  const names = entries.filter(([key]) => TAG_KEYS.has(key.toLowerCase())).map(([, value]) => textOf(value) ?? '');
  return names
    .map((name) => (/^[\w./-]{1,63}$/u.test(name) ? context.owners.named(name) : undefined))
    .find((id) => id !== undefined);
};

/** `prod-us-east-1` and `prod-eu-west-1` are one environment in two Regions. */
export const environmentName = (environment: string | undefined): string | undefined => {
  const name = environment === undefined ? '' : withoutRegion(environment);
  return name === '' ? undefined : name;
};

/** Equal for instances of the same declaration that differ only in their Region. */
export const instanceId = (context: Context, module: Scope, key: string): string => {
  const root = withoutRegion(module.root);
  const address = module.address.split('.').map((part) => (part === 'module' ? part : withoutRegion(part)));
  const prefix = module.address === '' ? '' : `${address.join('.')}.`;
  return resourceId(`${context.input.repository}/${root}#${prefix}${key}`);
};

const iterationSuffix = (scope: Scope): string => {
  const key = textOf(scope.iteration?.key);
  const rest = key === undefined ? '' : withoutRegion(key);
  return rest === '' || /^\d+$/u.test(rest) ? '' : `["${rest}"]`;
};

/** What is no Region's name is none: an unknown, with the text. */
const regionIn = (value: Value): string | undefined => {
  const text = textOf(value);
  return text !== undefined && isRegion(text) ? text : undefined;
};

/** Where a state file saw the resource, when its declaration does not say. */
const observedProvider = (context: Context, module: Scope, key: string, provider: Provider): Provider => {
  const prefix = module.address === '' ? '' : `${module.address}.`;
  const seen =
    regionIn(provider.region) === undefined ? context.observed.get(`${module.root}#${prefix}${key}`) : undefined;
  return seen === undefined
    ? provider
    : { ...provider, region: scalar(seen.region, [{ path: seen.path, line: seen.line }]) };
};

const evaluator =
  (scope: Scope) =>
  (expression: Expression): Value =>
    evaluate(expression, scope);

const instanceOf = (
  context: Context,
  module: Scope,
  scope: Scope,
  key: string,
  { path, is: block }: Placed<Block>,
): Instance => {
  const provider = observedProvider(context, module, key, providerOf(block, scope, evaluator(scope)));
  const tags = attributeOf(block, 'tags')?.value;
  const owner = context.owners.of(module.root === '' ? path : `${module.root}/main.tf`);
  const component =
    taggedComponent(context, tags === undefined ? undefined : evaluate(tags, scope)) ??
    taggedComponent(context, provider.tags) ??
    owner;
  if (component !== owner && !context.owners.isDeclared(component)) {
    context.facts(path).fallback(component, owner);
  }
  return {
    id: `${instanceId(context, module, key)}${iterationSuffix(scope)}`,
    key,
    type: block.labels[0] ?? '',
    path,
    block,
    scope,
    module,
    provider,
    region: regionIn(provider.region),
    environment: environmentName(module.environment),
    component,
  };
};

/** Of all instances of all modules; a repository that makes more is cut, and says so. */
export const instancesIn = (context: Context, scopes: readonly Scope[]): readonly Instance[] => {
  const instances: Instance[] = [];
  for (const module of scopes) {
    for (const [key, resource] of module.module.resources) {
      if (instances.length > LIMITS.graphResourcesMax) {
        const expression = `more than ${LIMITS.graphResourcesMax} resources`;
        const subject = context.owners.of(resource.path);
        context.facts(resource.path).unknown({ subject, reason: 'too-large', expression, line: resource.is.line });
        return instances;
      }
      instances.push(
        ...scopesOf(resource.is, module).map((scope) => instanceOf(context, module, scope, key, resource)),
      );
    }
  }
  return instances;
};

export const isAws = ({ type }: Pick<Instance, 'type'>): boolean => ['aws', 'awscc'].includes(providerName(type));
