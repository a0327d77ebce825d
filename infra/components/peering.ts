/**
 * One end of the peering of the two VPCs, and the routes to the other side. The stack whose Region comes first in the alphabet asks,
 * the other one accepts: a swap of roles changes nothing. It carries packets and decides nothing; each end is a resource of its own Region.
 */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import type { RegionNames } from '../names.ts';
import type { Isolation, Peering as PeeringSettings } from '../settings/isolation.ts';
import type { Place } from './network.ts';
import { stateless } from './resource-options.ts';

export interface PeeringArgs {
  readonly names: RegionNames;
  readonly peer?: RegionNames;
  readonly isolation: Isolation;
  readonly place: Place;
}

export class Peering extends pulumi.ComponentResource {
  /** Empty where nothing is peered, or not yet. */
  readonly connectionId: pulumi.Output<string>;

  constructor(name: string, args: PeeringArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Peering', name, {}, options);
    const { peering, peerCidr } = args.isolation;
    this.connectionId = pulumi.output('');
    if (peering !== undefined && args.peer !== undefined && peerCidr !== undefined) {
      this.connectionId = createEnd(this, name, args.peer, args.place, peering);
      createRoutes(this, name, args.place, peerCidr, this.connectionId);
    }
    this.registerOutputs({ connectionId: this.connectionId });
  }
}

const createEnd = (
  parent: Peering,
  name: string,
  peer: RegionNames,
  { vpcId }: Place,
  peering: PeeringSettings,
): pulumi.Output<string> => {
  if (peering.kind === 'accepts') {
    return new aws.ec2.VpcPeeringConnectionAccepter(
      `${name}-connection`,
      { vpcPeeringConnectionId: peering.connectionId, autoAccept: true },
      stateless(parent),
    ).id;
  }
  return new aws.ec2.VpcPeeringConnection(
    `${name}-connection`,
    // Accepted by the other stack: nobody accepts across Regions.
    { vpcId, peerVpcId: peering.peerVpcId, peerRegion: peer.region, peerOwnerId: peer.accountId, autoAccept: false },
    stateless(parent),
  ).id;
};

/** A route to a peering that is not accepted yet leads nowhere, and comes alive with it. */
const createRoutes = (
  parent: Peering,
  name: string,
  { routeTableIds, routeTablesCount }: Place,
  destinationCidrBlock: string,
  vpcPeeringConnectionId: pulumi.Output<string>,
): readonly aws.ec2.Route[] =>
  Array.from(
    { length: routeTablesCount },
    (_empty, place) =>
      new aws.ec2.Route(
        `${name}-route-${place}`,
        { routeTableId: routeTableIds.apply((ids) => ids[place] ?? ''), destinationCidrBlock, vpcPeeringConnectionId },
        stateless(parent),
      ),
  );
