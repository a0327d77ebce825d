/**
 * Instantiates modules as Terraform does: from each root, with each set of values, through local module calls. What `count = 0`
 * or an empty `for_each` makes is nothing; what can't be counted is there once, with unknown keys.
 */
import { LIMITS } from '../../domain/limits.ts';
import type { Place } from '../facts/vocabulary.ts';
import { evaluate } from './evaluate.ts';
import { localSource, type Module, type Placed } from './module.ts';
import { providerByReference } from './providers.ts';
import { type Input, inIteration, type Provider, type Scope } from './scope.ts';
import { attributeOf, type Block, blocksOf } from './syntax.ts';
import { decidedAt, inFile, scalar, textOf, unknown, type Value } from './value.ts';

export interface Root {
  readonly module: Module;
  readonly environment: string | undefined;
  readonly workspace: string | undefined;
  readonly inputs: ReadonlyMap<string, Input>;
  /** Where it is applied, if not in the module's directory. */
  readonly at?: string;
}

const META: ReadonlySet<string> = new Set(['source', 'version', 'providers', 'count', 'for_each', 'depends_on']);

const iterationsOf = (value: Value): readonly (readonly [Value, Value])[] | undefined => {
  if (value.kind === 'list') {
    return value.items.map((item) => [item, decidedAt(item, ...value.at)] as const);
  }
  if (value.kind !== 'object') {
    return undefined;
  }
  const known = [...value.entries].map(
    ([key, item]) => [scalar(key, [...item.at, ...value.at]), decidedAt(item, ...value.at)] as const,
  );
  return value.isPartial === true ? [...known, [unknown('further keys'), unknown('further keys')] as const] : known;
};

/** The scopes in which a block exists: one, or one for each key. */
export const scopesOf = (block: Block, scope: Scope): readonly Scope[] => {
  const each = attributeOf(block, 'for_each');
  if (each !== undefined) {
    const iterations = iterationsOf(evaluate(each.value, scope));
    const text = each.value.text;
    return iterations === undefined
      ? [inIteration(scope, unknown(`each.key of ${text}`), unknown(`each.value of ${text}`))]
      : iterations.slice(0, LIMITS.graphInstancesMax).map(([key, value]) => inIteration(scope, key, value));
  }
  const count = attributeOf(block, 'count');
  const number = count === undefined ? undefined : textOf(evaluate(count.value, scope));
  if (number === undefined) {
    return [count === undefined ? scope : inIteration(scope, unknown('count.index'), unknown('count.index'))];
  }
  return Array.from({ length: Math.min(Number(number) || 0, LIMITS.graphInstancesMax) }, (_, index) =>
    inIteration(scope, scalar(index), scalar(index)),
  );
};

const makeProvider = ({ path, is }: Placed<Block>, scope: Scope): Provider => {
  const region = attributeOf(is, 'region');
  const tags = blocksOf(is, 'default_tags').flatMap((block) => attributeOf(block, 'tags') ?? []);
  const at: Place = { path, line: region?.line ?? is.line };
  const name = `provider "${is.labels[0] ?? ''}"`;
  const value = region === undefined ? unknown(`${name} has no region`, [at]) : evaluate(region.value, scope);
  return {
    region: { ...value, at: [at, ...value.at] },
    at,
    tags: tags[0] === undefined ? undefined : evaluate(tags[0].value, scope),
  };
};

/** The providers of an instance: what the caller handed over, and its own. */
const providersOf = (scope: Scope, inherited: ReadonlyMap<string, Provider>): ReadonlyMap<string, Provider> => {
  const providers = new Map(inherited);
  for (const block of scope.module.providers) {
    const alias = textOf(
      attributeOf(block.is, 'alias') === undefined
        ? undefined
        : evaluate(attributeOf(block.is, 'alias')?.value ?? { kind: 'other', parts: [], line: 0, text: '' }, scope),
    );
    const type = block.is.labels[0] ?? '';
    const provider = makeProvider(block, scope);
    const keyed = attributeOf(block.is, 'for_each') === undefined ? [] : scopesOf(block.is, scope);
    const instances = keyed.flatMap((inner): [string, Provider][] => {
      const key = textOf(inner.iteration?.key);
      return key === undefined ? [] : [[key, makeProvider(block, inner)]];
    });
    providers.set(alias === undefined ? type : `${type}.${alias}`, {
      ...provider,
      ...(instances.length === 0 ? {} : { instances: new Map(instances) }),
    });
  }
  return providers;
};

/** An un-aliased provider is inherited; aliased ones only by name. */
const handedOver = (call: Block, scope: Scope): ReadonlyMap<string, Provider> => {
  const given = attributeOf(call, 'providers')?.value;
  if (given?.kind !== 'object') {
    return new Map([...scope.providers].filter(([name]) => !name.includes('.')));
  }
  const named = given.entries.flatMap(([key, value]): [string, Provider][] => {
    const name = key.kind === 'literal' ? String(key.value) : key.text.replaceAll('"', '');
    const provider = providerByReference(value, scope.providers, (expression) => evaluate(expression, scope));
    return provider === undefined ? [] : [[name, provider]];
  });
  return new Map(named);
};

const inputsOf = (call: Placed<Block>, scope: Scope): ReadonlyMap<string, Input> =>
  new Map(
    call.is.attributes
      .filter(({ name }) => !META.has(name))
      .map(({ name, value, line }): [string, Input] => {
        const given = inFile(evaluate(value, scope), call.path);
        const at = [{ path: call.path, line }, ...given.at];
        return [name, { value: { ...given, at }, expression: value, scope }];
      }),
  );

const withProviders = (scope: Scope, inherited: ReadonlyMap<string, Provider>): Scope => ({
  ...scope,
  providers: providersOf(scope, inherited),
});

export interface Instances {
  readonly scopes: readonly Scope[];
  /** Directories that some root calls. */
  readonly called: ReadonlySet<string>;
}

const enter = (
  scope: Scope,
  modules: ReadonlyMap<string, Module>,
  depth: number,
  found: { scopes: Scope[]; called: Set<string> },
): void => {
  found.scopes.push(scope);
  if (depth >= LIMITS.graphModuleDepthMax || found.scopes.length > LIMITS.graphInstancesMax * 20) {
    return;
  }
  for (const [name, call] of scope.module.calls) {
    const directory = localSource(call.is, scope.module.directory);
    const module = directory === undefined ? undefined : modules.get(directory);
    if (module !== undefined) {
      found.called.add(module.directory);
      const children = scopesOf(call.is, scope).map((callScope) => {
        const address = `${scope.address === '' ? '' : `${scope.address}.`}module.${name}`;
        const child: Scope = {
          module,
          address,
          root: scope.root,
          environment: scope.environment,
          workspace: scope.workspace,
          inputs: inputsOf(call, callScope),
          providers: new Map(),
          children: new Map(),
          cache: new Map(),
        };
        return withProviders(child, handedOver(call.is, callScope));
      });
      scope.children.set(name, children);
      children.forEach((child) => {
        enter(child, modules, depth + 1, found);
      });
    }
  }
};

export const instantiate = (roots: readonly Root[], modules: ReadonlyMap<string, Module>): Instances => {
  const found = { scopes: [] as Scope[], called: new Set<string>() };
  for (const { module, environment, workspace, inputs, at = module.directory } of roots) {
    const root: Scope = {
      module,
      address: '',
      root: at,
      environment,
      workspace,
      inputs,
      providers: new Map(),
      children: new Map(),
      cache: new Map(),
    };
    enter(withProviders(root, new Map()), modules, 0, found);
  }
  return found;
};
