/**
 * What a rule of the policy pack is, and what it sees of a resource: plain data, so that a rule can be read and tested without
 * the engine. A value that exists only after creation is `UNKNOWN`, never absent: a rule says itself what that means to it.
 */
import type { RegionName } from '../../functions/domain/region.ts';

export const UNKNOWN: unique symbol = Symbol('known after creation');

export type Plain = string | number | boolean | null | typeof UNKNOWN | readonly Plain[] | PlainObject;

export interface PlainObject {
  readonly [key: string]: Plain;
}

export interface Resource {
  readonly urn: string;
  /** For instance `aws:dynamodb/table:Table`. */
  readonly type: string;
  readonly name: string;
  readonly props: PlainObject;
  readonly protect: boolean;
  /** Properties of the provider that makes it; absent for components and for the provider itself. */
  readonly provider?: PlainObject;
}

export interface StackFacts {
  readonly region: RegionName;
  readonly partition: string;
}

export interface ResourceRule {
  readonly kind: 'resource';
  readonly name: string;
  readonly description: string;
  /** A sentence for each violation. */
  readonly check: (resource: Resource, stack: StackFacts) => readonly string[];
}

export interface StackFinding {
  readonly urn: string;
  readonly message: string;
  /** Where set, the finding is shown and does not fail: the reason of a named exemption. */
  readonly exemptedBecause?: string;
}

export interface StackRule {
  readonly kind: 'stack';
  readonly name: string;
  readonly description: string;
  readonly check: (resources: readonly Resource[], stack: StackFacts) => readonly StackFinding[];
}

export type Rule = ResourceRule | StackRule;
