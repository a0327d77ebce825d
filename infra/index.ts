/**
 * The Pulumi program of one Region: settings in, one RegionStack, outputs out. Run once per stack (`primary`, `secondary`);
 * the explicit provider keeps every resource in the stack's own Region and account.
 */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { missingBundles } from './built-functions.ts';
import { parseRegionConfig, type RegionConfig } from './config.ts';
import { RegionStack } from './region-stack.ts';

const loadConfig = (): RegionConfig => {
  const parsed = parseRegionConfig(pulumi.runtime.allConfig());
  if (parsed.kind === 'invalid') {
    throw new pulumi.RunError(`The stack's settings need mending:\n${parsed.problems.join('\n')}`);
  }
  for (const warning of parsed.warnings) {
    void pulumi.log.warn(warning);
  }
  const missing = missingBundles(parsed.config.functionsDirectory);
  if (missing.length > 0) {
    throw new pulumi.RunError(
      `The functions are not built: no ${missing.join(', no ')}. Run: node scripts/build-functions.ts`,
    );
  }
  return parsed.config;
};

const config = loadConfig();

const provider = new aws.Provider('home', {
  region: config.region,
  allowedAccountIds: [config.accountId],
  defaultTags: { tags: { application: 'twinmap', 'twinmap:region': config.region } },
});

const stack = new RegionStack('region', { config }, { providers: { aws: provider } });

export const { role, region } = config;
export const endpoint = `https://${config.network.endpointNames[0] ?? ''}`;
export const loadBalancerName = stack.loadBalancer.dnsName;
export const { tableNames } = stack.tables;
export const vectorBucket = stack.vectors.bucketName;
export const vectorIndex = stack.vectors.indexName;
export const { syncQueueUrl } = stack.queues;
export const { scheduleName } = stack.schedule;
export const gateApplication = stack.gate.applicationId;
export const gateEnvironment = stack.gate.environmentId;
export const gateProfile = stack.gate.profileId;
export const dispatchFunction = stack.functions.byName.dispatch.name;
export const syncFunction = stack.functions.byName.sync.name;
export const apiFunction = stack.functions.byName.api.name;
export const drainFunction = stack.functions.byName.drain.name;
export const repairFunction = stack.functions.byName.repair.name;
export const proofFunction = stack.functions.byName.proof.name;
export const auditFunction = stack.functions.byName.audit.name;
