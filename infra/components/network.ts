/**
 * Where the load balancer and, in an isolated network, the functions stand. In `service` mode nothing is made here. An isolated
 * network is a VPC without a way to the internet, made here or the customer's own, with an endpoint for every service that is called.
 */
import * as aws from '@pulumi/aws';
import { Vpc } from '@pulumi/awsx/ec2/index.js';
import * as pulumi from '@pulumi/pulumi';

import type { RegionNames } from '../names.ts';
import type { PolicyInputs } from '../policies.ts';
import type { Isolation } from '../settings/isolation.ts';
import type { ExistingPlace, MadePlace, NetworkSettings } from '../settings/network.ts';
import { Endpoints } from './endpoints.ts';
import { Peering } from './peering.ts';
import { stateless } from './resource-options.ts';

export interface NetworkArgs {
  readonly names: RegionNames;
  readonly settings: NetworkSettings;
  readonly peer?: RegionNames;
  /** What the endpoints let through is what the roles grant. */
  readonly policies: PolicyInputs;
}

/** Where a function stands, as Lambda takes it. */
export interface FunctionPlace {
  readonly subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  readonly securityGroupIds: pulumi.Input<string>[];
}

export interface Place {
  readonly vpcId: pulumi.Output<string>;
  readonly subnetIds: pulumi.Output<string[]>;
  readonly routeTableIds: pulumi.Output<string[]>;
  /** Known before anything is made, unlike the ids. */
  readonly routeTablesCount: number;
}

const ZONES_DEFAULT = 2;
const TLS_PORT = 443;

export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly subnetIds: pulumi.Output<string[]>;
  /** Absent on the Lambda service network. */
  readonly functions?: FunctionPlace;
  /** For the peer's `twinmap:peerEndpoints`; empty on the Lambda service network. */
  readonly endpointsForPeer: pulumi.Output<Record<string, string>>;
  /** For the peer's `twinmap:peeringConnectionId`, where this stack asks for the peering. */
  readonly peeringConnectionId: pulumi.Output<string>;

  constructor(name: string, args: NetworkArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Network', name, {}, options);
    const { settings } = args;
    const place =
      settings.place.kind === 'existing' ? existing(settings.place) : make(this, name, settings, settings.place);
    this.vpcId = place.vpcId;
    this.subnetIds = place.subnetIds;
    this.endpointsForPeer = pulumi.output<Record<string, string>>({});
    this.peeringConnectionId = pulumi.output('');
    if (settings.kind === 'isolated') {
      const { isolation } = settings;
      const group = createFunctionsGroup(this, name, args, place);
      const endpoints = new Endpoints(`${name}-endpoints`, { ...args, isolation, place, group }, { parent: this });
      letOut(this, name, isolation, { group, endpoints });
      const peering = new Peering(`${name}-peering`, { ...args, isolation, place }, { parent: this });
      this.functions = { subnetIds: place.subnetIds, securityGroupIds: [group.id] };
      this.endpointsForPeer = endpoints.forPeer;
      this.peeringConnectionId = peering.connectionId;
    }
    this.registerOutputs({ vpcId: this.vpcId });
  }
}

const existing = ({ vpcId, subnetIds, routeTableIds }: ExistingPlace): Place => ({
  vpcId: pulumi.output(vpcId),
  subnetIds: pulumi.output([...subnetIds]),
  routeTableIds: pulumi.output([...routeTableIds]),
  routeTablesCount: routeTableIds.length,
});

/** A plugin inherits nothing of the program: without it the network would be made in the Region of somebody's shell. */
const explicitProvider = (parent: Network): { readonly providers?: pulumi.ProviderResource[] } => {
  const provider = parent.getProvider('aws:ec2/vpc:Vpc');
  return provider === undefined ? {} : { providers: [provider] };
};

/** Subnets whose route tables have no way to the internet, whatever else the component makes. */
const make = (parent: Network, name: string, settings: NetworkSettings, { availabilityZones }: MadePlace): Place => {
  const vpc = new Vpc(
    `${name}-vpc`,
    {
      ...(settings.kind === 'isolated' ? { cidrBlock: settings.isolation.cidr } : {}),
      // Without names for hosts, endpoints have no private names, and functions would look for public addresses.
      enableDnsHostnames: true,
      enableDnsSupport: true,
      natGateways: { strategy: 'None' },
      subnetStrategy: 'Auto',
      subnetSpecs: [{ type: 'Isolated', name: 'private' }],
      ...(availabilityZones.length === 0
        ? { numberOfAvailabilityZones: ZONES_DEFAULT }
        : { availabilityZoneNames: [...availabilityZones] }),
    },
    { parent, ...explicitProvider(parent) },
  );
  return {
    vpcId: vpc.vpcId,
    subnetIds: vpc.isolatedSubnetIds,
    routeTableIds: vpc.routeTables.apply((tables) => pulumi.all(tables.map(({ id }) => id))),
    routeTablesCount: availabilityZones.length === 0 ? ZONES_DEFAULT : availabilityZones.length,
  };
};

const createFunctionsGroup = (
  parent: Network,
  name: string,
  { names }: NetworkArgs,
  { vpcId }: Place,
): aws.ec2.SecurityGroup =>
  new aws.ec2.SecurityGroup(
    `${name}-functions`,
    { name: `${names.prefix}-functions`, description: 'Functions of Twinmap', vpcId, revokeRulesOnDelete: true },
    stateless(parent),
  );

interface WaysOut {
  readonly group: aws.ec2.SecurityGroup;
  readonly endpoints: Endpoints;
}

type Target = Pick<aws.vpc.SecurityGroupEgressRuleArgs, 'cidrIpv4' | 'prefixListId' | 'referencedSecurityGroupId'>;

const portOf = (url: string): number => {
  const { port, protocol } = new URL(url);
  const standard = protocol === 'https:' ? TLS_PORT : 80;
  return port === '' ? standard : Number(port);
};

/** Every way that a function may go, by name; there is no other. */
const waysOut = (
  isolation: Isolation,
  endpoints: Endpoints,
): readonly (readonly [name: string, what: string, target: Target, port: number])[] => [
  ['to-endpoints', 'endpoints of this VPC', { referencedSecurityGroupId: endpoints.groupId }, TLS_PORT],
  ['to-dynamodb', 'DynamoDB of this Region', { prefixListId: endpoints.dynamoPrefixListId }, TLS_PORT],
  ...(isolation.endpointsInPlace.length === 0
    ? []
    : [['to-own', 'endpoints that were here before', { cidrIpv4: isolation.cidr }, TLS_PORT] as const]),
  ...(isolation.peerCidr === undefined
    ? []
    : [['to-peer', "endpoints of the peer's VPC", { cidrIpv4: isolation.peerCidr }, TLS_PORT] as const]),
  ...isolation.sourceCidrs.map(
    (cidrIpv4, place) => [`to-sources-${place}`, 'sources inside', { cidrIpv4 }, TLS_PORT] as const,
  ),
  ...(isolation.egress.kind === 'none'
    ? []
    : [['to-proxy', 'the proxy', { cidrIpv4: isolation.egress.cidr }, portOf(isolation.egress.url)] as const]),
];

const letOut = (
  parent: Network,
  name: string,
  isolation: Isolation,
  { group, endpoints }: WaysOut,
): readonly aws.vpc.SecurityGroupEgressRule[] =>
  waysOut(isolation, endpoints).map(
    ([rule, what, target, port]) =>
      new aws.vpc.SecurityGroupEgressRule(
        `${name}-${rule}`,
        {
          securityGroupId: group.id,
          // AWS takes no apostrophe here.
          description: `To ${what}`.replaceAll("'", ''),
          ipProtocol: 'tcp',
          fromPort: port,
          toPort: port,
          ...target,
        },
        stateless(parent),
      ),
  );
