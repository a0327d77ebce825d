/**
 * The Pulumi program of one Region: settings in, one RegionStack, outputs out. Run once per stack (`primary`, `secondary`);
 * the explicit provider keeps every resource in the stack's own Region and account.
 */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { Survey } from '../examples/survey/infra/survey.ts';
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
  const { functionsDirectory, survey } = parsed.config;
  const missing = missingBundles(functionsDirectory, survey ? ['survey'] : []);
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
  defaultTags: { tags: { ...config.tags, application: 'twinmap', 'twinmap:region': config.region } },
});

const stack = new RegionStack('region', { config }, { providers: { aws: provider } });

/** A workload beside the product: it is given what it shares, and declares what is its own. */
const declareSurvey = ({ keyArn, loadBalancer, observability }: RegionStack): Survey => {
  const { listenerArn } = loadBalancer;
  const { topicArn } = observability;
  const args = { config, keyArn, listenerArn, alarmTopicArn: topicArn };
  return new Survey('survey', args, { providers: { aws: provider } });
};

export const surveyRule = config.survey ? declareSurvey(stack).ruleArn : '';

export const { role, region } = config;
export const endpoint = `https://${config.network.endpointNames[0] ?? ''}`;
/** With `region` and `endpoint`, what `twinmap-router init` reads. */
export const { routerAddresses } = config;
export const loadBalancerName = stack.loadBalancer.dnsName;
export const { tableNames } = stack.tables;
export const vectorBucket = stack.vectors.bucketName;
export const vectorIndex = stack.vectors.indexName;
export const { syncQueueUrl } = stack.queues;
export const alarmTopicArn = stack.observability.topicArn;
/** Typed once in this Region for each secret: its value never passes through this program. */
export const secretCommands = stack.secrets.commands;
export const { scheduleName } = stack.schedule;
/** Of the index: a person writes it into `twinmap:indexDimensions`, so that a later mistake is told before anything changes. */
export const indexDimensions = config.embeddingDimensions;
/** For the second deployment of an isolated pair: these go into the other stack's settings. */
export const { vpcId, endpointsForPeer, peeringConnectionId } = stack.network;
export const gateApplication = stack.gate.applicationId;
export const gateEnvironment = stack.gate.environmentId;
export const gateProfile = stack.gate.profileId;
/** A flip by hand deploys with it: the predefined ones bake. */
export const gateStrategy = stack.gate.strategyId;
export const dispatchFunction = stack.functions.byName.dispatch.name;
export const syncFunction = stack.functions.byName.sync.name;
export const apiFunction = stack.functions.byName.api.name;
export const drainFunction = stack.functions.byName.drain.name;
export const repairFunction = stack.functions.byName.repair.name;
export const proofFunction = stack.functions.byName.proof.name;
export const auditFunction = stack.functions.byName.audit.name;
