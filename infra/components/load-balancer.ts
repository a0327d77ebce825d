/** The Region's HTTPS front: an internal load balancer that hands every request to the API function. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import type { RegionNames } from '../names.ts';
import type { NetworkSettings } from '../settings/network.ts';
import type { Network } from './network.ts';
import { stateless } from './resource-options.ts';

export interface LoadBalancerArgs {
  readonly names: RegionNames;
  readonly network: NetworkSettings;
  readonly place: Pick<Network, 'vpcId' | 'subnetIds'>;
  readonly api: aws.lambda.Function;
}

/** TLS 1.3, and 1.2 with forward secrecy for clients that have no 1.3. */
const TLS_POLICY = 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06';
const TLS_PORT = 443;
const IDLE_TIMEOUT_SECONDS = 60;

/** Short: a client that keeps its connection stays with a Region that it should have left. */
const KEEP_ALIVE_SECONDS = 180;
const HEALTH_INTERVAL_SECONDS = 35;
const HEALTH_TIMEOUT_SECONDS = 30;

export class LoadBalancer extends pulumi.ComponentResource {
  readonly dnsName: pulumi.Output<string>;
  /** As its metrics name it, and the API behind it. */
  readonly metricNames: { readonly loadBalancer: pulumi.Output<string>; readonly targetGroup: pulumi.Output<string> };
  readonly listenerArn: pulumi.Output<string>;

  constructor(name: string, args: LoadBalancerArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:LoadBalancer', name, {}, options);
    const securityGroup = createSecurityGroup(this, name, args);
    allowClients(this, name, args, securityGroup);
    const balancer = createBalancer(this, name, args, securityGroup);
    const targetGroup = createTargetGroup(this, name, args);
    const attachment = attachFunction(this, name, args, targetGroup);
    const listener = createListener(this, name, args, { balancer, targetGroup, attachment });
    this.dnsName = balancer.dnsName;
    this.metricNames = { loadBalancer: balancer.arnSuffix, targetGroup: targetGroup.arnSuffix };
    this.listenerArn = listener.arn;
    this.registerOutputs({ dnsName: this.dnsName });
  }
}

/** No way out: the load balancer reaches the function through the Lambda service. */
const createSecurityGroup = (parent: LoadBalancer, name: string, args: LoadBalancerArgs): aws.ec2.SecurityGroup =>
  new aws.ec2.SecurityGroup(
    `${name}-clients`,
    {
      name: args.names.loadBalancer,
      description: 'Clients of the Twinmap API',
      vpcId: args.place.vpcId,
      revokeRulesOnDelete: true,
    },
    stateless(parent),
  );

const allowClients = (
  parent: LoadBalancer,
  name: string,
  args: LoadBalancerArgs,
  securityGroup: aws.ec2.SecurityGroup,
): readonly aws.vpc.SecurityGroupIngressRule[] =>
  args.network.clientCidrs.map(
    (cidrIpv4) =>
      new aws.vpc.SecurityGroupIngressRule(
        `${name}-from-${cidrIpv4.replaceAll(/[./]/gu, '-')}`,
        {
          securityGroupId: securityGroup.id,
          description: 'HTTPS from clients',
          cidrIpv4,
          ipProtocol: 'tcp',
          fromPort: TLS_PORT,
          toPort: TLS_PORT,
        },
        stateless(parent),
      ),
  );

const createBalancer = (
  parent: LoadBalancer,
  name: string,
  args: LoadBalancerArgs,
  securityGroup: aws.ec2.SecurityGroup,
): aws.lb.LoadBalancer =>
  new aws.lb.LoadBalancer(
    `${name}-front`,
    {
      name: args.names.loadBalancer,
      loadBalancerType: 'application',
      internal: true,
      subnets: args.place.subnetIds,
      securityGroups: [securityGroup.id],
      dropInvalidHeaderFields: true,
      enableDeletionProtection: true,
      idleTimeout: IDLE_TIMEOUT_SECONDS,
      clientKeepAlive: KEEP_ALIVE_SECONDS,
      ...(args.network.accessLogsBucket === undefined
        ? {}
        : { accessLogs: { enabled: true, bucket: args.network.accessLogsBucket, prefix: args.names.loadBalancer } }),
    },
    stateless(parent),
  );

const createTargetGroup = (parent: LoadBalancer, name: string, args: LoadBalancerArgs): aws.lb.TargetGroup =>
  new aws.lb.TargetGroup(
    `${name}-api`,
    {
      name: args.names.loadBalancer,
      targetType: 'lambda',
      // Off, the last of two equal headers wins, in the request and in the response.
      lambdaMultiValueHeadersEnabled: true,
      healthCheck: {
        enabled: true,
        path: '/healthz',
        matcher: '200',
        interval: HEALTH_INTERVAL_SECONDS,
        timeout: HEALTH_TIMEOUT_SECONDS,
      },
    },
    stateless(parent),
  );

const attachFunction = (
  parent: LoadBalancer,
  name: string,
  args: LoadBalancerArgs,
  targetGroup: aws.lb.TargetGroup,
): aws.lb.TargetGroupAttachment => {
  const permission = new aws.lambda.Permission(
    `${name}-permission`,
    {
      action: 'lambda:InvokeFunction',
      function: args.api.name,
      principal: 'elasticloadbalancing.amazonaws.com',
      sourceArn: targetGroup.arn,
    },
    stateless(parent),
  );
  return new aws.lb.TargetGroupAttachment(
    `${name}-attachment`,
    { targetGroupArn: targetGroup.arn, targetId: args.api.arn },
    // Attaching is refused while the load balancer may not call the function.
    { ...stateless(parent), dependsOn: [permission] },
  );
};

interface ListenerParts {
  readonly balancer: aws.lb.LoadBalancer;
  readonly targetGroup: aws.lb.TargetGroup;
  readonly attachment: aws.lb.TargetGroupAttachment;
}

/** Last: nobody is let in before somebody answers. */
const createListener = (
  parent: LoadBalancer,
  name: string,
  args: LoadBalancerArgs,
  parts: ListenerParts,
): aws.lb.Listener =>
  new aws.lb.Listener(
    `${name}-https`,
    {
      loadBalancerArn: parts.balancer.arn,
      port: TLS_PORT,
      protocol: 'HTTPS',
      sslPolicy: TLS_POLICY,
      certificateArn: args.network.certificateArn,
      defaultActions: [{ type: 'forward', targetGroupArn: parts.targetGroup.arn }],
    },
    { ...stateless(parent), dependsOn: [parts.attachment] },
  );
