/**
 * The rules as policies of the engine, every one mandatory. A rule with named exemptions has a second, advisory policy, so that
 * what is exempted is told at every preview.
 */
import type { Policies, ResourceValidationPolicy, StackValidationPolicy } from '@pulumi/policy';

import { resourceOf } from './from-engine.ts';
import type { ResourceRule, Rule, StackFacts, StackRule } from './rule.ts';

const resourcePolicy = (rule: ResourceRule, stack: StackFacts): ResourceValidationPolicy => ({
  name: rule.name,
  description: rule.description,
  enforcementLevel: 'mandatory',
  validateResource: (args, report) => {
    for (const message of rule.check(resourceOf(args), stack)) {
      report(message);
    }
  },
});

const stackPolicy = (rule: StackRule, stack: StackFacts): StackValidationPolicy => ({
  name: rule.name,
  description: rule.description,
  enforcementLevel: 'mandatory',
  validateStack: (args, report) => {
    for (const { message, urn, exemptedBecause } of rule.check(args.resources.map(resourceOf), stack)) {
      if (exemptedBecause === undefined) {
        report(message, urn);
      }
    }
  },
});

const exemptedPolicy = (rule: StackRule, stack: StackFacts): StackValidationPolicy => ({
  name: `${rule.name}-exempted`,
  description: rule.description,
  enforcementLevel: 'advisory',
  validateStack: (args, report) => {
    for (const { message, urn, exemptedBecause } of rule.check(args.resources.map(resourceOf), stack)) {
      if (exemptedBecause !== undefined) {
        report(`${message} Exempted: ${exemptedBecause}.`, urn);
      }
    }
  },
});

export const packPolicies = (rules: readonly Rule[], stack: StackFacts): Policies =>
  rules.flatMap((rule) =>
    rule.kind === 'resource' ? [resourcePolicy(rule, stack)] : [stackPolicy(rule, stack), exemptedPolicy(rule, stack)],
  );
