/** Finds the instances that a reference means: those of the same module instance. */
import type { Reference } from './references.ts';
import type { Instance } from './resources.ts';

/** Instances of one declaration in one environment share this. */
export const instanceKey = ({ id, environment }: Pick<Instance, 'id' | 'environment'>): string =>
  `${environment ?? ''} ${id}`;

export interface InstanceIndex {
  of(reference: Reference & { kind: 'resource' }): readonly Instance[];
}

export const indexInstances = (instances: readonly Instance[]): InstanceIndex => {
  const byModule = new Map<unknown, Map<string, Instance[]>>();
  for (const one of instances) {
    // The cache is made once for a module instance and shared by its iterations.
    const known = byModule.get(one.module.cache) ?? new Map<string, Instance[]>();
    known.set(one.key, [...(known.get(one.key) ?? []), one]);
    byModule.set(one.module.cache, known);
  }
  return { of: ({ key, scope }) => byModule.get(scope.cache)?.get(key) ?? [] };
};
