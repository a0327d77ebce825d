/** What a toggle would change in both stack files, and in which order they are then deployed. Pure. */
import type { Role } from '../functions/domain/region.ts';
import { editStackFile, type SettingEdits } from './stack-files/edit.ts';
import { EPOCH_MAX, KEYS, type StackGate, type StackPair } from './stack-files/gate-values.ts';
import { type StackFile, StackFileError } from './stack-files/stack-file.ts';
import type { FileEdit } from './stack-files/write.ts';
import { type LiveEpochs, nextEpoch } from './toggle-epoch.ts';

export interface ToggleOrder {
  /** Absent: who is active stays. */
  readonly active?: Role | undefined;
  readonly peerWrites?: 'required' | 'deferred' | undefined;
  readonly unfreeze: boolean;
  readonly reason: string | undefined;
  readonly by: string;
  readonly at: string;
}

export interface TogglePlan {
  readonly kind: 'toggle';
  readonly active: Role;
  readonly activeRegion: string;
  readonly peerWrites: 'required' | 'deferred';
  readonly epoch: number;
  readonly edits: readonly FileEdit[];
  /** The one that becomes passive first: in between nobody works, the other way round both would. */
  readonly deployOrder: readonly Role[];
  readonly warnings: readonly string[];
}

export type Planned =
  | TogglePlan
  | { readonly kind: 'unfreeze'; readonly edits: readonly FileEdit[] }
  | { readonly kind: 'nothing'; readonly why: string };

const PEER: Readonly<Record<Role, Role>> = { primary: 'secondary', secondary: 'primary' };

const gatesOf = (pair: StackPair): readonly StackGate[] => [pair.primary, pair.secondary];

const refuseFrozen = (pair: StackPair): void => {
  const frozen = gatesOf(pair).filter(({ frozen: story }) => story !== undefined);
  if (frozen.length > 0) {
    const told = frozen.map(({ file, frozen: story }) => `${file.name} is frozen ${story ?? ''}`).join('; ');
    throw new StackFileError(
      `${told}. Compare the files with the live gates, then lift it with --unfreeze (alone, or with what you want to change)`,
    );
  }
};

/** Who is active now, by the highest epoch; undefined where the files do not agree on one. */
const currentActive = (pair: StackPair): Role | undefined => {
  const active = gatesOf(pair).filter((gate) => gate.active);
  return active.length === 1 && pair.primary.epoch === pair.secondary.epoch ? active[0]?.file.role : undefined;
};

/** Stays as it is, unless the files have two opinions: then nothing is deferred that nobody asked for. */
const agreedPeerWrites = ({ primary, secondary }: StackPair): 'required' | 'deferred' =>
  primary.peerWrites === secondary.peerWrites ? primary.peerWrites : 'required';

const warningsOf = (pair: StackPair, live: LiveEpochs): readonly string[] => {
  const { primary, secondary } = pair;
  const states = gatesOf(pair).filter(({ active }) => active).length;
  return [
    ...(primary.epoch === secondary.epoch
      ? []
      : [`the files have different epochs (${primary.epoch} and ${secondary.epoch}): somebody changed one alone`]),
    ...(states === 1 ? [] : [`by the files ${states === 0 ? 'no Region is' : 'both Regions are'} active`]),
    ...(primary.peerWrites === secondary.peerWrites ? [] : ['the files have different peer writes']),
    ...(live.length === 0
      ? ['no live Region was read (nothing runs here, and no --stores): the epoch is one above the files alone']
      : live.flatMap(({ region, epoch }) =>
          epoch === undefined ? [`${region} did not answer: the epoch is above what it can hold`] : [],
        )),
  ];
};

const withFreezeLifted = (edits: SettingEdits, unfreeze: boolean): SettingEdits =>
  unfreeze ? { ...edits, [KEYS.freeze]: undefined } : edits;

const editOf = (file: StackFile, edits: SettingEdits): FileEdit => ({
  before: file,
  after: editStackFile(file, edits, KEYS.active),
});

const defaultReason = (active: Role, peerWrites: string): string =>
  peerWrites === 'deferred' ? `${active} active, peer writes deferred` : `${active} active`;

const planToggle = (pair: StackPair, order: ToggleOrder, live: LiveEpochs, nowMs: number): Planned => {
  const current = currentActive(pair);
  const active = order.active ?? current;
  if (active === undefined) {
    throw new StackFileError('the files do not agree on one active Region; say which with --active');
  }
  const peerWrites = order.peerWrites ?? agreedPeerWrites(pair);
  const inFiles = gatesOf(pair).map((gate) => gate.epoch);
  const epoch = nextEpoch(inFiles, live, nowMs);
  if (epoch > EPOCH_MAX) {
    throw new StackFileError(`the next epoch would be ${epoch}, and ${EPOCH_MAX} is the highest that there is`);
  }
  const editsFor = ({ file }: StackGate): FileEdit =>
    editOf(
      file,
      withFreezeLifted(
        {
          [KEYS.active]: file.role === active,
          [KEYS.peerWrites]: peerWrites,
          [KEYS.epoch]: epoch,
          [KEYS.changedAt]: order.at,
          [KEYS.changedBy]: order.by,
          [KEYS.reason]: order.reason ?? defaultReason(active, peerWrites),
        },
        order.unfreeze,
      ),
    );
  return {
    kind: 'toggle',
    active,
    activeRegion: pair[active].region,
    peerWrites,
    epoch,
    edits: gatesOf(pair).map((gate) => editsFor(gate)),
    deployOrder: [PEER[active], active],
    warnings: [
      ...(current === active && gatesOf(pair).every((gate) => gate.peerWrites === peerWrites)
        ? ['the files say so already; under a new epoch both Regions obey it anew']
        : []),
      ...warningsOf(pair, live),
    ],
  };
};

export const planOrder = (pair: StackPair, order: ToggleOrder, live: LiveEpochs, nowMs: number): Planned => {
  if (!order.unfreeze) {
    refuseFrozen(pair);
  }
  if (order.active !== undefined || order.peerWrites !== undefined) {
    return planToggle(pair, order, live, nowMs);
  }
  const frozen = gatesOf(pair).filter((gate) => gate.frozen !== undefined);
  return frozen.length === 0
    ? { kind: 'nothing', why: 'neither stack file is frozen' }
    : { kind: 'unfreeze', edits: frozen.map(({ file }) => editOf(file, { [KEYS.freeze]: undefined })) };
};
