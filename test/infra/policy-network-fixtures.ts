/** What the rules about networks let through and what they refuse, and what a fixture is. */
import type { Properties } from '../../local/monitor/registered-resource.ts';

export const HOME = 'us-east-2';

export interface Declared {
  readonly type: string;
  readonly name?: string;
  readonly inputs: Properties;
  readonly protect?: boolean;
  /** A provider of another Region, or none. */
  readonly provider?: 'elsewhere' | 'none';
}

export interface RuleFixture {
  readonly rule: string;
  readonly passes: readonly Declared[];
  /** Each refused on its own; `stack` is what else is declared. */
  readonly fails: readonly {
    readonly declared: Declared;
    readonly because: RegExp;
    readonly stack?: readonly Declared[];
  }[];
}

const BALANCER = 'aws:lb/loadBalancer:LoadBalancer';
const LISTENER = 'aws:lb/listener:Listener';
const INGRESS = 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule';
const EGRESS = 'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule';
const ROUTE = 'aws:ec2/route:Route';
const SUBNET = 'aws:ec2/subnet:Subnet';
const ENDPOINT = 'aws:ec2/vpcEndpoint:VpcEndpoint';

/** Test data of a partition, which sources may not spell. */
export const arn = (rest: string, partition = 'aws'): string => `arn:${partition}:${rest}`;

const DYNAMO = { serviceName: `com.amazonaws.${HOME}.dynamodb`, policy: '{}' };

export const NETWORK_FIXTURES: readonly RuleFixture[] = [
  {
    rule: 'private-front',
    passes: [
      { type: BALANCER, inputs: { internal: true, dropInvalidHeaderFields: true } },
      { type: LISTENER, inputs: { protocol: 'HTTPS', sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06' } },
      { type: INGRESS, inputs: { cidrIpv4: '10.0.0.0/8' } },
      { type: EGRESS, inputs: { cidrIpv4: '10.41.0.0/16' } },
      {
        type: 'aws:lambda/permission:Permission',
        inputs: { principal: 'elasticloadbalancing.amazonaws.com', sourceArn: 'x' },
      },
    ],
    fails: [
      {
        declared: { type: BALANCER, inputs: { internal: false, dropInvalidHeaderFields: true } },
        because: /reachable from the internet/u,
      },
      {
        declared: { type: BALANCER, inputs: { dropInvalidHeaderFields: true } },
        because: /reachable from the internet/u,
      },
      { declared: { type: BALANCER, inputs: { internal: true } }, because: /invalid headers/u },
      { declared: { type: LISTENER, inputs: { protocol: 'HTTP' } }, because: /does not speak HTTPS/u },
      {
        declared: { type: LISTENER, inputs: { protocol: 'HTTPS', sslPolicy: 'ELBSecurityPolicy-2016-08' } },
        because: /TLS 1\.3/u,
      },
      { declared: { type: INGRESS, inputs: { cidrIpv4: '0.0.0.0/0' } }, because: /whole internet/u },
      { declared: { type: EGRESS, inputs: { cidrIpv4: '0.0.0.0/0' } }, because: /lets everything out/u },
      { declared: { type: INGRESS, inputs: { cidrIpv6: '::/0' } }, because: /whole internet/u },
      {
        declared: { type: 'aws:ec2/securityGroup:SecurityGroup', inputs: { ingress: [{ cidrBlocks: ['0.0.0.0/0'] }] } },
        because: /whole internet/u,
      },
      {
        declared: { type: 'aws:lambda/permission:Permission', inputs: { principal: '*', sourceArn: 'x' } },
        because: /everybody/u,
      },
      {
        declared: { type: 'aws:lambda/permission:Permission', inputs: { principal: 's3.amazonaws.com' } },
        because: /set sourceArn/u,
      },
    ],
  },
  {
    rule: 'no-nat',
    passes: [
      { type: 'awsx:ec2:Vpc', inputs: { natGateways: { strategy: 'None' } } },
      { type: ROUTE, inputs: { destinationCidrBlock: '10.41.0.0/16', vpcPeeringConnectionId: 'pcx-1' } },
      { type: SUBNET, inputs: { mapPublicIpOnLaunch: false } },
    ],
    fails: [
      { declared: { type: 'awsx:ec2:Vpc', inputs: {} }, because: /set natGateways\.strategy to None/u },
      {
        declared: { type: 'awsx:ec2:Vpc', inputs: { natGateways: { strategy: 'Single' } } },
        because: /makes NAT gateways/u,
      },
      { declared: { type: ROUTE, inputs: { destinationCidrBlock: '0.0.0.0/0' } }, because: /leads everywhere/u },
      { declared: { type: ROUTE, inputs: { gatewayId: 'igw-1' } }, because: /leads out: take gatewayId away/u },
      { declared: { type: SUBNET, inputs: { mapPublicIpOnLaunch: true } }, because: /public addresses/u },
      { declared: { type: 'aws:ec2/natGateway:NatGateway', inputs: {} }, because: /a way out to the internet/u },
    ],
  },
  {
    rule: 'private-endpoints',
    passes: [
      { type: ENDPOINT, inputs: { ...DYNAMO, privateDnsEnabled: false } },
      {
        type: ENDPOINT,
        name: 'sqs',
        inputs: { serviceName: 'com.amazonaws.x.sqs', policy: '{}', privateDnsEnabled: true },
      },
    ],
    fails: [
      { declared: { type: ENDPOINT, inputs: { serviceName: 'com.amazonaws.x.sqs' } }, because: /set policy/u },
      {
        declared: { type: ENDPOINT, inputs: { ...DYNAMO, privateDnsEnabled: true } },
        because: /gives DynamoDB a private name/u,
      },
    ],
  },
];
