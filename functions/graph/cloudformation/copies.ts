/** Which resources of templates have a copy elsewhere: replicas, and buckets that replicate to one of the same repository. */
import { isRegion, withoutRegion } from '../region/names.ts';
import { cloudFormationType } from '../region/services.ts';
import { at, type DataEntry, itemsAt } from '../syntax/data.ts';
import type { StackRegion } from './stack-regions.ts';
import { type Names, type Template, valueOf } from './template.ts';

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

export const namesIn = ({ stack }: Resource): Names => ({ template: stack.template, region: stack.place?.region });

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
