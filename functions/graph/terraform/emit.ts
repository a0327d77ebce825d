/** One resource instance: its node, its Region or why there is none, its names, and whose resources it uses. */
import type { FactsBuilder, TieInput } from '../facts/builder.ts';
import { aliasId, type Place, regionId, type Tie } from '../facts/vocabulary.ts';
import { partitionOf, regionOfZone } from '../region/names.ts';
import { controlPlaneOf, isCertificate, isSupporting, USE_RULES } from '../region/rules.ts';
import { terraformType } from '../region/services.ts';
import { type Context, place } from '../repository/context.ts';
import { emitLiterals, regionOfSetting } from '../repository/emit-literals.ts';
import { stateOutput } from './backends.ts';
import { evaluate } from './evaluate.ts';
import { instanceKey, type InstanceIndex } from './instance-index.ts';
import { expressionsOf, type Reference, referencesOf, textsOf } from './references.ts';
import type { Alternates } from './replicas.ts';
import { type Instance, isAws } from './resources.ts';
import { emitSettings } from './settings.ts';
import { attributeOf } from './syntax.ts';
import { isUnknown, textOf } from './value.ts';

export interface Emission {
  readonly context: Context;
  readonly instance: Instance;
  readonly alternates: Alternates;
  readonly index: InstanceIndex;
  /** Rules for what a distribution uses. */
  readonly uses: ReadonlyMap<string, string>;
}

export interface ResourceTie {
  readonly tie: Exclude<Tie, 'unknown'>;
  readonly rule?: string;
}

const isGlobalFirewall = ({ type, block, scope }: Instance): boolean =>
  type === 'aws_wafv2_web_acl' &&
  textOf(evaluate(attributeOf(block, 'scope')?.value ?? { kind: 'other', parts: [], line: 0, text: '' }, scope)) ===
    'CLOUDFRONT';

export const tieOf = (instance: Instance, uses: ReadonlyMap<string, string>): ResourceTie => {
  const used = uses.get(instanceKey(instance));
  if (used !== undefined) {
    return { tie: 'control-plane', rule: used };
  }
  if (isGlobalFirewall(instance)) {
    return { tie: 'control-plane', rule: USE_RULES.cloudfrontFirewall.id };
  }
  if (isCertificate(instance.type)) {
    return { tie: 'control-plane', rule: USE_RULES.certificate.id };
  }
  return isSupporting(instance.type) ? { tie: 'control-plane', rule: USE_RULES.supporting.id } : { tie: 'runtime' };
};

const here = ({ path, block }: Instance): Place => ({ path, line: block.line });

const proofOf = (instance: Instance): readonly Place[] => [
  here(instance),
  ...instance.provider.region.at.map((at) => (at.path === undefined ? { ...at, path: instance.path } : at)),
];

const others = ({ alternates, instance }: Emission): readonly string[] =>
  [...(alternates.get(instanceKey(instance))?.keys() ?? [])].filter((region) => region !== instance.region);

/** A tie of a component, or of a name, to wherever the instance lies. */
const tieTo = (emission: Emission, from: string, at: readonly Place[]): TieInput => {
  const { instance, uses } = emission;
  const { region } = instance.provider;
  return {
    from,
    region: instance.region,
    level: 'declared',
    at,
    alternates: others(emission),
    environment: instance.environment,
    via: instance.id,
    ...(instance.region === undefined
      ? { expression: isUnknown(region) ? region.expression : (textOf(region) ?? '') }
      : {}),
    ...tieOf(instance, uses),
  };
};

const emitGlobal = (facts: FactsBuilder, { instance }: Emission): boolean => {
  const rule = controlPlaneOf(instance.type);
  if (rule === undefined) {
    return false;
  }
  const region = rule.regions[instance.region === undefined ? 'aws' : partitionOf(instance.region)];
  if (region !== undefined) {
    facts.tie({
      from: instance.component,
      region,
      tie: 'control-plane',
      level: 'declared',
      at: [here(instance)],
      environment: instance.environment,
      via: instance.id,
      rule: rule.id,
    });
  }
  return true;
};

const emitPlace = (facts: FactsBuilder, emission: Emission): void => {
  const { context, instance, uses } = emission;
  const at = proofOf(instance);
  facts.tie(tieTo(emission, instance.component, at));
  const { via: _itself, ...own } = tieTo(emission, instance.id, at);
  facts.tie(own);
  if (tieOf(instance, uses).tie === 'runtime') {
    place(context, instance.component, instance.region);
  }
  for (const region of others(emission)) {
    const all = [...others(emission), ...(instance.region === undefined ? [] : [instance.region])];
    const named = emission.alternates.get(instanceKey(instance))?.get(region) ?? [];
    const proof = [...at.slice(0, 1), ...named];
    facts.tie({ ...tieTo(emission, instance.component, proof), region, alternates: all });
    facts.edge(instance.id, 'replicatesTo', regionId(region), 'declared', proof);
  }
};

/** Names: with the Region for those who know it, without for those who don't. */
const emitNames = (facts: FactsBuilder, emission: Emission): void => {
  const { instance, index } = emission;
  const type = terraformType(instance.type);
  const attribute = type === undefined ? undefined : attributeOf(instance.block, type.terraformName);
  const name = attribute === undefined ? undefined : textOf(evaluate(attribute.value, instance.scope));
  if (type === undefined || name === undefined || name === '') {
    return;
  }
  const bare = aliasId(type.service, name);
  const regions = [...(instance.region === undefined ? [] : [instance.region]), ...others(emission)];
  facts.edge(bare, 'names', instance.id, 'declared', [here(instance)], { alternates: others(emission) });
  // A copy is known under the same name in its own Region.
  const located = regions.map((region) => aliasId(type.service, name, region));
  regions.forEach((region) => {
    const alternates = regions.filter((other) => other !== region);
    facts.edge(aliasId(type.service, name, region), 'names', instance.id, 'declared', [here(instance)], { alternates });
  });
  facts.tie(tieTo(emission, bare, proofOf(instance)));
  // Who reads a parameter depends on what it points at, wherever that lies.
  const value = instance.type === 'aws_ssm_parameter' ? attributeOf(instance.block, 'value')?.value : undefined;
  const targets = value === undefined ? [] : referencesOf(value, instance.scope);
  for (const target of targets.flatMap((one) => (one.kind === 'resource' ? index.of(one) : []))) {
    for (const alias of [bare, ...located]) {
      facts.tie(tieTo({ ...emission, instance: target }, alias, [here(instance), ...proofOf(target)]));
    }
  }
};

const emitReference = (facts: FactsBuilder, emission: Emission, reference: Reference, line: number): void => {
  const { instance, index } = emission;
  const at: Place = { path: instance.path, line };
  if (reference.kind === 'state') {
    const output = stateOutput(reference);
    if (output === undefined) {
      const expression = `data.terraform_remote_state.${reference.data.is.labels[1] ?? ''}.outputs.${reference.output}`;
      facts.unknown({ subject: instance.id, reason: 'unresolved-reference', expression, line });
    } else {
      facts.uses(instance.component, 'tfstate', output, undefined, {
        tie: 'runtime',
        level: 'declared',
        at: [at, { path: reference.data.path, line: reference.data.is.line }],
        expression: `output ${output}`,
      });
    }
    return;
  }
  for (const target of reference.kind === 'resource' ? index.of(reference) : []) {
    if (target.id !== instance.id) {
      facts.edge(instance.id, 'dependsOn', target.id, 'declared', [at]);
    }
    if (target.component !== instance.component && isAws(target) && controlPlaneOf(target.type) === undefined) {
      facts.edge(instance.component, 'dependsOn', target.id, 'declared', [at]);
      facts.tie(tieTo({ ...emission, instance: target }, instance.component, [at, ...proofOf(target)]));
    }
  }
};

const emitTexts = (facts: FactsBuilder, emission: Emission): void => {
  const { context, instance } = emission;
  const use = {
    component: instance.component,
    environment: instance.environment,
    isEdge: instance.type.startsWith('aws_cloudfront_'),
  };
  for (const expression of expressionsOf(instance.block)) {
    for (const { text, line, at } of textsOf(expression, instance.scope)) {
      emitLiterals(context, facts, text, line, { ...use, also: at });
    }
    for (const reference of referencesOf(expression, instance.scope)) {
      emitReference(facts, emission, reference, expression.line);
    }
  }
};

const COPY = /source|destination|replica|copy|backup/iu;

const emitZones = (facts: FactsBuilder, { instance }: Emission): void => {
  for (const { name, value, line } of instance.block.attributes) {
    for (const { text } of name === 'region' ? [] : textsOf(value, instance.scope)) {
      const region = regionOfSetting(name, text);
      const isZone = regionOfZone(text) !== undefined;
      if (region !== undefined && region !== instance.region) {
        facts.tie({
          from: instance.component,
          region,
          tie: 'runtime',
          level: 'literal',
          at: [{ line }],
          environment: instance.environment,
          // `source_region`, `destination_region`: the other end of a copy. That of a peering or an endpoint is none.
          alternates: isZone || instance.region === undefined || !COPY.test(name) ? [] : [instance.region],
          via: instance.id,
        });
      }
    }
  }
};

export const emitResource = (emission: Emission): void => {
  const { context, instance } = emission;
  const facts = context.facts(instance.path);
  if (isAws(instance)) {
    facts.node({ id: instance.id, name: instance.key, attributes: { type: instance.type }, at: here(instance) });
    facts.edge(instance.component, 'dependsOn', instance.id, 'declared', [here(instance)]);
    if (!emitGlobal(facts, emission)) {
      emitPlace(facts, emission);
      emitNames(facts, emission);
      emitZones(facts, emission);
    }
  }
  emitTexts(facts, emission);
  emitSettings(facts, instance, tieOf(instance, emission.uses));
};
