/**
 * The endpoints of an isolated network: for each service that a function calls, with the policy of its callers. DynamoDB has two:
 * the gateway endpoint for our own functions (free, by route), and one with interfaces for the peer's, which a route can't bring
 * here. The latter has no private name: a name for `dynamodb.<region>` would shadow the gateway's route.
 */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { endpointServiceName, type RegionNames } from '../names.ts';
import { endpointStatements } from '../network-policies.ts';
import type { PolicyInputs } from '../policies.ts';
import { ENDPOINT_SERVICES, type EndpointService, type Isolation } from '../settings/isolation.ts';
import type { Place } from './network.ts';
import { stateless } from './resource-options.ts';

export interface EndpointsArgs {
  readonly names: RegionNames;
  readonly peer?: RegionNames;
  readonly policies: PolicyInputs;
  readonly isolation: Isolation;
  readonly place: Place;
  /** Of the functions. */
  readonly group: aws.ec2.SecurityGroup;
}

const TLS_PORT = 443;

export class Endpoints extends pulumi.ComponentResource {
  readonly groupId: pulumi.Output<string>;
  readonly dynamoPrefixListId: pulumi.Output<string>;
  readonly forPeer: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: EndpointsArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Endpoints', name, {}, options);
    const group = createGroup(this, name, args);
    letIn(this, name, args, group);
    const gateway = createGateway(this, name, args);
    const made = new Map(
      servicesOf(args).map((service) => [service, createInterface(this, name, args, group, service)]),
    );
    this.groupId = group.id;
    this.dynamoPrefixListId = gateway.prefixListId;
    this.forPeer = addressesOf(made);
    this.registerOutputs({ forPeer: this.forPeer });
  }
}

const policyOf = ({ policies }: EndpointsArgs, service: EndpointService): pulumi.Output<string> =>
  pulumi.jsonStringify({ Version: '2012-10-17', Statement: endpointStatements(service, policies) });

/** What somebody calls and the VPC does not have yet. */
const servicesOf = ({ policies, isolation, peer }: EndpointsArgs): readonly EndpointService[] =>
  ENDPOINT_SERVICES.filter(
    (service) =>
      !isolation.endpointsInPlace.includes(service) &&
      endpointStatements(service, policies).length > 0 &&
      (service !== 'dynamodb' || peer !== undefined),
  );

const createGroup = (parent: Endpoints, name: string, { names, place }: EndpointsArgs): aws.ec2.SecurityGroup =>
  new aws.ec2.SecurityGroup(
    `${name}-callers`,
    {
      name: `${names.prefix}-endpoints`,
      description: 'Callers of the endpoints of Twinmap',
      vpcId: place.vpcId,
      revokeRulesOnDelete: true,
    },
    stateless(parent),
  );

/** Groups of another Region can't be named, so the peer's functions are let in by the range of their VPC. */
const letIn = (
  parent: Endpoints,
  name: string,
  { group: functions, isolation }: EndpointsArgs,
  group: aws.ec2.SecurityGroup,
): void => {
  const from = (
    who: string,
    source: Pick<aws.vpc.SecurityGroupIngressRuleArgs, 'cidrIpv4' | 'referencedSecurityGroupId'>,
  ): aws.vpc.SecurityGroupIngressRule =>
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-from-${who}`,
      {
        securityGroupId: group.id,
        description: `From functions of the ${who}`,
        ipProtocol: 'tcp',
        fromPort: TLS_PORT,
        toPort: TLS_PORT,
        ...source,
      },
      stateless(parent),
    );
  from('stack', { referencedSecurityGroupId: functions.id });
  if (isolation.peerCidr !== undefined) {
    from('peer', { cidrIpv4: isolation.peerCidr });
  }
};

const createGateway = (parent: Endpoints, name: string, args: EndpointsArgs): aws.ec2.VpcEndpoint =>
  new aws.ec2.VpcEndpoint(
    `${name}-dynamodb-gateway`,
    {
      vpcId: args.place.vpcId,
      serviceName: endpointServiceName(args.names, 'dynamodb'),
      vpcEndpointType: 'Gateway',
      routeTableIds: args.place.routeTableIds,
      policy: policyOf(args, 'dynamodb'),
    },
    stateless(parent),
  );

const createInterface = (
  parent: Endpoints,
  name: string,
  args: EndpointsArgs,
  group: aws.ec2.SecurityGroup,
  service: EndpointService,
): aws.ec2.VpcEndpoint =>
  new aws.ec2.VpcEndpoint(
    `${name}-${service}`,
    {
      vpcId: args.place.vpcId,
      serviceName: endpointServiceName(args.names, service),
      vpcEndpointType: 'Interface',
      subnetIds: args.place.subnetIds,
      securityGroupIds: [group.id],
      privateDnsEnabled: service !== 'dynamodb',
      policy: policyOf(args, service),
    },
    stateless(parent),
  );

/** The Region's own name of an endpoint comes first; those of its zones follow. */
const addressOf = (endpoint: aws.ec2.VpcEndpoint | undefined): pulumi.Output<string> =>
  endpoint === undefined
    ? pulumi.output('')
    : endpoint.dnsEntries.apply(([first]) => `https://${(first?.dnsName ?? '').replace(/^\*\./u, '')}`);

const addressesOf = (made: ReadonlyMap<EndpointService, aws.ec2.VpcEndpoint>): pulumi.Output<Record<string, string>> =>
  pulumi
    .all([addressOf(made.get('dynamodb')), addressOf(made.get('s3vectors'))])
    .apply(([dynamodb, s3vectors]): Record<string, string> => ({ dynamodb, s3vectors }));
