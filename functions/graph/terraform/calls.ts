/**
 * Calls of modules that lie elsewhere: what they make is not seen, but it is made with the providers that are handed over, so it
 * lies in their Regions. A local module that is missing is unknown.
 */
import { isRegion } from '../region/names.ts';
import { CONTROL_PLANE_RULES, type ControlPlaneRule, USE_RULES } from '../region/rules.ts';
import { type Context, place } from '../repository/context.ts';
import { cutExpression } from '../facts/expression-text.ts';
import { resourceId } from '../facts/vocabulary.ts';
import { evaluate } from './evaluate.ts';
import { scopesOf } from './instances.ts';
import { localSource, type Module } from './module.ts';
import { providerByReference } from './providers.ts';
import { environmentName, instanceId } from './resources.ts';
import type { Provider, Scope } from './scope.ts';
import { attributeOf, type Block, type Expression } from './syntax.ts';
import { decidedAt, scalar, textOf, unknown, type Value } from './value.ts';

const REGION_INPUTS = ['region', 'aws_region'];

/** The Region that is given as an input, or those of the providers that are handed over. */
const regionsOf = (call: Block, scope: Scope): readonly Value[] => {
  const evaluated = (expression: Expression): Value => evaluate(expression, scope);
  const inputs = REGION_INPUTS.flatMap((name) => attributeOf(call, name) ?? []).map(({ value, line }) =>
    decidedAt(evaluated(value), { line }),
  );
  const given = inputs.filter((value) => isRegion(textOf(value) ?? ''));
  if (given.length > 0) {
    return given;
  }
  const providers = attributeOf(call, 'providers')?.value;
  const named: readonly (Provider | undefined)[] =
    providers?.kind === 'object'
      ? providers.entries.map(([, value]) => providerByReference(value, scope.providers, evaluated))
      : [scope.providers.get('aws')];
  return named.map((provider) => provider?.region ?? unknown('provider aws is not configured here'));
};

/** Hosts of repositories say nothing about what lies in them. */
const HOSTS =
  /(?:git@|\/\/(?:[^/@\s]{1,100}@)?)?(?:www\.)?(?:github|gitlab|bitbucket)[\w.-]{0,100}\.(?:com|org|net|io)[:/]/giu;

const isAboutAws = (source: string): boolean =>
  !/(?:google|azurerm?|kubernetes|helm|github|datadog|gcp)/iu.test(source.replaceAll(HOSTS, '/'));

/** A module that is named after a global service makes what that service's rule is about. */
const globalRule = (source: string): ControlPlaneRule | undefined => {
  const words = source.toLowerCase().split(/[^a-z0-9]+/u);
  return CONTROL_PLANE_RULES.find(({ service }) => words.includes(service));
};

const isCertificateSource = (source: string): boolean => /(?:^|[^a-z])acm(?:[^a-z]|$)/iu.test(source);

export const emitCalls = (context: Context, module: Scope, modules: ReadonlyMap<string, Module>): void => {
  for (const [name, { path, is }] of module.module.calls) {
    const source = attributeOf(is, 'source')?.value;
    const from = textOf(source === undefined ? undefined : evaluate(source, module)) ?? '';
    const local = localSource(is, module.module.directory);
    const facts = context.facts(path);
    const component = context.owners.of(module.root === '' ? path : `${module.root}/main.tf`);
    const at = { path, line: is.line };
    if (local !== undefined && !modules.has(local)) {
      const expression = cutExpression(`module.${name}: ${from} is not in this repository`);
      facts.unknown({ subject: component, reason: 'unresolved-reference', expression, line: is.line });
      facts.tie({ from: component, region: undefined, tie: 'runtime', level: 'declared', at: [at], expression });
    }
    const rule = globalRule(from);
    if (local === undefined && isAboutAws(from)) {
      const id = instanceId(context, module, `module.${name}`);
      facts.node({ id, name: `module.${name}`, attributes: { type: 'module', source: cutExpression(from) }, at });
      facts.edge(component, 'dependsOn', id, 'declared', [at]);
      facts.edge(component, 'builtFrom', resourceId(`module/${cutExpression(from)}`), 'declared', [at]);
      const regions = rule === undefined ? scopesOf(is, module).flatMap((scope) => regionsOf(is, scope)) : [];
      const change = isCertificateSource(from) ? USE_RULES.certificate.id : undefined;
      for (const region of rule === undefined ? regions : [scalar(rule.regions.aws ?? null)]) {
        const known = textOf(region);
        const changes = rule?.id ?? change;
        place(context, component, changes === undefined ? known : undefined);
        facts.tie({
          from: component,
          region: known,
          tie: changes === undefined ? 'runtime' : 'control-plane',
          level: 'declared',
          at: [at, ...region.at],
          environment: environmentName(module.environment),
          via: id,
          rule: changes,
          ...(region.kind === 'unknown' ? { expression: region.expression } : {}),
        });
      }
    }
  }
};
