/**
 * One run of a Region's `audit` function, each minute, whatever the gate says: seal its own events, sign its head once an
 * hour, and witness the peer's. Each part goes on without the others; what a person must see is an alarm in the outcome.
 */
import type { Result } from '../domain/failure.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { HeadSigner } from './head-signer.ts';
import type { AuditPair } from './numbered-log.ts';
import { type SealOutcome, sealEvents } from './seal.ts';
import { signHead, type SignOutcome } from './sign-head.ts';
import { witnessPeer, type WitnessOutcome } from './witness.ts';

export interface AuditRunDependencies {
  readonly pair: AuditPair;
  readonly signer: HeadSigner;
  /** The highest epoch that this Region has seen. */
  readonly epoch: () => Promise<Result<number>>;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly newOp: () => string;
}

export interface AuditRun {
  readonly seal: SealOutcome;
  readonly sign: SignOutcome;
  readonly witness: WitnessOutcome;
  /** Sentences that a person must see: somebody else wrote where only this Region writes. */
  readonly alarms: readonly string[];
}

const NOT_DUE: SignOutcome = { kind: 'not-due' };
const NO_PEER: WitnessOutcome = { kind: 'witnessed', n: 0, taken: 0 };

const seal = async (dependencies: AuditRunDependencies, epoch: Result<number>): Promise<SealOutcome> =>
  epoch.kind === 'failed' ? epoch : sealEvents({ ...dependencies, epoch: epoch.value });

const alarmsOf = (sealed: SealOutcome, signed: SignOutcome, witnessed: WitnessOutcome): string[] => [
  ...(sealed.kind === 'damaged' ? [sealed.why] : []),
  ...(signed.kind === 'damaged' ? [signed.why] : []),
  ...(witnessed.kind === 'refused' ? [witnessed.why] : []),
];

const detailOf = (outcome: SealOutcome | SignOutcome | WitnessOutcome): string | undefined => {
  if (outcome.kind === 'failed') {
    return outcome.failure.code;
  }
  return 'why' in outcome ? outcome.why : undefined;
};

const report = ({ pair, telemetry }: AuditRunDependencies, run: AuditRun): void => {
  const { seal: sealed, sign, witness, alarms } = run;
  const failed = [sealed, sign, witness].some(({ kind }) => kind === 'failed');
  const trouble = [sealed, sign, witness].map(detailOf).find((detail) => detail !== undefined);
  const attention = failed ? 'warn' : 'info';
  telemetry.log(alarms.length > 0 ? 'error' : attention, 'audit.run', {
    region: pair.home.region,
    seal: sealed.kind,
    ...(sealed.kind === 'sealed' ? { link: sealed.tip.n, events: sealed.events, left: sealed.left } : {}),
    sign: sign.kind,
    ...(sign.kind === 'signed' ? { signedHead: sign.n } : {}),
    witness: witness.kind,
    ...(witness.kind === 'witnessed' ? { witnessedHead: witness.n } : {}),
    ...(trouble === undefined ? {} : { detail: trouble }),
  });
  telemetry.count('AuditAlarm', { Region: pair.home.region }, alarms.length);
  telemetry.count('AuditUnsealed', { Region: pair.home.region }, sealed.kind === 'sealed' ? sealed.left : 0);
};

export const runAudit = async (dependencies: AuditRunDependencies): Promise<AuditRun> => {
  const { pair } = dependencies;
  const epoch = await dependencies.epoch();
  const sealed = await seal(dependencies, epoch);
  const signed =
    sealed.kind === 'sealed' && epoch.kind === 'done'
      ? await signHead(dependencies, { ...sealed.tip, epoch: epoch.value })
      : NOT_DUE;
  const { home, peer } = pair;
  const witnessed = peer === undefined ? NO_PEER : await witnessPeer({ home, peer });
  const run = { seal: sealed, sign: signed, witness: witnessed, alarms: alarmsOf(sealed, signed, witnessed) };
  report(dependencies, run);
  return run;
};
