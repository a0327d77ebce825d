/** A resource whose Region and type are known by whatever route: its tie, its rule and its name. */
import { aliasId, type Level, type Place } from '../facts/vocabulary.ts';
import type { ControlPlaneRule } from '../region/rules.ts';
import { partitionOf } from '../region/names.ts';
import { terraformType } from '../region/services.ts';
import { type Context, place } from '../repository/context.ts';
import { type Data, entriesAt } from '../syntax/data.ts';

export interface NamedResource {
  readonly component: string;
  readonly id: string;
  /** Terraform's word for its type. */
  readonly word: string;
  readonly line: number;
  readonly region: string | undefined;
  readonly at: readonly Place[];
  readonly expression: string;
  readonly alternates: readonly string[];
  readonly environment: string | undefined;
  readonly rule: ControlPlaneRule | undefined;
  /** The rule by which it carries no traffic. */
  readonly change: string | undefined;
  readonly data?: Data | undefined;
  readonly level?: Level;
  readonly name?: string | undefined;
}

const camel = (name: string): string =>
  name.replaceAll(/_(?<next>[a-z])/gu, (_whole, next: string) => next.toUpperCase());

const givenName = ({ word, data }: NamedResource): string | undefined => {
  const property = terraformType(word)?.terraformName;
  const value = entriesAt(data).find(({ key }) => property !== undefined && key === camel(property))?.value;
  const text = value?.kind === 'scalar' && value.value !== null ? String(value.value) : undefined;
  return text === undefined || text.includes('${') ? undefined : text;
};

export const emitNamed = (context: Context, path: string, resource: NamedResource): void => {
  const { component, id, word, line, region, rule, change, environment, alternates } = resource;
  const facts = context.facts(path);
  const level = resource.level ?? 'declared';
  const proof = [{ path, line }, ...resource.at];
  if (rule !== undefined) {
    const where = rule.regions[region === undefined ? 'aws' : partitionOf(region)];
    if (where !== undefined) {
      facts.tie({ from: component, region: where, tie: 'control-plane', level, at: proof, via: id, rule: rule.id });
    }
    return;
  }
  const tie = {
    region,
    tie: change === undefined ? ('runtime' as const) : ('control-plane' as const),
    level,
    at: proof,
    alternates,
    environment,
    rule: change,
    ...(region === undefined ? { expression: resource.expression } : {}),
  };
  facts.tie({ ...tie, from: component, via: id });
  facts.tie({ ...tie, from: id });
  place(context, component, change === undefined ? region : undefined);
  const name = resource.name ?? givenName(resource);
  const service = terraformType(word)?.service;
  if (name !== undefined && service !== undefined) {
    for (const alias of [aliasId(service, name), ...(region === undefined ? [] : [aliasId(service, name, region)])]) {
      facts.edge(alias, 'names', id, level, [{ line }], { alternates });
    }
    facts.tie({ ...tie, from: aliasId(service, name), via: id });
  }
};
