/**
 * Names everything that a run is made by: what it was told to read, how that is redacted, split and embedded, and what is derived of it.
 * A run has one of these from its beginning to its commit, because the commit says it of everything that is stored.
 */
import type { CycleDependencies } from './cycle-types.ts';
import { definitionName } from './definition-name.ts';
import { derivedName } from './derive/derivation.ts';
import { indexName } from './index-name.ts';

export const makingName = (dependencies: CycleDependencies): string =>
  [definitionName(dependencies.source), indexName(dependencies), derivedName(dependencies.derivations) ?? ''].join(' ');
