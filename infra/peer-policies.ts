/**
 * Two accounts: what the other Region's functions may do here. They take on one role of this account, through the STS of their own
 * Region. It is trusted by conditions on the names of their roles, since a role that does not exist yet can't be named as principal.
 */
import type * as pulumi from '@pulumi/pulumi';

import {
  accountRootArn,
  FUNCTION_NAMES,
  type FunctionName,
  type RegionNames,
  roleArn,
  tableArn,
  vectorIndexArn,
} from './names.ts';
import { allow, homeKey, type Statement } from './grants.ts';
import { isReachingPeer, peerGrants, type TrustPolicy } from './policies.ts';

/** Functions that write at the peer, send to it or compare with it. */
export const REACHING_PEER: readonly FunctionName[] = FUNCTION_NAMES.filter((name) => isReachingPeer(name));

const unique = (items: readonly string[]): readonly string[] =>
  [...new Set(items)].toSorted((left, right) => left.localeCompare(right));

/** Everything that any of them may do, by what it is done to. */
export const peerRoleStatements = (home: RegionNames, keyArn: pulumi.Input<string>): readonly Statement[] => {
  const granted = REACHING_PEER.flatMap((name) => peerGrants(name, home));
  const stores: readonly (readonly [sid: string, arn: string])[] = [
    ['Workspaces', tableArn(home, 'workspaces')],
    ['Audit', tableArn(home, 'audit')],
    ['Graph', tableArn(home, 'graph')],
    ['Vectors', vectorIndexArn(home)],
  ];
  return [
    ...stores.map(([sid, arn]) =>
      allow(sid, unique(granted.filter(({ Resource }) => Resource.includes(arn)).flatMap(({ Action }) => Action)), [
        arn,
      ]),
    ),
    ...homeKey({ home, keyArn }, ['dynamodb', 's3vectors']),
  ];
};

/** Who may become the role: the other account's functions of that Region, by name. */
export const peerTrust = (peer: RegionNames): TrustPolicy => ({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'PeerFunctions',
      Effect: 'Allow',
      Principal: { AWS: accountRootArn(peer) },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'aws:PrincipalArn': REACHING_PEER.map((name) => roleArn(peer, name)) } },
    },
  ],
});
