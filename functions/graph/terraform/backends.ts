/** Where state lies: a tie of deployments, and the place where other repositories read outputs. */
import { USE_RULES } from '../region/rules.ts';
import type { Context } from '../repository/context.ts';
import { evaluate } from './evaluate.ts';
import type { Reference } from './references.ts';
import type { Scope } from './scope.ts';
import { attributeOf, type Block, type Expression } from './syntax.ts';
import { itemOf, textOf, type Value } from './value.ts';

type Read = (name: string) => string | undefined;

const stateName = (kind: string, read: Read): string | undefined => {
  const [store, key] = kind === 's3' ? [read('bucket'), read('key')] : [read('organization'), read('workspace')];
  return store === undefined || key === undefined ? undefined : `${store}/${key}`;
};

const ofBlock =
  (block: Block, scope: Scope): Read =>
  (name) => {
    const expression: Expression | undefined = attributeOf(block, name)?.value;
    return expression === undefined ? undefined : textOf(evaluate(expression, scope));
  };

const ofValue =
  (value: Value): Read =>
  (name) =>
    textOf(itemOf(value, name));

/** The name of a root's own state. */
export const stateOf = (scope: Scope): string | undefined =>
  scope.module.backends
    .map(({ is }) => stateName(is.labels[0] ?? '', ofBlock(is, scope)))
    .find((name) => name !== undefined);

const configOf = (block: Block, scope: Scope): Value | undefined => {
  const config = attributeOf(block, 'config')?.value;
  return config === undefined ? undefined : evaluate(config, scope);
};

/** How an output of another state is named everywhere. */
export const stateOutput = ({ data, scope, output }: Reference & { kind: 'state' }): string | undefined => {
  const config = configOf(data.is, scope);
  const kind = attributeOf(data.is, 'backend')?.value;
  const name =
    config === undefined || kind === undefined
      ? undefined
      : stateName(textOf(evaluate(kind, scope)) ?? '', ofValue(config));
  return name === undefined || output === '' ? undefined : `${name}#${output}`;
};

export const backendTies = (context: Context, scopes: readonly Scope[]): void => {
  for (const scope of scopes) {
    const states = [
      ...scope.module.backends.map(({ path, is }) => ({
        path,
        line: attributeOf(is, 'region')?.line ?? is.line,
        region: ofBlock(is, scope)('region'),
      })),
      ...[...scope.module.data.values()]
        .filter(({ is }) => is.labels[0] === 'terraform_remote_state')
        .map(({ path, is }) => {
          const config = configOf(is, scope);
          return { path, line: is.line, region: config === undefined ? undefined : ofValue(config)('region') };
        }),
    ];
    for (const { path, line, region } of states) {
      if (region !== undefined) {
        context.facts(path).tie({
          from: context.owners.of(path),
          region,
          tie: 'deploy',
          level: 'declared',
          at: [{ line, path }],
          rule: USE_RULES.deploy.id,
        });
      }
    }
  }
};
