/** Resources that CloudFront or an edge-optimised API uses: they lie in one Region, yet traffic does not need it. */
import { USE_RULES } from '../region/rules.ts';
import { instanceKey, type InstanceIndex } from './instance-index.ts';
import { expressionsOf, referencesOf } from './references.ts';
import type { Instance } from './resources.ts';

const EDGE = /^aws_cloudfront_(?:distribution|multitenant_distribution)$/u;

const RULES: readonly (readonly [RegExp, string])[] = [
  [/^aws_acm_certificate/u, USE_RULES.cloudfrontCertificate.id],
  [/^aws_wafv2_web_acl$|^aws_waf_web_acl$/u, USE_RULES.cloudfrontFirewall.id],
  [/^aws_lambda_function$/u, USE_RULES.lambdaAtEdge.id],
];

/** The rule for each instance that a distribution refers to. */
export const usesOf = (instances: readonly Instance[], index: InstanceIndex): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const one of instances.filter(({ type }) => EDGE.test(type))) {
    for (const reference of expressionsOf(one.block).flatMap((expression) => referencesOf(expression, one.scope))) {
      for (const target of reference.kind === 'resource' ? index.of(reference) : []) {
        const rule = RULES.find(([type]) => type.test(target.type));
        // A function URL that is an origin carries traffic; one that is associated runs at the edge.
        const isOrigin =
          target.type === 'aws_lambda_function' &&
          !/arn/u.test(reference.kind === 'resource' ? reference.property : '');
        if (rule !== undefined && !isOrigin) {
          found.set(instanceKey(target), rule[1]);
        }
      }
    }
  }
  return found;
};
