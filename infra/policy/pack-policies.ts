/** The rules as policies of the engine: every one mandatory, an exempted finding shown as advice. */
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
    const resources = args.resources.map((resource) => resourceOf(resource));
    for (const { message, urn, exemptedBecause } of rule.check(resources, stack)) {
      if (exemptedBecause === undefined) {
        report(message, urn);
      } else {
        report({
          name: rule.name,
          description: rule.description,
          message: `${rule.description}\n${message} Exempted: ${exemptedBecause}`,
          enforcementLevel: 'advisory',
          urn,
        });
      }
    }
  },
});

export const packPolicies = (rules: readonly Rule[], stack: StackFacts): Policies =>
  rules.map((rule) => (rule.kind === 'resource' ? resourcePolicy(rule, stack) : stackPolicy(rule, stack)));
