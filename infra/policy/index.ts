/**
 * The policy pack's entry: starts the analyzer that the engine asks about every resource. The stack's Region comes from its
 * settings; without one nothing could be judged, so the pack does not start.
 */
import { PolicyPack } from '@pulumi/policy';
import * as pulumi from '@pulumi/pulumi';

import { parseRegion } from '../../functions/domain/region.ts';
import { partitionOf } from '../names.ts';
import { packPolicies } from './pack-policies.ts';
import { RULES } from './rules.ts';

const setting = new pulumi.Config('aws').require('region');
const region = parseRegion(setting);
if (region === undefined) {
  throw new pulumi.RunError(`aws:region is "${setting}", which is not a Region name such as us-east-2`);
}

export const pack = new PolicyPack('twinmap', {
  enforcementLevel: 'mandatory',
  policies: packPolicies(RULES, { region, partition: partitionOf(region) }),
});
