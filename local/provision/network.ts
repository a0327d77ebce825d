/**
 * An isolated network: on one machine there is none to isolate, so nothing is made, and others refer to the ids. The VPC is a remote
 * component: a plugin makes its subnets and route tables on AWS, and here they are as many as the program asks for.
 */
import { z } from 'zod';

import { stableHex } from './arns.ts';
import { type Handler, type Handlers, readInputs } from './handler.ts';

const VPC_SHAPE = {
  cidrBlock: z.string(),
  enableDnsHostnames: z.literal(true),
  enableDnsSupport: z.literal(true),
  natGateways: z.strictObject({ strategy: z.literal('None') }),
  subnetStrategy: z.literal('Auto'),
  subnetSpecs: z.tuple([z.strictObject({ type: z.literal('Isolated'), name: z.string() })]),
  numberOfAvailabilityZones: z.number().optional(),
  availabilityZoneNames: z.array(z.string()).optional(),
};

const idOf = (kind: string, text: string): string => `${kind}-${stableHex(`${kind} ${text}`, 17)}`;

const vpc: Handler = (resource) => {
  const { availabilityZoneNames, numberOfAvailabilityZones } = readInputs(resource, VPC_SHAPE);
  const zones = availabilityZoneNames?.length ?? numberOfAvailabilityZones ?? 0;
  const numbered = (kind: string): string[] =>
    Array.from({ length: zones }, (_empty, place) => idOf(kind, `${resource.urn} ${place}`));
  return {
    id: '',
    outputs: {
      vpcId: idOf('vpc', resource.urn),
      isolatedSubnetIds: numbered('subnet'),
      privateSubnetIds: [],
      publicSubnetIds: [],
      routeTables: numbered('rtb').map((id) => ({ id })),
    },
  };
};

const ENDPOINT_SHAPE = {
  vpcId: z.string(),
  serviceName: z.string(),
  vpcEndpointType: z.enum(['Gateway', 'Interface']),
  routeTableIds: z.array(z.string()).optional(),
  subnetIds: z.array(z.string()).optional(),
  securityGroupIds: z.array(z.string()).optional(),
  privateDnsEnabled: z.boolean().optional(),
  policy: z.string(),
};

const endpoint: Handler = (resource, { arns, services }) => {
  const { serviceName, vpcEndpointType } = readInputs(resource, ENDPOINT_SHAPE);
  const id = idOf('vpce', resource.urn);
  const arn = arns.regional('ec2', `vpc-endpoint/${id}`);
  if (vpcEndpointType === 'Gateway') {
    return { id, outputs: { arn, prefixListId: idOf('pl', resource.urn), dnsEntries: [] } };
  }
  const service = serviceName.split('.').at(-1) ?? '';
  const dnsName = `${id}-${stableHex(resource.urn, 8)}.${service}.${services.region}.vpce.amazonaws.com`;
  return { id, outputs: { arn, dnsEntries: [{ dnsName, hostedZoneId: 'Z0LOCAL' }] } };
};

const ruleOf =
  (kind: string): Handler =>
  (resource, { arns }) => {
    const id = idOf(kind, resource.urn);
    return { id, outputs: { securityGroupRuleId: id, arn: arns.regional('ec2', `security-group-rule/${id}`) } };
  };

const route: Handler = (resource) => ({ id: idOf('r', resource.urn), outputs: {} });

const peering: Handler = (resource) => {
  const id = idOf('pcx', resource.urn);
  return { id, outputs: {} };
};

const accepter: Handler = (resource) => {
  const { vpcPeeringConnectionId } = readInputs(resource, {
    vpcPeeringConnectionId: z.string(),
    autoAccept: z.literal(true),
  });
  return { id: vpcPeeringConnectionId, outputs: {} };
};

export const networkHandlers: Handlers = {
  'awsx:ec2:Vpc': vpc,
  'aws:ec2/vpcEndpoint:VpcEndpoint': endpoint,
  'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule': ruleOf('sgr'),
  'aws:ec2/route:Route': route,
  'aws:ec2/vpcPeeringConnection:VpcPeeringConnection': peering,
  'aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter': accepter,
};
