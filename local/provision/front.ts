/** The load balancer: what of it decides how a request reaches the function, and the front that a listener opens. */
import { z } from 'zod';

import { ConfigError } from '../../functions/domain/errors.ts';
import { stableHex } from './arns.ts';
import { functionNameOf, type Handler, type Handlers, readInputs, readName } from './handler.ts';

const loadBalancer: Handler = (resource, { arns, services }) => {
  const name = readName(resource);
  const suffix = stableHex(name, 16);
  const arn = arns.regional('elasticloadbalancing', `loadbalancer/app/${name}/${suffix}`);
  return { id: arn, outputs: { arn, dnsName: `internal-${name}-${suffix}.${services.region}.elb.amazonaws.com` } };
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
  return { id: arn, outputs: { arn } };
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

/** Plain HTTP on loopback, where AWS has TLS: certificate and policy say nothing here. */
const listener: Handler = async (resource, { services, targetGroups, frontUrls }) => {
  const inputs = readInputs(resource, LISTENER_SHAPE, ['certificateArn', 'sslPolicy']);
  const [{ targetGroupArn }] = inputs.defaultActions;
  const group = targetGroups.get(targetGroupArn);
  if (group?.functionName === undefined) {
    throw new ConfigError(`nothing is attached to the target group ${targetGroupArn} when its listener opens`);
  }
  const { functionName, multiValueHeaders, healthCheckPath } = group;
  const { url } = await services.front.ensureListener({
    functionName,
    targetGroupArn,
    multiValueHeaders,
    ...(healthCheckPath === undefined ? {} : { healthCheckPath }),
  });
  frontUrls.push(url);
  const arn = `${inputs.loadBalancerArn.replace(':loadbalancer/', ':listener/')}/${stableHex(resource.urn, 16)}`;
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
  'aws:ec2/securityGroup:SecurityGroup': securityGroup,
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule': ingressRule,
};
