/** The load balancer: what of it decides how a request reaches the function, and the front that a listener opens. */
import { z } from 'zod';

import { ConfigError } from '../../functions/domain/errors.ts';
import { stableHex } from './arns.ts';
import {
  type DeclaredTargetGroup,
  functionNameOf,
  type Handler,
  type Handlers,
  readInputs,
  readName,
} from './handler.ts';

const loadBalancer: Handler = (resource, { arns, services }) => {
  const name = readName(resource);
  const suffix = stableHex(name, 16);
  const arn = arns.regional('elasticloadbalancing', `loadbalancer/app/${name}/${suffix}`);
  const arnSuffix = `app/${name}/${suffix}`;
  return {
    id: arn,
    outputs: { arn, arnSuffix, dnsName: `internal-${name}-${suffix}.${services.region}.elb.amazonaws.com` },
  };
};

const TARGET_GROUP_SHAPE = {
  name: z.string(),
  targetType: z.literal('lambda'),
  lambdaMultiValueHeadersEnabled: z.boolean().default(false),
  healthCheck: z.object({ enabled: z.boolean(), path: z.string() }).optional(),
};

const targetGroup: Handler = (resource, { arns, targetGroups }) => {
  const inputs = readInputs(resource, TARGET_GROUP_SHAPE);
  const arn = arns.regional('elasticloadbalancing', `targetgroup/${inputs.name}/${stableHex(inputs.name, 16)}`);
  targetGroups.set(arn, {
    multiValueHeaders: inputs.lambdaMultiValueHeadersEnabled,
    ...(inputs.healthCheck?.enabled === true ? { healthCheckPath: inputs.healthCheck.path } : {}),
  });
  return { id: arn, outputs: { arn, arnSuffix: arn.slice(arn.indexOf('targetgroup/')) } };
};

const attachment: Handler = (resource, { targetGroups }) => {
  const { targetGroupArn, targetId } = readInputs(resource, { targetGroupArn: z.string(), targetId: z.string() });
  const group = targetGroups.get(targetGroupArn);
  if (group === undefined) {
    throw new ConfigError(`the target group ${targetGroupArn} is not declared in this stack`);
  }
  group.functionName = functionNameOf(targetId);
  return { id: `${targetGroupArn}-${stableHex(targetId, 12)}`, outputs: {} };
};

const LISTENER_SHAPE = {
  loadBalancerArn: z.string(),
  port: z.number(),
  protocol: z.literal('HTTPS'),
  defaultActions: z.tuple([z.strictObject({ type: z.literal('forward'), targetGroupArn: z.string() })]),
};

/** A request that came in before somebody is attached would be answered by nobody. */
const attached = (
  targetGroups: ReadonlyMap<string, DeclaredTargetGroup>,
  targetGroupArn: string,
): DeclaredTargetGroup & { readonly functionName: string } => {
  const group = targetGroups.get(targetGroupArn);
  if (group?.functionName === undefined) {
    throw new ConfigError(`nothing is attached to the target group ${targetGroupArn} when its listener opens`);
  }
  return { ...group, functionName: group.functionName };
};

/** Plain HTTP on loopback, where AWS has TLS: certificate and policy say nothing here. */
const listener: Handler = async (resource, { services, targetGroups, listenerTargets, frontUrls }) => {
  const inputs = readInputs(resource, LISTENER_SHAPE, ['certificateArn', 'sslPolicy']);
  const [{ targetGroupArn }] = inputs.defaultActions;
  const { functionName, multiValueHeaders, healthCheckPath } = attached(targetGroups, targetGroupArn);
  const { url } = await services.front.ensureListener({
    functionName,
    targetGroupArn,
    multiValueHeaders,
    ...(healthCheckPath === undefined ? {} : { healthCheckPath }),
  });
  frontUrls.push(url);
  const arn = `${inputs.loadBalancerArn.replace(':loadbalancer/', ':listener/')}/${stableHex(resource.urn, 16)}`;
  listenerTargets.set(arn, targetGroupArn);
  return { id: arn, outputs: { arn } };
};

const RULE_SHAPE = {
  listenerArn: z.string(),
  priority: z.number(),
  actions: z.tuple([z.strictObject({ type: z.literal('forward'), targetGroupArn: z.string() })]),
  conditions: z.tuple([z.strictObject({ pathPattern: z.strictObject({ values: z.array(z.string()) }) })]),
};

const listenerRule: Handler = async (resource, { services, targetGroups, listenerTargets }) => {
  const { listenerArn, priority, actions, conditions } = readInputs(resource, RULE_SHAPE);
  const listenerTargetGroupArn = listenerTargets.get(listenerArn);
  if (listenerTargetGroupArn === undefined) {
    throw new ConfigError(`the listener ${listenerArn} is not declared in this stack`);
  }
  const [{ targetGroupArn }] = actions;
  const { functionName, multiValueHeaders } = attached(targetGroups, targetGroupArn);
  const pathPatterns = conditions[0].pathPattern.values;
  const rule = { listenerTargetGroupArn, priority, pathPatterns, functionName, targetGroupArn, multiValueHeaders };
  await services.front.ensureRule(rule);
  const arn = `${listenerArn.replace(':listener/', ':listener-rule/')}/${stableHex(resource.urn, 16)}`;
  return { id: arn, outputs: { arn } };
};

const securityGroup: Handler = (resource, { arns }) => {
  const id = `sg-${stableHex(readName(resource), 17)}`;
  return { id, outputs: { arn: arns.regional('ec2', `security-group/${id}`) } };
};

const ingressRule: Handler = (resource, { arns }) => {
  const id = `sgr-${stableHex(resource.urn, 17)}`;
  return { id, outputs: { securityGroupRuleId: id, arn: arns.regional('ec2', `security-group-rule/${id}`) } };
};

export const frontHandlers: Handlers = {
  'aws:lb/loadBalancer:LoadBalancer': loadBalancer,
  'aws:lb/targetGroup:TargetGroup': targetGroup,
  'aws:lb/targetGroupAttachment:TargetGroupAttachment': attachment,
  'aws:lb/listener:Listener': listener,
  'aws:lb/listenerRule:ListenerRule': listenerRule,
  'aws:ec2/securityGroup:SecurityGroup': securityGroup,
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule': ingressRule,
};
