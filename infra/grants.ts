/** The building blocks of policies: named actions on named resources, and the keys that services use in a caller's name. */
import type * as pulumi from '@pulumi/pulumi';

import {
  functionArn,
  type FunctionName,
  owedIndexArn,
  regionalArn,
  type RegionNames,
  tableArn,
  type TableNames,
  vectorIndexArn,
  viaService,
} from './names.ts';

type Text = pulumi.Input<string>;

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly Text[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface PolicyInputs {
  readonly home: RegionNames;
  /** Absent in a single-Region install: no role then names another Region. */
  readonly peer?: RegionNames;
  /** Where the peer is in another account: what a function becomes there, in place of grants of its own. */
  readonly peerRoleArn?: string;
  /** Where Bedrock embeds. */
  readonly embeddingModel?: string;
  /** Comprehend looks for personal data. */
  readonly detectsPersonalData?: boolean;
  readonly isInVpc?: boolean;
  /** Of this Region; sync reads them, by a policy that comes with them. */
  readonly secretNames?: readonly string[];
  readonly keyArn: Text;
  /** Signs the heads of the audit log. */
  readonly signingKeyArn: Text;
  /** The gate's configuration, as the data plane names it. */
  readonly gateArn: Text;
}

export type Table = keyof TableNames;

export const allow = (Sid: string, Action: readonly string[], Resource: readonly Text[]): Statement => ({
  Sid,
  Effect: 'Allow',
  Action,
  Resource,
});

export const tables = (
  sid: string,
  names: RegionNames,
  actions: readonly string[],
  which: readonly Table[],
): Statement =>
  allow(
    sid,
    actions.map((action) => `dynamodb:${action}`),
    which.map((table) => tableArn(names, table)),
  );

export const owedIndexes = (sid: string, names: RegionNames, which: readonly Table[]): Statement =>
  allow(
    sid,
    ['dynamodb:Query'],
    which.map((table) => owedIndexArn(names, table)),
  );

export const vectors = (sid: string, names: RegionNames, actions: readonly string[]): Statement =>
  allow(
    sid,
    actions.map((action) => `s3vectors:${action}`),
    [vectorIndexArn(names)],
  );

/** The services that use a key in a function's name. */
export type KeyService = 'dynamodb' | 's3vectors' | 'sqs';

export const throughServices = (
  names: RegionNames,
  services: readonly KeyService[],
): Record<string, readonly string[]> => ({
  'kms:ViaService': services.map((service) => viaService(names, service)),
});

/**
 * Reading a table, an index or a queue under a customer-managed key is decrypted in the caller's name, through the service
 * only. Nobody but DynamoDB describes the key, and only a queue's sender makes a new data key.
 */
export const homeKey = (
  { home, keyArn }: Pick<PolicyInputs, 'home' | 'keyArn'>,
  services: readonly KeyService[],
): readonly Statement[] => [
  { ...allow('HomeKey', ['kms:Decrypt'], [keyArn]), Condition: { StringEquals: throughServices(home, services) } },
  {
    ...allow('HomeTableKey', ['kms:DescribeKey'], [keyArn]),
    Condition: { StringEquals: throughServices(home, ['dynamodb']) },
  },
];

export const homeQueueKey = ({ home, keyArn }: PolicyInputs): Statement => ({
  ...allow('HomeQueueKey', ['kms:GenerateDataKey'], [keyArn]),
  Condition: { StringEquals: throughServices(home, ['sqs']) },
});

/** The id of the peer's key can't be derived; its alias can, and only this program's key carries it. */
const peerKey = (peer: RegionNames, services: readonly KeyService[]): readonly Statement[] => {
  const use = (sid: string, action: string, through: readonly KeyService[]): Statement => ({
    ...allow(sid, [action], [regionalArn(peer, 'kms', 'key/*')]),
    Condition: {
      StringEquals: throughServices(peer, through),
      'ForAnyValue:StringEquals': { 'kms:ResourceAliases': [peer.keyAlias] },
    },
  });
  return [use('PeerKey', 'kms:Decrypt', services), use('PeerTableKey', 'kms:DescribeKey', ['dynamodb'])];
};

export const whereTwo = (
  { peer }: Pick<PolicyInputs, 'peer'>,
  services: readonly KeyService[],
  statements: (names: RegionNames) => readonly Statement[],
): readonly Statement[] => (peer === undefined ? [] : [...statements(peer), ...peerKey(peer, services)]);

const INTERFACE_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/** AWS knows no resource for these two. */
const LOOKING_ACTIONS = ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'];

/** Lambda makes the interfaces in the role's name; the function's own code has no business with them, and is denied it. */
export const interfaceStatements = (names: RegionNames, name: FunctionName): readonly Statement[] => [
  allow(
    'NetworkInterfaces',
    INTERFACE_ACTIONS,
    ['network-interface', 'subnet', 'security-group'].map((kind) => regionalArn(names, 'ec2', `${kind}/*`)),
  ),
  allow('SeeInterfaces', LOOKING_ACTIONS, ['*']),
  {
    Sid: 'NotFromCode',
    Effect: 'Deny',
    Action: [...INTERFACE_ACTIONS, ...LOOKING_ACTIONS],
    Resource: ['*'],
    Condition: { ArnLike: { 'lambda:SourceFunctionArn': functionArn(names, name) } },
  },
];
