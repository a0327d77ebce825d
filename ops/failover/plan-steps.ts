/** The steps of a move, in their order, each with what it does, what proves it and what undoes it. Pure sentences. */
import type { PeerWrites } from '../../functions/gate/document.ts';
import type { MoveKind, Order, PlanStep } from './plan.ts';
import type { RegionWorld } from './world.ts';

export interface StepInput {
  readonly kind: MoveKind;
  readonly target: RegionWorld;
  readonly other: RegionWorld;
  readonly peerWrites: PeerWrites;
  readonly order: Order;
}

const undoFlip = ({ other }: StepInput): string =>
  `a new flip under a higher epoch: npx twinmap failover --to ${other.role}`;

const claim = ({ kind, target, other }: StepInput): PlanStep => ({
  id: 'claim',
  title: 'Claim the new epoch',
  does:
    kind === 'graceful'
      ? `writes who moves the work, under which epoch, into ${target.region} and ${other.region}`
      : `writes who moves the work, under which epoch, into ${target.region}`,
  verifies: 'the conditional write: of two people at once one gets the epoch',
  undoes: 'nothing to undo: the next move takes a higher epoch',
  requires: kind === 'graceful' ? 'both' : 'target',
});

const passivate = (input: StepInput): PlanStep => {
  const { kind, other } = input;
  return {
    id: 'passivate',
    title: `Make ${other.region} passive`,
    does:
      `deploys the gate document of ${other.region}: passive under the new epoch` +
      (kind === 'graceful' ? '' : '; ends the claim there, and claims its sources under the new epoch'),
    verifies: kind === 'graceful' ? 'its AppConfig serves it' : 'tried once; if it does not answer it stays as a debt',
    undoes: undoFlip(input),
    requires: kind === 'graceful' ? 'both' : 'best-effort',
  };
};

const drain = ({ other, target }: StepInput): PlanStep => ({
  id: 'drain',
  title: `Let ${other.region} finish`,
  does: `waits for its running cycle (for a while; an unfinished one is fenced and done again) and sends what it owes to ${target.region}`,
  verifies: `nothing is owed to ${target.region}`,
  undoes: 'nothing to undo: what was sent is the same in both Regions',
  requires: 'both',
});

const fence = ({ kind, target, other }: StepInput): PlanStep => ({
  id: 'fence',
  title: 'Raise the fences',
  does:
    `claims every source under the new epoch in ${target.region}` + (kind === 'graceful' ? ` and ${other.region}` : ''),
  verifies: `a cycle of ${other.region} under the old epoch is refused`,
  undoes: 'nothing to undo: the next cycle claims above it',
  requires: kind === 'graceful' ? 'both' : 'target',
});

const activate = (input: StepInput): PlanStep => {
  const { target, peerWrites, order } = input;
  return {
    id: 'activate',
    title: `Make ${target.region} active`,
    does: order.breakGlass
      ? `writes the gate record of ${target.region} with the whole document (break-glass): active, peer writes ${peerWrites}`
      : `deploys the gate document of ${target.region}: active under the new epoch, peer writes ${peerWrites}; keeps it as gate record`,
    verifies: 'its gate, read afresh, decides active under the new epoch',
    undoes: undoFlip(input),
    requires: 'target',
  };
};

const verify = ({ target }: StepInput): PlanStep => ({
  id: 'verify',
  title: `Write, read and query in ${target.region}`,
  does: 'writes a canary item, reads it back strongly, deletes it; looks a stored vector up and queries the index with it; asks the API',
  verifies: 'each gives what was expected',
  undoes: 'nothing stays',
  requires: 'target',
});

const tell = ({ target }: StepInput): PlanStep => ({
  id: 'tell',
  title: 'Say where to go',
  does: `prints the router override and the DNS change that lead to ${target.region}`,
  verifies: 'nothing: both are yours, and neither is needed',
  undoes: 'the override expires by itself',
  requires: 'nothing',
});

const announce = ({ target }: StepInput): PlanStep => ({
  id: 'announce',
  title: 'Tell everybody',
  does: `prints one line with the endpoint of ${target.region} and sends it to the channels that are configured`,
  verifies: 'each channel by itself; none is waited for',
  undoes: 'another line',
  requires: 'nothing',
});

const sync = ({ target, peerWrites }: StepInput): PlanStep => ({
  id: 'sync',
  title: `Run a cycle in ${target.region}`,
  does: `invokes the dispatch function of ${target.region}, as its schedule does`,
  verifies:
    peerWrites === 'deferred'
      ? 'a cycle of every source commits there under the new epoch, owed to the other Region'
      : 'a cycle of every source is acknowledged under the new epoch',
  undoes: 'nothing to undo',
  requires: 'target',
});

const stackFiles = (): PlanStep => ({
  id: 'stack-files',
  title: 'Write the stack files',
  does: 'writes the new values and a freeze into Pulumi.primary.yaml and Pulumi.secondary.yaml',
  verifies: 'both are read again',
  undoes: 'npx twinmap toggle --unfreeze, and git',
  requires: 'nothing',
});

const report = (): PlanStep => ({
  id: 'report',
  title: 'Store the report',
  does: 'writes the report (JSON and Markdown) to the reachable Regions and to this disk',
  verifies: 'it is read back',
  undoes: 'nothing to undo',
  requires: 'target',
});

export const stepsOf = (input: StepInput): readonly PlanStep[] => [
  claim(input),
  ...(input.kind === 'graceful' ? [passivate(input), drain(input)] : []),
  fence(input),
  activate(input),
  ...(input.kind === 'graceful' ? [] : [passivate(input)]),
  verify(input),
  tell(input),
  announce(input),
  sync(input),
  ...(input.order.stackFiles ? [stackFiles()] : []),
  report(),
];
