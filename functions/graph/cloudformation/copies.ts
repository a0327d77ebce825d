/** Which resources of templates have a copy elsewhere: replicas, and buckets that replicate to one of the same repository. */
import type { Place } from '../facts/vocabulary.ts';
import { isRegion, withoutRegion } from '../region/names.ts';
import { cloudFormationType } from '../region/services.ts';
import { at, type DataEntry, itemsAt } from '../syntax/data.ts';
import type { StackRegion } from './stack-regions.ts';
import { callOf, type Names, type Template, valueOf } from './template.ts';

export interface Stack {
  readonly template: Template;
  /** Undefined where nothing says where it is deployed. */
  readonly place: StackRegion | undefined;
}

export interface Resource {
  readonly stack: Stack;
  readonly entry: DataEntry;
  readonly id: string;
  readonly type: string;
  readonly word: string;
  readonly component: string;
}

const REPLICAS: readonly (readonly string[])[] = [['Replicas'], ['ReplicaRegions']];

const replicaRegions = ({ entry }: Resource, names: Names): readonly string[] =>
  REPLICAS.flatMap((path) => itemsAt(entry.value, 'Properties', ...path))
    .flatMap((replica) => valueOf(at(replica, 'Region'), names) ?? [])
    .filter((region) => isRegion(region));

/** The line that names the Region of a copy. */
export const replicaLines = (resource: Resource, region: string): readonly Place[] =>
  REPLICAS.flatMap((path) => itemsAt(resource.entry.value, 'Properties', ...path)).flatMap((replica) => {
    const named = at(replica, 'Region');
    return named !== undefined && valueOf(named, namesIn(resource)) === region
      ? [{ path: resource.stack.template.path, line: named.line }]
      : [];
  });

/** Copies in Regions that nobody can name: they are listed with what stands there instead. */
export const openReplicas = (resource: Resource): readonly { readonly text: string; readonly line: number }[] => {
  const names = namesIn(resource);
  return REPLICAS.flatMap((path) => itemsAt(resource.entry.value, 'Properties', ...path)).flatMap((replica) => {
    const region = at(replica, 'Region');
    const value = valueOf(region, names);
    const isKnown = region === undefined || (value !== undefined && isRegion(value));
    const isHere = names.region === undefined && region !== undefined && callOf(region)?.name === 'Ref';
    const word = region === undefined ? undefined : callOf(region);
    const name = word?.args.kind === 'scalar' ? String(word.args.value) : '';
    return isKnown || (isHere && name === 'AWS::Region')
      ? []
      : [{ text: `Region: ${value ?? `${word?.name ?? ''} ${name}`}`, line: region.line }];
  });
};

const destinationBuckets = ({ entry }: Resource, names: Names): readonly string[] =>
  itemsAt(entry.value, 'Properties', 'ReplicationConfiguration', 'Rules').flatMap((rule) => {
    const bucket = valueOf(at(rule, 'Destination', 'Bucket'), names);
    return bucket?.split(':').at(-1) ?? [];
  });

export const nameOfResource = (resource: Resource, names: Names): string | undefined => {
  const known = cloudFormationType(resource.type);
  const name =
    known === undefined ? undefined : valueOf(at(resource.entry.value, 'Properties', known.cloudFormationName), names);
  return name === undefined || name.includes('${') ? undefined : name;
};

export const namesOf = ({ template, place }: Stack): Names => ({
  template,
  region: place?.region,
  parameters: place?.parameters,
});

export const namesIn = ({ stack }: Resource): Names => namesOf(stack);

/** Regions where each resource is, or has a copy. */
export const placesOf = (resources: readonly Resource[]): ReadonlyMap<string, ReadonlySet<string>> => {
  const found = new Map<string, Set<string>>();
  const byBucket = new Map(resources.map((one) => [`${one.word} ${nameOfResource(one, namesIn(one)) ?? one.id}`, one]));
  const add = (id: string, regions: readonly (string | undefined)[]): void => {
    const known = found.get(id) ?? new Set();
    const given = regions.filter((region) => region !== undefined);
    found.set(id, new Set([...known, ...given]));
  };
  for (const one of resources) {
    const environment = one.stack.place?.environment;
    add(`${environment === undefined ? '' : withoutRegion(environment)} ${one.id}`, [
      one.stack.place?.region,
      ...replicaRegions(one, namesIn(one)),
    ]);
    for (const bucket of destinationBuckets(one, namesIn(one))) {
      const target = byBucket.get(`aws_s3_bucket ${bucket}`);
      add(` ${one.id}`, [target?.stack.place?.region]);
      if (target !== undefined) {
        add(` ${target.id}`, [one.stack.place?.region]);
      }
    }
  }
  return found;
};
