/** One instance of a module: what its variables, providers and iterations are, and where they were decided. */
import type { Place } from '../facts/vocabulary.ts';
import type { Expression } from './syntax.ts';
import type { Module } from './module.ts';
import type { Value } from './value.ts';

/** An argument of a module call: its value, and the expression, so that references can be followed to the caller. */
export interface Input {
  readonly value: Value;
  readonly expression?: Expression;
  readonly scope?: Scope;
}

export interface Provider {
  readonly region: Value;
  readonly at: Place;
  readonly tags: Value | undefined;
  /** Of a provider with `for_each`: its instances. */
  readonly instances?: ReadonlyMap<string, Provider>;
}

export interface Scope {
  readonly module: Module;
  /** `module.a.module.b`, empty in a root. */
  readonly address: string;
  /** The directory of the root that this instance belongs to. */
  readonly root: string;
  readonly environment: string | undefined;
  readonly workspace: string | undefined;
  readonly inputs: ReadonlyMap<string, Input>;
  /** `aws`, `aws.west`. */
  readonly providers: ReadonlyMap<string, Provider>;
  readonly iteration?: { readonly key: Value; readonly value: Value };
  /** Names of a `for`, and the iterator of a `dynamic` block inside its contents. */
  readonly bindings?: ReadonlyMap<string, Value>;
  /** How often the body of the `for` around it is evaluated. */
  readonly rounds?: number;
  /** Functions that only this scope has: Terragrunt's. */
  readonly functions?: (name: string, args: readonly Value[]) => Value | undefined;
  /** Calls of this instance that were entered, by name; for outputs. */
  readonly children: Map<string, Scope[]>;
  readonly cache: Map<string, Value | 'evaluating'>;
}

export const bound = (scope: Scope, names: readonly (readonly [string, Value])[]): Scope => ({
  ...scope,
  bindings: new Map([...(scope.bindings ?? []), ...names]),
});

export const inIteration = (scope: Scope, key: Value, value: Value): Scope => ({
  ...scope,
  iteration: { key, value },
});
