/** What an operator would do in the end: leave gates that agree alone, else make one Region active. */
import { decideGate } from '../../../functions/gate/decide.ts';
import { parseGateDocument } from '../../../functions/gate/document.ts';
import { recordedReading } from '../functions/gate-reading.ts';
import type { Random } from '../kernel/random.ts';
import type { SimRegion } from '../world/region.ts';
import type { World } from '../world/world.ts';
import type { Side } from './plan.ts';

const decisionOf = (world: World, region: SimRegion): ReturnType<typeof decideGate> => {
  const parsed = parseGateDocument(region.appConfig.read(world.kernel.nowMs));
  return decideGate(
    parsed.kind === 'valid' ? { kind: 'document', document: parsed.document } : parsed,
    recordedReading(world, region.name),
  );
};

/** One Region is active, the other passive by the same epoch or an older one, and both require the peer. */
export const isSettledGate = (world: World): boolean => {
  const decisions = world.regions.map((region) => decisionOf(world, region));
  const active = decisions.filter(({ state }) => state === 'active');
  const [first] = active;
  return (
    active.length === 1 &&
    first?.inForce?.peer_writes === 'required' &&
    decisions.every(
      ({ inForce, alarm }) => inForce !== undefined && !alarm && inForce.epoch <= (first.inForce?.epoch ?? 0),
    )
  );
};

export const proposeActive = (world: World, random: Random): Side => {
  const active = world.regions.findIndex((region) => decisionOf(world, region).state === 'active');
  return active === 1 || (active === -1 && random.chance(0.5)) ? 1 : 0;
};
