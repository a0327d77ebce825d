/** The way in is internal and over TLS; a way out to the internet does not exist. */
import { isSet, leavesOf, valueAt, valuesAt } from '../plain-values.ts';
import { type Plain, type PlainObject, type Resource, type ResourceRule, UNKNOWN } from '../rule.ts';

const ANYWHERE: ReadonlySet<Plain> = new Set(['0.0.0.0/0', '::/0']);

const balancerProblems = (props: PlainObject): readonly string[] => [
  ...(valueAt(props, 'internal') === true ? [] : ['is reachable from the internet: set internal to true']),
  ...(valueAt(props, 'dropInvalidHeaderFields') === true
    ? []
    : ['passes invalid headers on: set dropInvalidHeaderFields']),
];

const listenerProblems = (props: PlainObject): readonly string[] => {
  const tlsPolicy = valueAt(props, 'sslPolicy');
  return [
    ...(valueAt(props, 'protocol') === 'HTTPS' ? [] : ['does not speak HTTPS']),
    ...(typeof tlsPolicy === 'string' && tlsPolicy.includes('TLS13') ? [] : ['has no TLS 1.3 policy']),
  ];
};

/** Who else may call the function: one service, for one resource or account of ours. */
const permissionProblems = (props: PlainObject): readonly string[] => [
  ...(valueAt(props, 'principal') === '*' ? ['lets everybody call the function'] : []),
  ...(valueAt(props, 'sourceArn') === undefined && valueAt(props, 'sourceAccount') === undefined
    ? ["lets a service call for another account's resource: set sourceArn"]
    : []),
];

const opensToAll = (ranges: Plain | undefined): readonly string[] =>
  leavesOf(ranges ?? null).some(({ value }) => ANYWHERE.has(value)) ? ['lets the whole internet in'] : [];

const egressProblems = (props: PlainObject): readonly string[] =>
  valuesAt(props, 'egress[].cidrBlocks[]').some((cidr) => ANYWHERE.has(cidr)) ? ['lets everything out'] : [];

const problemsOf = ({ type, props }: Resource): readonly string[] => {
  switch (type) {
    case 'aws:lb/loadBalancer:LoadBalancer':
    case 'aws:alb/loadBalancer:LoadBalancer':
      return balancerProblems(props);
    case 'aws:lb/listener:Listener':
    case 'aws:alb/listener:Listener':
      return listenerProblems(props);
    case 'aws:lambda/permission:Permission':
      return permissionProblems(props);
    case 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule':
      return opensToAll(props);
    case 'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule':
      return leavesOf(props).some(({ value }) => ANYWHERE.has(value)) ? ['lets everything out'] : [];
    case 'aws:ec2/securityGroup:SecurityGroup':
      return [...opensToAll(props['ingress']), ...egressProblems(props)];
    default:
      return [];
  }
};

export const privateFront: ResourceRule = {
  kind: 'resource',
  name: 'private-front',
  description: 'Clients come in through an internal load balancer over TLS, from named address ranges.',
  check: (resource) => problemsOf(resource).map((problem) => `${resource.type} ${problem}.`),
};

const isDynamo = (props: PlainObject): boolean => {
  const service = valueAt(props, 'serviceName');
  return typeof service === 'string' && service.endsWith('.dynamodb');
};

export const privateEndpoints: ResourceRule = {
  kind: 'resource',
  name: 'private-endpoints',
  description:
    'An endpoint of the VPC has a policy, stands in private subnets, and never shadows the name of DynamoDB.',
  check: ({ type, props }) =>
    type === 'aws:ec2/vpcEndpoint:VpcEndpoint'
      ? [
          ...(isSet(valueAt(props, 'policy')) || valueAt(props, 'policy') === UNKNOWN
            ? []
            : [`${type} lets everybody's calls through: set policy.`]),
          ...(isDynamo(props) && valueAt(props, 'privateDnsEnabled') === true
            ? [`${type} gives DynamoDB a private name, which can send requests over public addresses.`]
            : []),
        ]
      : [],
};

/** Any route with a gateway of another kind than peering leads out of the network. */
const routeProblems = (props: PlainObject): readonly string[] => {
  const ways = ['gatewayId', 'natGatewayId', 'egressOnlyGatewayId', 'carrierGatewayId'].filter((key) =>
    isSet(props[key] ?? null),
  );
  return [
    ...(ANYWHERE.has(valueAt(props, 'destinationCidrBlock') ?? null) ? ['leads everywhere'] : []),
    ...ways.map((key) => `leads out: take ${key} away`),
  ];
};

export const withoutNat: ResourceRule = {
  kind: 'resource',
  name: 'no-nat',
  description: 'Private subnets have no NAT: what a function may reach is an endpoint with a policy.',
  check: ({ type, props }) => {
    if (type.startsWith('aws:ec2/natGateway')) {
      return [`${type} is a way out to the internet.`];
    }
    if (type === 'aws:ec2/route:Route') {
      return routeProblems(props).map((problem) => `${type} ${problem}.`);
    }
    if (type === 'aws:ec2/subnet:Subnet' && valueAt(props, 'mapPublicIpOnLaunch') === true) {
      return [`${type} gives public addresses: a private subnet has none.`];
    }
    // The component makes one gateway per zone unless it is told not to.
    const strategy = valueAt(props, 'natGateways.strategy');
    return type === 'awsx:ec2:Vpc' && (strategy === UNKNOWN || strategy !== 'None')
      ? ['awsx:ec2:Vpc makes NAT gateways: set natGateways.strategy to None.']
      : [];
  },
};
