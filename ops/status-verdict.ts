/** What a state of both Regions means, and with which exit code a command that shows it ends. Pure. */
import { ROLES } from '../functions/domain/region.ts';
import { isUnknown } from '../functions/gate/decide.ts';
import { ageText } from './age-text.ts';
import { EXIT } from './command.ts';
import { claimSentence } from './failover/claim.ts';
import {
  answers,
  isActive,
  openClaims,
  OWED_SOON_MS,
  type RegionWorld,
  shortly,
  type World,
} from './failover/world.ts';

export type Overall = 'healthy' | 'split-brain' | 'none-active' | 'unreachable' | 'debt';

export interface Finding {
  readonly overall: Exclude<Overall, 'healthy'>;
  /** What, why, and the next command. */
  readonly sentence: string;
}

export interface Judged {
  readonly overall: Overall;
  readonly exitCode: number;
  readonly findings: readonly Finding[];
}

const CODES: Readonly<Record<Overall, number>> = {
  healthy: EXIT.done,
  debt: EXIT.drift,
  'split-brain': EXIT.splitBrain,
  unreachable: EXIT.unreachable,
  'none-active': EXIT.noneActive,
};

/** The first that applies names the whole. */
const ORDER: readonly Exclude<Overall, 'healthy'>[] = ['split-brain', 'none-active', 'unreachable', 'debt'];

/** Nobody can say what its gate says: neither the gate nor the record could be read. */
const isGateUnknown = ({ decision }: RegionWorld): boolean => isUnknown(decision);

const epochOf = ({ decision }: RegionWorld): string => String(decision.inForce?.epoch ?? '?');

const silent = (one: RegionWorld): readonly string[] => [
  ...(one.records.kind === 'silent' ? [`DynamoDB (${shortly(one.records.failure)})`] : []),
  ...(one.vectors.kind === 'silent' ? [`S3 Vectors (${shortly(one.vectors.failure)})`] : []),
  ...(one.document.kind === 'unreadable' ? [`AppConfig (${shortly(one.document.failure)})`] : []),
  ...(one.api?.answering.kind === 'silent' ? [`its API (${shortly(one.api.answering.failure)})`] : []),
];

const gateFindings = (regions: readonly RegionWorld[]): readonly Finding[] => {
  const active = regions.filter((one) => isActive(one));
  if (active.length > 1) {
    const who = active.map((one) => `${one.region} (epoch ${epochOf(one)})`).join(' and ');
    return [
      {
        overall: 'split-brain',
        sentence:
          `${who} both say that they are active. The lower epoch is fenced and loses nothing; end it: ` +
          'npx twinmap failover --to <the one that shall work>',
      },
    ];
  }
  if (active.length === 0 && !regions.some((one) => isGateUnknown(one))) {
    return [
      {
        overall: 'none-active',
        sentence: 'No Region is active: nothing is read from any source. Next: npx twinmap failover --to <region>',
      },
    ];
  }
  return [];
};

const reachFindings = (regions: readonly RegionWorld[]): readonly Finding[] =>
  regions.flatMap((one) => {
    const missing = silent(one);
    const gone = missing.length >= 4 || (!answers(one.records) && !answers(one.vectors));
    return missing.length === 0
      ? []
      : [
          {
            overall: 'unreachable' as const,
            sentence: gone
              ? `${one.region} (${one.role}) does not answer: ${missing.join(', ')}.`
              : `${one.region} (${one.role}) answers in part; what does not: ${missing.join(', ')}.`,
          },
        ];
  });

const debtOf = (one: RegionWorld, other: RegionWorld): readonly string[] => {
  const { owed, verdict } = one.standing ?? {};
  const isOld = (owed?.oldestAgeMs ?? 0) > OWED_SOON_MS;
  return [
    ...(owed !== undefined && owed.count > 0 && isOld
      ? [
          `${one.region} owes ${owed.isExact ? '' : 'at least '}${owed.count} records to ${other.region}, ` +
            `the oldest for ${ageText(owed.oldestAgeMs ?? 0)}.`,
        ]
      : []),
    ...(isActive(one) && one.decision.inForce?.peer_writes === 'deferred'
      ? [
          `${one.region} works alone (peer writes deferred): what it reads is owed to ${other.region}. ` +
            'When that one is back: npx twinmap failback --to <region>',
        ]
      : []),
    ...(verdict?.verdict === 'drift'
      ? [`The last proof found ${verdict.counts.drift} keys that differ and are not owed. Next: npx twinmap drift`]
      : []),
    ...(one.decision.alarm ? [`${one.region}: ${one.decision.reason}. ${one.decision.detail}.`] : []),
  ];
};

const unendedMoves = (world: World): readonly string[] =>
  openClaims(world).map(
    (claim) => `${claimSentence(claim)}. If nobody is at it: npx twinmap ${claim.move} --to ${claim.to} --resume`,
  );

const unique = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ sentence }, at) => findings.findIndex((one) => one.sentence === sentence) === at);

export const judgeWorld = (world: World): Judged => {
  const { regions } = world;
  const all = ROLES.map((role) => regions[role]);
  const debts = [
    ...debtOf(regions.primary, regions.secondary),
    ...debtOf(regions.secondary, regions.primary),
    ...unendedMoves(world),
  ].map((sentence): Finding => ({ overall: 'debt', sentence }));
  const findings = unique([...gateFindings(all), ...reachFindings(all), ...debts]);
  const overall = ORDER.find((one) => findings.some((finding) => finding.overall === one)) ?? 'healthy';
  return { overall, exitCode: CODES[overall], findings };
};
