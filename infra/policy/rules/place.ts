/**
 * Where things are: in the stack's own Region and partition. The peer is named in few places, on purpose: what a role may do there,
 * where a function finds it, and in an isolated network, who asks for the peering and which of its roles an endpoint or store lets in.
 */
import { isTextOrUnknown, leavesOf, valueAt } from '../plain-values.ts';
import { type Resource, type ResourceRule, UNKNOWN } from '../rule.ts';

const PROVIDER = 'pulumi:providers:aws';
const ARN = /\barn:(?<partition>aws[a-z-]*):[a-z0-9-]+:(?<region>[a-z0-9-]*):/gu;

/** `region`, `serviceRegion`, `peerRegion` and the like: a Region of its own for one resource. */
const REGION_KEY = /region$/iu;

const namesPeer = (type: string, path: string): boolean =>
  type.startsWith('aws:iam/') ||
  (type === 'aws:lambda/function:Function' && path.startsWith('environment.')) ||
  // Packets only: each end is a resource of its own Region, and neither can be changed from the other one.
  (type === 'aws:ec2/vpcPeeringConnection:VpcPeeringConnection' && path === 'peerRegion');

const foreignTexts = (resource: Resource, region: string): readonly string[] =>
  leavesOf(resource.props).flatMap(({ path, key, value }) => {
    if (namesPeer(resource.type, path)) {
      return [];
    }
    if (REGION_KEY.test(key) && isTextOrUnknown(value) && value !== region) {
      const found = typeof value === 'string' ? value : 'not known before creation';
      return [`${path} is ${found}, and the stack's Region is ${region}.`];
    }
    return arnsIn(value)
      .filter((arn) => arn.region !== '' && arn.region !== region)
      .map((arn) => `${path} points to ${arn.region}, and the stack's Region is ${region}.`);
  });

const arnsIn = (value: unknown): readonly { readonly partition: string; readonly region: string }[] =>
  typeof value === 'string'
    ? [...value.matchAll(ARN)].map(({ groups }) => ({
        partition: groups?.['partition'] ?? '',
        region: groups?.['region'] ?? '',
      }))
    : [];

/** Without an explicit provider a resource lands in the Region of somebody's shell. */
const providerProblems = ({ type, provider, props }: Resource, region: string): readonly string[] => {
  if (type === PROVIDER) {
    const accounts = valueAt(props, 'allowedAccountIds');
    return [
      ...(valueAt(props, 'region') === undefined ? ['the provider names no Region.'] : []),
      ...(accounts === undefined || accounts === '[]'
        ? ['the provider takes any account: set allowedAccountIds.']
        : []),
    ];
  }
  if (!type.startsWith('aws:')) {
    return [];
  }
  const made = provider === undefined ? undefined : valueAt(provider, 'region');
  return made === region
    ? []
    : [
        `its provider makes it in ${typeof made === 'string' ? made : 'an unnamed Region'}, and the stack's Region is ${region}.`,
      ];
};

export const ownRegion: ResourceRule = {
  kind: 'resource',
  name: 'own-region',
  description: "Every resource is in the stack's own Region and points to nothing outside it.",
  check: (resource, { region }) =>
    [...providerProblems(resource, region), ...foreignTexts(resource, region)].map(
      (problem) => `${resource.type}: ${problem}`,
    ),
};

export const ownPartition: ResourceRule = {
  kind: 'resource',
  name: 'own-partition',
  description: "Every ARN is of the stack's own partition.",
  check: ({ type, props }, { partition }) =>
    leavesOf(props).flatMap(({ path, value }) =>
      value === UNKNOWN
        ? []
        : arnsIn(value)
            .filter((arn) => arn.partition !== partition)
            .map(
              (arn) =>
                `${type}: ${path} is an ARN of the partition ${arn.partition}, and the stack is in ${partition}.`,
            ),
    ),
};
