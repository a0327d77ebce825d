/**
 * Which provider a block uses, and so its Region: the block's own `region` (AWS provider 6 and later), the provider that it
 * names, the default provider, in this order. No provider, or one without a Region, is unknown: the environment decides it.
 */
import type { Scope, Provider } from './scope.ts';
import { attributeOf, type Block, type Expression, type Step } from './syntax.ts';
import { decidedAt, orNull, textOf, unknown, type Value } from './value.ts';

type Evaluate = (expression: Expression) => Value;

/** The local name of the provider that types of this prefix belong to. */
export const providerName = (type: string): string => type.slice(0, type.includes('_') ? type.indexOf('_') : undefined);

const stepText = (step: Step | undefined, evaluate: Evaluate): string | undefined =>
  step === undefined || typeof step === 'string' ? step : textOf(evaluate(step));

export const providerByReference = (
  expression: Expression,
  providers: ReadonlyMap<string, Provider>,
  evaluate: Evaluate,
): Provider | undefined => {
  if (expression.kind === 'literal') {
    return providers.get(String(expression.value));
  }
  if (expression.kind !== 'reference') {
    return undefined;
  }
  const [alias, instance] = expression.steps;
  const name = alias === undefined ? expression.root : `${expression.root}.${String(stepText(alias, evaluate))}`;
  const provider = providers.get(name);
  const key = stepText(instance, evaluate);
  return instance === undefined ? provider : provider?.instances?.get(key ?? '');
};

const missing = (text: string, block: Block): Provider => ({
  region: unknown(text),
  at: { line: block.line },
  tags: undefined,
});

export const providerOf = (block: Block, scope: Scope, evaluate: Evaluate): Provider => {
  const type = block.labels[0] ?? '';
  const given = attributeOf(block, 'provider')?.value;
  const name = given === undefined ? providerName(type) : given.text;
  const provider =
    given === undefined
      ? scope.providers.get(providerName(type))
      : providerByReference(given, scope.providers, evaluate);
  const own = attributeOf(block, 'region');
  const found = provider ?? missing(`provider ${name} is not configured here`, block);
  if (own === undefined) {
    return found;
  }
  const region = orNull(evaluate(own.value));
  // An input that was left out is null, and means the provider's Region.
  return region.kind === 'scalar' && region.value === null
    ? found
    : { ...found, region: decidedAt(region, { line: own.line }), at: { line: own.line } };
};
