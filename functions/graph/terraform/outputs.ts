/** Outputs of a root: the names by which other repositories reach its resources through remote state. */
import { aliasId } from '../facts/vocabulary.ts';
import type { Context } from '../repository/context.ts';
import { stateOf } from './backends.ts';
import type { InstanceIndex } from './instance-index.ts';
import { referencesOf } from './references.ts';
import type { Scope } from './scope.ts';
import { attributeOf } from './syntax.ts';
import { isAws } from './resources.ts';
import { controlPlaneOf } from '../region/rules.ts';

export const emitOutputs = (context: Context, scope: Scope, index: InstanceIndex): void => {
  const state = scope.address === '' ? stateOf(scope) : undefined;
  if (state === undefined) {
    return;
  }
  for (const [name, { path, is }] of scope.module.outputs) {
    const value = attributeOf(is, 'value')?.value;
    const alias = aliasId('tfstate', `${state}#${name}`);
    const at = { path, line: is.line };
    for (const reference of value === undefined ? [] : referencesOf(value, scope)) {
      for (const target of reference.kind === 'resource' ? index.of(reference) : []) {
        context.facts(path).edge(alias, 'names', target.id, 'declared', [at]);
        if (isAws(target) && controlPlaneOf(target.type) === undefined) {
          context.facts(path).tie({
            from: alias,
            region: target.region,
            tie: 'runtime',
            level: 'declared',
            at: [at, { path: target.path, line: target.block.line }, ...target.provider.region.at],
            via: target.id,
            environment: target.environment,
            ...(target.provider.region.kind === 'unknown' ? { expression: target.provider.region.expression } : {}),
          });
        }
      }
    }
  }
};
